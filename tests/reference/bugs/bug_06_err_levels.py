"""Azure/azure-sdk-for-rust#4593, tokio-rs/tracing#2433: `err` is at ERROR whatever the span's."""

from contextlib import suppress

from spanlab import Debug, Some, info, instrument, yield_now

LEVEL = "info"


async def main():
    try:
        await operation(2)
        ok = True
    except ValueError:
        ok = False
    info("recovered", ok=ok)
    with suppress(ValueError):
        quiet()
    shown(Some(3))


@instrument(err=True)
async def operation(tries):
    for _ in range(tries):
        try:
            return await connect(tries)
        except ValueError:
            pass
    return await connect(0)


@instrument(level="debug", err=True, ret=True)
async def connect(n):
    await yield_now()
    inner(n)
    return n


@instrument(level="debug", err=Debug)
def inner(n):
    raise ValueError(f"no {n}")


@instrument(err=True, err_level="debug", ret=True, ret_level="warn")
def quiet():
    inner(9)
    return "fine"


@instrument(err=True, ret=True)
def shown(n):
    return n
