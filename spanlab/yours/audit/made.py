"""Futures and streams that are made inside a span and polled outside; a span that is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from spanlab.yours.audit import ways
from spanlab.yours.audit.context import CARRIES, Contexts, Current, given_later
from spanlab.yours.audit.file import ATTRIBUTE, Edit, File, Fn
from spanlab.yours.audit.found import Finding
from spanlab.yours.audit.held import ASIDE, by_piece, places
from spanlab.yours.audit.tree import Body, ancestor, method, nodes

if TYPE_CHECKING:
    from spanlab.yours.audit.tree import Node

FUTURE = re.compile(r"\bFuture\b|\b(?:Local)?BoxFuture\b")
STREAM = re.compile(r"\bStream\b|\b(?:Local)?BoxStream\b")
KEEPS = re.compile(r"Span::current\(\)")
ONCE = r"get_or_init|get_or_try_init|or_insert_with|get_or_insert_with|LazyLock::new|Lazy::new"
CONSTRUCTOR = re.compile(r"(?:new|default|init|connect|open|create|build|start|with_\w+|get\w*)\Z")
SHARED = re.compile(r"\b(?:Mutex|RwLock|Atomic\w+|DashMap|HashMap|BTreeMap|Receiver|Arc)\b")
EACH = re.compile(
    r"(?i)job|request|command|message|msg|event|task|envelope|guard|timer|context|ctx|scope"
)


def futures(contexts: Contexts) -> Iterator[Finding | None]:
    """Find functions whose span covers the making alone; None stands for one that is right."""
    for file in contexts.source.files:
        entered = ".enter" in file.code
        for fn in file.fns:
            if not (fn.has_attribute or (entered and ".enter" in fn.inside)) or fn.is_test:
                continue
            returns = _resolved(file, fn.returns)
            if STREAM.search(returns):
                yield from _streams(contexts, fn)
            elif FUTURE.search(returns) and not fn.is_async:
                yield from _made(contexts, fn)


def _resolved(file: File, returns: str) -> str:
    """Write out a type that has a name of its own."""
    words = re.findall(r"\b[A-Z]\w*", returns) if "type " in file.code else []
    names = (re.search(rf"\btype\s+{word}\b[^=;]*=([^;]*)", file.code) for word in words)
    return " ".join([returns, *(found[1] for found in names if found)])


def _spanned(contexts: Contexts, body: Body, node: Node) -> Current | None:
    """Find the span of the function, or of a guard that it holds where something is made."""
    if body.fn.has_attribute:
        return Current(
            f"`{body.fn.span}`", f"`#[instrument]` of `{body.fn.name}` covers the call alone", 3
        )
    while (around := node.parent) is not None:
        if around.type == "block" and (guard := contexts.guard(body, around, node)):
            return Current(guard, f"the guard of {guard} covers the making alone", 3)
        node = around
    return None


def _made(contexts: Contexts, fn: Fn) -> Iterator[Finding | None]:
    body = contexts.body(fn)
    last = _last(body)
    if last is not None and fn.has_attribute and _known(body, last) is not None:
        yield None
        return
    blocks = list(nodes(body.block, "async_block", but=ASIDE)) if body.block else []
    blocks = [n for n in blocks if not _consumed(contexts, body, n)]
    if not blocks and last is not None:  # what it calls makes the future
        blocks = [n for n in _calls(last) if _is_async(contexts, body, n)]
    for block in blocks:
        current = _spanned(contexts, body, block)
        logs = contexts.source.logs(*body.span(block))
        if current is None or not logs or _given(contexts, body, block):
            yield None
            continue
        why = (
            current.why,
            "its last expression is not an async block, so it is polled outside",
            f"it {logs}",
        )
        name = ways.task_name(body, block) if block.type == "call_expression" else fn.name
        edits = ways.each(ways.on_future, body, block, name)
        head = ATTRIBUTE.search(fn.file.code, fn.begin - len(fn.head), fn.begin)
        at = head.start() if head else body.begin(block)
        yield ways.finding(
            "future_block_uncovered", body, at, 6.0, why, "child", current.name, edits,
            work=[body.span(block)], source=contexts.source,
        )  # fmt: skip


def _last(body: Body) -> Node | None:
    """Give the last expression of a function, which `#[instrument]` looks at."""
    children = (
        [n for n in body.block.named_children if "comment" not in n.type] if body.block else []
    )
    for node in reversed(children):
        if node.type == "expression_statement":
            return node.named_children[0] if node.named_children else None
        if node.type not in ("let_declaration", "function_item", "empty_statement"):
            return node
    return None


def _known(body: Body, last: Node) -> Node | None:
    """Give the block, or the call of an inner function, that `#[instrument]` would instrument."""
    if last.type == "async_block":
        return last
    function = last.child_by_field_name("function") if last.type == "call_expression" else None
    if function is None or not body.words(function).endswith("Box::pin"):
        return None
    given = last.child_by_field_name("arguments")
    first = given.named_children[0] if given and given.named_children else None
    if first is not None and first.type == "call_expression":
        called = re.match(r"\w+", body.words(first))
        return first if called and re.search(rf"\basync\s+fn\s+{called[0]}\b", body.code) else None
    return first if first is not None and first.type == "async_block" else None


def _calls(node: Node) -> list[Node]:
    return [
        n for n in (node, *nodes(node, "call_expression", but=ASIDE)) if n.type == "call_expression"
    ]


def _is_async(contexts: Contexts, body: Body, call: Node) -> bool:
    found = _callees(contexts, body, call)
    return method(call)[0] != "pin" and any(fn.is_async for fn in found)


def _callees(contexts: Contexts, body: Body, call: Node) -> list[Fn]:
    return next(iter(contexts.source.calls(*body.span(call))), ("", list[Fn]()))[1]


def _consumed(contexts: Contexts, body: Body, block: Node) -> bool:
    """Tell whether a block is spawned or run to its end where it stands."""
    up = block.parent
    while up is not None and up.type != "block":
        if contexts.is_spawn(up) or method(up)[0] == "block_on":
            return True
        up = up.parent
    name = _name(body, block)
    return bool(name and re.search(rf"\b(?:spawn\w*|block_on)\(\s*{name}\b", body.code))


def _name(body: Body, node: Node) -> str:
    let = node.parent if node.parent and node.parent.type == "let_declaration" else None
    return body.words(let.child_by_field_name("pattern") or let) if let else ""


def _given(contexts: Contexts, body: Body, block: Node) -> bool:
    """Tell whether a future is given a span, where it is made or by its name."""
    up = block.parent
    while up is not None and up.type in ("field_expression", "call_expression", "arguments"):
        if method(up)[0] in ("instrument", "in_current_span", "or_current"):
            return True
        up = up.parent
    name = _name(body, block)
    return bool((name and given_later(body, name, CARRIES)) or contexts._inside(body, block))


def _streams(contexts: Contexts, fn: Fn) -> Iterator[Finding | None]:
    body = contexts.body(fn)
    macros = [n for at in body.streams if (n := ancestor(body.at(at, at + 5), "async_block"))]
    lazy = macros or ([*nodes(body.block, "closure_expression", but=ASIDE)] if body.block else [])
    for node in lazy:
        current = _spanned(contexts, body, node)
        logs = contexts.source.logs(*body.span(node))
        blocks = [*nodes(node, "async_block")]
        given = any(_given(contexts, body, n) for n in blocks) or contexts._inside(body, node)
        if current is None or not logs or given:
            yield None
            continue
        why = (current.why, "the stream runs when it is polled, after that", f"it {logs}")
        edits = ways.each(_carried, contexts, body, node, blocks)
        yield ways.finding(
            "stream", body, body.begin(node), 6.0, why, "child", current.name, edits,
            work=[body.span(node)], source=contexts.source,
        )  # fmt: skip


def _carried(
    contexts: Contexts, body: Body, node: Node, blocks: list[Node], how: str
) -> list[Edit]:
    """Take a span into a stream: around each wait and each line, or around each of its futures."""
    span = "here" if re.search(r"\bspan\b", body.words(node)) else "span"
    edits = ways.before(body, node, f"let {span} = {ways.span_for(how, body.fn.name)};")
    if node.type == "async_block":
        inside = next(iter(n for n in node.named_children if n.type == "block"), node)
        edits += by_piece(body, inside.named_children, span)
        done = [e.begin for e in edits]
        for call in nodes(
            inside, "call_expression", but=(*ASIDE, "await_expression", "macro_invocation")
        ):
            if body.begin(call) in done or next(nodes(call, "await_expression"), None):
                continue
            if any(
                contexts.source.fn_logs(f) and not f.is_async
                for f in _callees(contexts, body, call)
            ):
                edits += body.around(call, f"{span}.in_scope(|| ")
        return edits
    if not body.words(node).startswith("move"):
        edits += body.around(node, "move ", "")
    for block in blocks[:1]:
        return edits + ways.on_future(body, block, "", "child", f"{span}.clone()")
    return edits + body.around(node.child_by_field_name("body") or node, f"{span}.in_scope(|| ")


def kept(contexts: Contexts) -> Iterator[Finding | None]:
    """Find `Span::current()` in what lives longer; None stands for one that is right."""
    for body, begin, end in places(contexts, KEEPS):
        node = body.at(begin, end)
        struct = _struct(body, node)
        if node is None or struct is None:
            continue
        made = struct.child_by_field_name("name")
        kind = re.sub(r"<.*", "", body.words(made)).rpartition("::")[2] if made else ""
        kind = body.fn.owner if kind == "Self" else kind
        score, why = _lives(contexts, body.fn, kind)
        current = contexts.current(body, struct)
        if score < 2 or current is None:
            yield None
            continue
        why = [f"`{kind}` keeps the span that is current when it is made", current.why, *why]
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
        edits = {h: partial(_apart, body, begin, end, name, h) for h in ("linked", "root")}
        does = f"what `{kind}` does stands in the span in which it was first made, as it does now"
        yield ways.finding(
            "current_captured", body, begin, score, why, "root", current.name, edits,
            {"child": does, "nothing": does}, [f"whether one `{kind}` lives for each request"],
        )  # fmt: skip


def _apart(body: Body, begin: int, end: int, name: str, how: str) -> list[Edit]:
    return [Edit(body.fn.file, begin, end, ways.span_for(how, name))]


def _struct(body: Body, node: Node | None) -> Node | None:
    """Give the struct whose field is the current span, at once or by a name."""
    field = ancestor(node, "field_initializer", "let_declaration", "block")
    if field is not None and field.type == "field_initializer":
        return ancestor(field, "struct_expression")
    if field is not None and field.type == "let_declaration":
        name = body.words(field.child_by_field_name("pattern") or field)
        for struct in nodes(body.root, "struct_expression"):
            inside = re.search(
                rf"[{{,]\s*(?:\w+\s*:\s*)?{re.escape(name)}\s*[,}}]", body.words(struct)
            )
            if inside and struct.start_byte > field.end_byte:
                return struct
    return None


def _lives(contexts: Contexts, fn: Fn, kind: str) -> tuple[float, list[str]]:
    """Tell how sure it is that a type outlives a request, and why."""
    score, why = 0.0, list[str]()
    files = contexts.source.crates[fn.file.crate]
    static = rf"\bstatic\s+\w+\s*:[^=;]*\b{kind}\b"
    cached = rf"\b(?:{ONCE})\(\s*(?:\|[^|]*\||move\s*\|\|)?[^;]{{0,120}}\b{kind}\b"
    if any(re.search(static, file.code) or re.search(cached, file.code) for file in files):
        score, why = score + 3, ["it is made once and kept"]
    if CONSTRUCTOR.match(fn.name):
        score, why = score + 1, [*why, f"`{fn.name}` is its constructor"]
    declared = (re.search(rf"\bstruct\s+{kind}\b[^;{{]*\{{([^}}]*)", file.code) for file in files)
    if any(found and SHARED.search(found[1]) for found in declared):
        score, why = score + 1, [*why, "its fields are shared"]
    if EACH.search(kind) or any(re.search(rf"\bsend\(\s*{kind}\b", file.code) for file in files):
        score -= 2
    return (score if score >= 4 else min(score, 3.5)), why
