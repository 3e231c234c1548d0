"""Which span is current at a place of the source, and whether work takes one along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from spanlab.yours.audit.file import Fn
from spanlab.yours.audit.source import Source
from spanlab.yours.audit.tree import Body, ancestor, arguments, method, nodes

if TYPE_CHECKING:
    from spanlab.yours.audit.tree import Node

SPAWNS = re.compile(
    r"spawn(?:_(?:blocking|local|on|local_on|blocking_on|pinned|fifo|ok|obj|handle|with_handle|scoped))?\Z"
)
CARRIES = r"instrument|in_current_span|or_current|in_scope"
OUTER = re.compile(rf"\.\s*(?:{CARRIES})\b|\bSpan::current\(\)|::(?:{CARRIES})\(")
SPAN = re.compile(r"(?:\w*_)?span!\s*[({\[]|\bSpan::(?!none)\w+\(")
RUNTIME = re.compile(r"(?i)runtime|handle|\brt\b|executor")
APART = re.compile(r"parent\s*:\s*None|\bfollows_from\b")
BLOCKS = ("async_block", "closure_expression")
NAMES = re.compile(r"\b[a-z_]\w*")
FAR = 5  # calls that are followed up


class Current(NamedTuple):
    """The span that is current at a place, in words; how sure it is."""

    name: str
    why: str
    worth: float


class Carried(NamedTuple):
    """How work takes its span along: "child", "apart" or not, and by what expression."""

    how: str
    node: Node | None = None


def given_later(body: Body, name: str, how: str = "instrument") -> bool:
    """Tell whether what has a name is given a span, by a method or by a call of the trait."""
    one, gives = re.escape(name), rf"(?:{how})\("
    return bool(re.search(rf"\b{one}\s*\.\s*{gives}|::{gives}\s*{one}\b", body.code))


class Contexts:
    """Finds the current span of places; parses each function once."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.bodies: dict[Fn, Body] = {}
        self.above: dict[Fn, Current | None] = {}

    def body(self, fn: Fn) -> Body:
        if fn not in self.bodies:
            self.bodies[fn] = Body(fn)
        return self.bodies[fn]

    def current(self, body: Body, node: Node, far: int = 0) -> Current | None:
        """Find the span that is current where a node is evaluated."""
        fn, inner, parent = body.fn, node, node.parent
        while parent is not None:
            if parent.type == "block" and (guard := self.guard(body, parent, inner)):
                return Current(guard, f"a guard of {guard} is entered there", 3)
            if inner.type in BLOCKS and (found := self._covering(body, inner, node)):
                return found if found.name else None
            inner, parent = parent, parent.parent
        return self._own(fn, far)

    def _own(self, fn: Fn, far: int) -> Current | None:
        if fn.has_attribute:
            return Current(f"`{fn.span}`", f"`{fn.name}` has a span", 3)
        if fn not in self.above:
            self.above[fn] = None  # for one that calls itself
            self.above[fn] = self._caller(fn, far + 1) if far < FAR else None
        return self.above[fn]

    def _caller(self, fn: Fn, far: int) -> Current | None:
        """Find a caller that has a span where it calls."""
        for file, at in self.source.callers(fn)[:12]:
            caller = file.fn(at)
            if caller is None or caller is fn or caller.is_test or not self._means(caller, at, fn):
                continue
            if not re.search(r"instrument|enter|in_scope", caller.head + caller.inside):
                found = self._own(caller, far)
            else:
                body = self.body(caller)
                call = ancestor(body.at(at, at + len(fn.name)), "call_expression")
                over = ancestor(call.parent, "call_expression") if call else None
                if call is None or (fn.is_async and over and self.is_spawn(over)):
                    continue
                given = self._covering(body, call, call) if fn.is_async else None
                found = given or self.current(body, call, far)
            if found:
                why = f"`{fn.name}` is called by `{caller.name}`, where {found.name} is current"
                return Current(found.name, why, 2)
        return None

    def _means(self, caller: Fn, at: int, fn: Fn) -> bool:
        """Tell whether a call may mean a function."""
        before = re.search(r"(?:\b(\w+)\s*(::|\.)\s*)?\Z", caller.file.code[max(0, at - 60) : at])
        one, dot = (before[1] or "", before[2] or "") if before else ("", "")
        return fn in self.source.resolve(caller.file, caller, one, dot, fn.name)

    def _covering(self, body: Body, block: Node, place: Node) -> Current | None:
        """Find the span that a block, a closure or a future is given; one without a name: none."""
        parent = block.parent
        if parent is None:
            return None
        if parent.type == "field_expression" and parent.parent:
            if method(parent.parent)[0] == "instrument":
                return Current(self.named(body, parent.parent), "it is instrumented", 3)
            return None
        given = Current("its span", "it is instrumented", 3)
        if parent.type == "arguments" and parent.parent:
            name, span = method(parent.parent)
            if name == "instrument" and span is None:
                return given
            if block == place:
                return None
            if name == "in_scope" and span is not None:
                return Current(f"`{body.words(span)}`", "it runs in the scope of a span", 3)
            if self.is_spawn(parent.parent) and not self.carried(body, block).how:
                return Current("", "", 0)
        if parent.type == "let_declaration":
            name = body.words(parent.child_by_field_name("pattern") or parent)
            return given if given_later(body, name) else None
        return None

    def named(self, body: Body, call: Node) -> str:
        """Name the span that a call of `instrument` is given."""
        given = arguments(call)
        text = body.text(given[0]) if given else ""
        if given and given[0].type == "identifier":
            bound = body.bound(text, body.begin(call))
            text = body.text(bound[-1]) if bound else text
        quoted = re.search(r'"([^"]+)"', text)
        return f"`{quoted[1]}`" if quoted else f"`{text}`"

    def guard(self, body: Body, block: Node, before: Node) -> str:
        """Name the span of a guard that is held in a block before a node."""
        for let in block.named_children:
            if let.start_byte >= before.start_byte:
                break
            value = let.child_by_field_name("value") if let.type == "let_declaration" else None
            if value is not None and (span := self.entered(body, let)) is not None:
                name = body.words(let.child_by_field_name("pattern") or let)
                dropped = rf"\bdrop\(\s*{re.escape(name)}\s*\)|\b{re.escape(name)}\.exit\(\)"
                if not re.search(dropped, body.code[let.end_byte : before.start_byte]):
                    return self.span_name(body, span)
        return ""

    def entered(self, body: Body, let: Node) -> Node | None:
        """Give the span that a `let` enters, if it does and keeps the guard."""
        value, pattern = let.child_by_field_name("value"), let.child_by_field_name("pattern")
        if value is None or pattern is None or body.words(pattern) == "_":
            return None
        name, span = method(value)
        if name not in ("enter", "entered") or span is None or arguments(value):
            return None
        words = body.words(span)
        if name == "entered" or SPAN.search(words):
            return span
        is_one = re.search(r"(?i)span", body.told(span)) and not RUNTIME.search(words)
        return span if is_one else None

    def span_name(self, body: Body, span: Node) -> str:
        bound = body.bound(body.words(span), body.begin(span)) if span.type == "identifier" else []
        quoted = re.search(r'"([^"]+)"', body.text(bound[-1] if bound else span))
        return f"`{quoted[1]}`" if quoted else f"`{body.words(span)}`"

    def is_spawn(self, call: Node | None) -> bool:
        """Tell whether a call starts a task or a thread."""
        if call is None or call.type != "call_expression":
            return False
        name = method(call)[0]
        return bool(SPAWNS.match(name)) and bool(arguments(call))

    def carried(self, body: Body, arg: Node, deep: int = 0) -> Carried:
        """Tell how the work that is spawned takes a span along."""
        if arg.type == "identifier" and deep < 3:
            values = body.bound(body.words(arg), body.begin(arg))
            if values:
                return self.carried(body, values[-1], deep + 1)
        inner: list[Node] = []
        outside = body.words(arg)
        if "async" in outside or "|" in outside:
            inner = [n for n in (arg, *nodes(arg, *BLOCKS, but=BLOCKS)) if n.type in BLOCKS]
        for block in inner:
            begin, end = block.start_byte - arg.start_byte, block.end_byte - arg.start_byte
            outside = f"{outside[:begin]}{' ' * (end - begin)}{outside[end:]}"
        at = body.begin(arg)
        spans = [name for name in {*NAMES.findall(outside)} if self._is_span(body, name, at)]
        if OUTER.search(outside) or spans:
            values = [value for name in spans for value in body.bound(name, at)]
            told = " ".join([body.words(arg), *map(body.words, values)])
            linked = [name for name in spans if f"{name}.follows_from" in body.code]
            return Carried("apart" if APART.search(told) or linked else "child", arg)
        for block in inner:
            if how := self._inside(body, block):
                return Carried(how, None)
        return Carried(self._callee(body, arg) if deep < 3 else "", None)

    @staticmethod
    def _inside(body: Body, block: Node) -> str:
        """Tell whether a block enters a span that was made outside it."""
        words = body.words(block)
        if APART.search(words):
            return "apart"
        uses = r"\b(\w+)(?:\.\w+(?:\(\))?)*\.(?:in_scope|enter|entered)\(|"
        uses += r"\.instrument\(\s*&?(\w+)\b(?!!|::)|\bparent:\s*&?\s*(\w+)"
        for found in re.finditer(uses, words):
            name = found[1] or found[2] or found[3]
            if not re.search(rf"\blet\s+(?:mut\s+)?{name}\b", words) and name not in (
                "Span",
                "tracing",
            ):
                return "child"
        return ""

    def _callee(self, body: Body, arg: Node) -> str:
        """Tell whether what is called takes a span from what it was given."""
        file, begin, end = body.fn.file, body.begin(arg), body.end(arg)
        for _, found in self.source.calls(file, begin, end):
            for fn in found:
                if re.search(r"\bparent\s*=", fn.head):
                    return "child"
                own = (
                    r"\b(?:self|\w*span)\.?[\w.]*\.(?:in_scope|enter|entered)\(|instrument\(\s*self"
                )
                given = re.search(own, fn.inside)
                if given and not re.search(r"let\s+(?:mut\s+)?\w*span\b", fn.inside):
                    return "child"
        return ""

    @staticmethod
    def _is_span(body: Body, name: str, at: int) -> bool:
        """Tell whether a name is that of a span."""
        if values := body.bound(name, at):
            return bool(SPAN.search(body.words(values[-1])))
        return name in body.fn.file.spans
