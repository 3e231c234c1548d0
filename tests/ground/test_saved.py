"""A trace from elsewhere: what it may hold, and that nothing of this machine gets into it."""

from __future__ import annotations

import json
import linecache
from pathlib import Path
from typing import Any

import pytest
from stepping import leaking, many

from spanlab import Trace, UsageError, run, spawn, step, why, yield_now
from spanlab.record import KINDS

HEAD: list[Any] = ["thread", 0, 1, None, "", 0, "main"]
SPAN: list[Any] = ["new", 1, 1, None, "a.py", 1, 0, None, "s", 3, "t", []]


def stored(*rows: list[Any], **other: Any) -> str:
    """Write what a file from elsewhere may hold."""
    return json.dumps({"started": 0, "zero": 0, "rows": [HEAD, *rows], "sources": {}, **other})


def event(file: str) -> list[Any]:
    """Give a row that says it comes from a file."""
    return ["event", 1, 1, None, file, 1, 3, "t", [["message", "x"]], None, None]


def test_no_file_of_this_machine_gets_into_a_trace_from_elsewhere(tmp_path: Path) -> None:
    """What a row names is a name; also in a part, in every view, and if Python knows the file."""
    secret = tmp_path / "secret.py"
    secret.write_text("hunter2\n")
    assert linecache.getlines(str(secret)) == ["hunter2\n"]
    loaded = Trace.from_json(stored(event(str(secret))))
    for trace in loaded, loaded[:2], loaded[1:2], Trace.from_json(loaded.to_json()):
        assert trace.sources == {}
        assert "hunter2" not in trace.to_json() + str(why(trace, 1))
        assert "hunter2" not in step(trace)._repr_mimebundle_()["text/html"]


def test_a_file_without_end_is_not_opened() -> None:
    """Not even `/dev/zero`."""
    assert '"sources": {}' in Trace.from_json(stored(event("/dev/zero"))).to_json()


def test_a_trace_brings_its_own_sources() -> None:
    """They are what `why` and the stepper show."""
    loaded = Trace.from_json(stored(event("a.py"), sources={"a.py": "info('x')\n"}))
    assert "info('x')" in str(why(loaded, 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "Expecting value"),
        ("[" * 100_000, "recursion"),
        ("[]", "expected an object, got []"),
        ("{}", "expected list as 'rows', got 0"),
        ('{"rows": []}', "expected dict as 'sources', got 0"),
        (stored(started="today"), "expected five numbers, got ['today', 0, 0, 0, 0]"),
        (stored(cut=[1]), "expected five numbers, got [0, 0, 1]"),
        (stored(sources={"a.py": None}), "expected texts as 'sources'"),
        (stored([]), "row 1: expected a row, got []"),
        (stored(["explode", 0]), "row 1: expected a kind of record, got 'explode'"),
        (stored([["new"], 0]), "row 1: expected a kind of record, got ['new']"),
        (stored(HEAD), "row 1: expected a new thread, got 1"),
        (stored(["poll", 0, 1]), "row 1: expected 5 values or more, got ['poll', 0, 1]"),
        (stored(["poll", 0, 1, None, "", 0, 9]), "row 1: expected 5 values or more"),
        (stored(["poll", -1, 1, None, "", 0]), "row 1: expected time: int, got -1"),
        (stored(["poll", 4, 1, None, "", 0], zero=5), "expected a time from 5 on, got 0"),
        (stored(["poll", 0, True, None, "", 0]), "row 1: expected thread: int, got True"),
        (stored(["poll", 0, 2, None, "", 0]), "expected a thread that came before"),
        (stored(["poll", 0, 1, 7, "", 0]), "expected a task that came before as 'task', got 7"),
        (stored(["poll", 0, 1, None, None, 0]), "row 1: expected file: str, got None"),
        (stored(["enter", 0, 1, None, "", 0, 0]), "a span that came before as 'span', got 0"),
        (stored(SPAN, SPAN), "row 2: expected a new span, got 0"),
        (stored([*SPAN[:7], 0, *SPAN[8:]]), "a span that came before as 'parent', got 0"),
        (stored([*SPAN[:9], 6, *SPAN[10:]]), "row 1: expected level: Level, got 6"),
        (stored([*SPAN[:11], [["n"]]]), "row 1: expected fields"),
        (stored([*SPAN[:11], [["n", None]]]), "row 1: expected fields"),
        (stored([*SPAN[:11], [["n", 1, "text"]]]), "row 1: expected fields"),
        (stored(["finish", 0, 1, 0, "", 0, 0, "lost"]), "outcome"),
    ],
)  # fmt: skip
def test_what_no_run_writes_is_refused(text: str, expected: str) -> None:
    """With the row, what was expected of it, what came, and the way that works."""
    with pytest.raises(UsageError) as refused:
        Trace.from_json(text)
    assert expected in str(refused.value)
    assert str(refused.value).endswith("Write: Trace.from_json(trace.to_json())")


@pytest.mark.parametrize("wrong", [None, 5, b"\xff", Path("x.json")])
def test_what_is_no_text_is_refused(wrong: Any) -> None:
    """A path too: it is the text that is read."""
    with pytest.raises(UsageError, match=r"Write: Trace\.from_json\(trace\.to_json\(\)\)"):
        Trace.from_json(wrong)


@pytest.mark.parametrize("trace", [leaking(), many(6)], ids=["leaking", "many"])
def test_what_a_run_writes_is_taken(trace: Trace) -> None:
    """Whole, or a part from anywhere."""
    for first in range(0, len(trace), 5):
        part = trace[first : first + 30]
        assert Trace.from_json(part.to_json()).records == part.records


def test_short_rows_of_an_older_version_are_taken() -> None:
    """What was added later has defaults."""
    older = [["spawn", 1, 1, 0, "a.py", 1, 1, "t"], SPAN, ["enter", 2, 1, 1, "a.py", 2, 0]]
    loaded = Trace.from_json(stored(*older))
    assert [type(record) for record in loaded.records[1:]] == [
        KINDS[kind] for kind in ("spawn", "new", "enter")
    ]


def test_a_task_of_a_dead_end_is_taken() -> None:
    """A run that ends while tasks wait says so in rows like all others."""

    async def waits() -> None:
        await yield_now()

    async def main() -> None:
        spawn(waits()).abort()

    trace = run(main())
    assert Trace.from_json(trace.to_json()).records == trace.records
