"""tower-rs/tower#557, databendlabs/databend#1227: a request goes to an actor by a channel."""

from spanlab import info, info_span, instrument, mpsc, oneshot, spawn


async def actor(inbox):
    info("actor starts")
    while (message := await inbox.recv()) is not None:
        n, span, reply = message
        info("received", n=n)

        async def process():
            info("processing")

        await span.instrument(process())
        reply.send(n * 2)
        del message, span
    info("actor ends")


@instrument(skip=["tx"])
async def request(n, tx):
    info("sending")
    reply, answer = oneshot.channel()
    await tx.send((n, info_span("message"), reply))
    info("answered", answer=await answer)


async def main():
    tx, rx = mpsc.channel(8)
    task = spawn(actor(rx))
    await request(1, tx)
    two = spawn(request(2, tx))
    three = spawn(request(3, tx))
    await two
    await three
    del tx
    await task
