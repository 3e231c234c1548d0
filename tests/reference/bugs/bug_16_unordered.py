"""x86pup/conduwuit#345, influxdata/influxdb_iox#8364: FuturesUnordered and buffer_unordered."""

from spanlab import FuturesUnordered, buffer_unordered, info, info_span, instrument, sleep


@instrument
async def fetch(n):
    info("begins")
    await sleep(0.010 * (4 - n))
    info("ends")
    return n


async def got(n):
    info("got", n=n)


async def got_slowly(n):
    info("got", n=n)
    await sleep(0.1)


async def unordered():
    futures = FuturesUnordered()
    for n in (1, 2, 3):
        futures.push(fetch(n))
    async for n in futures:
        await info_span("consume").instrument(got(n))
        if n == 3:
            futures.push(fetch(0))


async def buffered():
    async for n in buffer_unordered(map(fetch, (1, 2, 3)), 2):
        await info_span("consume").instrument(got_slowly(n))


async def main():
    await info_span("unordered").instrument(unordered())
    await info_span("buffered").instrument(buffered())
