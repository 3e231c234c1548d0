"""What can happen: one kind of record for each thing.

A run writes rows, plain tuples `(word, time, thread, task, code, instruction, …)`. Read, each row
is one of these records; the word names the kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, dataclass_transform

from spanlab.field import Fields, Level


@dataclass_transform(frozen_default=True)
class _Kind(type):
    """Makes a frozen dataclass with slots of every class that is a `Record`."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
        made = super().__new__(cls, name, bases, body)
        return made if "__slots__" in body else dataclass(frozen=True, slots=True)(made)


class Record(metaclass=_Kind):
    """One thing that happened.

    `time` is in nanoseconds from the start, `thread` is the number in `ThreadId(n)`, `task` is
    what the thread was polling: 0 for the main future, None outside any poll.
    """

    index: int
    time: int
    thread: int
    task: int | None
    file: str
    line: int


class ThreadStarted(Record):
    """A new thread; `task`, `file` and `line` say who started it, if a program did."""

    name: str


class ThreadParked(Record):
    pass


class SpanNew(Record):
    """A new span; its parent was current on its thread, or was named: then it is `explicit`."""

    span: int
    parent: int | None
    name: str
    level: Level
    target: str
    fields: Fields
    explicit: bool = False


class SpanEntered(Record):
    """A span is on a stack: by a guard, or by a poll or the drop of `future`, which carries it."""

    span: int
    future: int | None = None


class SpanExited(Record):
    span: int


class SpanClosed(Record):
    span: int


class SpanRecorded(Record):
    span: int
    fields: Fields


class SpanFollows(Record):
    span: int
    follows: int


class Event(Record):
    """An event: `parent` is the span it belongs to, `current` the one on top of the stack.

    The parent was named if it is `explicit`, and otherwise the current span. Of an event that was
    read from a log, `unsure` names the parts that its format does not tell for certain.
    """

    level: Level
    target: str
    fields: Fields
    parent: int | None
    current: int | None
    explicit: bool = False
    unsure: str = ""

    @property
    def message(self) -> str:
        """The text of the event; empty if it has only fields."""
        return str(dict(self.fields).get("message", ""))


class TaskSpawned(Record):
    """A future was given to a runtime by the call `to`; `future` is its number, if it has one."""

    spawned: int
    name: str
    future: int | None = None
    to: str = "spawn()"


class PollStarted(Record):
    pass


class PollEnded(Record):
    """The end of one poll; what is not `ready` waits, for the task `awaits` if it is a task."""

    ready: bool
    waits_for: str
    awaits: int | None


class TaskWoken(Record):
    woken: int


class TaskFinished(Record):
    """The end of a task; of one that panicked `panic` is the message, the place is where it did."""

    finished: int
    outcome: Literal["ok", "panicked", "cancelled"]
    panic: str = ""


class TaskAborted(Record):
    """Somebody asked a task to stop; it is dropped when its runtime next comes to it."""

    aborted: int


class FutureRecord(Record):
    """Something that happened to a future that is no task: its number is `future`."""

    future: int


class FutureMade(FutureRecord):
    """A call of a function with `@instrument`: the span is made when the future is first polled."""

    name: str


class FutureWrapped(FutureRecord):
    """From now on the future carries a span: around the numbered `inner`, or around a plain one."""

    span: int
    inner: int | None = None
    name: str = ""


class FutureGiven(FutureRecord):
    """A future was given to `to`, which polls it inside its own poll: "join()" or "select()"."""

    to: str
    name: str = ""


class FuturePolled(FutureRecord):
    """The first poll of a future that was given."""


class FutureDropped(FutureRecord):
    """A future was dropped before its end."""


KINDS: dict[str, type[Record]] = {
    "thread": ThreadStarted, "park": ThreadParked,
    "new": SpanNew, "enter": SpanEntered, "exit": SpanExited, "close": SpanClosed,
    "record": SpanRecorded, "follows": SpanFollows, "event": Event,
    "spawn": TaskSpawned, "poll": PollStarted, "polled": PollEnded, "wake": TaskWoken,
    "finish": TaskFinished, "abort": TaskAborted,
    "made": FutureMade, "wrapped": FutureWrapped, "given": FutureGiven, "first": FuturePolled,
    "dropped": FutureDropped,
}  # fmt: skip
SLOTS: dict[str, tuple[str, ...]] = {
    word: kind.__match_args__[6:] for word, kind in KINDS.items()
}  # of a row, after its place
_BESIDES = {"enter": 1, "spawn": 1, "thread": 1}  # for `Trace.seen`; the message of an event, which
WIDTHS = {word: 6 + len(slots) + _BESIDES.get(word, 0) for word, slots in SLOTS.items()}  # is sure
FUTURES = frozenset(word for word, kind in KINDS.items() if issubclass(kind, FutureRecord))

REFERS = {
    "thread": "thread", "task": "task",
    "span": "span", "parent": "span", "current": "span", "follows": "span",
    "spawned": "task", "awaits": "task", "woken": "task", "finished": "task", "aborted": "task",
    "future": "future", "inner": "future",
}  # fmt: skip  # whose number is in a slot
