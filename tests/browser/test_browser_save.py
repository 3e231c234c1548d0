"""Saved pages in a real browser: they live from a file, ask nobody, and run nothing of a name's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import need
from journey import browser_page
from playwright.sync_api import Page, expect
from stepping import HOSTILE, hostile, leaking, many

from spanlab import (
    compare,
    explore,
    film,
    graph,
    info,
    info_span,
    lanes,
    log,
    spawn,
    step,
    why,
    yield_now,
)

SHOTS = Path(__file__).parents[2] / "shots"
AXE = "npm install --prefix <folder> axe-core, then AXE=<folder>/node_modules/axe-core/axe.min.js"
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    profile = tmp_path_factory.mktemp("profile")
    with browser_page(need("chromium", "apt-get install chromium"), profile) as page:
        yield page


async def guilty() -> None:
    with info_span("guilty").enter():
        info("before")
        await yield_now()


async def innocent() -> None:
    info("innocent")


async def main() -> None:
    first, second = spawn(guilty()), spawn(innocent())
    await first
    await second


def every_view() -> dict[str, Any]:
    """Give what can be saved, by its name."""
    trace = leaking()
    shown = {"log": log, "graph": graph, "lanes": lanes, "step": step}
    return {name: show(trace) for name, show in shown.items()} | {
        "why": why(trace, 2), "compare": compare(trace, trace[:-4]), "explore": explore(main),
    }  # fmt: skip


class Watched:
    """A page, with all that it asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.page, self.wrong, self.asked = page, list[str](), list[str]()
        page.on("console", lambda said: self.wrong.append(said.text))
        page.on("dialog", lambda dialog: (self.wrong.append("a dialog"), dialog.dismiss()))
        page.on("request", lambda asked: self.asked.append(asked.url))

    def open(self, file: Path) -> None:
        """Open a file; it asks for itself and nothing else, but for pictures that are in it."""
        self.asked.clear()
        self.page.goto(file.as_uri())
        self.page.wait_for_timeout(100)
        assert [url for url in self.asked if not url.startswith("data:")] == [file.as_uri()]
        assert self.wrong == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_saved_view_is_whole_and_without_a_finding(
    page: Page, dark: bool, tmp_path: Path
) -> None:
    """From a file, light and dark: nothing is fetched, and axe-core finds nothing."""
    axe = Path(need("axe-core", AXE, os.environ.get("AXE", ""))).read_text(encoding="utf-8")
    SHOTS.mkdir(exist_ok=True)
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    watched = Watched(page)
    for name, shown in every_view().items():
        file = tmp_path / f"{name}.html"
        shown.save(file)
        watched.open(file)
        page.screenshot(path=SHOTS / f"saved-{name}-{'dark' if dark else 'light'}.png")
        page.evaluate(axe)
        found = page.evaluate("async () => (await axe.run()).violations")
        assert not [
            (name, rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]
        ]
        paper = page.locator(".paper")
        assert paper.count() == (name in {"step", "explore"})
        page.emulate_media(media="print")
        expect(page.locator("figure, .sl-page").last).to_be_visible()
        expect(page.locator(".screen:visible")).to_have_count(0)
        page.emulate_media(media="screen")


def test_a_saved_stepper_steps_and_a_saved_outcome_opens(page: Page, tmp_path: Path) -> None:
    """Without a kernel, by the keys and by a click."""
    trace, watched = leaking(), Watched(page)
    step(trace).save(tmp_path / "step.html")
    watched.open(tmp_path / "step.html")
    page.get_by_role("group", name="Stepper").press("End")
    expect(page.locator(".sl-count")).to_contain_text("/")
    first, last = page.locator(".sl-count").inner_text().split(" / ")
    assert first == last
    explore(main).save(tmp_path / "explore.html")
    watched.open(tmp_path / "explore.html")
    page.get_by_role("button", name="innocent").last.click()
    expect(page.get_by_role("group", name="Stepper")).to_be_visible()
    assert watched.wrong == []


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_trace_executes_nothing(page: Page, text: str, tmp_path: Path) -> None:
    """No dialog, no script, no request, and nothing that the policy had to stop."""
    watched, trace = Watched(page), hostile(text)
    for name, shown in {"step": step(trace), "why": why(trace, 2), "log": log(trace)}.items():
        shown.save(tmp_path / f"{name}.html")
        watched.open(tmp_path / f"{name}.html")
        for key in ("End", "g") if name == "step" else ():
            page.locator(".sl").press(key)
    assert watched.wrong == []


def test_the_policy_stops_what_is_not_ours(page: Page, tmp_path: Path) -> None:
    """A script that somebody wrote into the file afterwards does not run."""
    file = tmp_path / "it.html"
    step(leaking()).save(file)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("</main>", "<script>window.mine = 1</script></main>"), "utf-8")
    page.goto(file.as_uri())
    expect(page.locator(".sl")).to_be_visible()
    assert page.evaluate("window.mine") is None


def test_a_saved_page_is_painted_at_once(page: Page, tmp_path: Path) -> None:
    """30 and 30,000 records in 300 ms; the bar is wider, for this machine may be busy."""
    for records, trace in ((38, leaking()), (30_000, many(820))):
        step(trace).save(tmp_path / "it.html")
        taken = []
        for _ in range(5):
            page.goto((tmp_path / "it.html").as_uri())
            page.wait_for_function(PAINTED)
            taken.append(page.evaluate(PAINTED))
        print(f"{records} records: painted after {min(taken):.0f} to {max(taken):.0f} ms")
        assert min(taken) < 900


def test_the_film_plays_once_and_stands_still_for_whoever_asks(page: Page, tmp_path: Path) -> None:
    """At first the last things are not there; who asked for less motion gets the whole at once."""
    film(leaking()).save(tmp_path / "film.svg")
    last = "getComputedStyle([...document.querySelectorAll('.event')].at(-1)).opacity"
    for motion, opacity, moving in (("no-preference", "0", True), ("reduce", "1", False)):
        page.emulate_media(reduced_motion=motion)
        page.goto((tmp_path / "film.svg").as_uri())
        assert page.evaluate("document.getAnimations().length > 0") == moving
        assert page.evaluate(last) == opacity
        page.evaluate("document.getAnimations().forEach(one => one.finish())")
        assert page.evaluate(last) == "1"
