"""Spans and events, and how their parent is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from sys import _getframe
from types import FrameType
from typing import Any, NoReturn, TypeVar
from weakref import ref

from spanlab import stack
from spanlab.errors import UsageError
from spanlab.evidence.chain import owner
from spanlab.field import capture
from spanlab.frames import Place
from spanlab.ids import Id
from spanlab.recorder import Recorder
from spanlab.threads import Thread, current, local
from spanlab.tracing.guard import Entered, EnteredSpan
from spanlab.tracing.streams import instrumented

T = TypeVar("T")


class Span:
    """A handle to one span. The span closes when its last reference goes.

    Entering and exiting do not close it, and its children keep it open. A disabled span has
    no number and everything done with it has no effect.

    In Rust: `tracing::Span`; a clone is one more reference to the same object.
    """

    __slots__ = ("__weakref__", "_declared", "_number", "_parent", "_recorder", "_ref", "name")

    def __init__(
        self, name: str = "", recorder: Recorder | None = None, parent: Span | None = None,
        declared: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self._number: int | None = None
        self.name = name
        self._recorder = recorder
        if recorder is not None:
            self._number = recorder.next_span()
            self._parent = parent  # holds the parent open
            self._declared = declared  # the fields that `record` may set
            self._ref = ref(self)  # what stacks hold

    @staticmethod
    def current() -> Span:
        """Give the current span of this thread, as one more reference that keeps it open.

        It is looked up now, on this thread: inside a spawned task it is not the spawner's.

        In Rust: `Span::current`; without a current span it equals `Span::none()`.
        """
        thread = current()
        top = stack.top(thread.span_stack) if thread else None
        return (top and top()) or Span()

    @staticmethod
    def none() -> Span:
        """Give a disabled span. Entering it does not hide the span around it."""
        return Span()

    @property
    def id(self) -> Id | None:
        """The number of this span, which may stand for it: `parent=span.id`. In Rust: `id()`."""
        return None if self._number is None else Id.of(self._number, self._ref)

    def is_none(self) -> bool:
        """Tell whether this span does not exist: made by `none()`, or filtered out."""
        return self._number is None

    is_disabled = is_none

    def or_current(self) -> Span:
        """Give this span if it is enabled, the current span if not."""
        return Span.current() if self._number is None else self

    def follows_from(self, other: Span | Id | None) -> Span:
        """Note that this span was caused by `other`, which becomes no parent by that."""
        if not isinstance(other, Span | Id | None):
            raise UsageError(
                f"a span follows from a span, got {other!r:.60}. Write: b.follows_from(a)"
            )
        number = other._number if isinstance(other, Span) else other
        if self._recorder is not None and number is not None:
            self._recorder.note("follows", _caller(), self._number, int(number))
        return self

    def record(self, field: str, value: Any) -> Span:
        """Set a field that was declared when the span was made; other fields are ignored."""
        if self._recorder is not None and field in self._declared:
            self._recorder.note("record", _caller(), self._number, capture({field: value}))
        return self

    def enter(self) -> Entered:
        """Put this span on top of the current thread's stack for one `with` block.

        Spans and events made inside the block get this span as their parent.

        The stack belongs to the thread, not to the task: if a task is suspended
        inside the block, the span stays there, and what the thread polls next may
        be recorded under it. To span code that awaits, use `Span.instrument`.

        In Rust: `Span::enter`; the end of the block is the drop of the guard.

        >>> with recording() as trace:
        ...     with info_span("request").enter():
        ...         info("hello")
        >>> trace.scope(trace.events[0])
        ('request',)
        """
        frame = _getframe(1)
        return Entered(self, (frame.f_code, frame.f_lasti), owner(frame))

    def entered(self) -> EnteredSpan:
        """Enter this span with a guard that owns it and must stay on its thread.

        Held across an await in a spawned task it is refused, as rustc refuses it.

        In Rust: `Span::entered`; the guard is not `Send`.
        """
        frame = _getframe(1)
        return EnteredSpan(self, (frame.f_code, frame.f_lasti), owner(frame))

    def in_scope(self, function: Callable[[], T]) -> T:
        """Call `function` inside this span."""
        if not callable(function):
            raise UsageError(
                f"in_scope() calls a function, got {function!r:.60}. Write: in_scope(lambda: …)"
            )
        with Entered(self, _caller(), id(_getframe())):
            del self  # or the traceback of a panic would keep it open
            return function()

    def instrument(self, future: Any) -> Any:
        """Give a future that enters this span for each poll of `future`, and for its drop.

        Of a stream, such as an async generator, it enters the span for each poll of a `next`.

        The parent of this span is what was current where the span was made, on whatever
        thread it is entered later.

        In Rust: `future.instrument(span)`; there the future is made before the span.
        """
        frame = _getframe(1)
        return instrumented(future, "instrument()", self, (frame.f_code, frame.f_lasti))

    def _enter(self, place: Place, by: int, future: int | None = None) -> None:
        thread, recorder = local.thread, self._recorder
        if recorder is None:
            return
        if thread is None or thread.recorder is not recorder:
            thread = current()
            if thread is None:
                return
            if thread.recorder is not recorder:
                raise UsageError(
                    f"a span is entered in the recording that made it, and that of {self.name!r} "
                    f"has ended. Make a new one: info_span({self.name!r})"
                )
        thread.span_stack.append(self._ref)
        now, (code, at) = recorder.clock(), place
        recorder.append(("enter", now, thread.id, thread.task, code, at, self._number, future, by))

    def _exit(self, place: Place) -> None:
        thread, recorder = local.thread, self._recorder
        if recorder is not None and thread is not None:
            stack.pop(thread.span_stack, self._ref)
            now, (code, at) = recorder.clock(), place
            recorder.append(("exit", now, thread.id, thread.task, code, at, self._number))

    def __del__(self) -> None:
        thread, recorder = local.thread, self._recorder
        if recorder is not None and thread is not None:
            now = recorder.clock()
            recorder.append(("close", now, thread.id, thread.task, "", 0, self._number))

    def __copy__(self, memo: object = None) -> Span:
        return self  # a clone is one more reference

    __deepcopy__ = __copy__

    def __enter__(self, *_: object) -> NoReturn:
        raise UsageError("a span is entered by its guard. Write: with span.enter():")

    __exit__ = __enter__  # `with` looks for both before it calls one

    def __repr__(self) -> str:
        return "Span(none)" if self._number is None else f"Span({self.name!r}, id={self._number})"


def make_span(
    level: int, name: str, parent: Any, target: str | None, given: dict[str, Any],
    frame: FrameType, place: Place | None = None,
) -> Span:  # fmt: skip
    """Make a span for the current thread, or a disabled one where nothing records it.

    `...` as `parent` means that none was written: the current span is it.
    """
    thread = local.thread
    if thread is None or level < thread.recorder.level:
        thread = current()
        said = "new", name, target or frame.f_globals.get("__name__", "__main__"), given
        if thread is None or not thread.recorder.wants(thread.id, level, *said):
            return Span(name)
    if type(name) is not str:
        raise UsageError(f"a span needs a name, got {name!r:.60}. Write: info_span('work')")
    if parent is ...:
        top = stack.top(thread.span_stack)
        above = top and top()
    else:
        above = _given(thread, parent)
    recorder = thread.recorder
    if len(recorder.tape) >= recorder.tape.full:
        recorder.check()
    code, at = recorder.chain(frame), frame.f_lasti
    if place is not None:  # that of an attribute
        code, at = (*place, 0, code), place[1]
    declared, fields = (tuple(given), capture(given)) if given else ((), ())
    span = Span(name, recorder, above, declared)  # the names: a value is not kept
    recorder.append((
        "new", recorder.clock(), thread.id, thread.task, code, at, span._number,
        None if above is None else above._number, name, level,
        target or frame.f_globals.get("__name__", "__main__"), fields,
        parent is not ...,
    ))  # fmt: skip
    return span


def emit(
    level: int, message: Any, parent: Any, target: str | None, given: dict[str, Any],
    frame: FrameType, place: Place | None = None,
) -> None:  # fmt: skip
    """Record one event of the current thread, at `place` or where `frame` stands."""
    thread = local.thread
    if thread is None or level < thread.recorder.level:
        thread, names = current(), given if message is None else ["message", *given]
        said = "event", "", target or frame.f_globals.get("__name__", "__main__"), names
        if thread is None or not thread.recorder.wants(thread.id, level, *said):
            return
    recorder = thread.recorder
    if len(recorder.tape) >= recorder.tape.full:
        recorder.check()
    if message is not None and type(message) is not str:
        message = str(message)
    top = stack.top(thread.span_stack)
    above = current_span = top and top()
    if parent is not ...:
        above = _given(thread, parent)
    code, at = recorder.chain(frame), frame.f_lasti
    if place is not None:  # that of an attribute
        code, at = (*place, 0, code), place[1]
    recorder.append((
        "event", recorder.clock(), thread.id, thread.task, code, at, level,
        target or frame.f_globals.get("__name__", "__main__"),
        message, capture(given) if given else (),
        None if above is None else above._number,
        None if current_span is None else current_span._number,
        parent is not ...,
    ))  # fmt: skip


def _given(thread: Thread, parent: Any) -> Span | None:
    """Check a parent that was written down; one that is disabled makes a root."""
    if parent is None:
        return None
    if isinstance(parent, Id):
        parent = parent.span()
    if not isinstance(parent, Span):
        raise UsageError(f"a parent is a span or None, got {parent!r:.60}. Write: parent=span")
    if parent._number is not None and parent._recorder is not thread.recorder:
        raise UsageError(
            f"a parent belongs to the recording of its child, and that of {parent.name!r} has "
            f"ended. Make it anew: info_span({parent.name!r})"
        )
    return None if parent._number is None else parent


def _caller() -> Place:
    """The place that called the method that asks, which is one up."""
    frame = _getframe(2)
    return frame.f_code, frame.f_lasti
