"""Guards that are held over an await, and `instrument` on a handle."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from spanlab.yours.audit import ways
from spanlab.yours.audit.context import Contexts
from spanlab.yours.audit.file import Edit, File
from spanlab.yours.audit.found import Finding
from spanlab.yours.audit.source import LOGS
from spanlab.yours.audit.tree import Body, ancestor, arguments, method, nodes

if TYPE_CHECKING:
    from spanlab.yours.audit.tree import Node

ENTERS = re.compile(r"enter(?:ed)?\(\)")
INSTRUMENTS = re.compile(r"instrument\(")
LEAVES = re.compile(r"\b(?:break|continue|return)\b|\?")
ASIDE = ("async_block", "closure_expression", "function_item")


def places(
    contexts: Contexts, what: re.Pattern[str], crate: str = ""
) -> Iterator[tuple[Body, int, int]]:
    """Give each place of some words that lies in a function, but not in a test."""
    source = contexts.source
    for file in source.crates[crate] if crate else source.files:
        for found in what.finditer(file.code):
            fn = file.fn(found.start())
            if fn is not None and not fn.is_test:
                yield contexts.body(fn), found.start(), found.end()


def guards(contexts: Contexts) -> Iterator[Finding | None]:
    """Find guards over awaits; None stands for a guard that is right."""
    for body, begin, end in places(contexts, ENTERS):
        let = ancestor(body.at(begin, end), "let_declaration")
        span = contexts.entered(body, let) if let else None
        if let is None or span is None or let.parent is None:
            continue
        around = ancestor(let, *ASIDE)
        running = around is not None and (
            around.type == "async_block" or (around.type == "function_item" and body.fn.is_async)
        )
        rest, dropped = after(body, let)
        waits = [at for node in rest for at in awaits(body, node)]
        if not running or not waits:
            yield None
            continue
        name = contexts.span_name(body, span)
        why = (
            f"the guard of {name} is held over the await in line {body.fn.file.line(waits[0])}",
            "what is polled meanwhile on that thread stands in it",
        )
        edits = ways.each(covered, body, let, span, rest, dropped)
        does = {
            "child": f"{name} is entered for each poll of this work, and for nothing else",
            "linked": f"the same, as a trace of its own with a link to the span around {name}",
            "root": "the same, as a trace of its own",
            "nothing": f"lines of other tasks stand in {name}, as they do now",
        }
        at = body.begin(let)
        yield ways.finding("guard_await", body, at, 6.0, why, "child", name, edits, does)


def after(body: Body, let: Node) -> tuple[list[Node], Node | None]:
    """Give what follows a guard in its block, up to where it is dropped."""
    block, pattern = let.parent, let.child_by_field_name("pattern")
    name = re.escape(body.words(pattern)) if pattern else "_"
    rest = [n for n in block.named_children if n.start_byte >= let.end_byte] if block else []
    for at, node in enumerate(rest):
        if re.search(rf"\bdrop\(\s*{name}\s*\)|\b{name}\.exit\(\)", body.words(node)):
            return rest[:at], node
    return rest, None


def awaits(body: Body, node: Node) -> Iterator[int]:
    """Give the places inside a node where this task waits, or a stream gives an item."""
    for found in (node, *nodes(node, "await_expression", "yield_expression", but=ASIDE)):
        if found.type in ("await_expression", "yield_expression"):
            yield body.end(found) - 1
    inside = [(body.begin(n), body.end(n)) for n in nodes(node, *ASIDE[:2])]
    for at in body.waits:
        if body.begin(node) <= at < body.end(node) and not any(b <= at < e for b, e in inside):
            yield at


def covered(
    body: Body, let: Node, span: Node, rest: list[Node], dropped: Node | None, how: str
) -> list[Edit]:
    """Instrument what follows a guard, in place of the guard."""
    file, words, edits = body.fn.file, body.text(span), list[Edit]()
    macro, end = "span!" in words, body.end(rest[-1])
    if how != "child":
        value = span if macro else next(reversed(body.bound(words, body.begin(let))), let)
        if not (made := ways.without_parent(body.text(value), how)):
            return []
        words, edits = (made, []) if macro else (words, [body.put(value, made)])
    code = body.code[let.end_byte : end - body.start]
    in_fn = let.parent == body.block
    if dropped is None and not ((not in_fn and LEAVES.search(code)) or "yield" in code):
        used = not macro and re.search(rf"\b{re.escape(words)}\b", code)
        shuts = f"\n}}.instrument({words}{'.clone()' if used else ''}).await"
        edits += [body.put(let, "async {"), Edit(file, end, end, shuts)]
        return edits + ways.imported(file, body.begin(let))
    edits += [body.put(let, f"let span = {words};" if macro else "")]
    edits += [body.put(dropped, "")] if dropped is not None else []
    return edits + by_piece(body, rest, "span" if macro else words)


def by_piece(body: Body, rest: list[Node], name: str) -> list[Edit]:
    """Instrument each await, and let each line that logs run in the scope of a span."""
    edits = list[Edit]()
    for node in rest:
        for found in (node, *nodes(node, "await_expression", "macro_invocation", but=ASIDE)):
            if found.type == "await_expression":
                edits += body.around(found.named_children[0], "", f".instrument({name}.clone())")
            elif found.type == "macro_invocation" and LOGS.match(
                body.words(found).rpartition("tracing::")[2]
            ):
                edits += body.around(found, f"{name}.in_scope(|| ")
    return edits + (ways.imported(body.fn.file, body.begin(rest[0])) if rest else [])


def handles(contexts: Contexts) -> Iterator[Finding | None]:
    """Find `instrument` on what a spawn gave; None stands for one that is on a future."""
    for body, begin, end in places(contexts, INSTRUMENTS):
        call = ancestor(body.at(begin, end - 1), "call_expression", "attribute_item")
        on = method(call)[1] if call else None
        value = on
        if on is not None and on.type == "identifier":
            bound = body.bound(body.words(on), begin)
            value = bound[-1] if bound else on
        if call is None or on is None or value is None or not contexts.is_spawn(value):
            yield None
            continue
        work = arguments(value)[0]
        logs = contexts.source.logs(*body.span(work))
        if contexts.carried(body, work).how or not logs or not arguments(call):
            yield None
            continue
        name = contexts.named(body, call)
        why = (
            f"{name} is entered while somebody waits for the handle, never while the task runs",
            f"the task {logs}",
        )
        edits = ways.each(_moved, body, call, on, value)
        yield ways.finding(
            "instrument_handle", body, body.begin(value), 6.0, why, "child", name, edits,
            work=[body.span(work)], source=contexts.source,
        )  # fmt: skip


def _moved(body: Body, call: Node, on: Node, spawn: Node, how: str) -> list[Edit]:
    """Take `instrument` from the handle to the task."""
    file, work, span = body.fn.file, arguments(spawn)[0], arguments(call)[0]
    text = body.text(span)
    if how != "child":
        value = next(reversed(body.bound(text, body.begin(call))), span)
        if not (text := ways.without_parent(body.text(value), how)):
            return []
    at = body.end(on), body.end(call)
    if work.type == "closure_expression":
        made_, *others = ways.on_closure(body, work, "", "child")
        new = made_.new.replace("tracing::Span::current()", text)
        return [made_._replace(new=new), *others, Edit(file, *at, "")]
    edits = [Edit(file, *at, ""), *_typed(file)]
    return [*edits, *ways.on_future(body, work, "", "child", text)]


def _typed(file: File) -> list[Edit]:
    """Take `Instrumented` from the types of handles."""
    types = re.finditer(
        r"\b(?:[\w:]+::)?Instrumented<((?:[\w:]+::)?JoinHandle<[^<>]*>)>", file.code
    )
    edits = [Edit(file, found.start(), found.end(), found[1]) for found in types]
    used = re.findall(r"\bInstrumented\b", file.code)
    imports = re.search(r"^use tracing::instrument::Instrumented;\n", file.code, re.M)
    if edits and imports and len(used) == len(edits) + 1:
        edits.append(Edit(file, imports.start(), imports.end(), ""))
    return edits
