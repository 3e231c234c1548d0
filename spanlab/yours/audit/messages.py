"""Messages: what an actor does for a span that is not sent along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from spanlab.yours.audit import ways
from spanlab.yours.audit.context import Contexts
from spanlab.yours.audit.file import Edit, File
from spanlab.yours.audit.found import Finding
from spanlab.yours.audit.held import LEAVES, by_piece, places
from spanlab.yours.audit.tree import ancestor, arguments, around

END = re.compile(r"(?:Sender|Receiver)\s*<")
NAME = re.compile(r"\b(?:(\w+)\s*:(?!:)|struct\s+\w+\()\s*([&\w:\s]*)\Z")
MADE = re.compile(
    r"let\s*\(\s*(?:mut\s+)?(\w+),\s*(?:mut\s+)?(\w+)\)\s*=\s*"
    r"(?!oneshot|watch|[\w:]*::(?:oneshot|watch))[\w:]*channel(?:::<([^()]*)>)?\("
)
SENDS = re.compile(r"send(?:_async)?\(")
TO = re.compile(r"(\w+)\s*\.\s*(?:try_|blocking_|unbounded_)?\Z")
ITEM = r"(?:mut\s+)?\w+|\w[\w:]*\s*[{(][^=]*?[})]"
FROM = r"(?:\w+\.)*(\w+)"
TAKES = (  # a pattern, the end of the channel, and where the work for an item begins
    re.compile(
        rf"let\s+(?:Some|Ok)\(\s*({ITEM})\s*\)\s*=\s*{FROM}\s*\.\s*(?:blocking_)?recv\(\)"
        r"(?:\.await)?\s*(\{)"
    ),
    re.compile(rf"\b(?:Some|Ok)\(\s*({ITEM})\s*\)\s*=\s*{FROM}\s*\.\s*recv\(\)\s*=>\s*(\S)"),
    re.compile(
        rf"\bfor\s+((?:mut\s+)?\w+)\s+in\s+(?:&\s*(?:mut\s+)?)?{FROM}(?:\.iter\(\))?\s*(\{{)"
    ),
)
MATCH = re.compile(
    rf"\bmatch\s+{FROM}\s*\.\s*(?:blocking_)?recv\(\)(?:\.await)?\s*\{{[^{{}}]*?"
    rf"\b(?:Some|Ok)\(\s*({ITEM})\s*\)\s*=>\s*(\S)"
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
            side = found[0].rstrip("< ")
            yield End(name[1] or "0", side, payload, found.end(), at - 1, file)
    for found in MADE.finditer(file.code):
        payload, (begin, end) = (found[3] or "").strip(), found.span(3)
        yield End(found[1], "Sender", payload, begin, end, file)
        yield End(found[2], "Receiver", payload, begin, end, file)


def known_ends(files: list[File]) -> list[End]:
    """Give the ends of the channels of a crate; one without a type has that of its namesake.

    Else it has the only one that there is.
    """
    known = [end for file in files for end in ends(file)]
    typed = {end[:2]: end.payload for end in known if end.payload}
    only = next(iter(typed.values()), "") if len({*typed.values()}) == 1 else ""
    return [e if e.payload else e._replace(payload=typed.get(e[:2], only)) for e in known]


def _to(file: File, at: int) -> str:
    """Name what sends."""
    name = TO.search(file.code, max(at - 60, 0), at)
    return name[1] if name else ""


class Taken(NamedTuple):
    """Where a message is taken: its pattern, and the work for it."""

    file: File
    item: tuple[int, int]
    begin: int
    end: int
    payload: str


def unsaid(contexts: Contexts) -> Iterator[Finding | None]:
    """Find messages whose work loses the span of who sent them; None stands for a right one."""
    if not any("Receiver" in file.code for file in contexts.source.files):
        return
    crates = {crate: known_ends(files) for crate, files in contexts.source.crates.items()}
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
        line = taker.file.line(taker.begin)
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
        yield ways.finding(
            "message", body, begin, current.worth + 1.5, why, "message", current.name, edits, does,
            ["whose line it is, if the actor also works for itself"],
            [(taker.file, taker.begin, taker.end)], contexts.source,
        )  # fmt: skip


def _taken(contexts: Contexts, crate: str, known: list[End]) -> Iterator[Taken]:
    """Give the places that take messages, log, and have no span of their own."""
    payloads = {e.name: e.payload for e in known if e.side == "Receiver"}
    for file in contexts.source.crates[crate] if payloads else ():
        if "recv()" not in file.code and not any(f" in {name}" in file.code for name in payloads):
            continue
        found = [(m.span(1), m[2], m.start(3)) for form in TAKES for m in form.finditer(file.code)]
        found += [(m.span(2), m[1], m.start(3)) for m in MATCH.finditer(file.code)]
        for item, source, begin in found:
            fn = file.fn(begin)
            if not payloads.get(source) or fn is None or fn.is_test:
                continue
            body = contexts.body(fn)
            node = body.at(begin, begin + 1)
            end = file.closing.get(begin) or _end(file, begin)
            spanned = re.search(
                r"\b\w*span!\s*\(|\.in_scope\(|\.instrument\(", file.code[begin:end]
            )
            own = node is None or contexts.current(body, node)
            if not own and not spanned and contexts.source.logs(file, begin, end):
                yield Taken(file, item, begin, end, payloads[source])


def _end(file: File, begin: int) -> int:
    """Find the end of the expression of an arm."""
    depth = 0
    for mark in re.finditer(r"[(){}\[\],]", file.code[begin : begin + 4000]):
        depth += (mark[0] in "({[") - (mark[0] in ")}]")
        if depth < 0 or (depth == 0 and mark[0] == ","):
            return begin + mark.start()
    return begin


def _has_span(contexts: Contexts, crate: str, payload: str) -> bool:
    """Tell whether a message has a span in it."""
    if re.search(r"\b(?:Span|Instrumented)\b", payload):
        return True
    name = re.match(r"[\w:]+", payload)
    kind = name[0].rpartition("::")[2] if name else payload
    declared = re.compile(rf"\b(?:struct|enum)\s+{kind}\b[^;{{]*[;{{]")
    for file in contexts.source.crates[crate]:
        if found := declared.search(file.code):
            end = file.closing.get(found.end() - 1, found.end())
            return bool(re.search(r"\bSpan\b", file.code[found.start() : end]))
    return False


def sent(contexts: Contexts, known: list[End], takers: list[Taken], how: str) -> list[Edit]:
    """Send the span along: in the types of the channel, where it is sent, where it is taken."""
    payload, edits = takers[0].payload, list[Edit]()
    if how != "root":
        stretches = (e[5:] + e[3:5] for e in known if e.payload == payload and e.end > 0)
        for place in dict.fromkeys(stretches):
            edits += around(*place, "(tracing::Span, ")
        names = {e.name for e in known if e.side == "Sender" and e.payload == payload}
        for body, begin, end in places(contexts, SENDS, takers[0].file.crate):
            call = ancestor(body.at(begin, end - 1), "call_expression")
            if _to(body.fn.file, begin) in names and call and arguments(call):
                edits += body.around(arguments(call)[0], "(tracing::Span::current(), ")
    for taker in takers:
        edits += _entered(contexts, taker, how)
    return edits


def _entered(contexts: Contexts, taker: Taken, how: str) -> list[Edit]:
    """Enter the span that came with a message, or one of its own, for the work for it."""
    file, begin, end = taker.file, taker.begin, taker.end
    edits = [] if how == "root" else around(file, *taker.item, "(span, ")
    made = 'let own = tracing::info_span!(parent: None, "message"); '
    head = {"linked": f"{made}own.follows_from(&span); ", "root": made}.get(how, "")
    name, inside = "own" if head else "span", file.code[begin:end]
    waits = re.search(r"\bawait\b|\bselect!", inside)
    if inside[0] != "{":  # the expression of an arm
        opens = f"{{ {head}async {{ " if waits else f"{{ {head}{name}.in_scope(|| "
        shuts = f" }}.instrument({name}).await }}" if waits else ") }"
        edits += ways.imported(file, begin) if waits else []
        return edits + around(file, begin, end, opens, shuts)
    start = begin + 1
    if not waits:
        return [*edits, Edit(file, start, start, f" {head}let _in = {name}.enter();")]
    if not LEAVES.search(inside):
        edits += around(file, start, end - 1, f" {head}async {{", f"}}.instrument({name}).await; ")
        return edits + ways.imported(file, start)
    fn = file.fn(start)
    body = contexts.body(fn) if fn else None
    block = ancestor(body.at(begin, start), "block") if body else None
    edits.append(Edit(file, start, start, f" {head}"))
    return edits + (by_piece(body, block.named_children, name) if body and block else [])
