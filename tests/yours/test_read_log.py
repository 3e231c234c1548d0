"""Logs that the real crates printed are read without loss."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from spanlab import UsageError, log, read_log, suspects

SET = Path(__file__).parent / "logs.tar.xz"  # printed by tracing-subscriber 0.3.23


def printed() -> dict[str, bytes]:
    """Give each recorded log by its name."""
    with tarfile.open(SET) as logs:
        members = [member for member in logs if member.isfile()]
        return {m.name: file.read() for m in members if (file := logs.extractfile(m))}


LOGS = printed()


@pytest.mark.parametrize("name", LOGS)
def test_a_log_is_printed_again_byte_for_byte(name: str) -> None:
    """Nothing is lost, whatever was understood; JSON and pretty are recognised by themselves."""
    trace = read_log(LOGS[name])
    assert str(log(trace)).encode("utf-8", "surrogateescape") == LOGS[name]
    form = name.removesuffix(".log").rpartition("-")[2]
    assert form not in ("json", "pretty") or trace.origin.format == form
    suspects(trace)


def test_a_part_of_a_log_is_read(tmp_path: Path) -> None:
    """The last entries, and those that match, in the order of the log."""
    path = tmp_path / "app.log"
    lines = [f"2026-11-27T01:00:{n:02}.000000Z  INFO app: line {n}\n" for n in range(60)]
    path.write_text("".join(lines))
    assert str(log(read_log(path, last=3))) == "".join(lines[-3:])
    assert str(log(read_log(path, matching="line 7"))) == lines[7]


def test_what_is_no_file_is_refused() -> None:
    """An error in three parts, not one of the system."""
    with pytest.raises(UsageError, match=r"a log was expected in 'no\.log'"):
        read_log("no.log")
