"""Panics: drop order and spans while unwinding, in a task, in a blocking thread, caught."""

from spanlab import (
    JoinError,
    block,
    catch_unwind,
    error,
    info,
    info_span,
    instrument,
    panic,
    spawn,
    spawn_blocking,
    yield_now,
)


class Log:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        info(f"dropped {self.name}")


@instrument(err=True, ret=True)
async def outer():
    log = Log("outer's")  # noqa: F841
    return await inner()


@instrument
async def inner():
    with block() as here:
        here.log = Log("inner's")
        await yield_now()
        here.span = info_span("guarded")
        here.guard = here.span.enter()
        here.log2 = Log("guarded's")
        panic("boom")


@instrument
def sync_panic():
    log = Log("sync's")  # noqa: F841
    panic("sync boom")


async def main():
    try:
        await spawn(outer())
    except JoinError as e:
        error("joined", panic=e.is_panic())
    caught = await catch_unwind(info_span("caught").instrument(inner()))
    info("went on", caught=caught.error is not None)
    with info_span("main").enter():
        caught = catch_unwind(sync_panic)
        info("and on", caught=caught.error is not None)
        try:
            await spawn_blocking(lambda: info_span("pool").in_scope(sync_panic))
        except JoinError:
            info("end", caught=True)
