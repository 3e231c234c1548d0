"""0xPlaygrounds/rig#1108: a guard inside `async_stream::stream!`."""

from spanlab import info, info_span, spawn, yield_now


async def main():
    task = spawn(innocent())
    async for n in numbers():
        info("consumed", n=n)
    info("after the stream")
    await task


async def numbers():
    agent = info_span("agent")
    with agent.enter():
        for n in range(2):
            info("produced", n=n)
            yield n
            await yield_now()


async def innocent():
    info("innocent")
    await yield_now()
    info("innocent again")
