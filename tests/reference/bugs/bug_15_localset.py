"""actix/actix-web#1531, ginger51011/pandoras_pot#52: LocalSet and what is around run_until."""

from spanlab import LocalSet, in_current_span, info, info_span, instrument, spawn_local, yield_now


@instrument
async def handler(n):
    info("handling")
    await yield_now()
    info("handled")


async def server():
    info("server starts")
    a = spawn_local(handler(1))
    b = spawn_local(in_current_span(handler(2)))
    await a
    await b
    info("server ends")


async def main():
    await info_span("arbiter").instrument(LocalSet().run_until(server()))
    await LocalSet().run_until(info_span("inside").instrument(server()))
