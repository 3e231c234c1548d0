"""rs-ipfs/rust-ipfs#314, tokio-rs/tracing#734: in_scope around the making of a future."""

from spanlab import info, info_span, instrument, join


async def main():
    await request()


@instrument
async def request():
    span = info_span("step")
    await span.in_scope(lambda: step(1))

    def making():
        info("making")
        return step(2)

    await span.in_scope(making)
    with span.enter():
        future = helper(3)
    await future
    a, b = span.in_scope(lambda: (step(4), helper(5)))
    await join(a, b)
    fns = span.in_scope(lambda: [step(6), step(7)])
    await join(*fns)


async def step(n):
    info("stepping", n=n)


@instrument
async def helper(n):
    info("helping")
