"""A log in many files: whoever reads them, the suspects are those of the whole."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sets import packed

from spanlab import Suspects, UsageError, read_log, suspects, suspects_in
from spanlab.__main__ import main
from spanlab.yours.parts import workers

NAMES = ["aquarium_641.full.log", "aquarium_641.json.log"]
PARTS = 5


@pytest.fixture(scope="module", params=NAMES)
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A log in several files, every other one packed."""
    lines = packed(f"suspects/{request.param}")[""].splitlines(keepends=True)
    folder, step = tmp_path_factory.mktemp("parts"), -(-len(lines) // PARTS)
    paths = [folder / f"app.{n}.log" for n in range(PARTS)]
    for n, path in enumerate(paths):
        text = b"".join(lines[n * step : (n + 1) * step])
        path.write_bytes(gzip.compress(text) if n % 2 else text)
    return paths


def whole(files: list[Path]) -> bytes:
    parts = (path.read_bytes() for path in files)
    return b"".join(gzip.decompress(p) if p[:2] == b"\x1f\x8b" else p for p in parts)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with workers(2) as client:
        yield client


def bare(found: Suspects) -> list[Any]:
    return [replace(one, file="", file_line=0) for one in found]


def test_files_are_judged_as_one_log(files: list[Path]) -> None:
    """The same suspects in the same order; each names its file and the line in it."""
    found, text = suspects_in(files), whole(files)
    assert found
    assert bare(found) == bare(suspects(read_log(text)))
    for one in found:
        line = whole([Path(one.file)]).splitlines()[one.file_line - 1].decode()
        assert one.time in line
        assert f"line {one.file_line} of {one.file}" in str(one)


def test_workers_find_what_one_process_finds(files: list[Path], client: Any) -> None:
    """In the same order."""
    assert suspects_in(files, client) == suspects_in(files)


class Mortal:
    """A client of whose workers one dies at the third file, once."""

    def __init__(self, client: Any, died: Path) -> None:
        self.client, self.died = client, died

    def map(self, read: Callable[[Path], Any], files: list[Path], **how: Any) -> Any:
        died, fatal = self.died, files[2]

        def once(path: Path) -> Any:
            if path == fatal and not died.exists():
                died.touch()
                os._exit(1)
            return read(path)

        return self.client.map(once, files, **how)


def test_a_worker_that_dies_changes_nothing(files: list[Path], client: Any, tmp_path: Path) -> None:
    """Another reads its file."""
    died = tmp_path / "died"
    assert suspects_in(files, Mortal(client, died)) == suspects_in(files)
    assert died.exists()


@pytest.mark.parametrize("more", [[], ["--workers", "1"]])
def test_the_command_line_reads_many(
    files: list[Path], more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Itself, or with workers."""
    assert main(["log", *map(str, files), *more]) == 1
    out = capsys.readouterr().out
    assert out.startswith(str(suspects_in(files)[0])[:40])
    assert main(["log", *map(str, files), "--html", "out.html"]) == 2
    assert capsys.readouterr().err == "spanlab: --html takes one file, got 5\n"
    assert main(["log", "no.log", *map(str, files), *more]) == 2


@pytest.mark.parametrize("wrong", [[], "app.log", ["no.log"], ["."]])
def test_what_is_no_file_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"Write: suspects_in\(\[\"a\.log\.gz\", \"b"):
        suspects_in(wrong)
