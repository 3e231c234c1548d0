"""What the pages say of behaviour is held: by a line of a recorded program, or by a test.

`claims.txt` has every passage that states one, with its witnesses. What is changed on a page has to
be changed there, and looked at again.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from passages import plain, stated
from test_notebooks import GLOSSARY, LESSONS, PITFALLS, REFERENCE, ROOT, every_text, told
from test_reference import lessons, recorded

from spanlab import CurrentThread, run, why

CLAIMS = Path(__file__).parent / "claims.txt"
PAGES = {path.stem: path for path in (*LESSONS, PITFALLS, GLOSSARY)}


def recorded_json(name: str) -> dict[str, Any]:
    """Give what was counted of a program."""
    found: dict[str, Any] = json.loads((REFERENCE / "logs" / f"{name}.json").read_text("utf-8"))
    return found


def claims() -> Iterator[tuple[str, str, list[str]]]:
    """Give each passage with its page and its witnesses; what states no behaviour has none."""
    _, *pages = re.split(r"^== (.+)\n", CLAIMS.read_text(encoding="utf-8"), flags=re.M)
    for page, text in zip(pages[::2], pages[1::2], strict=True):
        held, _, free = text.strip().partition("--\n")
        for said, witnesses in re.findall(r"((?:^\S.*\n)+)((?:^ {4}.+\n?)+)", held, re.M):
            each = [line.strip() for line in witnesses.splitlines()]
            yield from ((page, line, each) for line in said.splitlines())
        yield from ((page, line, []) for line in free.splitlines())


WRITTEN = list(claims())
CASES = [pytest.param(*each, id=f"{each[0][:2]} {each[1][:50]}") for each in WRITTEN if each[2]]


@cache
def events(program: str) -> set[tuple[str, str, str]]:
    """Give message, spans and thread of all that a program printed: 1, or other."""
    found = set()
    for entry in recorded(program).split("\n\n"):
        first, *rest = entry.splitlines() or [""]
        spans = [match[1] for line in rest if (match := re.match(r" +in (\S.*?)(?: with|$)", line))]
        thread = "1" if re.search(r"ThreadId\(0?1\)", entry) else "other"
        message = re.sub(r"^ *[A-Z]+ +", "", first)
        found.add((message, " › ".join(reversed(spans)) or "no span", thread))
    return found


@cache
def names_in(path: Path) -> set[str]:
    """Name the tests of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def holds(witness: str) -> bool:
    """Tell whether what a claim rests on is there, and says so."""
    if "::" in witness:
        path, _, test = witness.partition("::")
        return test.startswith("test_") and test in names_in(ROOT / path)
    program, _, what = witness.partition(": ")
    assert (REFERENCE / "src" / "bin" / f"{program}.rs").exists() or program == "asyncio_spawned"
    if " < " in what:
        one, then = (recorded(program).find(text) for text in what.split(" < "))
        return 0 <= one < then
    said, _, thread = what.partition(" @ ")
    message, _, spans = said.rpartition(" = ")
    return any(
        (message, spans) == (seen, path) and thread in ("", on)
        for seen, path, on in events(program)
    )


@cache
def whole(page: str) -> tuple[str, ...]:
    """Give all that a page says, by the rule and as it is written."""
    path = PAGES[page]
    return (*stated(path), *map(plain, every_text(path).values()))


@pytest.mark.parametrize(("page", "said", "witnesses"), CASES)
def test_a_claim_stands_on_its_page_and_is_held(page: str, said: str, witnesses: list[str]) -> None:
    """Its words are there, and each of its witnesses says what is claimed."""
    assert any(said in text for text in whole(page)), "the page does not say this"
    assert [witness for witness in witnesses if not holds(witness)] == []


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_a_page_states_is_a_claim(page: str) -> None:
    """No passage is left out, and what is said to be no behaviour is on the page."""
    claimed = {said for on, said, _ in WRITTEN if on in (page, "every page")}
    assert [text for text in stated(PAGES[page]) if text not in claimed] == []
    free = [said for on, said, witnesses in WRITTEN if on == page and not witnesses]
    assert [said for said in free if said not in stated(PAGES[page])] == []


def test_the_readme_counts_them() -> None:
    """The number is that of the table."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"\n- {len(CASES)} passages of the lessons" in readme


def test_fifty_runs_had_many_orders_and_one_set_of_parents() -> None:
    """Of `three_threads`, on the real crates: what varies, and what does not."""
    runs = recorded_json("three_threads")
    assert runs["runs"] == 50
    assert runs["orders"] > 1
    assert runs["parents"] == 1


def test_a_thousand_runs_had_both_outcomes() -> None:
    """Of `guilty_workers`, on the real crates; its lesson names the numbers."""
    counted = recorded_json("guilty_workers")
    two, many, one = (counted[f"{n}"] for n in ("2 workers", "16 workers", "2 workers, one core"))
    assert counted["runs"] == 1_000
    assert all(0 < times < 1_000 for times in (two, many, one))
    said = plain(told(LESSONS[9])["replay-question"])
    assert f"{two} times with two workers, {many} times with 16, and {one} times with two" in said


def test_a_link_is_to_a_span_that_is_there() -> None:
    """As a layer of the real crates looks it up; where the last handle was moved it is not."""
    links = recorded_json("links")
    assert links.pop("link_moved") == ["round follows no span"] * 2
    assert links.pop("mailer_batch") == ["round follows request"] * 2
    assert links == {"mail_linked": ["mail follows request"] * 2}
    assert events("link_moved") == events("mailer_batch")


def test_clippy_finds_the_guards_and_lets_the_three_forms_be() -> None:
    """With the lines of the lesson in `clippy.toml`, as they are recorded here."""
    (lines,) = re.findall(r"```toml\n(.*?)```", every_text(LESSONS[9])["lint"], re.S)
    assert lines == (REFERENCE / "clippy.toml").read_text(encoding="utf-8")
    said = recorded_json("clippy")
    held = "holding a disallowed type across an await point `tracing::span::"
    assert said.pop("guilty_guard") == [f"{held}Entered`"]
    assert said.pop("guard_in_main") == [f"{held}EnteredSpan`"]
    assert set(said) == {"guard_in_block", "guard_instrumented", "guard_attribute"}
    assert not any(said.values())


def test_why_knows_nothing_of_a_channel() -> None:
    """A mail that is in its actor's span is where one expects it, says `why`."""
    trace = run(lessons.mailer(), on=CurrentThread())
    said = str(why(trace, "mail 7 sent"))
    assert "as the stack says" in said
    assert not re.search("request|channel|message", said.replace("two_requests", ""))
