"""Logs that the real crates printed are read without loss."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sets import packed

from spanlab import Trace, UsageError, log, read_log, suspects
from spanlab.record import Event
from spanlab.view.tree import titles_of
from spanlab.yours.entry import Entry

LOGS = packed("public/")  # printed by tracing-subscriber 0.3.23
SAMPLES = [json.loads(row) for row in packed("samples.jsonl")[""].splitlines()]
LEAST = 27  # of the 28 samples with entries, that are wholly right


@pytest.mark.parametrize("name", LOGS)
def test_a_log_is_printed_again_byte_for_byte(name: str) -> None:
    """Nothing is lost, whatever was understood; JSON and pretty are recognised by themselves."""
    trace = read_log(LOGS[name])
    assert str(log(trace)).encode("utf-8", "surrogateescape") == LOGS[name]
    form = name.removesuffix(".log").rpartition("-")[2]
    assert form not in ("json", "pretty") or trace.origin.format == form
    suspects(trace)


def test_all_logs_are_here() -> None:
    """38 programs in four formats."""
    assert len(LOGS) == 152
    assert len(SAMPLES) == 41


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["url"][19:])
def test_a_shape_seen_in_public_is_read_without_loss(sample: dict[str, Any]) -> None:
    """Prefixes, old releases, other formatters: the same bytes come out."""
    text = "\n".join(sample["lines"]) + "\n"
    assert str(log(read_log(text))) == text


def test_samples_are_understood() -> None:
    """Level, target, message and spans of each entry, as a person reads them."""
    wanted = [sample for sample in SAMPLES if any(sample["want"])]
    assert len(wanted) == 28
    assert sum(map(is_right, wanted)) >= LEAST


def is_right(sample: dict[str, Any]) -> bool:
    trace = read_log("\n".join(sample["lines"]) + "\n")
    wants = [want for want in sample["want"] if want]
    if len(wants) != len(trace.events):
        return False
    return all(agree(trace, *pair) for pair in zip(trace.events, wants, strict=True))


def agree(trace: Trace, event: Event, want: list[Any]) -> bool:
    told = event.level.name, event.target, event.message, list(reversed(trace.scope(event)))
    return all(one is None or one == got for one, got in zip(want, told, strict=True))


def test_a_part_of_a_log_is_read(tmp_path: Path) -> None:
    """The last entries, and those that match, in the order of the log."""
    path = tmp_path / "app.log"
    lines = [f"2026-11-27T01:00:{n:02}.000000Z  INFO app: line {n}\n" for n in range(60)]
    path.write_text("".join(lines))
    assert str(log(read_log(path, last=3))) == "".join(lines[-3:])
    assert str(log(read_log(path, matching="line 7"))) == lines[7]


@pytest.mark.parametrize("name", LOGS)
def test_dockers_own_file_is_unwrapped(name: str) -> None:
    """Each line is what the program printed, in an object: it is read as without, without loss."""
    rows = LOGS[name].decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
    time = "2026-11-27T01:00:00.123456789Z"
    packs = [{"log": f"{row}\n", "stream": "stdout", "time": time} for row in rows]
    text = "".join(f"{json.dumps(pack, separators=(',', ':'))}\n" for pack in packs)
    bare, trace = read_log(LOGS[name]), read_log(text)
    assert str(log(trace)) == text
    assert trace.origin.counts == bare.origin.counts
    assert trace.noted == bare.noted


PREFIXES = {
    "compose": "web-1  | ",
    "journal": "Nov 27 01:00:{n:02} host app[123]: ",
    "CRI": "2026-11-27T01:00:00.{n:09}Z stdout F ",
    "gh run view": "test\tRun tests\t2026-11-27T01:00:00.{n:07}Z ",
    "kubectl": "[pod/app-7f/app] ",
}


def told(trace: Trace) -> list[Any]:
    """Give what entries say."""
    return [(e.message, e.fields, e.scope, e.time) for e in trace.origin.entries() if e.message]


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES)
@pytest.mark.parametrize("form", ["full", "compact", "pretty", "json"])
def test_what_a_collector_puts_before_each_line_is_taken_off(form: str, prefix: str) -> None:
    """The entries are those of the log alone, and all bytes are kept; pretty has many lines."""
    raw = LOGS[f"0001-default-{form}.log"]
    rows = raw.decode().removesuffix("\n").split("\n")
    text = "".join(prefix.format(n=n % 60) + f"{row}\n" for n, row in enumerate(rows))
    trace, bare = read_log(text), read_log(raw)
    assert str(log(trace)) == text
    seen = told(trace)
    assert seen == told(bare)
    assert len(seen) > 20


@pytest.mark.parametrize("form", ["full", "compact", "pretty"])
@pytest.mark.parametrize("escape", ["", "^["], ids=["lost", "caret"])
def test_colours_that_a_terminal_mangled_are_read(form: str, escape: str) -> None:
    """ESC is gone, or written as two letters."""
    raw = LOGS[f"0003-ansi-{form}.log"].decode()
    trace = read_log(raw.replace("\x1b", escape))
    assert [event.message for event in trace.events] == [e.message for e in read_log(raw).events]


def test_compact_tells_whose_fields_are_whose() -> None:
    """As full does with braces, of the same programs; where it is not sure, it says so."""
    right = Counter[bool]()
    sure = Counter[bool]()
    for name in LOGS:
        if not name.endswith("-compact.log"):
            continue
        mine, other = (
            [entry for entry in read_log(LOGS[one]).origin.entries() if entry.kind != "noise"]
            for one in (name, name.replace("compact", "full"))
        )
        if [entry.message for entry in mine] != [entry.message for entry in other]:
            continue  # its threads ran in another order, or a message was read otherwise
        for a, b in zip(mine, other, strict=True):
            same = [*map(list, a.fields)] == [*map(list, b.fields)] and plainly(a) == plainly(b)
            right[same or not b.scope] += 1
            sure[same or not b.scope or bool(a.unsure)] += 1
    assert right.total() == 906
    assert right[True] >= 770, right
    assert sure[True] >= 785, sure


def plainly(entry: Entry) -> list[Any]:
    return [(name, [*map(list, fields)]) for name, fields in entry.scope]


def test_a_time_of_many_digits_is_none() -> None:
    """Nobody's program runs so long, and no float holds it."""
    assert not suspects(read_log(f"{'9' * 400}.000000001s  INFO app: hello\n" * 3))


def test_what_is_no_file_is_refused() -> None:
    """An error in three parts, not one of the system."""
    with pytest.raises(UsageError, match=r"a log was expected in 'no\.log'"):
        read_log("no.log")


CLINIC = Path(__file__).parents[1] / "reference" / "logs"


@pytest.mark.parametrize(
    ("case", "kind", "span", "message", "lines"),
    [
        ("orphan", "lost", "add_tx", "sent to the mempool", (4, 8, 12, 16)),
        ("foreign", "foreign", "method_call", "call ends", (4, 6, 7)),
        ("stuck", "held", "request", "ping", (18,)),
    ],
)
def test_the_cases_of_the_clinic_are_found(
    case: str, kind: str, span: str, message: str, lines: tuple[int, ...]
) -> None:
    """Each as the only suspect; the same program with its repair has none."""
    (found,) = suspects(read_log(CLINIC / f"clinic_{case}.log"))
    assert (found.kind, found.span, found.place[1], found.lines) == (kind, span, message, lines)
    assert suspects(read_log(CLINIC / f"clinic_{case}_fixed.log")) == ()


def test_the_clean_case_of_the_clinic_has_no_suspect() -> None:
    """Spans that are entered again and again, and a heartbeat that belongs to none of them."""
    assert suspects(read_log(CLINIC / "clinic_clean.log")) == ()


@pytest.mark.parametrize("case", ["orphan", "foreign", "stuck"])
def test_nothing_is_said_of_threads_or_modules_that_a_log_does_not_show(case: str) -> None:
    """Neither as the title of a thread, nor as evidence: what is missing is alike everywhere."""
    trace = read_log(CLINIC / f"clinic_{case}.log")
    missing = {"threads", "targets"} & {*trace.origin.missing}
    titles, found = {*titles_of(trace).values()}, str(suspects(trace))
    assert (titles == {"any thread"}) == ("threads" in missing)
    assert "ThreadId" not in "".join(titles) or "threads" not in missing
    assert "its module" not in found or "targets" not in missing
    assert missing


@pytest.mark.parametrize("spans", [50, 200, 1_000])
def test_a_line_of_too_many_spans_or_fields_is_marked_and_not_guessed_at(spans: int) -> None:
    """Nobody can tell whose the fields are, and trying all readings would take for ever."""
    chain = ":".join(f"s{n}" for n in range(spans))
    text = f" INFO {chain}: t: hi " + " ".join(f"f{n}=1" for n in range(spans)) + "\n"
    trace = read_log(text * 2)
    assert str(log(trace)) == text * 2
    assert all("spans" in entry.unsure for entry in trace.origin.entries() if entry.names)
