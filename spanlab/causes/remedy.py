"""Changes to the code: each a few lines that stand in for a few lines, as text."""

from __future__ import annotations

import ast
import textwrap
from difflib import ndiff
from typing import NamedTuple

from spanlab.causes.source import Code, called
from spanlab.syntax import Function


class Change(NamedTuple):
    """Lines of a file, and what to write in their place."""

    file: str
    line: int
    before: str
    after: str

    def apply(self, source: str) -> str:
        """Give the text of the file with this change made.

        >>> Change("a.py", 2, "b", "c").apply("a\\nb")
        'a\\nc'
        """
        lines = source.split("\n")
        lines[self.line - 1 : self.line + self.before.count("\n")] = self.after.split("\n")
        return "\n".join(lines)

    def diff(self) -> list[tuple[str, str]]:
        """Give the lines, each with its sign, `-`, `+` or a space, without their margin."""
        before, after = self.before.split("\n"), self.after.split("\n")
        lines = textwrap.dedent("\n".join([*before, *after])).split("\n")
        compared = ndiff(lines[: len(before)], lines[len(before) :])
        return [(line[0], line[2:]) for line in compared if line[0] != "?"]


def replaced(code: Code, node: ast.expr, text: str) -> Change:
    """Write `text` in the place of an expression."""
    file, first, last = code.file(node), node.lineno, node.end_lineno or node.lineno
    lines = code.sources[file].splitlines()[first - 1 : last]
    start = lines[0].encode()[: node.col_offset].decode()
    end = lines[-1].encode()[node.end_col_offset :].decode()
    return Change(file, first, "\n".join(lines), f"{start}{text}{end}")


def carried(code: Code, future: ast.expr) -> Change:
    """Have a future take along the span that is current where it stands."""
    return replaced(code, future, f"in_current_span({code.text(future)})")


def carried_out(code: Code, function: Function) -> Change | None:
    """Have the attribute cover the call of a function, and its future take the span along."""
    match function:
        case ast.FunctionDef(body=[*_, ast.Return(value=ast.expr() as future)]):
            return carried(code, future)
    return None


def entered_there(code: Code, call: ast.Call) -> Change | None:
    """Have a function that gets a thread enter the span that is current where it is given."""
    if not call.args:
        return None
    function, inside = call.args[0], "lambda span=Span.current(): span.in_scope"
    return replaced(code, function, f"{inside}({code.text(function)})")


def or_current(code: Code, span: ast.expr) -> Change:
    """Fall back to the current span where this one is disabled."""
    return replaced(code, span, f"{code.text(span)}.or_current()")


def enabled(code: Code, maker: ast.Call, level: str) -> Change | None:
    """Make a span of a level that is enabled."""
    name, text = called(maker), code.text(maker.func)
    if name == "span":  # its level may be anything
        return None
    return replaced(code, maker.func, f"{text[: -len(name)]}{level}_span")


def attribute_enabled(code: Code, attribute: ast.expr, level: str) -> Change:
    """Give `@instrument` a level that is enabled."""
    for keyword in attribute.keywords if isinstance(attribute, ast.Call) else ():
        if keyword.arg == "level":
            return replaced(code, keyword.value, f'"{level}"')
    text = code.text(attribute).removesuffix(")")
    text += ", " if isinstance(attribute, ast.Call) and not text.endswith("(") else ""
    text += "" if isinstance(attribute, ast.Call) else "("
    return replaced(code, attribute, f'{text}level="{level}")')


def without_parent(code: Code, call: ast.Call) -> Change:
    """Leave out `parent=…`."""
    kept = [code.text(argument) for argument in call.args]
    kept += [
        f"{k.arg}={code.text(k.value)}" if k.arg else f"**{code.text(k.value)}"
        for k in call.keywords
        if k.arg != "parent"
    ]
    inside = f"({', '.join(kept)})"
    return replaced(code, call, code.text(call.func) + inside)


def inside_out(code: Code, spawn: ast.Call, span: ast.expr | None, whole: ast.expr) -> Change:
    """Instrument the future and not the handle; `whole` is what is replaced."""
    future = code.text(spawn.args[0])
    wrapped = f"{code.text(span)}.instrument({future})" if span else f"in_current_span({future})"
    return replaced(code, whole, f"{code.text(spawn.func)}({wrapped})")


def instrumented(code: Code, block: ast.AST, guard: ast.Call) -> Change | None:
    """Turn a guard over code that awaits into an instrumented future."""
    if not isinstance(block, ast.With) or not isinstance(guard.func, ast.Attribute):
        return None
    if len(block.items) > 1 or _leaks(code, block):
        return None
    span, file = guard.func.value, code.file(block)
    lines = code.sources[file].splitlines()[block.lineno - 1 : block.end_lineno]
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    before = "\n".join(lines)
    if (only := _only_await(block)) is not None:
        text = f"{code.text(span)}.instrument({code.text(only.value)})"
        head, tail = _around(code, block.body[0], only)
        return Change(file, block.lineno, before, f"{indent}{head}await {text}{tail}")
    name = _name(span)
    lines[0] = f"{indent}async def {name}():"
    lines.append(f"{indent}await {code.text(span)}.instrument({name}())")
    return Change(file, block.lineno, before, "\n".join(lines))


def _only_await(block: ast.With) -> ast.Await | None:
    match block.body:
        case [ast.Expr(value=ast.Await() as only)] | [ast.Return(value=ast.Await() as only)]:
            return only
        case [ast.Assign(value=ast.Await() as only)]:
            return only
    return None


def _around(code: Code, statement: ast.stmt, only: ast.Await) -> tuple[str, str]:
    head, tail = code.text(statement).split(code.text(only), 1)
    return head, tail


def _leaks(code: Code, block: ast.With) -> bool:
    """Tell whether a block cannot become a function: it returns, or sets what is used later."""
    if _only_await(block) is not None:
        return False
    inside = [node for statement in block.body for node in ast.walk(statement)]
    jumps = ast.Return | ast.Break | ast.Continue | ast.Yield
    set_here = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    function = code.enclosing(block)
    rest = ast.walk(function) if function else iter(())
    later = {n.id for n in rest if isinstance(n, ast.Name) and n not in inside}
    return any(isinstance(node, jumps) for node in inside) or bool(set_here & later)


def _name(span: ast.expr) -> str:
    """Name a function after the span that it is to run in."""
    match span:
        case ast.Call(args=[ast.Constant(value=str(name)), *_]) if name.isidentifier():
            return name
    return "covered"
