"""transact-rs/sqlx#2876: commands go to a worker thread of its own, and are executed there."""

from queue import SimpleQueue

from spanlab import info, instrument, oneshot, spawn_thread


def worker(inbox):
    while command := inbox.get():
        sql, reply = command
        info("executing", sql=sql)
        reply.send(None)
    info("worker ends")


@instrument(skip=["inbox"])
async def request(n, inbox):
    reply, done = oneshot.channel()
    inbox.put(("select", reply))
    del reply
    await done
    info("done")


async def main():
    inbox = SimpleQueue()
    thread = spawn_thread(lambda: worker(inbox))
    await request(1, inbox)
    await request(2, inbox)
    inbox.put(None)
    thread.join()
