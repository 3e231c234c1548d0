"""Changes to the code, as text: each is made of edits, and edits inside others go together."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable
from difflib import unified_diff
from typing import Any, NamedTuple

from spanlab.causes.source import FUTURES, Code, called, captures, owner_of
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
    entered     the span of a record is entered to the end of a block, in a frame
    covering    the attribute of a function covers the call, and not only the future
    """

    text: list[Edit] | None
    does: dict[tuple[str, Any], Any]


def replaced(code: Code, node: ast.AST, text: str) -> list[Edit]:
    """Write something else in the place of a node."""
    return [Edit(code.file[node], *code.span(node), text)]


def wrapped(code: Code, node: ast.AST, before: str, after: str = ")") -> list[Edit]:
    """Write something around a node."""
    file, (start, end) = code.file[node], code.span(node)
    return [Edit(file, start, start, before), Edit(file, end, end, after)]


def carried(code: Code, future: ast.AST, span: int | None = None) -> Repair:
    """Have a future take along the span that is current where it stands."""
    text = wrapped(code, future, "in_current_span(")
    if isinstance(future, ast.Name | ast.Attribute) and called(code.parent[future]) == "in_scope":
        text = wrapped(code, future, "lambda: in_current_span(", "())")
    return Repair(text, {("carried", future): span})


def carried_out(code: Code, function: Function) -> Repair:
    """Have the attribute cover the call of a function, and its future take the span along."""
    last = function.body[-1] if isinstance(function, ast.FunctionDef) else None
    future = last.value if isinstance(last, ast.Return) else None
    return Repair(carried(code, future).text if future else None, {("covering", function): True})


def carried_along(code: Code, call: ast.Call, made: str = "", span: New | None = None) -> Repair:
    """Have what is spawned take a span along: that which is current there, or one to be made."""
    given = call.args[0]
    text = [] if not made and captures(given) else wrapped(code, given, *_around(call, made))
    return Repair(text, {("carried", call): span})


def _around(call: ast.Call, made: str) -> tuple[str, str]:
    """Say what to write around what is spawned."""
    if called(call) in FUTURES:
        return f"{made}.instrument(" if made else "in_current_span(", ")"
    before = f"lambda span={made or 'Span.current()'}"
    if isinstance(call.args[0], ast.Call):  # it is called here, and gives what runs there
        return f"{before}, job=", ": span.in_scope(job)"
    return f"{before}: span.in_scope(", ")"


def apart(
    code: Code, spawn: ast.Call, wrapper: ast.Call, spot: Any, name: str, link: str
) -> Repair:
    """Give what is spawned a root span, in the place of what it takes along."""
    made, maker = f'info_span("{name}", parent=None){link}', code.maker(owner_of(wrapper))
    if maker is not None:
        text = [*_called(code, maker, "parent", "parent=None"), wrapped(code, maker, "", link)[1]]
        return Repair(text, {("apart", maker): True})
    whole = captures(wrapper) and wrapper in spawn.args
    text = replaced(code, wrapper, f"{made}.instrument({code.text(wrapper.args[-1])})")
    does = {("removed", spot): True, ("carried", spawn): New(name, None)}
    return Repair(text if whole else None, does)


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
    return wrapped(code, span, "", ".or_current()")


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
        return wrapped(code, attribute, "", f"({level})")
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
    owner = owner_of(wrapper) if called(wrapper) == "instrument" else None
    before, after = _around(spawn, code.text(owner) if owner else "")
    inner = f"{code.text(spawn.func)}({before}{code.text(spawn.args[0])}{after})"
    text = replaced(code, wrapper if spawn in wrapper.args else spawn, inner)
    here = code.enclosing(spawn) is code.enclosing(wrapper)  # where a name of the span is known
    known = here or isinstance(owner, ast.Call)
    return Repair(text if known else None, {("carried", spawn): span})
