"""tokio-rs/tokio#6106, linkerd/linkerd2-proxy#940: a cached object keeps its first span."""

from functools import cache

from spanlab import Span, info, instrument, spawn, yield_now


class Pool:
    def __init__(self):
        self.span = Span.current()

    async def query(self, n):
        async def job():
            info("querying", n=n)
            await yield_now()
            info("queried", n=n)

        await self.span.instrument(job())


@cache
def pool():
    info("opening the pool")
    return Pool()


@instrument
async def request(n):
    await pool().query(n)
    info("responded")


async def main():
    await request(1)
    await request(2)
    a = spawn(request(3))
    b = spawn(request(4))
    await a
    await b
    info("end")
