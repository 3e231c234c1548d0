"""Changes to the code, as text: each is made of edits, and edits inside others go together."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable
from difflib import unified_diff
from typing import Any, NamedTuple

from spanlab.causes.source import Code, called, captures, named, owner_of
from spanlab.evidence.syntax import Function


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
        before, after = lines[: len(before)], lines[len(before) :]
        found = [*unified_diff(before, after, n=len(lines), lineterm="")]
        return [(line[0], line[1:]) for line in found[3:]]  # what is before are names of files


class Edit(NamedTuple):
    """Bytes of a file, and what to write in their place."""

    file: str
    start: int
    end: int
    text: str


def changes(code: Code, edits: Iterable[Edit]) -> tuple[Change, ...]:
    """Make one change of all edits that touch the same lines."""
    groups = list[list[Edit]]()
    for edit in sorted(set(edits)):
        ends = [other.end for group in groups[-1:] for other in group if other.file == edit.file]
        if not ends or b"\n" in code.bytes[edit.file][max(ends) : edit.start]:
            groups.append([])
        groups[-1].append(edit)
    return tuple(_change(code.bytes[group[0].file], group) for group in groups)


def _change(text: bytes, group: list[Edit]) -> Change:
    first = text.rfind(b"\n", 0, group[0].start) + 1
    last = text.find(b"\n", max(edit.end for edit in group)) % (len(text) + 1)
    line, before = text.count(b"\n", 0, first) + 1, text[first:last]
    for edit in reversed(group):
        text = text[: edit.start] + edit.text.encode() + text[edit.end :]
        last += len(edit.text.encode()) - edit.end + edit.start
    return Change(group[0].file, line, before.decode(), text[first:last].decode())


class New(NamedTuple):
    """A span that there would be; `above` is its parent."""

    name: str
    above: Any


class Repair(NamedTuple):
    """Edits, or None where they cannot be written, and what they do, so that both agree.

    What is done, to which call, function or record, and for what is carried with which span:

    carried     a future takes a span along: one that there is, a new one, or (None) the current
    apart       a call makes a root span
    removed     at a place nothing is entered any more
    unguarded   its guard becomes an instrumented future
    entered     the span of a record is entered to the end of the block
    covering    the attribute of a function covers the call, and not only the future
    """

    text: list[Edit] | None
    does: dict[tuple[str, Any], Any]


def replaced(code: Code, node: ast.AST, text: str) -> list[Edit]:
    """Write something else in the place of a node."""
    return [Edit(code.file[node], *code.span(node), text)]


def _wrapped(code: Code, node: ast.AST, before: str, after: str = ")") -> list[Edit]:
    file, (start, end) = code.file[node], code.span(node)
    return [Edit(file, start, start, before), Edit(file, end, end, after)]


# --- expressions ---------------------------------------------------------------------------------


def carried(code: Code, future: ast.AST, span: int | None = None) -> Repair:
    """Have a future take along the span that is current where it stands."""
    text = _wrapped(code, future, "in_current_span(")
    if isinstance(future, ast.Name | ast.Attribute) and called(code.parent[future]) == "in_scope":
        text = _wrapped(code, future, "lambda: in_current_span(", "())")
    return Repair(text, {("carried", future): span})


def carried_out(code: Code, function: Function) -> Repair:
    """Have the attribute cover the call of a function, and its future take the span along."""
    last = function.body[-1] if isinstance(function, ast.FunctionDef) else None
    future = last.value if isinstance(last, ast.Return) else None
    return Repair(carried(code, future).text if future else None, {("covering", function): True})


def carried_along(code: Code, call: ast.Call, made: str = "", span: New | None = None) -> Repair:
    """Have what is spawned take a span along: that which is current there, or one to be made."""
    given, after = call.args[0], ")"
    before = f"{made}.instrument(" if made else "in_current_span("
    if called(call) != "spawn":
        before = f"lambda span={made or 'Span.current()'}: span.in_scope("
        if isinstance(given, ast.Call):  # it is called here, and gives what runs there
            before, after = before.replace(": span.in_scope(", ", job="), ": span.in_scope(job)"
    return Repair(_wrapped(code, given, before, after), {("carried", call): span})


def apart(
    code: Code, spawn: ast.Call, wrapper: ast.Call, spot: Any, name: str, link: str
) -> Repair:
    """Give what is spawned a root span, in the place of what it takes along."""
    made, maker = f'info_span("{name}", parent=None){link}', code.maker(owner_of(wrapper))
    if maker is not None:
        text = [*_called(code, maker, "parent", "parent=None"), _wrapped(code, maker, "", link)[1]]
        return Repair(text, {("apart", maker): True})
    whole = captures(wrapper) and wrapper in spawn.args
    text = replaced(code, wrapper, f"{made}.instrument({code.text(wrapper.args[-1])})")
    does = {("removed", spot): True, ("carried", spawn): New(name, None)}
    return Repair(text if whole else None, does)


def around_all(code: Code, function: Function | None, wrapper: Any, spot: Any) -> list[Repair]:
    """Instrument the future of a whole function, and not one that is awaited in it, if one can."""
    maker, calls = code.maker(owner_of(wrapper)), code.calls[function]
    given = [node for k in maker.keywords for node in ast.walk(k)] if maker else []
    if maker is None or len(calls) != 1 or any(isinstance(node, ast.Name) for node in given):
        return []
    text = _wrapped(code, calls[0], f"{code.text(maker)}.instrument(")
    text += replaced(code, wrapper, code.text(wrapper.args[0]))
    if after := code.rest(statement := code.parent[maker]):
        start = code.span(statement)[0]  # of a name that nobody needs any more
        text.append(Edit(code.file[maker], start, code.span(after[0])[0], ""))
    return [Repair(text, {("removed", spot): True, ("carried", calls[0]): named(maker)})]


def not_kept(code: Code, call: ast.Call, spot: Any) -> Repair:
    """Take the span that is current, and not one that was kept."""
    text, given = None, call.args[:1]
    match called(call), given:
        case "instrument", _:
            text = replaced(code, call.func, "in_current_span")
        case "in_scope", [ast.Lambda(body=body)]:
            text = replaced(code, call, code.text(body))
        case "in_scope", [ast.Name() | ast.Attribute() as function]:
            text = replaced(code, call, f"{code.text(function)}()")
    return Repair(text, {("removed", spot): True})


def or_current(code: Code, span: ast.expr) -> list[Edit]:
    """Fall back to the current span where this one is disabled."""
    return _wrapped(code, span, "", ".or_current()")


def enabled(code: Code, maker: ast.Call, level: str) -> list[Edit] | None:
    """Make a span of a level that is enabled, if it is the level that is filtered out."""
    name, text = called(maker), f"{code.text(maker.func).removesuffix(called(maker))}{level}_span"
    by_level = name not in ("span", f"{level}_span") and _keyword(maker, "target") is None
    return replaced(code, maker.func, text) if by_level else None


def attribute_enabled(code: Code, attribute: ast.expr, level: str) -> list[Edit] | None:
    """Give `@instrument` a level that is enabled, if it is the level that is filtered out."""
    now = getattr(_keyword(attribute, "level"), "value", "info")
    if now == level or _keyword(attribute, "target") is not None:
        return None
    level = f'level="{level}"'
    if not isinstance(attribute, ast.Call):
        return _wrapped(code, attribute, "", f"({level})")
    return _called(code, attribute, "level", level)


def _keyword(call: ast.expr, name: str) -> ast.expr | None:
    return next((k.value for k in getattr(call, "keywords", ()) if k.arg == name), None)


def _called(code: Code, call: ast.Call, without: str, *given: str) -> list[Edit]:
    """Write a call without one of its keywords, and with what is given."""
    kept = [*call.args, *(k for k in call.keywords if k.arg != without)]
    inside = ", ".join([*map(code.text, kept), *given])
    return replaced(code, call, f"{code.text(call.func)}({inside})")


def inside_out(code: Code, spawn: ast.Call, wrapper: Any, span: int | None) -> Repair:
    """Instrument the future and not the handle."""
    whole = wrapper if spawn in wrapper.args else spawn
    inner = f"{code.text(wrapper.func)}({code.text(spawn.args[0])})"
    text = replaced(code, whole, f"{code.text(spawn.func)}({inner})")
    here = code.enclosing(spawn) is code.enclosing(wrapper)  # where a name of the span is known
    known = here or isinstance(owner_of(wrapper), ast.Call)
    return Repair(text if known else None, {("carried", spawn): span})


# --- blocks --------------------------------------------------------------------------------------


def instrumented(code: Code, guard: ast.AST | None, spot: Any) -> Repair:
    """Turn a guard into an instrumented future; in a stream, yield after the guard."""
    text, around = None, [*code.around(guard)][:2] if guard is not None else []
    match around, owner_of(guard):
        case [[ast.withitem(), ast.With(items=[_]) as block], ast.expr() as span]:
            text = _instrumented(code, block, span)
    return Repair(text, {("removed", spot): True, ("unguarded", spot): True})


def _instrumented(code: Code, block: ast.With, span: ast.expr) -> list[Edit] | None:
    file, (start, end), text = code.file[block], code.span(block), code.text(span)
    inside, indent = code.span(block.body[0])[0], " " * block.col_offset
    match block.body:
        case [ast.Expr() | ast.Return() | ast.Assign() as only] if type(only.value) is ast.Await:
            made = _wrapped(code, only.value.value, f"{text}.instrument(")
            return [Edit(file, start, inside, ""), *made]
        case [*_, ast.Expr(value=ast.Yield(value=ast.expr() as value) as last)]:
            if [node for node in ast.walk(block) if isinstance(node, ast.Yield)] == [last]:
                made = replaced(code, last, f"item = {code.text(value)}")
                return [*made, Edit(file, end, end, f"\n{indent}yield item")]
    if _leaks(code, block):
        return None
    name, used = named(span, "covered"), {n.id for n in ast.walk(block) if isinstance(n, ast.Name)}
    name = name if name.isidentifier() else "covered"
    name = f"{name}_covered" if name in used else name
    head = code.bytes[file][start:inside].decode().rpartition(":")[2]
    after = Edit(file, end, end, f"\n{indent}await {text}.instrument({name}())")
    return [Edit(file, start, inside, f"async def {name}():{head}"), after]


def _leaks(code: Code, block: ast.With) -> bool:
    """Tell whether a block cannot become a function: it returns, or sets what is used later."""
    inside = [node for statement in block.body for node in ast.walk(statement)]
    jumps = ast.Return | ast.Break | ast.Continue | ast.Yield
    set_here = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    around = ast.walk(code.enclosing(block) or block)
    later = {n.id for n in around if isinstance(n, ast.Name) and n not in inside}
    return any(isinstance(node, jumps) for node in inside) or bool(set_here & later)


def entered_from(code: Code, statement: ast.stmt, rest: list[ast.stmt], record: int) -> Repair:
    """Keep a span entered to the end of the block."""
    (start, end), last, head = code.span(statement), code.span(rest[-1])[1], ""
    text, inner = code.text(statement), code.bytes[code.file[statement]][end:last].decode()
    indent, before = " " * statement.col_offset, code.line(*code.place(statement))
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            head = f"{text}\n{indent}with {name}.enter():"
        case ast.With():  # its block is empty
            head = text.removesuffix("pass").rstrip()
        case ast.Expr(value=ast.Call() as call):
            head = f"with {text}{'' if called(call) in ('enter', 'entered') else '.enter()'}:"
    lines = [f"    {line}" if line.strip() else line for line in inner.split("\n")]
    edit = Edit(code.file[statement], start, last, head + "\n".join(lines))
    alone = head and inner[:1] == "\n" and not before[: statement.col_offset].strip()
    return Repair([edit] if alone else None, {("entered", record): True})
