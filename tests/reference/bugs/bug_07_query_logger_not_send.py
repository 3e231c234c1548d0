"""transact-rs/sqlx#3176: a struct that owns an EnteredSpan, alive across an await."""

from spanlab import info, info_span, join, spawn, yield_now


class QueryLogger:
    def __init__(self, sql):
        self.sql = sql
        self.entered = info_span("query", sql=sql).entered()

    def __del__(self):
        info("finished", sql=self.sql)


async def query(sql):
    logger = QueryLogger(sql)  # noqa: F841
    info("executing")
    await yield_now()
    info("rows")


async def other():
    info("other")


async def main():
    await query("select 1")
    task = spawn(other())
    await join(query("select 3"), query("select 4"))
    await task
    info("after")
