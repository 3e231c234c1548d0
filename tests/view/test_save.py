"""`.save(…)`: one file that shows all by itself, asks nobody for anything, and lets no name run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from stepping import HOSTILE, PROGRAM, hostile, many
from test_hostile import Page

from spanlab import (
    MissingPackage,
    Trace,
    UsageError,
    compare,
    explore,
    graph,
    lanes,
    log,
    step,
    why,
)
from spanlab.view.live import script

SHOW: dict[str, Callable[[Trace], Any]] = {
    "log": log, "graph": graph, "lanes": lanes, "step": step,
    "why": lambda trace: why(trace, trace.numbered[-1][0]),
    "compare": lambda trace: compare(trace, trace[:-4]),
}  # fmt: skip
SMALL, LARGE = 80_000, 6_000_000  # bytes of a page for 30 records and a short program; for 30,000


def program(folder: Path) -> dict[str, Any]:
    """Run a program from a file of its own, as its writer does; give its names."""
    file = folder / "program.py"
    file.write_text(PROGRAM, encoding="utf-8")
    return run_path(str(file))


def small(folder: Path) -> Trace:
    """Give a trace of some thirty records."""
    trace: Trace = program(folder)["trace"]
    assert 24 <= len(trace) <= 36
    return trace


def saved(shown: Any, folder: Path) -> str:
    """Save something and give the text of the file."""
    file = folder / "it.html"
    shown.save(file)
    assert b"\r" not in file.read_bytes()
    return file.read_text(encoding="utf-8")


def policy(page: str) -> dict[str, str]:
    """Give what the policy of a page says of each kind of thing."""
    (said,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="(.*?)">', page)
    return dict(rule.strip().split(" ", 1) for rule in said.split(";"))


def scripts(page: str) -> list[str]:
    """Give the scripts that run, as a browser cuts them out."""
    return re.findall(r"<script>(.*?)</script>", page, re.S)


def state(page: str) -> Any:
    """Give what the script of a page is told."""
    (told,) = re.findall(r'<script type="text/plain" id="state">([\w+/=]*)</script>', page)
    return json.loads(zlib.decompress(base64.b64decode(told)))


@pytest.mark.parametrize("view", SHOW)
def test_every_view_is_saved_as_one_page_with_a_policy(view: str, tmp_path: Path) -> None:
    """Only the script in it may run, by its hash; there is none where nothing lives."""
    page = saved(SHOW[view](small(tmp_path)), tmp_path)
    rules, code = policy(page), scripts(page)
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    if view != "step":
        assert (rules["script-src"], code) == ("'none'", [])
        return
    digest = base64.b64encode(hashlib.sha256(code[0].encode()).digest()).decode()
    assert (rules["script-src"], len(code)) == (f"'sha256-{digest}'", 1)


def test_what_the_page_is_told_is_what_the_stepper_was_told(tmp_path: Path) -> None:
    """And its figure stands there for where no script runs, with its text twin."""
    trace = small(tmp_path)
    shown = step(trace)
    page = saved(shown, tmp_path)
    assert state(page) == {"trace": json.loads(shown.sent)}
    still = page.partition('<div id="live">')[2].partition("</div>")[0]
    assert "<img alt=" in still
    assert graph(trace).text.splitlines()[-1] in still


def test_what_explore_found_is_saved_with_its_schedules(tmp_path: Path) -> None:
    """Each outcome that is shown can be stepped through there."""
    found = explore(program(tmp_path)["main"])
    page = saved(found, tmp_path)
    assert len(state(page)["traces"]) == len(found.outcomes) == 2
    assert len(scripts(page)) == 1


@pytest.mark.parametrize("view", SHOW)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_text_in_a_saved_page(view: str, text: str, tmp_path: Path) -> None:
    """No element, no attribute and no script comes from a name; nothing names another host."""
    trace = hostile(text)
    page, tame = saved(SHOW[view](trace), tmp_path), saved(SHOW[view](hostile("a")), tmp_path)
    found = Page(re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.S))
    assert (
        found.elements == Page(re.sub(r"<(style|script)\b.*?</\1>", "", tame, flags=re.S)).elements
    )
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    given = [value or "" for name, value in found.attributes if name in {"src", "href", "action"}]
    assert all(value.startswith("data:image/svg+xml,") for value in given)
    assert scripts(page) == scripts(tame)
    assert all(char.isprintable() or char in "\n\t" for char in page)


def test_no_script_of_ours_can_end_before_its_end() -> None:
    """What would end it, or begin a comment in it, stands in none."""
    for view in (("stepper",), ("outcomes", "stepper")):
        code = script("spanlab.view", view[0], *view[1:])
        assert not re.search(r"</script|<!--", code, re.I)


def test_thirty_records_are_small(tmp_path: Path) -> None:
    """For a bug report: every view of a small trace."""
    trace = small(tmp_path)
    for view, show in SHOW.items():
        assert len(saved(show(trace), tmp_path).encode()) <= SMALL, view


def test_a_long_source_makes_no_long_page(tmp_path: Path) -> None:
    """The stepper shows the functions that ran: 500 lines of them more are little."""
    lines = "".join(f"    number_{n} = {n}  # and what it is for\n" for n in range(500))
    source = PROGRAM.replace("async def main():\n", f"async def main():\n{lines}")
    (tmp_path / "long.py").write_text(source, encoding="utf-8")
    shown = step(run_path(str(tmp_path / "long.py"))["trace"])
    assert "number_499" in shown.sent
    assert len(saved(shown, tmp_path).encode()) <= SMALL


def test_thirty_thousand_records_are_bounded(tmp_path: Path) -> None:
    """What does not fit is left out, and the page says how to see it."""
    trace = many(820)
    assert len(trace) > 30_000
    for view, show in SHOW.items():
        page = saved(show(trace), tmp_path)
        assert len(page.encode()) <= LARGE, view
        assert view == "why" or "left out" in page, view


def test_only_a_picture_is_saved_as_one(tmp_path: Path) -> None:
    """An unknown ending is refused with the known ones and what to write."""
    trace = small(tmp_path)
    for show in (graph, lanes):
        show(trace).save(tmp_path / "it.svg")
        assert (tmp_path / "it.svg").read_text(encoding="utf-8") == show(trace).svg
        with pytest.raises(UsageError, match=r"writes .svg or .html, got 'it.png'. Write: save"):
            show(trace).save(tmp_path / "it.png")
    for name in ("log", "step", "why", "compare"):
        with pytest.raises(
            UsageError, match=r'writes .html, got .it.svg.\. Write: save\("trace.ht'
        ):
            SHOW[name](trace).save(tmp_path / "it.svg")
    with pytest.raises(UsageError, match=r"by its name, got 5\. Write: save"):
        log(trace).save(5)  # type: ignore[arg-type]


def test_what_nothing_could_draw_is_saved_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an engine the page has the text and the line that installs one; SVG is refused."""
    monkeypatch.setattr("spanlab.view.graph.draw", lambda dot: "")
    figure = graph(small(tmp_path))
    assert "pip install graphviz" in saved(figure, tmp_path)
    with pytest.raises(MissingPackage, match="pip install"):
        figure.save(tmp_path / "it.svg")
