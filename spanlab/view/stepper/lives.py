"""What becomes of each future, step by step: where it lies, and what it carries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from spanlab import record as kind
from spanlab.evidence.replay import Stacks
from spanlab.record import Record
from spanlab.stack import pop
from spanlab.view.stepper import sayings
from spanlab.view.stepper.futures import Futures, Moment
from spanlab.view.stepper.sayings import Scene, Words
from spanlab.view.words import visible, waited

COMES, CARRIED, OUT = 0, 1, 2  # a card: its span is made at the first poll; at rest; on a stack
ENDS = {"ok": "done", "panicked": "panicked", "cancelled": "aborted"}


class Life(NamedTuple):
    """From a step on: where a future is, by which thread, its cards, the outermost first."""

    step: int
    token: int
    where: str
    thread: int
    note: str
    cards: tuple[tuple[str, int], ...]


@dataclass
class State:
    """Where a future is now; `cards` has the name of each span by the future that carries it."""

    where: str = ""
    thread: int = 0
    note: str = ""
    owner: int | None = None  # the task that has it as a value
    cards: dict[int, tuple[str, int]] = field(default_factory=dict)


class Entry(NamedTuple):
    """What a future has on a stack; at its drop it is the last time."""

    span: int
    future: int | None
    is_drop: bool


NOTHING = Entry(-1, None, False)


class Lives:
    """Goes through a trace once, for the `steps`, what is `said` at some, and all `lives`.

    A step is a record, or a moment that no record tells.
    """

    def __init__(self, futures: Futures, named: Callable[[int], str]) -> None:
        self.futures, self.named = futures, named
        self.steps: list[Record | Moment] = []
        self.said: dict[int, Words] = {}
        self.lives: list[Life] = []
        self.words = dict[str, int]()  # that lives are written with
        self.inside: set[int] = set()  # those that were handed to a runtime inside a span
        self.states: defaultdict[int, State] = defaultdict(State)
        self._touched, self._told = set[int](), dict[int, tuple[object, ...]]()
        self._stacks = Stacks()
        self._entries: defaultdict[int, list[Entry]] = defaultdict(list)
        self._polled: defaultdict[int, set[int]] = defaultdict(set)  # in this poll of a thread
        self._handed = set[int | None]()  # futures that a runtime has
        self._dropped, self._aborted, self._begun = set[int](), set[int](), set[int]()
        for record in futures.trace.records:
            for moment in futures.moments[record.index]:
                self._step(moment, self._moment(moment))
                if moment.kind == "awaited":  # from now on it is part of who awaits it
                    self._become(moment.token, "gone", moment.thread)
            self._step(record, self._record(record))
            self._stacks.replay(record)

    def _step(self, step: Record | Moment, said: Words) -> None:
        at = len(self.steps)
        self.steps.append(step)
        if said:
            self.said[at] = sayings.joined(said)
        for token in sorted(self._touched):
            now = self.states[token]
            row = now.where, now.thread, now.note, tuple(now.cards.values())
            if self._told.get(token) != row:
                self._told[token] = row
                self.lives.append(Life(at, token, *row))
        self._touched.clear()

    def _word(self, text: str) -> int:
        return self.words.setdefault(visible(text, 160), len(self.words))

    def packed(self, life: Life) -> list[Any]:
        """Write a life in numbers: a text by its place in `words`, a card by three of it."""
        cards = [3 * self._word(name) + look for name, look in life.cards]
        where, note = self._word(life.where), self._word(life.note)
        return [life.step, life.token, where, life.thread, note, cards]

    def part(self, part: Any) -> Any:
        """Write a part of a sentence with the same numbers."""
        if isinstance(part, str):
            return self._word(part)
        return part if part[0] == "chip" else [part[0], self._word(part[1])]

    def _become(self, token: int | None, where: str, thread: int, note: str = "") -> State:
        if token is None:  # a future without a number that is awaited in place
            return State()
        self._touched.add(token)
        state = self.states[token]
        state.where, state.thread, state.note = where, thread, note
        return state

    def _scene(self, step: Record | Moment, token: int | None) -> Scene:
        """Gather what a sentence needs to know of a step."""
        pushed, current = self._stacks.pushed(step.thread), self._stacks.current(step.thread)
        left = pushed[-1].by.task if pushed and pushed[-1].by.task != step.task else None
        function = self.futures.source.function(step.file, step.line)
        name = "" if token is None else self.futures.names[token]
        cards = () if token is None else tuple(self.states[token].cards.values())
        top, here = (
            "" if current is None else self.named(current),
            function.name if function else "",
        )
        is_inside = token in self.inside
        told = self.futures.told
        return Scene(step.thread, step.task, name, cards, top, left, here, is_inside, told)

    # ---------------------------------------------------------------- what happens to them

    def _moment(self, moment: Moment) -> Words:
        where, note = ("given", "awaited") if moment.kind == "awaited" else ("value", "")
        self._become(moment.token, where, moment.thread, note).owner = moment.task
        return sayings.MOMENTS[moment.kind](self._scene(moment, moment.token), moment)

    def _record(self, record: Record) -> Words:
        of_future, of_task = self.futures.of_future, self.futures.of_task
        thread = record.thread
        match record:
            case kind.FutureMade() | kind.FutureWrapped() | kind.FutureGiven():
                return self._future(record, of_future[record.future])
            case kind.FuturePolled(future=future) if future in of_future:
                return sayings.first(self._scene(record, of_future[future]))
            case kind.FutureDropped(future=future) if future in of_future:
                token = of_future[future]
                said = sayings.dropped(self._scene(record, token))
                self._dropped.add(future)
                if token not in of_task.values():
                    self._become(token, "gone", thread)
                return said
            case kind.SpanEntered():
                return self._enter(record)
            case kind.SpanExited():
                self._exit(record)
            case kind.TaskSpawned(spawned=task):
                token = of_task[task]
                scene = self._scene(record, token)
                said = sayings.handed(scene, record)
                if scene.top:
                    self.inside.add(token)
                self._handed.add(record.future)
                self._become(token, "queue", thread)
                return said
            case kind.PollStarted(task=int(task)):
                return self._poll(record, task)
            case kind.PollEnded(task=int(task), ready=False):
                self._become(of_task.get(task), "waits", thread, waited(record))
            case kind.PollEnded(task=int(task)):
                return sayings.ended(self._scene(record, of_task.get(task)), task in self._aborted)
            case kind.TaskWoken(woken=task) if task in of_task:
                if self.states[of_task[task]].where == "waits":
                    self._become(of_task[task], "queue", self.states[of_task[task]].thread)
            case kind.TaskAborted(aborted=task):
                self._aborted.add(task)
            case kind.TaskFinished(finished=task, outcome=outcome) if task in of_task:
                self._become(of_task[task], ENDS[outcome], thread).cards.clear()
        return []

    def _future(self, record: kind.FutureRecord, token: int) -> Words:
        """What becomes of a future before its poll, or when its first poll makes its span."""
        futures, state = self.futures, self.states[token]
        if isinstance(record, kind.FutureGiven):
            self._become(token, "given", record.thread, f"in {record.to}").owner = record.task
            return sayings.given(self._scene(record, token), record.to)
        if isinstance(record, kind.FutureMade):
            span = futures.spans.get(record.future)
            name = record.name if span is None else self.named(span)
            state.cards[record.future] = name, COMES
            self._become(token, "value", record.thread).owner = record.task
            return sayings.made(self._scene(record, token), futures.made.get(token))
        assert isinstance(record, kind.FutureWrapped)
        card = self.named(record.span), CARRIED
        begins = record.future in state.cards or state.where != "value"
        state.cards = {record.future: card, **state.cards, record.future: card}
        self._touched.add(token)
        if record.task is not None and state.where in ("", "value") and not begins:
            self._become(token, "value", record.thread).owner = record.task
        return sayings.wrapped(self._scene(record, token), card[0], begins)

    def _enter(self, record: kind.SpanEntered) -> Words:
        future, polled = record.future, self._polled[record.thread]
        is_drop = future in polled or future in self._dropped
        self._entries[record.thread].append(Entry(record.span, future, is_drop))
        token = self.futures.of_future.get(-1 if future is None else future)
        if future is None or token is None:
            return []
        polled.add(future)
        own = self.futures.of_task.get(-1 if record.task is None else record.task)
        state, scene = self.states[token], self._scene(record, token)
        awaited = own is not None and token != own and state.where == "value"
        if own is not None and awaited:
            self.states[own].cards |= state.cards
            state.cards = {}
            self._become(token, "gone", record.thread)
            for number, one in self.futures.of_future.items():
                self.futures.of_future[number] = own if one == token else one
            state, token = self.states[own], own
        state.cards[future] = self.named(record.span), OUT
        self._touched.add(token)
        if awaited:
            return sayings.polled(scene, self.named(record.span))
        return sayings.drops(self.named(record.span)) if is_drop else []

    def _exit(self, record: kind.SpanExited) -> None:
        entries = self._entries[record.thread]
        last = next((one for one in reversed(entries) if one.span == record.span), NOTHING)
        pop(entries, last)
        token = None if last.future is None else self.futures.of_future.get(last.future)
        if token is None or last.future is None:
            return
        cards = self.states[token].cards
        if last.is_drop:
            cards.pop(last.future, None)
            if last.future in self._handed:
                self.states[token].note = "dropped"
            if self.states[token].where == "given":
                self._become(token, "gone", record.thread)
        elif last.future in cards:
            cards[last.future] = cards[last.future][0], CARRIED
        self._touched.add(token)

    def _poll(self, record: Record, task: int) -> Words:
        self._polled[record.thread].clear()
        token = self.futures.of_task.get(task)
        if token in self.futures.brought and task not in self._begun:
            future, span, comes = self.futures.brought[token]
            self.states[token].cards[future] = self.named(span), COMES if comes else CARRIED
        for other, state in list(self.states.items()):
            if state.owner == task and state.where in ("value", "given"):
                self._become(other, state.where, record.thread, state.note)
        scene = self._scene(record, token)
        self._become(token, "polled", record.thread)
        is_first = task not in self._begun
        self._begun.add(task)
        if task in self._aborted:
            return sayings.aborted(scene, task)
        return sayings.begins(scene, task) if is_first else []
