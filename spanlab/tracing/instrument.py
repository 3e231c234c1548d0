"""`@instrument`: a span around a function, or around the future it gives, as its syntax decides."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from functools import wraps
from types import CodeType, FrameType, SimpleNamespace
from typing import Any

from spanlab.errors import NoSource, UsageError
from spanlab.evidence.syntax import attribute, block, is_unit, syntax
from spanlab.field import Debug, Display, Level
from spanlab.frames import NOWHERE, coroutine, name_of, unwind
from spanlab.future import Pending, given_on, into_future
from spanlab.threads import current
from spanlab.tracing.guard import Entered, Instrumented
from spanlab.tracing.span import Span, emit, make_span
from spanlab.tracing.streams import LazyStream, instrumented

_VALUES = (int, float, bool, str)  # recorded as they are; every other argument by its Debug


def in_current_span(future: Any) -> Any:
    """Instrument a future, or a stream, with the span that is current here and now.

    It is looked up where this is called: inside a spawned task that is too late.

    In Rust: `future.in_current_span()`.
    """
    frame = sys._getframe(1)
    place = frame.f_code, frame.f_lasti
    return instrumented(future, "in_current_span()", Span.current(), place)


def instrument(
    function: Any = None, /, *,
    name: str | None = None, target: str | None = None, level: Level | str | int = Level.INFO,
    skip: tuple[str, ...] | list[str] = (), skip_all: bool = False,
    fields: dict[str, Any] | None = None, parent: Any = ..., follows_from: Any = (),
    err: bool | type[Debug] = False, err_level: Level | str = Level.ERROR,
    ret: bool | type[Debug] = False, ret_level: Level | str | None = None,
) -> Any:  # fmt: skip
    """Make a span for each call of a function, named after it, with its arguments as fields.

    The syntax decides what the span covers. An `async def`: its future; the span is made at the
    first poll, under whatever is current there. A `def` whose last statement is `return task()`,
    where `task` is an `async def` inside it: that future, and not the function; this stands for
    a last `async` block in Rust. Any other `def`: the call, and nothing of a future that it gives.

    `fields`, `parent` and `follows_from` may be functions of the arguments: `lambda n: n + 1`.
    `err` records an exception as an event, `ret` the value; `Debug` or `Display` says how.

    In Rust: `#[instrument]`; `fields(…)`, `err(Debug, level = …)` are keyword arguments here.
    https://github.com/tokio-rs/tracing/blob/tracing-attributes-0.1.31/tracing-attributes/src/expand.rs

    >>> @instrument
    ... def double(n):
    ...     info("doubling")
    >>> with recording() as trace:
    ...     double(2)
    >>> trace.scope(trace.events[0])
    ('double',)
    """
    asked = SimpleNamespace(**locals())
    if isinstance(function, str):
        asked.name, function = function, None
    if function is None:
        return lambda function: _Attribute(function, asked).apply()
    return _Attribute(function, asked).apply()


class _Attribute:
    """One use of `@instrument`: what it asked for, and the function that it stands on."""

    def __init__(self, function: Any, asked: Any) -> None:
        if not inspect.isfunction(function) or function.__name__ == "<lambda>":
            raise UsageError(
                f"@instrument stands on a def or async def, got {function!r:.60}. "
                f"For a span around anything else write: with info_span('work').enter():"
            )
        self.function, self.asked = function, asked
        self.name = asked.name or function.__name__
        self.target = asked.target or function.__module__
        self.level, self.err_level = Level.parse(asked.level), Level.parse(asked.err_level)
        self.ret_level = Level.parse(asked.ret_level or self.level)
        self.fields = dict(asked.fields or {})
        self.signature = inspect.signature(function)
        self.recorded = self._recorded(asked.skip, asked.skip_all)
        self.place = function.__code__.co_filename, function.__code__.co_firstlineno
        self.unused: list[str] = []  # arguments that the body does not name: rustc leaves them out
        self.block: CodeType | None = None  # the async block that the span covers, if it is one

    def _recorded(self, skip: Any, skip_all: bool) -> list[str]:
        names = list(self.signature.parameters)
        skipped = [skip] if isinstance(skip, str) else skip
        if not isinstance(skipped, (list, tuple)):
            raise UsageError(f"skip names arguments, got {skip!r:.60}. Write: skip=('password',)")
        if len(set(skipped)) < len(skipped):
            raise UsageError(f"skip names each argument once, got {skipped}")
        if unknown := [name for name in skipped if name not in names]:
            raise UsageError(
                f"skip names arguments of {self.name}(), which are {names}, got {unknown}"
            )
        if skip_all and skipped:
            raise UsageError("skip_all skips every argument, got skip as well. Write one of them")
        return [] if skip_all else [n for n in names if n not in skipped and n not in self.fields]

    def apply(self) -> Callable[..., Any]:
        """Give the function that takes the place of the one annotated."""
        call = self._lazily if self._covers_the_future() else self._at_once
        # a plain function, so that it can be a method
        return wraps(self.function)(lambda *args, **kwargs: call(*args, **kwargs))

    def _covers_the_future(self) -> bool:
        """Decide by the syntax alone whether the span is the future's or the function's."""
        function = self.function
        if inspect.isgeneratorfunction(function):
            raise UsageError(
                f"@instrument stands on a def or async def, got the generator "
                f"'{function.__name__}', of which Rust has none. Make it return a list"
            )
        node = syntax(function)
        inner = None if node is None else block(node)
        self.is_unit = is_unit(inner or node)
        if node is not None:
            marked = attribute(node)
            self.place = self.place[0], self.place[1] + (marked.lineno - 1 if marked else 0)
            used = {n.id for part in node.body for n in ast.walk(part) if isinstance(n, ast.Name)}
            self.unused = [name for name in self.signature.parameters if name not in used]
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            return True
        if node is None:
            raise NoSource(
                f"@instrument decides by the source of '{function.__name__}', and there is none. "
                f"Define it in a file or a cell; or write: with info_span('{self.name}').enter():"
            )
        if inner is not None:
            codes = [c for c in function.__code__.co_consts if isinstance(c, CodeType)]
            self.block = [code for code in codes if code.co_name == inner.name][-1]
        return inner is not None

    def _lazily(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function outside the span; the span is made when its future is first polled."""
        future = self.function(*args, **kwargs)
        if inspect.isasyncgen(future):
            return LazyStream(future, lambda: self.make(args, kwargs), self.place)
        if self.block is not None and getattr(coroutine(future), "cr_code", None) is not self.block:
            return future  # an early return: the attribute rewrote the last statement alone
        return _Lazy(into_future(future, self.name), self, (args, kwargs), sys._getframe(2))

    def _at_once(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function inside the span."""
        with Entered(self.make(args, kwargs), self.place, id(sys._getframe())):
            try:
                value = self.function(*args, **kwargs)
                self.returned(value)
                return value
            except BaseException as error:
                unwind(error)
                if isinstance(error, Exception):
                    self.failed(error)
                raise

    def make(self, args: Any, kwargs: Any) -> Span:
        """Make the span of one call."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        fields = {name: _argument(given[name]) for name in self.recorded}
        fields |= {name: _evaluated(value, given) for name, value in self.fields.items()}
        named = self.level, self.name, _evaluated(self.asked.parent, given), self.target
        span = make_span(*named, fields, sys._getframe(), self.place)
        for cause in () if span.is_none() else _evaluated(self.asked.follows_from, given):
            span.follows_from(cause)
        return span

    def returned(self, value: Any) -> None:
        """Record what the function gave, if asked to."""
        value = () if value is None and self.is_unit else value
        self._tell("return", value, self.asked.ret, Debug, self.ret_level)

    def failed(self, error: Exception) -> None:
        """Record the exception that left the function, if asked to."""
        self._tell("error", error, self.asked.err, Display, self.err_level)

    def _tell(self, field: str, value: Any, how: Any, usual: type[Debug], level: Level) -> None:
        if how:
            shown = {field: (how if isinstance(how, type) else usual)(value)}
            emit(level, None, ..., self.target, shown, sys._getframe(), self.place)


class _Lazy(Instrumented):
    """The future of an instrumented function: its span is made at the first poll."""

    __slots__ = ("_attribute", "_call", "_unused")

    def __init__(self, inner: Any, attribute: _Attribute, call: Any, caller: FrameType) -> None:
        super().__init__(inner, Span(), NOWHERE)
        self._attribute = attribute
        self._call = call
        self._unused: Any = None  # in Rust they stay outside the block that the span covers
        if (thread := current()) is not None:
            recorder = self._recorder = thread.recorder
            self.number, place = recorder.next_future(), (caller.f_code, caller.f_lasti)
            recorder.note("made", place, self.number, name_of(inner))

    def send(self, value: None, /) -> Pending:
        """Poll once, and drop what has ended at once, as an `await` inside would."""
        if self._call is not None:
            self._begin()
        try:
            return super().send(value)
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        attribute, (args, kwargs), self._call = self._attribute, self._call, None
        span = attribute.make(args, kwargs)
        super().__init__(self.inner, span, attribute.place, self.number)
        if attribute.unused:
            given = attribute.signature.bind(*args, **kwargs).arguments
            self._unused = [given[name] for name in attribute.unused if name in given]
        if attribute.asked.err or attribute.asked.ret:
            self.inner = _observed(given_on(self.inner), attribute)

    def close(self) -> None:
        super().close()
        self._call = self._unused = None

    __del__ = close


async def _observed(future: Any, attribute: _Attribute) -> Any:
    try:
        value = await future
    except Exception as error:
        attribute.failed(error)
        raise
    attribute.returned(value)
    return value


def _argument(value: Any) -> Any:
    return value if type(value) in _VALUES else Debug(value)


def _evaluated(value: Any, given: dict[str, Any]) -> Any:
    """Call a function of arguments with those that it names; give anything else back."""
    if not inspect.isfunction(value):
        return value
    return value(*(given[name] for name in inspect.signature(value).parameters))
