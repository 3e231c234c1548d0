"""What to say of a program that cannot go on, or never stops: who it is, where, and why."""

from __future__ import annotations

from typing import Any

from spanlab.errors import HERE, Deadlock, PollBudgetExceeded
from spanlab.evidence.sites import file_name, suspended_at
from spanlab.tokio.task import POLLING, Task


def deadlock(runtime: Any, main: Task) -> Deadlock:
    """Say who waits for whom: the main future, and every task and thread that has not ended."""
    return Deadlock(
        "the main future was expected to end, and nothing is left that could wake it:\n"
        + "\n".join(map(_waiting, [main, *runtime.tasks.values()]))
        + runtime.others.waiting()
        + "\nWake, finish or abort what it waits for"
    )


def endless(who: Task, polls: int) -> PollBudgetExceeded:
    """Say who would be polled next, now that the polls are used up."""
    name, file, line = suspended_at(who.future, HERE)
    number = f"task {who.id}" if who.id else "the main future"
    return PollBudgetExceeded(
        f"the program was expected to end within {polls} polls, or operations "
        f"in them, and has not; next was {number}, '{name}' at {file_name(file)}:{line}. "
        f"Look for a loop that never waits, or allow more: run(main(), polls={polls * 10})"
    )


def _waiting(who: Task) -> str:
    name, file, line = suspended_at(who.future, HERE)
    number = f"task {who.id}" if who.id else "main future"
    first = "the end of its poll" if who.state is POLLING else "its first poll"
    what = who.waits_for.waits_for if who.waits_for and who.state is not POLLING else first
    where = f" ('{name}', {file_name(file)}:{line})" if file else ""
    return f"  {number}{where} waits for {what}"
