"""What to write: each way to go on, as edits of the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from spanlab.yours.audit.file import File, Fn
from spanlab.yours.audit.found import Edit, Way
from spanlab.yours.audit.tree import Body, arguments, nodes

if TYPE_CHECKING:
    from spanlab.yours.audit.tree import Node

DOES = {
    "child": "its lines stand in {0}, which stays open until it has ended",
    "linked": "it is a trace of its own with a link to {0}, which closes as it does now",
    "root": "it is a trace of its own, and nothing leads from it to {0}",
    "nothing": "its lines stand outside {0}, as they do now",
}
Makes = Mapping[str, Callable[[], list[Edit]]]
ORDER = ("child", "linked", "root", "nothing")


class Site(NamedTuple):
    """A place where work is given away."""

    body: Body
    call: Node
    arg: Node
    kind: str
    helper: Fn | None = None

    @property
    def line(self) -> int:
        function = self.call.child_by_field_name("function")
        name = function.child_by_field_name("field") if function else None
        return self.body.fn.file.line(self.body.begin(name or self.call))


def apart(how: str, made: str) -> str:
    """Write a span without a parent; `made` is what stands in the macro: name and fields."""
    root = f"tracing::info_span!(parent: None, {made})"
    if how == "root":
        return root
    return f"{{ let apart = {root}; apart.follows_from(tracing::Span::current()); apart }}"


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
    file, begin, end = body.fn.file, body.begin(node), body.end(node)
    call = f".instrument({span})" if span else ".in_current_span()"
    if how != "child":
        call = f".instrument({apart(how, chr(34) + name + chr(34))})"
    edits = [*imported(file, begin), Edit(file, end, end, call)]
    simple = (
        "call_expression",
        "async_block",
        "identifier",
        "macro_invocation",
        "field_expression",
    )
    if node.type not in simple:
        edits += [Edit(file, begin, begin, "(")]
        edits[-2] = Edit(file, end, end, f"){call}")
    return edits


def unboxed(node: Node) -> Node:
    """Give the future that `Box::pin`, or `boxed`, is about to box."""
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    words = (function.text or b"").decode("latin-1") if function else ""
    if function is not None and words.endswith("Box::pin") and (given := arguments(node)):
        return unboxed(given[0])
    if function is not None and re.search(r"\.\s*boxed(?:_local)?\Z", words):
        return unboxed(function.named_children[0])
    return node


def on_closure(body: Body, closure: Node, name: str, how: str) -> list[Edit]:
    """Let a closure take a span along and run in its scope."""
    file, begin, end = body.fn.file, body.begin(closure), body.end(closure)
    inner, params = closure.child_by_field_name("body"), closure.child_by_field_name("parameters")
    if inner is None or params is None:
        return []
    span = "here" if re.search(r"\bspan\b", body.words(closure)) else "span"
    made = f"{{ let {span} = {span_for(how, name)}; "
    if body.words(closure).startswith("move"):
        at, last = body.begin(inner), body.end(inner)
        return [
            Edit(file, begin, begin, made),
            Edit(file, at, at, f"{span}.in_scope(|| "),
            Edit(file, last, last, ") }"),
        ]
    names = body.text(params)[1:-1]
    if not names.strip():
        made += "let work = "
        return [
            Edit(file, begin, begin, made),
            Edit(file, end, end, f"; move || {span}.in_scope(work) }}"),
        ]
    at, last = body.begin(inner), body.end(inner)
    return [
        *before(body, closure, f"let {span} = {span_for(how, name)};"),
        Edit(file, at, at, f"{span}.in_scope(|| "),
        Edit(file, last, last, ")"),
    ]


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


def task_name(body: Body, arg: Node) -> str:
    """Name the span of a task after what it runs of the crate's own, else after its function."""
    for called in (arg, *nodes(arg, "call_expression")):
        if called.type == "call_expression":
            function = called.child_by_field_name("function")
            word: list[str] = re.findall(r"[a-z_]\w*", body.words(function)) if function else []
            if word and word[-1] in body.fn.file.own - {"new", "clone", "into"}:
                return word[-1]
    return body.fn.name


def spawned(site: Site, current: str, kind: str) -> tuple[Way, ...]:
    """The ways for work that is given away."""
    body, arg, name = site.body, site.arg, task_name(site.body, site.arg)
    if kind == "outlives":
        does = f"its lines stand in {current}, which it holds open, as it does now"
        makes = {how: partial(kept_apart, body, arg, name, how) for how in ("linked", "root")}
        return four(current, makes, child=does, nothing=does)
    block = next(nodes(arg, "async_block"), None) if arg.type == "closure_expression" else None
    if arg.type == "closure_expression":
        made = each(on_future, body, block, name) if block else each(on_closure, body, arg, name)
        return four(current, made)
    plain = kind in ("thread_spawn", "spawn_blocking")
    return four(current, each(on_path if plain else on_future, body, arg, name))


def on_path(body: Body, arg: Node, name: str, how: str) -> list[Edit]:
    """Wrap a function that is given by its name into a closure."""
    file, end = body.fn.file, body.end(arg)
    made = f"{{ let span = {span_for(how, name)}; let work = "
    return [
        Edit(file, body.begin(arg), body.begin(arg), made),
        Edit(file, end, end, "; move || span.in_scope(work) }"),
    ]


def kept_apart(body: Body, arg: Node, name: str, how: str) -> list[Edit]:
    """Take the parent from the span that a task is given."""
    file = body.fn.file
    names = [n for n in (arg, *nodes(arg, "identifier")) if n.type == "identifier"]
    values = [value for n in names for value in body.bound(body.words(n), body.begin(n))]
    for node in (*values, *nodes(arg, "macro_invocation")):
        words = body.text(node)
        if found := re.match(r"[\w:]*?(\w*)span!\s*\(\s*(.*)\)\Z", words, re.S):
            macro = re.match(r"[^(]*", words)
            head = macro[0] if macro else ""
            made = f"{head}(parent: None, {found[2]})"
            if found[1] == "":
                level, _, rest = found[2].partition(",")
                made = f"{head}({level}, parent: None,{rest})"
            if how == "linked":
                made = (
                    f"{{ let apart = {made}; apart.follows_from(tracing::Span::current()); apart }}"
                )
            return [Edit(file, body.begin(node), body.end(node), made)]
    for call in (arg, *nodes(arg, "call_expression")):
        words = body.words(call)
        if call.type == "call_expression" and words.endswith("in_current_span()"):
            end = body.end(call)
            begin = end - len("in_current_span()")
            return [Edit(file, begin, end, f"instrument({apart(how, chr(34) + name + chr(34))})")]
    return []
