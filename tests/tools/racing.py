"""Small random programs with everything that can race: guards, sets, aborts, selects, timers.

A program is a list of statements, each a list of a word and what it needs. `racing(seed)` gives a
function that makes its main future; the same seed gives the same program.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any

from spanlab import (
    JoinError,
    JoinSet,
    Span,
    in_current_span,
    info,
    info_span,
    join,
    select,
    sleep,
    spawn,
    spawn_blocking,
    yield_now,
)

Body = list[list[Any]]
STARTS = ["spawn"] * 4 + ["set"] * 2 + ["detach", "blocking", "join2"]
LOOKS = ["join", "looked", "abort", "select", "selfirst"]
WAYS = ["plain", "instr", "cur", "guarded", "root"]  # how a future gets its span
DRAINS = ["pass", "pass", "task", "error", "ev", "value", "first"]


class Writer:
    """Writes one program."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.messages = self.tasks = 0
        self.left = 9  # statements until it comes to an end

    def message(self) -> str:
        self.messages += 1
        return f"m{self.messages}"

    def block(self, depth: int, *, main: bool = False) -> Body:
        """Write a block; who spawns in it mostly waits at its end."""
        body: Body = []
        for _ in range(self.random.randint(1, 3)):
            self.left -= 1
            handles = sum(statement[0] == "spawn" for statement in body)
            kind = self.random.choice(self.kinds(depth, handles, main))
            body.append([kind, *self.rest(kind, depth)])
        handles = sum(statement[0] == "spawn" for statement in body)
        if any(statement[0] == "set" for statement in body):
            body.append(["drain", self.random.choice(DRAINS), self.message()])
        return body + [["join"]] * (handles if self.random.random() < 0.85 else 0)

    def kinds(self, depth: int, handles: int, main: bool) -> list[str]:
        """List the statements that may stand here."""
        kinds = ["ev", "ev"]
        if self.left > 0:
            kinds += ["yield", "guard", "guard", "span"]
            kinds += STARTS if self.tasks < 3 and depth > 0 else []
            kinds += LOOKS if handles else []
            kinds += [] if main else ["capture", "captured"]
            if self.random.random() < 0.15:
                kinds += ["sleep"] if main else ["sleep", "sleep", "panic"]
        return kinds

    def rest(self, kind: str, depth: int) -> list[Any]:
        """Write what a statement needs."""
        span = self.random.randrange(3)
        if kind in ("spawn", "set", "detach"):
            self.tasks += 1
            return [self.block(depth - 1), self.random.choice(WAYS), span]
        if kind == "guard":
            return [span, self.block(depth - 1)]
        if kind == "span":
            return [span, [["ev", self.message()]]]
        if kind == "join2":
            return [self.block(depth - 1), self.block(depth - 1)]
        if kind == "sleep":
            return [self.random.choice([1, 2])]
        if kind == "blocking":
            self.tasks += 1
        return [self.message()]


class Block:
    """Runs one block; a method is a statement."""

    def __init__(self) -> None:
        self.handles: list[Any] = []
        self.tasks: JoinSet | None = None
        self.caught: Span | None = None

    async def run(self, body: Body) -> None:
        """Run statement after statement."""
        for word, *rest in body:
            done = getattr(self, f"do_{word}")(*rest)
            if isinstance(done, Awaitable):
                await done

    def do_ev(self, message: str) -> None:
        info(message)

    def do_yield(self, _: str) -> Any:
        return yield_now()

    def do_sleep(self, milliseconds: int) -> Any:
        return sleep(milliseconds / 1000)

    def do_panic(self, message: str) -> None:
        raise RuntimeError(message)

    async def do_guard(self, span: int, body: Body) -> None:
        with info_span(f"g{span}").enter():
            await Block().run(body)

    async def do_span(self, span: int, body: Body) -> None:
        with info_span(f"s{span}").enter():
            await Block().run(body)

    def do_capture(self, _: str) -> None:
        self.caught = Span.current()

    def do_captured(self, message: str) -> None:
        if self.caught is not None:
            info(message, parent=self.caught)

    def do_join2(self, one: Body, other: Body) -> Any:
        return join(Block().run(one), Block().run(other))

    def do_blocking(self, message: str) -> Any:
        return spawn_blocking(lambda: info(message))

    def do_spawn(self, body: Body, way: str, span: int) -> None:
        self.handles.append(spawn(carried(body, way, span)))

    def do_detach(self, body: Body, way: str, span: int) -> None:
        spawn(carried(body, way, span))

    def do_set(self, body: Body, way: str, span: int) -> None:
        self.tasks = self.tasks or JoinSet()
        self.tasks.spawn(carried(body, way, span))

    async def do_join(self, _: str = "") -> None:
        if self.handles:
            try:
                await self.handles.pop(0)
            except JoinError as error:
                info("panicked" if error.is_panic() else "cancelled")

    def do_looked(self, message: str) -> None:
        if self.handles:
            info(f"{message} {self.handles[0].is_finished()}")

    def do_abort(self, _: str) -> None:
        if self.handles:
            self.handles[-1].abort()

    async def do_select(self, message: str, *, last: bool = False) -> None:
        if self.handles:
            two = [self.handles.pop(0), yield_now()]
            try:
                index, _ = await select(*(reversed(two) if last else two), biased=True)
                info(f"{message} {index}")
            except JoinError:
                info(f"{message} error")

    async def do_selfirst(self, message: str) -> None:
        await self.do_select(message, last=True)

    async def do_drain(self, how: str, message: str) -> None:
        while self.tasks is not None and (joined := await self.tasks.join_next()):
            if how == "task":
                info(f"{message} {joined.task}")
            elif how == "error":
                info(f"{message} {joined.error is None}")
            elif how == "ev":
                info(message)
            elif how == "value" and joined.error is None:
                info(f"{message} {joined.value}")
            elif how == "first":
                break
        self.tasks = None


def carried(body: Body, way: str, span: int) -> Any:
    """Give the future of a block, with a span or without."""
    if way == "guarded":
        return Block().do_guard(span, body)
    future = Block().run(body)
    if way == "instr":
        return info_span(f"i{span}").instrument(future)
    if way == "root":
        return info_span(f"i{span}", parent=None).instrument(future)
    return in_current_span(future) if way == "cur" else future


def racing(seed: int) -> Callable[[], Any]:
    """Give a function that makes the main future of one program."""
    body = Writer(seed).block(3, main=True)
    return lambda: Block().run(body)
