"""Changes to whole blocks and functions: what a guard covers becomes a future, or the reverse."""

from __future__ import annotations

import ast
from typing import Any

from spanlab.causes.remedy import Edit, New, Repair, carried_along, replaced, wrapped
from spanlab.causes.source import SPAWNS, Code, arguments, called, named, owner_of
from spanlab.evidence.syntax import Function


def rest(code: Code, statement: ast.AST | None) -> list[ast.stmt]:
    """Give what follows a statement in its block."""
    around = vars(code.parent[statement]).values() if isinstance(statement, ast.stmt) else ()
    blocks = [block for block in around if isinstance(block, list) and statement in block]
    return [part for block in blocks for part in block[block.index(statement) + 1 :]]


def instrumented(code: Code, guard: ast.AST | None, spot: Any) -> Repair:
    """Turn a guard into an instrumented future; in a stream, yield after the guard."""
    text, around = None, [*code.around(guard)][:2] if guard is not None else []
    does: dict[tuple[str, Any], Any] = {("removed", spot): True, ("unguarded", spot): True}
    match around, owner_of(guard):
        case [[ast.withitem(), ast.With(items=[_]) as block], ast.expr() as span]:
            text = _instrumented(code, block, span, does)
    return Repair(text, does)


def _instrumented(code: Code, block: ast.With, span: Any, does: Any) -> list[Edit] | None:
    file, (start, end), text = code.file[block], code.span(block), code.text(span)
    inside, indent = code.span(block.body[0])[0], " " * block.col_offset
    match block.body:
        case [ast.Expr() | ast.Return() | ast.Assign() as only] if type(only.value) is ast.Await:
            future, made = only.value.value, list[Edit]()
            if not (eager := [node for node in ast.walk(future) if code.is_eager(node)]):
                made = wrapped(code, future, f"{text}.instrument(")
            elif isinstance(future, ast.Call) and called(future) in SPAWNS and eager == [future]:
                does["carried", future], made = None, carried_along(code, future, text).text or []
            if made:
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


def entered_from(
    code: Code, statement: ast.stmt, rest: list[ast.stmt], entry: tuple[int, int], is_guard: bool
) -> Repair:
    """Keep a span entered to the end of the block; `entry` is a record and its frame."""
    (start, end), last, head = code.span(statement), code.span(rest[-1])[1], ""
    text, inner = code.text(statement), code.bytes[code.file[statement]][end:last].decode()
    indent, before = " " * statement.col_offset, code.line(*code.place(statement))
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            head = f"{text}\n{indent}with {name}.enter():"
        case ast.With():  # its block is empty
            head = text.removesuffix("pass").rstrip()
        case ast.Expr():
            head = f"with {text}{'' if is_guard else '.enter()'}:"
    lines = [f"    {line}" if line.strip() else line for line in inner.split("\n")]
    edit = Edit(code.file[statement], start, last, head + "\n".join(lines))
    alone = head and inner[:1] == "\n" and not before[: statement.col_offset].strip()
    return Repair([edit] if alone else None, {("entered", entry[0]): entry[1]})


def around_all(code: Code, function: Function | None, wrapper: Any, spot: Any) -> list[Repair]:
    """Instrument the future of a whole function, and not one that is awaited in it, if one can."""
    maker, calls = code.maker(owner_of(wrapper)), code.calls[function]
    if maker is None or function is None:
        return []
    made = [_elsewhere(code, maker, call, function) for call in calls]
    if not made or None in made:
        return []
    text = replaced(code, wrapper, code.text(wrapper.args[0]))
    if after := rest(code, statement := code.parent[maker]):
        start = code.span(statement)[0]  # of a name that nobody needs any more
        text.append(Edit(code.file[maker], start, code.span(after[0])[0], ""))
    does: dict[tuple[str, Any], Any] = {("removed", spot): True}
    for call, span in zip(calls, made, strict=True):
        text += wrapped(code, call, f"{span}.instrument(")
        taker = code.parent[call]
        key = taker if called(taker) in SPAWNS and call in getattr(taker, "args", ()) else call
        does["carried", key] = New(named(maker), None) if key is taker else named(maker)
    return [Repair(text, does)]


def _elsewhere(code: Code, maker: ast.Call, call: ast.Call, function: Function) -> str | None:
    """Write a span of a function for who calls it, with what the call gives for its arguments."""
    given, edits = arguments(function, call), list[tuple[int, int, bytes]]()
    start, parts = code.span(maker)[0], [node for k in maker.keywords for node in ast.walk(k)]
    for name in [node for node in parts if isinstance(node, ast.Name)]:
        value = given.get(name.id)
        if not isinstance(value, ast.Constant | ast.Name):
            return None
        first, last = code.span(name)
        edits.append((first - start, last - start, code.text(value).encode()))
    text = code.text(maker).encode()
    for first, last, written in sorted(edits, reverse=True):
        text = text[:first] + written + text[last:]
    return text.decode()
