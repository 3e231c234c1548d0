"""Work that is given away: to a task, a thread, a pool, or a helper that does so."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from spanlab.yours.audit import ways
from spanlab.yours.audit.context import NAMES, Carried, Contexts, Current
from spanlab.yours.audit.file import File, Fn
from spanlab.yours.audit.found import Finding
from spanlab.yours.audit.tree import ancestor, arguments, method, nodes
from spanlab.yours.audit.ways import Site

if TYPE_CHECKING:
    from spanlab.yours.audit.tree import Node

SPAWN = re.compile(r"spawn\w*(?:::<[^()]*?>)?\s*\(")
POOL = re.compile(r"par_(?:iter|bridge|chunks)\w*\(")
SET = re.compile(r"Join(?:Set|Map)|FuturesUnordered")
NO_SET = re.compile(r"(?i)runtime|handle|\brt\b|executor|\btokio\b|tracker|scope|pool|LocalSet")
OURS = ("tokio", "task", "thread", "rayon", "std", "JoinSet", "rt", "runtime", "handle")
ENDLESS = re.compile(r"\bloop\s*\{|\bwhile\s+let\s+Some\b[^{]*\.(?:recv|next)\(|\.accept\(\)")
WAITING = re.compile(
    r"\b(?:for|while|loop)\b[^;]*?\{[^{}]*\b(?:sleep|tick|interval|timeout)\w*\(", re.S
)
TELLS = re.compile(r"\.\s*(?:send|notify_\w+|wait)\(|\bSender\b|\bBarrier\b")


class Spawned:
    """Finds places where work is given away, and judges them."""

    def __init__(self, contexts: Contexts) -> None:
        self.contexts, self.source = contexts, contexts.source
        self.sites: list[Site] = []
        self.helpers: dict[Fn, tuple[int, bool]] = {}  # which argument is spawned, and carried
        self.how: dict[Node, Carried] = {}
        for file in self.source.files:
            for words in (SPAWN, POOL):
                for found in words.finditer(file.code):
                    self._look(file, found.start(), found.end())
        self._hand_overs()

    def _look(self, file: File, begin: int, end: int) -> None:
        fn = file.fn(begin)
        if fn is None or fn.is_test or file.code[begin - 1].isalnum():
            return
        body = self.contexts.body(fn)
        call = ancestor(body.at(begin, end - 1), "call_expression")
        pool = file.code.startswith("par_", begin)
        while call and pool and (up := _chained(call)):
            call = up
        if pool and call:
            if closures := [*nodes(call, "closure_expression", but=("closure_expression",))]:
                call = ancestor(closures[0], "call_expression") or call
                self._add(Site(body, call, closures[0], "thread_spawn"))
            return
        given = arguments(call) if call else []
        if call is None or not given:
            return  # `Command::spawn`
        name, receiver = method(call)
        before = file.code[max(begin - 40, 0) : begin]
        qualified = re.search(r"(\w+)\s*::\s*\Z", before)
        ours = self.source.near.get((file.crate, name))
        if ours and (receiver is not None or qualified is None or qualified[1] not in OURS[:5]):
            return  # one of the program's own: a helper, if it spawns
        arg = next((n for n in given if not re.match(r"reference|string|self", n.type)), given[0])
        closure = arg.type == "closure_expression" and not list(nodes(arg, "async_block"))
        words = body.words(call)[: arg.start_byte - call.start_byte]
        if "blocking" in name:
            kind = "spawn_blocking"
        elif re.search(r"\bthread::|\brayon::|\bBuilder\b", words) or (closure and name == "spawn"):
            kind = "thread_spawn"
        else:
            told = body.told(receiver) if receiver is not None else "tokio"
            alone = NO_SET.search(told) and not SET.search(told)
            kind = "spawn" if alone or arg.type == "identifier" else "joinset"
        self._add(Site(body, call, arg, kind))

    def _add(self, site: Site) -> None:
        """Note a place; a function that gives away what it was given is a helper."""
        fn, how = site.body.fn, self.contexts.carried(site.body, site.arg)
        self.how[site.call] = how
        params = _params(fn)
        words = site.body.words(site.arg)
        used = {*NAMES.findall(words)}
        for at, name in enumerate(params):
            whole = site.arg.type == "identifier" or re.search(
                rf"\b{name}\s*(?:\.\s*await|\(\)|\.(?:in_current_span|instrument)\b)", words
            )
            if name in used and whole:
                self.helpers[fn] = at, bool(how.how)
                return
        self.sites.append(site)

    def _hand_overs(self) -> None:
        """Find the calls of helpers, and of helpers that call them."""
        done: set[Fn] = set()
        while todo := [fn for fn in self.helpers if fn not in done]:
            for helper in todo:
                done.add(helper)
                for file, at in self.source.callers(helper):
                    self._handed(helper, file, at)

    def _handed(self, helper: Fn, file: File, at: int) -> None:
        fn = file.fn(at)
        if fn is None or fn is helper or fn.is_test or not self.contexts._means(fn, at, helper):
            return
        body = self.contexts.body(fn)
        call = ancestor(body.at(at, at + len(helper.name)), "call_expression")
        index, carried = self.helpers[helper]
        if call is not None and not carried and index < len(arguments(call)):
            self._add(Site(body, call, arguments(call)[index], "nested_helper", helper))

    def findings(self) -> Iterator[Finding]:
        """Judge each place."""
        beside: defaultdict[File, list[tuple[Site, bool]]] = defaultdict(list)
        for site in self.sites:
            beside[site.body.fn.file].append((site, bool(self.how[site.call].how)))
        for site in self.sites:
            how = self.how[site.call]
            current = self.contexts.current(site.body, site.call)
            if how.how == "" and current is not None:
                file = site.body.fn.file
                like = [k for s, k in beside[file] if s is not site]
                yield from self._bare(site, current, like)
            elif how.how == "child" and current is not None and how.node is not None:
                yield from self._outliving(site, current)

    def work(self, site: Site) -> list[tuple[File, int, int]]:
        """Give the code that is given away: what stands there, and what a name was bound to."""
        body, file = site.body, site.body.fn.file
        found = [(file, body.begin(site.arg), body.end(site.arg))]
        for name in {*NAMES.findall(body.words(site.arg))}:
            values = body.bound(name, body.begin(site.arg))
            found += [(file, body.begin(v), body.end(v)) for v in values[-1:] if _works(v)]
        return found

    def _bare(self, site: Site, current: Current, like: list[bool]) -> Iterator[Finding]:
        work = self.work(site)
        logs = next((said for f, b, e in work if (said := self.source.logs(f, b, e))), "")
        if not logs:
            return
        score, why = current.worth + 2, [current.why, f"what runs there {logs}"]
        if site.helper:
            why.append(f"`{site.helper.name}` gives it to a task and takes no span along")
        if any(like):
            score += 1
            why.append(f"{sum(like)} of {len(like)} others in this file take theirs along")
        fits, asks = "child", list[str]()
        code = [f.code[b:e] for f, b, e in self.source.deeper(work)]
        if any(ENDLESS.search(words) for words in code):
            score, fits = score - 1.5, "linked"
            why.append("it runs on and on, and may outlive that span")
            asks.append(f"whether it works for {current.name} alone; else it wants a root")
        yield self._finding(site, current, site.kind, score, why, fits, asks, work)

    def _outliving(self, site: Site, current: Current) -> Iterator[Finding]:
        work = self.work(site)
        code = [f.code[b:e] for f, b, e in self.source.deeper(work)]
        own = [
            words
            for (f, b, e), words in zip(self.source.deeper(work), code, strict=True)
            if "await" in words
        ]
        waits = any(WAITING.search(words) or ENDLESS.search(words) for words in own)
        if not (waits and self._dropped(site)) or any(TELLS.search(words) for words in code):
            return
        if not any(self.source.logs(f, b, e) for f, b, e in work):
            return
        why = [
            current.why,
            "the task takes it along",
            "its handle is dropped",
            "its work waits in a loop",
        ]
        asks = [f"how long it runs; if it ends before {current.name}, a child is right"]
        yield self._finding(site, current, "outlives", 4.0, why, "linked", asks, work)

    def _finding(
        self, site: Site, current: Current, kind: str, score: float, why: list[str],
        fits: str, asks: list[str], work: list[tuple[File, int, int]],
    ) -> Finding:  # fmt: skip
        makes, does = ways.spawned(site, current.name, kind)
        return ways.finding(
            kind, site.body, site.at, score, why, fits, current.name, makes, does, asks, work,
            self.source,
        )  # fmt: skip

    @staticmethod
    def _dropped(site: Site) -> bool:
        """Tell whether nobody keeps the handle of a task."""
        node = site.call.parent
        if node is not None and node.type == "let_declaration":
            return site.body.words(node.child_by_field_name("pattern") or node) == "_"
        return node is not None and node.type == "expression_statement"


def _works(value: Node) -> bool:
    return value.type in ("async_block", "closure_expression", "call_expression")


def _chained(call: Node) -> Node | None:
    """Give the call of a method on what a call gave."""
    up = call.parent
    return (
        up.parent
        if up
        and up.type == "field_expression"
        and up.parent
        and up.parent.type == "call_expression"
        else None
    )


def _params(fn: Fn) -> list[str]:
    """Name what a function takes, but for `self`."""
    code, depth, names = fn.file.code[fn.begin : fn.body], 0, list[str]()
    for mark in re.finditer(r"[(\[<{,]\s*(?:mut\s+)?(?:(\w+)\s*:(?!:))?|[)\]}]|(?<!-)>", code):
        depth += {"(": 1, "[": 1, "<": 1, "{": 1, ",": 0}.get(mark[0][0], -1)
        if mark[1] and depth == 1 and mark[0][0] in "(,":
            names.append(mark[1])
        if depth == 0 and mark[0][0] == ")":
            break
    return names
