"""tokio-rs/tracing#2330 and others: ret on unit, bool, option, result of unit."""

from spanlab import Display, Empty, Span, info, instrument


@instrument(ret=True)
def unit():
    info("unit")


@instrument(ret=True)
async def later():
    info("later")


@instrument(ret=True, err=True)
def ok():
    return ()


@instrument(ret=True)
def flag():
    return True


@instrument(ret=True)
def text():
    return "t"


@instrument(ret=Display)
def shown():
    return "t"


@instrument(ret=True)
def none():
    return None


@instrument(ret=True, level="debug", fields={"n": Empty})
def recorded():
    Span.current().record("n", 3)
    return 4


@instrument(ret=True, skip_all=True, name="renamed", target="t")
def renamed(_a):
    return (1, "x")


async def main():
    unit()
    await later()
    ok()
    flag(), text(), shown(), none(), recorded(), renamed(1)
