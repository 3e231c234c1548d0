"""abdolence/axum-streams-rs#85: a handler returns a stream; the server polls it after the span."""

from spanlab import Span, info, info_span, instrument, spawn, yield_now


async def body():
    for n in range(2):
        info("chunk", n=n)
        yield n
        await yield_now()
    await query()


@instrument
async def query():
    info("last query")


@instrument
async def handler():
    info("handling")
    return body()


@instrument
async def fixed():
    info("handling")
    return Span.current().instrument(body())


async def server():
    stream = await info_span("request").instrument(handler())
    async for n in stream:
        info("sent", n=n)
    stream = await info_span("request").instrument(fixed())
    async for n in stream:
        info("sent", n=n)


async def main():
    await spawn(server())
