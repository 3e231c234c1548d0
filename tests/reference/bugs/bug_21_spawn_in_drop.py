"""An async clean-up: Drop spawns a task, in the current span of the drop."""

from contextlib import suppress

from spanlab import (
    JoinError,
    in_current_span,
    info,
    info_span,
    instrument,
    pending,
    spawn,
    yield_now,
)


async def closed(n, how):
    info(f"closed {how}", n=n)


class Session:
    def __init__(self, n):
        self.n = n

    def __del__(self):
        info("dropping", n=self.n)
        spawn(closed(self.n, "bare"))
        spawn(in_current_span(closed(self.n, "in span")))


@instrument
async def request(n):
    session = Session(n)  # noqa: F841
    info("serving")
    if n == 2:
        await pending()
    await yield_now()


async def mover(box):
    moved = box.pop()  # noqa: F841
    await yield_now()


async def main():
    await request(1)
    two = spawn(request(2))
    await yield_now()
    two.abort()
    with suppress(JoinError):
        await two
    await yield_now()
    await spawn(info_span("mover").instrument(mover([Session(3)])))
    await yield_now()
    await yield_now()
    info("end")
    left = spawn(request(2))  # noqa: F841
    await yield_now()
