"""Spans, their guards, and futures that are polled inside a span."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import ref

from spanlab import stack, threads
from spanlab.errors import UsageError
from spanlab.field import Fields, Level, capture
from spanlab.frames import unwind
from spanlab.future import Future, Pending, into_future
from spanlab.recorder import Recorder
from spanlab.threads import Thread

T = TypeVar("T")
Place = tuple[str, int]  # file and line


class Span:
    """A handle to one span. The span closes when its last reference goes.

    Entering and exiting do not close it, and its children keep it open. A disabled span has
    no number and everything done with it has no effect.

    In Rust: `tracing::Span`; a clone is one more reference to the same object.
    """

    __slots__ = ("__weakref__", "_declared", "_parent", "_recorder", "id", "level", "name", "target")

    def __init__(
        self, name: str = "", level: Level = Level.TRACE, target: str = "",
        recorder: Recorder | None = None, parent: Span | None = None, declared: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.name = name
        self.level = level
        self.target = target
        self._recorder = recorder
        self._parent = parent  # holds the parent open
        self._declared = declared  # the names that `record` may set
        self.id: int | None = None if recorder is None else next(recorder.span_ids)

    @staticmethod
    def current() -> Span:
        """Give the current span of this thread, as one more reference that keeps it open.

        It is looked up now, on this thread: inside a spawned task it is not the spawner's.

        In Rust: `Span::current`; without a current span it equals `Span::none()`.
        """
        thread = threads.current()
        return (stack.top(thread.span_stack) if thread else None) or Span()

    @staticmethod
    def none() -> Span:
        """Give a disabled span. Entering it does not hide the span around it."""
        return Span()

    def is_none(self) -> bool:
        """Tell whether this span does not exist: made by `none()`, or filtered out."""
        return self.id is None

    is_disabled = is_none

    def or_current(self) -> Span:
        """Give this span if it is enabled, the current span if not."""
        return Span.current() if self.id is None else self

    def follows_from(self, other: Span | None) -> Span:
        """Note that this span was caused by `other`, which becomes no parent by that."""
        if self.id is not None and other is not None and other.id is not None:
            self._append("follows", _caller(), other.id)
        return self

    def record(self, field: str, value: Any) -> Span:
        """Set a field that was declared when the span was made; other fields are ignored."""
        if self.id is not None and field in self._declared:
            self._append("record", _caller(), capture({field: value}))
        return self

    def enter(self) -> Entered:
        """Put this span on top of the current thread's stack for one `with` block.

        Spans and events made inside the block get this span as their parent.

        The stack belongs to the thread, not to the task: if a task is suspended
        inside the block, the span stays on top, and whatever the thread polls next
        is recorded under it. To span code that awaits, use `Span.instrument`.

        In Rust: `Span::enter`; the end of the block is the drop of the guard.

        >>> with recording() as trace:
        ...     with info_span("request").enter():
        ...         info("hello")
        >>> trace.scope(trace.events[0])
        ('request',)
        """
        return Entered(self, _caller())

    def entered(self) -> EnteredSpan:
        """Enter this span with a guard that owns it and must stay on its thread.

        Held across an await in a spawned task it is refused, as rustc refuses it.

        In Rust: `Span::entered`; the guard is not `Send`.
        """
        return EnteredSpan(self, _caller())

    def in_scope(self, function: Callable[[], T]) -> T:
        """Call `function` inside this span."""
        place = _caller()
        self._enter(place)
        try:
            return function()
        finally:
            self._exit(place)

    def instrument(self, future: Any) -> Instrumented:
        """Give a future that enters this span for each poll of `future`, and for its drop.

        The parent of this span is what was current where the span was made, on whatever
        thread it is entered later.

        In Rust: `future.instrument(span)`; there the future is made before the span.
        """
        return Instrumented(into_future(future, "instrument()"), self, _caller())

    def _enter(self, place: Place) -> None:
        thread = threads.current()
        if self.id is None or thread is None:
            return
        if thread.recorder is not self._recorder:
            raise UsageError(
                f"a span is entered in the recording that made it, and that of {self.name!r} "
                f"has ended. Make a new one: info_span({self.name!r})"
            )
        stack.push(thread.span_stack, ref(self))
        self._append("enter", place)

    def _exit(self, place: Place) -> None:
        thread = threads.current()
        if self.id is not None and thread is not None:
            stack.pop(thread.span_stack, ref(self))
            self._append("exit", place)

    def _append(self, kind: str, place: Place, *what: Any) -> None:
        recorder, thread = self._recorder, threads.current()
        if recorder is not None and recorder.open and thread is not None:
            now, (file, line) = recorder.clock(), place
            recorder.append((kind, now, thread.id, thread.task, file, line, self.id, *what))

    def __del__(self) -> None:
        if self.id is not None:
            file, line = _caller()
            self._append("close", ("", 0) if file.startswith(_PACKAGE) else (file, line))

    def __repr__(self) -> str:
        return "Span(none)" if self.id is None else f"Span({self.name!r}, id={self.id})"


class Entered:
    """The guard of `Span.enter`: exits when its `with` block ends, or when it is dropped."""

    __slots__ = ("_span",)

    def __init__(self, span: Span, place: Place) -> None:
        self._span: Span | None = span
        span._enter(place)

    def exit(self) -> Span:
        """Exit now, on the thread that calls this, and give the span back."""
        if self._span is None:
            raise UsageError("a guard exits once, and this one has exited. Enter the span again")
        return self._drop(_caller())

    def _drop(self, place: Place) -> Any:
        span, self._span = self._span, None
        if span is not None:
            span._exit(place)
        return span

    def __enter__(self) -> Entered:
        return self

    def __exit__(self, *error: object) -> None:
        self._drop(_caller())

    def __del__(self) -> None:
        if self._span is not None:
            self._drop(_caller())


class EnteredSpan(Entered):
    """The guard of `Span.entered`: where it is alive across an await, its thread must not change."""

    __slots__ = ("_pin", "_pinned")

    def __init__(self, span: Span, place: Place) -> None:
        super().__init__(span, place)
        thread = threads.current()
        self._pinned = thread.pinned if thread else []
        self._pin = ("EnteredSpan", *place)
        self._pinned.append(self._pin)

    def _drop(self, place: Place) -> Any:
        if self._span is not None:
            self._pinned.remove(self._pin)
        return super()._drop(place)


class Instrumented(Future[Any]):
    """A future that is polled, and dropped, inside a span.

    In Rust: `tracing::instrument::Instrumented`.
    https://github.com/tokio-rs/tracing/blob/tracing-0.1.44/tracing/src/instrument.rs
    """

    __slots__ = ("_place", "inner", "span")

    def __init__(self, inner: Any, span: Span, place: Place) -> None:
        self.inner = inner
        self.span = span
        self._place = place

    def send(self, value: None, /) -> Pending:
        """Poll the inner future once, inside the span."""
        # no local name may hold the span: the frame outlives this call in a traceback
        self.span._enter(self._place)
        try:
            pending: Pending = self.inner.send(None)
            return pending
        except StopIteration:
            raise
        except BaseException as error:
            unwind(error)
            raise
        finally:
            self.span._exit(self._place)

    def close(self) -> None:
        """Drop the inner future inside the span, then the span."""
        if self.inner is None:
            return
        self.span._enter(self._place)
        try:
            self.inner.close()
        finally:
            self.inner = None
            self.span._exit(self._place)
            self.span = Span()

    def __del__(self) -> None:
        self.close()


def make_span(
    level: Level, name: str, parent: Any, target: str | None, fields: dict[str, Any],
    place: Place, module: str,
) -> Span:  # fmt: skip
    """Make a span for the current thread, or a disabled one where nothing records it."""
    if not isinstance(name, str):
        raise UsageError(f"a span needs a name, got {name!r:.60}. Write: info_span('work')")
    thread = threads.current()
    if thread is None or level < thread.recorder.level:
        return Span(name, level)
    above = _parent_of(thread, parent)
    span = Span(name, level, target or module, thread.recorder, above, tuple(fields))
    span._append("new", place, above and above.id, name, int(level), span.target, capture(fields))
    return span


def emit(
    level: Level, fields: Fields, parent: Any, target: str | None, place: Place, module: str
) -> None:
    """Record one event of the current thread."""
    thread = threads.current()
    if thread is None or level < thread.recorder.level:
        return
    top = stack.top(thread.span_stack)
    above = top if parent is ... else _parent_of(thread, parent)
    recorder, (file, line) = thread.recorder, place
    recorder.append((
        "event", recorder.clock(), thread.id, thread.task, file, line, int(level),
        target or module, fields, above and above.id, top and top.id,
    ))  # fmt: skip


def _parent_of(thread: Thread, parent: Any) -> Span | None:
    """Choose the parent: the current span, the given one, or none if that is disabled."""
    if parent is ...:
        current: Span | None = stack.top(thread.span_stack)
        return current
    if parent is None:
        return None
    if not isinstance(parent, Span):
        raise UsageError(f"a parent is a span or None, got {parent!r:.60}. Write: parent=span")
    if parent.id is not None and parent._recorder is not thread.recorder:
        raise UsageError(f"the parent {parent.name!r} belongs to a recording that has ended")
    return None if parent.id is None else parent


def _caller() -> Place:
    """The place that called the function that asks."""
    frame = sys._getframe(2)
    return frame.f_code.co_filename, frame.f_lineno


_PACKAGE = __file__.removesuffix("span.py")
