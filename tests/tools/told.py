"""What `why` says of every event of the programs that readers meet: a table, read and then held.

To write it anew: `cd tests; PYTHONPATH=..:reference:conformance:causes python tools/told.py`. Then
read what changed: `git diff causes/told.txt`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import lessons
import pitfalls
import programs
import variants
from promises import answers

from spanlab import CurrentThread, Trace, Why, recording, run
from spanlab.lesson.program import OPTIONS, main_of

TABLE = Path(__file__).parents[1] / "causes" / "told.txt"


def article() -> Iterator[tuple[str, Trace]]:
    """Run the programs of the article."""
    for main in programs.ARTICLE:
        yield f"article {main.__name__}", run(main()())


def of_lessons() -> Iterator[tuple[str, Trace]]:
    """Run what the lessons show, vary and ask for."""
    for name, program in (variants.ON_ONE_THREAD | variants.ON_MANY_THREADS).items():
        on = CurrentThread() if name in variants.ON_ONE_THREAD else None
        yield f"lesson {name}", run(program(), on=on, level="info")
    for main in lessons.PROGRAMS:
        on = CurrentThread() if main in lessons.ON_ONE_THREAD else None
        yield f"lesson {main.__name__}", run(main(), on=on)


def of_pitfalls() -> Iterator[tuple[str, Trace]]:
    """Run the known pitfalls; some are no futures and record where they are called."""
    for program in pitfalls.PROGRAMS:
        settings = {"level": "info"} | pitfalls.SETTINGS.get(program.__name__, {})
        with recording(**settings) as trace:
            made = program()
        if hasattr(made, "send"):
            trace = run(made, on=CurrentThread(), **settings)
        yield f"pitfall {program.__name__}", trace


def of_playground() -> Iterator[tuple[str, Trace]]:
    """Run every program that the playground can show."""
    for choice in product(OPTIONS["maker"], OPTIONS["spawner"], OPTIONS["fix"]):
        yield f"playground {', '.join(choice)}", run(main_of(*choice)())


def every() -> Iterator[tuple[str, Trace]]:
    """Give every program with its name."""
    for room in article, of_lessons, of_pitfalls, of_playground:
        yield from room()


def told(trace: Trace) -> list[str]:
    """Write a line for each event: its message, its spans, the cause, and what the fix gives."""
    return sorted(map(_line, answers(trace))) if trace.events else []


def _line(answer: Why) -> str:
    now, then = (" › ".join(names[::-1]) or "no span" for names in (answer.now, answer.tree))
    lost = " (lost)" if answer.lost else ""
    kind = f" by {answer.choices.fits}" if answer.choices else ""
    fix = f" → {then}{kind}" if answer.fixes else ""
    return f"  {answer.event.message or '(no message)'} | {now} | {answer.cause}{lost}{fix}"


def table() -> str:
    """Write all of it down."""
    return "\n".join(line for name, trace in every() for line in [name, *told(trace)]) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
    print(f"{TABLE}: {len(table().splitlines())} lines")
