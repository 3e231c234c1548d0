"""Changes to the code, as text: each is made of edits, and edits inside others go together."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from spanlab.causes.source import Code, called, owner_of
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
        before, after, found = lines[: len(before)], lines[len(before) :], list[tuple[str, str]]()
        for _, i, j, k, n in SequenceMatcher(None, before, after, False).get_opcodes():
            same = before[i:j] == after[k:n]
            found += [(" " if same else "-", line) for line in before[i:j]]
            found += [("+", line) for line in after[k:n] if not same]
        return found


class Edit(NamedTuple):
    """Characters of a file, and what to write in their place."""

    file: str
    start: int
    end: int
    text: str


def changes(code: Code, edits: Iterable[Edit]) -> tuple[Change, ...]:
    """Make one change of all edits that touch the same lines."""
    groups, found = list[list[Edit]](), list[Change]()
    for edit in sorted(set(edits)):
        text = code.sources[edit.file]
        if groups and groups[-1][0].file == edit.file:
            last = max(other.end for other in groups[-1])
            if edit.start <= last or "\n" not in text[last : edit.start]:
                groups[-1].append(edit)
                continue
        groups.append([edit])
    for group in groups:
        file, text = group[0].file, code.sources[group[0].file]
        first = text.rfind("\n", 0, group[0].start) + 1
        last = text.find("\n", max(edit.end for edit in group))
        last = len(text) if last < 0 else last
        after = text[:last]
        for edit in reversed(group):
            after = after[: edit.start] + edit.text + after[edit.end :]
        found.append(Change(file, text.count("\n", 0, first) + 1, text[first:last], after[first:]))
    return tuple(found)


def _replaced(code: Code, node: ast.AST, text: str) -> list[Edit]:
    return [Edit(code.file(node), *code.span(node), text)]


def _wrapped(code: Code, node: ast.AST, before: str, after: str = ")") -> list[Edit]:
    file, (start, end) = code.file(node), code.span(node)
    return [Edit(file, start, start, before), Edit(file, end, end, after)]


# --- expressions ---------------------------------------------------------------------------------


def carried(code: Code, future: ast.AST) -> list[Edit]:
    """Have a future take along the span that is current where it stands."""
    if isinstance(future, ast.Name | ast.Attribute) and called(code.parent(future)) == "in_scope":
        return _wrapped(code, future, "lambda: in_current_span(", "())")
    return _wrapped(code, future, "in_current_span(")


def carried_out(code: Code, function: Function) -> list[Edit] | None:
    """Have the attribute cover the call of a function, and its future take the span along."""
    match function:
        case ast.FunctionDef(body=[*_, ast.Return(value=ast.expr() as future)]):
            return carried(code, future)
    return None


def carried_along(code: Code, call: ast.Call, span: str = "") -> list[Edit]:
    """Have what is spawned take a span along: that which is current there, or one to be made."""
    given = call.args[0]
    if called(call) == "spawn":
        return _wrapped(code, given, f"{span}.instrument(") if span else carried(code, given)
    return _wrapped(code, given, f"lambda span={span or 'Span.current()'}: span.in_scope(")


def captured_here(code: Code, wrapper: ast.Call) -> list[Edit]:
    """Instrument a future with what is current here, not with a span that was kept."""
    return _replaced(code, wrapper.func, "in_current_span")


def or_current(code: Code, span: ast.expr) -> list[Edit]:
    """Fall back to the current span where this one is disabled."""
    return _wrapped(code, span, "", ".or_current()")


def enabled(code: Code, maker: ast.Call, level: str) -> list[Edit] | None:
    """Make a span of a level that is enabled."""
    name, text = called(maker), code.text(maker.func)
    if name == "span":  # its level may be anything
        return None
    return _replaced(code, maker.func, f"{text[: -len(name)]}{level}_span")


def attribute_enabled(code: Code, attribute: ast.expr, level: str) -> list[Edit]:
    """Give `@instrument` a level that is enabled."""
    if not isinstance(attribute, ast.Call):
        return _wrapped(code, attribute, "", f'(level="{level}")')
    for keyword in attribute.keywords:
        if keyword.arg == "level":
            return _replaced(code, keyword.value, f'"{level}"')
    comma = ", " if attribute.args or attribute.keywords else ""
    text = code.text(attribute).removesuffix(")")
    return _replaced(code, attribute, f'{text}{comma}level="{level}")')


def without_parent(code: Code, call: ast.Call) -> list[Edit]:
    """Leave out `parent=…`."""
    given = [*call.args, *(k for k in call.keywords if k.arg != "parent")]
    inside = ", ".join(code.text(part) for part in given)
    return _replaced(code, call, f"{code.text(call.func)}({inside})")


def inside_out(code: Code, spawn: ast.Call, span: ast.expr | None, wrapper: Any) -> list[Edit]:
    """Instrument the future and not the handle."""
    whole = wrapper if spawn in wrapper.args else spawn
    future = code.text(spawn.args[0])
    inner = f"{code.text(span)}.instrument({future})" if span else f"in_current_span({future})"
    return _replaced(code, whole, f"{code.text(spawn.func)}({inner})")


# --- blocks --------------------------------------------------------------------------------------


def instrumented(code: Code, guard: ast.AST | None) -> list[Edit] | None:
    """Turn a guard into an instrumented future; in a stream, yield after the guard."""
    item = code.parent(guard) if guard is not None else None
    block = code.parent(item) if isinstance(item, ast.withitem) else None
    span = owner_of(guard) if guard is not None else None
    if not isinstance(block, ast.With) or len(block.items) > 1 or span is None:
        return None
    file, (start, end), text = code.file(block), code.span(block), code.text(span)
    inside, indent = code.span(block.body[0])[0], " " * block.col_offset
    match block.body:
        case [
            ast.Expr(value=ast.Await(value=future))
            | ast.Return(value=ast.Await(value=future))
            | ast.Assign(value=ast.Await(value=future))
        ]:
            made = _wrapped(code, future, f"{text}.instrument(")
            return [Edit(file, start, inside, ""), *made]
        case [*_, ast.Expr(value=ast.Yield(value=ast.expr() as value))] if _yields(block) == 1:
            made = _replaced(code, code.parent(value), f"item = {code.text(value)}")
            return [*made, Edit(file, end, end, f"\n{indent}yield item")]
    if _leaks(code, block):
        return None
    name, used = _name(span), {n.id for n in ast.walk(block) if isinstance(n, ast.Name)}
    name = f"{name}_covered" if name in used else name
    head = code.text(block)[: inside - start].rpartition(":")[2]
    awaited = f"\n{indent}await {text}.instrument({name}())"
    return [
        Edit(file, start, inside, f"async def {name}():{head}"), Edit(file, end, end, awaited),
    ]  # fmt: skip


def _yields(block: ast.With) -> int:
    return sum(isinstance(node, ast.Yield) for node in ast.walk(block))


def _leaks(code: Code, block: ast.With) -> bool:
    """Tell whether a block cannot become a function: it returns, or sets what is used later."""
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


def entered_from(code: Code, statement: ast.stmt, rest: list[ast.stmt]) -> list[Edit] | None:
    """Keep a span entered to the end of the block."""
    file, (start, end), last = code.file(statement), code.span(statement), code.span(rest[-1])[1]
    text, inner = code.text(statement), code.sources[file][end:last]
    indent = " " * statement.col_offset
    if code.line(*code.place(statement))[: statement.col_offset].strip() or inner[:1] != "\n":
        return None  # several statements on a line
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            head = f"{text}\n{indent}with {name}.enter():"
        case ast.Expr(value=ast.Call() as call):
            head = f"with {text}{'' if called(call) in ('enter', 'entered') else '.enter()'}:"
        case _:
            return None
    lines = [f"    {line}" if line.strip() else line for line in inner.split("\n")]
    return [Edit(file, start, last, head + "\n".join(lines))]
