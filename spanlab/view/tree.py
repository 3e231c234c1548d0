"""Every span and event of a trace as a node of a tree, and equal trees as one.

In the order of the log, so that a node's parent always comes before it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from spanlab.evidence.labels import Labels
from spanlab.evidence.replay import lost_parents
from spanlab.record import Event, SpanEntered, SpanNew
from spanlab.traces import Trace
from spanlab.view.words import message, visible


@dataclass(frozen=True, slots=True)
class Node:
    """A span (it has no `numbers`) or an event, or several equal ones drawn as one."""

    key: str
    record: int
    thread: int
    parent: str | None
    text: str
    numbers: tuple[int, ...] = ()
    note: str = ""
    lost: frozenset[str] = frozenset()  # the spans in which tasks were spawned that lost them
    begun: str = ""  # how the task or thread began that lost one
    count: int = 1
    keys: tuple[str, ...] = ()  # the keys of all that it stands for
    far: bool = False  # its parent was made on another thread


def nodes(trace: Trace) -> list[Node]:
    """Give every span and event."""
    lost, elsewhere, number = lost_parents(trace), _entered_elsewhere(trace), trace.cut.events
    threads: dict[str | None, int] = {}  # of all that came before
    found: list[Node] = []
    for record in trace.records:
        if isinstance(record, SpanNew):
            numbers: tuple[int, ...] = ()
            key, text = f"s{record.span}", record.name or "(no name)"
            note = elsewhere.get(record.span, "")
        elif isinstance(record, Event):
            number += 1
            key, text, numbers, note = f"e{number}", message(record), (number,), ""
        else:
            continue
        parent = f"s{record.parent}" if f"s{record.parent}" in threads else None
        far = threads.get(parent, record.thread) != record.thread
        alone = record.parent is None and record.index in lost
        missing = frozenset([f"s{lost[record.index]}"] if alone else [])
        look = visible(text), numbers, note, missing
        begun = "thread was started" if record.task is None else "task was spawned"
        found.append(
            Node(key, record.index, record.thread, parent, *look, begun, keys=(key,), far=far)
        )
        threads[key] = record.thread
    return found


def _entered_elsewhere(trace: Trace) -> dict[int, str]:
    spans, found = trace.spans, defaultdict[int, set[int]](set)
    for entered in trace.of(SpanEntered):
        if entered.span in spans and spans[entered.span].thread != entered.thread:
            found[entered.span].add(entered.thread)
    one = {span: f"entered on ThreadId({min(threads)})" for span, threads in found.items()}
    more = {n: f"entered on {len(t)} other threads" for n, t in found.items() if len(t) > 1}
    return one | more


def merged(every: list[Node]) -> list[Node]:
    """Draw equal trees under one parent as one: ten tasks that did the same are one task ×10."""
    shapes = _shapes(every)
    into: dict[str | None, str] = {}
    groups: dict[tuple[str | None, int], list[Node]] = {}
    for node in every:
        group = groups.setdefault((into.get(node.parent), shapes[node.key]), [])
        group.append(node)
        into[node.key] = group[0].key
    return [_as_one(group, into) for group in groups.values()]


def _shapes(every: list[Node]) -> dict[str | None, int]:
    """Give equal numbers to equal trees, leaves first."""
    text = {node.key: (node.thread, node.text) for node in every}
    known: dict[object, int] = {}
    shapes: dict[str | None, int] = {}
    below: defaultdict[str | None, list[int]] = defaultdict(list)
    for node in reversed(every):
        lost = frozenset(text[key] for key in node.lost)
        look = (node.thread, node.text, node.note, bool(node.numbers), lost)
        shape = known.setdefault((look, tuple(below[node.key])), len(known))
        shapes[node.key] = shape
        below[node.parent].append(shape)
    return shapes


def _as_one(group: list[Node], into: dict[str | None, str]) -> Node:
    numbers = tuple(sorted(number for node in group for number in node.numbers))
    lost = frozenset(into[key] for node in group for key in node.lost)
    parent, keys = into.get(group[0].parent), tuple(key for node in group for key in node.keys)
    return replace(group[0], parent=parent, numbers=numbers, lost=lost, count=len(group), keys=keys)


def told_apart(drawn: list[Node], labels: Labels) -> list[Node]:
    """Give each span that is drawn alone a name of its own: `request{n=1}`."""
    alone = [node.count == 1 and not node.numbers for node in drawn]
    return [
        replace(n, text=visible(labels.of(int(n.key[1:]))) or n.text) if one else n
        for n, one in zip(drawn, alone, strict=True)
    ]


def outline(drawn: list[Node]) -> dict[int, list[tuple[int, Node]]]:
    """Give the nodes of each thread, each with its depth, after its parent and in the log's order.

    What has its parent on another thread stands at the edge, as what has none.
    """
    below: defaultdict[tuple[str | None, int], list[Node]] = defaultdict(list)
    for node in drawn:
        below[None if node.far else node.parent, node.thread].append(node)
    lines = defaultdict[int, list[tuple[int, Node]]](list)
    for thread in dict.fromkeys(node.thread for node in drawn):
        todo = [(0, node) for node in reversed(below[None, thread])]
        while todo:
            depth, node = todo.pop()
            lines[thread].append((depth, node))
            todo += [(depth + 1, child) for child in reversed(below[node.key, thread])]
    return lines


def titles_of(trace: Trace) -> dict[int, str]:
    """Name the threads that did anything, if they are known, in the order of what they did."""
    if trace.origin and "threads" in trace.origin.missing:
        return dict.fromkeys(trace.ran, "any thread")
    names = {number: f" · {thread.name}" for number, thread in trace.threads.items() if thread.name}
    return {n: visible(f"ThreadId({n}){names.get(n, '')}", 56) for n in trace.ran}
