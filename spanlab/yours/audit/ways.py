"""What to write: each way to go on, as edits of the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from spanlab.yours.audit.file import Edit, File, Fn
from spanlab.yours.audit.found import Finding, Way
from spanlab.yours.audit.source import Source
from spanlab.yours.audit.tree import Body, arguments, method, nodes

if TYPE_CHECKING:
    from spanlab.yours.audit.tree import Node

DOES = {
    "child": "its lines stand in {0}, which stays open until it has ended",
    "linked": "it is a trace of its own with a link to {0}, which closes as it does now",
    "root": "it is a trace of its own, and nothing leads from it to {0}",
    "nothing": "its lines stand outside {0}, as they do now",
}
LINKED = "{{ let apart = {}; apart.follows_from(tracing::Span::current()); apart }}"
Makes = Mapping[str, Callable[[], list[Edit]]]
ORDER = ("child", "linked", "root", "nothing")
SIMPLE = {"call_expression", "async_block", "identifier", "macro_invocation", "field_expression"}


class Site(NamedTuple):
    """A place where work is given away."""

    body: Body
    call: Node
    arg: Node
    kind: str
    helper: Fn | None = None

    @property
    def at(self) -> int:
        """Where it is called."""
        function = self.call.child_by_field_name("function")
        name = function.child_by_field_name("field") if function else None
        return self.body.begin(name or self.call)


def apart(how: str, made: str) -> str:
    """Write a span without a parent; `made` is what stands in the macro: name and fields."""
    root = f"tracing::info_span!(parent: None, {made})"
    return root if how == "root" else LINKED.format(root)


def span_for(how: str, name: str) -> str:
    return "tracing::Span::current()" if how == "child" else apart(how, f'"{name}"')


def imported(file: File, at: int) -> list[Edit]:
    """Import the trait `Instrument` where a place does not see it."""
    begin, end = 0, len(file.text)
    for opens, shuts in file.inner:
        if opens <= at < shuts and opens > begin:
            begin, end = opens, shuts
    scope = file.code[begin:end]
    if re.search(r"\buse\b[^;]*\bInstrument\b", scope) or re.search(r"\btracing::\*", scope):
        return []
    first = re.compile(r"^[ \t]*(?:pub\s+)?use\s", re.M).search(file.code, begin, end)
    if first:
        where = first.start()
    elif begin:
        where = begin + 1
    else:
        inner = re.match(r"(?:\s*(?://!.*|#!\[[^\n]*)\n)*", file.text)
        where = inner.end() if inner else 0
    return [Edit(file, where, where, "use tracing::Instrument;\n")]


def on_future(body: Body, node: Node, name: str, how: str, span: str = "") -> list[Edit]:
    """Instrument a future: behind what makes it."""
    node = unboxed(node)
    call = f".instrument({span})" if span else ".in_current_span()"
    if how != "child":
        call = f".instrument({span_for(how, name)})"
    opens, shuts = ("", "") if node.type in SIMPLE else ("(", ")")
    return imported(body.fn.file, body.begin(node)) + body.around(node, opens, f"{shuts}{call}")


def unboxed(node: Node) -> Node:
    """Give the future that `Box::pin`, or `boxed`, is about to box."""
    name, on = method(node)
    if name == "pin" and on is None and (given := arguments(node)):
        return unboxed(given[0])
    return unboxed(on) if name in ("boxed", "boxed_local") and on is not None else node


def on_closure(body: Body, closure: Node, name: str, how: str) -> list[Edit]:
    """Let a closure take a span along and run in its scope."""
    inner, params = closure.child_by_field_name("body"), closure.child_by_field_name("parameters")
    if inner is None or params is None:
        return []
    span = "here" if re.search(r"\bspan\b", body.words(closure)) else "span"
    made, scoped = f"let {span} = {span_for(how, name)};", f"{span}.in_scope(|| "
    if body.words(closure).startswith("move"):
        return body.around(closure, f"{{ {made} ", "") + body.around(inner, scoped, ") }")
    if not body.text(params)[1:-1].strip():
        return on_path(body, closure, name, how, span)
    return before(body, closure, made) + body.around(inner, scoped)


def before(body: Body, node: Node, line: str) -> list[Edit]:
    """Write a line before the statement that holds a node."""
    file = body.fn.file
    while node.parent is not None and node.parent.type not in ("block", "source_file"):
        node = node.parent
    at = body.begin(node)
    start = file.text.rfind("\n", 0, at) + 1
    indent = file.text[start:at]
    indent = indent if not indent.strip() else " "
    return [Edit(file, at, at, f"{line}\n{indent}")]


def each(make: Callable[..., list[Edit]], *given: Any) -> Makes:
    """Prepare the ways child, linked and root of what makes their edits."""
    return {how: partial(make, *given, how) for how in ORDER[:3]}


def four(name: str, makes: Makes, **does: str) -> tuple[Way, ...]:
    """Make the ways, each with what it does; edits are made when they are asked for."""
    says = {kind: does.get(kind) or DOES.get(kind, "").format(name) for kind in (*ORDER, *does)}
    return tuple(
        Way(kind, says[kind], makes.get(kind, list)) for kind in dict.fromkeys((*ORDER, *makes))
    )


def finding(
    kind: str, body: Body, at: int, score: float, why: Iterable[str], fits: str, name: str,
    makes: Makes, does: Mapping[str, str] | None = None, asks: Iterable[str] = (),
    work: Iterable[tuple[File, int, int]] = (), source: Source | None = None,
) -> Finding:  # fmt: skip
    """Make a finding of a place; `name` is that of the span, `work` the code that runs there."""
    file, messages = body.fn.file, source.messages(*work) if source else ()
    return Finding(
        kind, file.path, file.line(at), body.fn.name, score, tuple(why), fits,
        four(name, makes, **does or {}), tuple(asks), messages, name.strip("`"),
    )  # fmt: skip


def without_parent(words: str, how: str) -> str:
    """Write the macro of a span, of its level and fields, as a span without a parent."""
    found = re.match(r"([\w:]*?(\w*)span!)\s*\(\s*(.*)\)\Z", words, re.S)
    if found is None:
        return ""
    level, comma, rest = ("", "", found[3]) if found[2] else found[3].partition(",")
    made = f"{found[1]}({level}{comma} parent: None, {rest.lstrip()})".replace("( ", "(")
    return LINKED.format(made) if how == "linked" else made


def task_name(body: Body, arg: Node) -> str:
    """Name the span of a task after what it runs of the crate's own, else after its function."""
    for called in (arg, *nodes(arg, "call_expression")):
        if called.type == "call_expression":
            function = called.child_by_field_name("function")
            word: list[str] = re.findall(r"[a-z_]\w*", body.words(function)) if function else []
            if word and word[-1] in body.fn.file.own - {"new", "clone", "into"}:
                return word[-1]
    return body.fn.name


def spawned(site: Site, current: str, kind: str) -> tuple[Makes, dict[str, str]]:
    """The ways for work that is given away, and what is to be said of them."""
    body, arg, name = site.body, site.arg, task_name(site.body, site.arg)
    if kind == "outlives":
        does = f"its lines stand in {current}, which it holds open, as it does now"
        makes = {how: partial(kept_apart, body, arg, name, how) for how in ("linked", "root")}
        return makes, {"child": does, "nothing": does}
    block = next(nodes(arg, "async_block"), None) if arg.type == "closure_expression" else None
    if arg.type == "closure_expression":
        made = each(on_future, body, block, name) if block else each(on_closure, body, arg, name)
        return made, {}
    plain = kind in ("thread_spawn", "spawn_blocking")
    return each(on_path if plain else on_future, body, arg, name), {}


def on_path(body: Body, arg: Node, name: str, how: str, span: str = "span") -> list[Edit]:
    """Wrap a function that is given by its name, or a closure, into a closure."""
    made = f"{{ let {span} = {span_for(how, name)}; let work = "
    return body.around(arg, made, f"; move || {span}.in_scope(work) }}")


def kept_apart(body: Body, arg: Node, name: str, how: str) -> list[Edit]:
    """Take the parent from the span that a task is given."""
    names = [n for n in (arg, *nodes(arg, "identifier")) if n.type == "identifier"]
    values = [value for n in names for value in body.bound(body.words(n), body.begin(n))]
    for node in (*values, *nodes(arg, "macro_invocation")):
        if made := without_parent(body.text(node), how):
            return [body.put(node, made)]
    for call in (arg, *nodes(arg, "call_expression")):
        if method(call)[0] == "in_current_span":
            end = body.end(call)
            begin = end - len("in_current_span()")
            return [Edit(body.fn.file, begin, end, f"instrument({span_for(how, name)})")]
    return []
