"""join! goes on when one branch gives Err, try_join! drops the other; err events on the way."""

from spanlab import info, instrument, join, join_all, try_join, try_join_all, yield_now


class Log:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        info(f"dropped {self.name}")


@instrument(err=True)
async def fails(n):
    info("will fail")
    raise ValueError(f"no {n}")


@instrument
async def works(n):
    log = Log("works'")  # noqa: F841
    info("begins")
    await yield_now()
    info("ends")
    return n


async def is_ok(future):
    try:
        await future
    except ValueError:
        return False
    return True


async def main():
    a, b = await join(is_ok(fails(1)), is_ok(works(1)))
    info("joined", a=a, b=b)
    info("try joined", ok=await is_ok(try_join(fails(2), works(2))))
    ended = await join_all([is_ok(works(3)), is_ok(fails(3))])
    info("all", n=len(ended))
    info("try all", ok=await is_ok(try_join_all([works(4), fails(4)])))
