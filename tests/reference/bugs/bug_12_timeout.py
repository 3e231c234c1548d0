"""A timeout around an instrumented future; the drop of what timed out; err/ret never fire."""

from spanlab import (
    Elapsed,
    in_current_span,
    info,
    info_span,
    instrument,
    sleep,
    spawn,
    timeout,
    warn,
)


class OnDrop:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        info(f"dropped {self.name}")


@instrument(ret=True, err=True)
async def slow(ms):
    d = OnDrop("slow")  # noqa: F841
    info("begun")
    await step(ms)
    info("done")
    return ms


@instrument
async def step(ms):
    d = OnDrop("step")  # noqa: F841
    await sleep(ms / 1000)
    info("slept")


async def timed(seconds, future, late):
    try:
        await timeout(seconds, future)
        info("in time")
    except Elapsed:
        warn(late)


async def job():
    await timed(0.010, slow(50), "timed out")
    await timed(0.100, slow(5), "timed out")
    task = spawn(in_current_span(slow(70)))
    await timed(0.010, task, "timed out, and the task goes on")
    await sleep(0.2)
    info("later")


async def main():
    span = info_span("request")
    fut = span.instrument(job())
    del span
    await fut
