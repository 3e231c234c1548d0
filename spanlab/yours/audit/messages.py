"""Messages: what an actor does for a span that is not sent along."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from spanlab.yours.audit import ways
from spanlab.yours.audit.context import Contexts
from spanlab.yours.audit.found import Edit, Finding
from spanlab.yours.audit.held import LEAVES, by_piece, places
from spanlab.yours.audit.source import File
from spanlab.yours.audit.tree import ancestor, arguments

END = re.compile(r"(?:Sender|Receiver)\s*<")
NAME = re.compile(r"\b(\w+)\s*:\s*([&\w:\s]*)\Z")
SENDS = re.compile(r"send(?:_async)?\(")
TO = re.compile(r"(\w+)\s*\.\s*(?:try_|blocking_|unbounded_)?\Z")
TAKES = re.compile(
    r"\bwhile\s+let\s+(?:Some|Ok)\(\s*(?P<item>(?:mut\s+)?\w+|\w[\w:]*\s*[{(][^=]*[})])\s*\)\s*=\s*"
    r"(?:\w+\.)*(?P<from>\w+)\s*\.\s*(?:blocking_)?recv\(\)[^{]*(?P<opens>\{)"
    r"|\bfor\s+(?P<each>(?:mut\s+)?\w+)\s+in\s+(?:&\s*(?:mut\s+)?)?(?:\w+\.)*(?P<of>\w+)(?:\.iter\(\))?\s*(?P<begins>\{)"
)
PLAIN = re.compile(r"(?:\(\)|bool|[iu]\d+|usize|f64|String|Vec<u8>)\Z")


class End(NamedTuple):
    """One end of a channel where its type is written."""

    name: str
    side: str
    payload: str
    begin: int
    end: int
    file: File


def ends(file: File) -> Iterator[End]:
    """Give the ends of channels that a file names with a type."""
    for found in END.finditer(file.code):
        name = NAME.search(file.code, max(found.start() - 80, 0), found.start())
        if name is None or "oneshot" in name[2] or "watch" in name[2]:
            continue
        depth, at = 1, found.end()
        while depth and at < min(len(file.code), found.end() + 300):
            depth += {"<": 1, ">": -1}.get(file.code[at], 0)
            at += 1
        payload = re.sub(r"\s+", " ", file.code[found.end() : at - 1]).strip()
        if payload:
            yield End(name[1], found[0].rstrip("< "), payload, found.end(), at - 1, file)


def _to(file: File, at: int) -> str:
    """Name what sends."""
    name = TO.search(file.code, max(at - 60, 0), at)
    return name[1] if name else ""


class Taken(NamedTuple):
    """A loop that takes messages."""

    file: File
    item: tuple[int, int]
    opens: int
    payload: str


def unsaid(contexts: Contexts) -> Iterator[Finding | None]:
    """Find messages whose work loses the span of who sent them; None stands for a right one."""
    if not any("Receiver" in file.code for file in contexts.source.files):
        return
    crates: defaultdict[str, list[End]] = defaultdict(list)
    for file in contexts.source.files:
        crates[file.crate] += ends(file)
    taken = {crate: [*_taken(contexts, crate, known)] for crate, known in crates.items()}
    for body, begin, end in places(contexts, SENDS):
        file = body.fn.file
        name = _to(file, begin)
        known = {e.payload for e in crates[file.crate] if e.side == "Sender" and e.name == name}
        takers = [t for t in taken[file.crate] if t.payload in known]
        call = ancestor(body.at(begin, end - 1), "call_expression")
        current = contexts.current(body, call) if call and takers else None
        if call is None or current is None or not arguments(call):
            yield None
            continue
        taker = takers[0]
        payload = taker.payload
        if _has_span(contexts, file.crate, payload) or PLAIN.match(payload):
            yield None
            continue
        line = taker.file.line(taker.opens)
        why = (
            current.why, f"`{payload}` has no span to send along",
            f"what is done for it in {taker.file.path.name}:{line} logs, in no span",
        )  # fmt: skip
        edits = {
            how: partial(sent, contexts, crates[file.crate], takers, how)
            for how in ("message", "linked", "root")
        }
        does = {
            "message": f"what is done for it stands in {current.name}",
            "child": f"the same as message: {current.name} is entered for each",
            "linked": f"each message is a trace of its own, with a link to {current.name}",
            "root": "each message is a trace of its own",
            "nothing": "what is done for it stands in no span, as it does now",
        }
        edits["child"] = edits["message"]
        yield Finding(
            "message", file.path, file.line(begin), body.fn.name, current.worth + 1.5, why,
            "message", ways.four(current.name, edits, **does),
            ("whose line it is, if the actor also works for itself",),
        )  # fmt: skip


def _taken(contexts: Contexts, crate: str, known: list[End]) -> Iterator[Taken]:
    """Give the loops that take messages, log, and have no span of their own."""
    payloads = {e.name: e.payload for e in known if e.side == "Receiver"}
    for file in contexts.source.crates[crate]:
        for found in TAKES.finditer(file.code):
            one = "item" if found["item"] else "each"
            payload = payloads.get(found["from"] or found["of"] or "")
            opens = found.start("opens" if found["item"] else "begins")
            fn = file.fn(opens)
            if payload is None or fn is None or fn.is_test:
                continue
            body = contexts.body(fn)
            node = body.at(opens, opens + 1)
            own = node is not None and contexts.current(body, node)
            inside = file.code[opens : file.closing.get(opens, opens)]
            spanned = re.search(r"\b\w*span!\s*\(|\.in_scope\(|\.instrument\(", inside)
            if (
                not own
                and not spanned
                and contexts.source.logs(file, opens, file.closing.get(opens, opens))
            ):
                yield Taken(file, found.span(one), opens, payload)


def _has_span(contexts: Contexts, crate: str, payload: str) -> bool:
    """Tell whether a message has a span in it."""
    if re.search(r"\b(?:Span|Instrumented)\b", payload):
        return True
    name = re.match(r"[\w:]+", payload)
    kind = name[0].rpartition("::")[2] if name else payload
    for file in contexts.source.crates[crate]:
        found = re.search(rf"\b(?:struct|enum)\s+{kind}\b[^;{{]*\{{", file.code)
        if found and re.search(
            r"\bSpan\b", file.code[found.end() : file.closing.get(found.end() - 1, 0)]
        ):
            return True
    return False


def sent(contexts: Contexts, known: list[End], takers: list[Taken], how: str) -> list[Edit]:
    """Send the span along: in the types of the channel, where it is sent, where it is taken."""
    payload, edits = takers[0].payload, list[Edit]()
    if how != "root":
        for e in known:
            if e.payload == payload:
                edits += [
                    Edit(e.file, e.begin, e.begin, "(tracing::Span, "),
                    Edit(e.file, e.end, e.end, ")"),
                ]
        names = {e.name for e in known if e.side == "Sender" and e.payload == payload}
        for body, begin, end in places(contexts, SENDS, takers[0].file.crate):
            name, file = _to(body.fn.file, begin), body.fn.file
            call = ancestor(body.at(begin, end - 1), "call_expression")
            if name in names and call and arguments(call):
                given = arguments(call)[0]
                edits.append(
                    Edit(file, body.begin(given), body.begin(given), "(tracing::Span::current(), ")
                )
                edits.append(Edit(file, body.end(given), body.end(given), ")"))
    for taker in takers:
        edits += _entered(contexts, taker, how)
    return edits


def _entered(contexts: Contexts, taker: Taken, how: str) -> list[Edit]:
    file, (begin, end) = taker.file, taker.item
    edits = (
        [] if how == "root" else [Edit(file, begin, begin, "(span, "), Edit(file, end, end, ")")]
    )
    made = 'let own = tracing::info_span!(parent: None, "message"); '
    head = {"linked": f"{made}own.follows_from(&span);", "root": made.strip()}.get(how, "")
    name = "own" if head else "span"
    last = file.closing[taker.opens] - 1
    inside = file.code[taker.opens + 1 : last]
    start = taker.opens + 1
    if "await" not in inside and "select!" not in inside:
        return [
            *edits,
            Edit(file, start, start, f" {head} let _in = {name}.enter();".replace("  ", " ")),
        ]
    edits.append(Edit(file, start, start, f" {head}"))
    if not LEAVES.search(inside):
        edits.append(Edit(file, start, start, " async {"))
        edits.append(Edit(file, last, last, f"}}.instrument({name}).await; "))
        return edits + ways.imported(file, start)
    fn = file.fn(start)
    body = contexts.body(fn) if fn else None
    block = ancestor(body.at(start - 1, start), "block") if body else None
    return edits + (by_piece(body, block.named_children, name) if body and block else [])
