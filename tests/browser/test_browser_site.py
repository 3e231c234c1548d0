"""The pages that are read without Python, in a real browser, from files: every control works.

One lesson and the playground's panel are tried here; all of `site/` by `make site-test`.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import decompress

import pytest
from conftest import need
from everything import state_of
from firefox import Firefox, firefox_page
from journey import browser_page
from playwright.sync_api import Locator, Page, expect
from reference.programs import lost_parent

from spanlab import VirtualThreads, explore, run
from spanlab.lesson.marks import marked, summary
from spanlab.lesson.questions import question

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "notebooks" / "site"))

from build import build  # noqa: E402
from kernel import told  # noqa: E402

SITE = os.environ.get("SPANLAB_SITE", "")
NAMES = sorted(path.stem for path in Path(SITE).glob("*.html")) if SITE else ["01_the_lost_parent"]
AXE = "npm install --prefix <folder> axe-core, then AXE=<folder>/node_modules/axe-core/axe.min.js"
SHOTS = ROOT / "shots"
LARGEST = 500_000  # bytes of a page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the pages: that of `make site`, or one lesson that is built now."""
    if SITE:
        return Path(SITE).resolve()
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONWARNINGS", "ignore")
        build(folder, NAMES)
    return folder


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    profile = tmp_path_factory.mktemp("profile")
    with browser_page(need("chromium", "apt-get install chromium"), profile) as page:
        page.emulate_media(reduced_motion="reduce")
        yield page


def opened(page: Page, file: Path) -> list[str]:
    """Open a page from its file; give what it asked of anybody else."""
    asked: list[str] = []
    here = file.parent.as_uri()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_function("() => document.body.dataset.jpThemeLight")
    return [url for url in asked if not url.startswith(("data:", here))]


def answer(card: Locator, said: dict[str, list[str]]) -> None:
    """Answer a prediction line by line, and commit."""
    for (message, parts), row in zip(
        said.items(), card.locator(".row:not(.titles)").all(), strict=True
    ):
        expect(row.locator(".message")).to_have_text(re.sub(r" #\d+$", "", message))
        for part, group in zip(parts, row.get_by_role("radiogroup").all(), strict=True):
            group.get_by_role("radio", name=part, exact=True).check()
    card.get_by_role("button", name="Commit").click()


def test_a_prediction_is_judged_as_the_kernel_does(page: Page, site: Path) -> None:
    """Any answers: the summary, the marks and what is said beside them; before it all is locked."""
    opened(page, site / "01_the_lost_parent.html")
    asked, by_chance = question("01"), random.Random(3)
    form, shown = (page.locator("section.sl-lesson").nth(n) for n in (0, 1))
    folds = page.locator("details[data-of]")
    trace = run(lost_parent()(), on=VirtualThreads(16))  # the lesson's program
    for _ in range(4):
        expect(shown).to_contain_text("Locked")
        folds.first.locator("summary").first.click()
        assert page.locator("details[data-of][open]").count() == 0
        said = {line.key: list(map(by_chance.choice, asked.choices(line))) for line in asked.lines}
        answer(form, said)
        rows = list(marked(asked, said, trace))
        expect(shown).to_contain_text(summary(asked, rows))
        notes = [text for row in rows for note in row["notes"] for text in note if text]
        plain = re.sub(r"\s+", " ", shown.inner_text())
        assert [text for text in notes if text.replace("`", "") not in plain] == []
        assert shown.locator(".note").count() == sum(len(row["notes"]) for row in rows)
        assert page.locator("details[data-of][open]").count() == folds.count()
        form.get_by_role("button", name="Start over").click()


def commit(page: Page) -> None:
    """Answer each prediction of a page somehow."""
    for card in page.locator("section.sl-lesson[aria-label^=Prediction]").all():
        for group in card.get_by_role("radiogroup").all():
            group.get_by_role("radio").first.check()
        card.get_by_role("button", name="Commit").click()


@pytest.mark.parametrize("name", NAMES)
def test_every_control_works_and_nobody_is_asked(page: Page, site: Path, name: str) -> None:
    """Each choice of each panel changes what it shows, each stepper steps, no error comes."""
    assert (site / f"{name}.html").stat().st_size <= LARGEST
    assert opened(page, site / f"{name}.html") == []
    commit(page)
    for panel in page.locator("section.sl-wide").all():
        for choice in panel.locator("input[type=radio]").all():
            choice.check()
            expect(panel).not_to_have_class(re.compile("busy"))
            if (
                "OsThreads" in (choice.get_attribute("value") or "")
                and panel.locator(".bad").count()
            ):
                expect(panel.locator(".bad")).to_contain_text("needs Python")
                continue
            expect(panel.locator(".entry").first).to_be_visible()
            assert choice.is_checked()
    for stepper in page.locator(".sl").all():
        before = stepper.locator(".sl-count").inner_text()
        stepper.press("End")
        assert stepper.locator(".sl-count").inner_text() != before
    for width in 800, 1280:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width


def states_are_those_of_python(evaluate: Callable[[str], Any], site: Path, name: str) -> None:
    """What the script puts together is what `everything()` took apart, for every choice."""
    data = evaluate("JSON.parse(document.getElementById('live-data').textContent)")
    for key, one in data.items():
        if one["kind"] != "panel":
            continue
        every = one
        if "packed" in one:
            text = (site / f"{one['packed']}.js").read_text(encoding="utf-8")
            every = json.loads(decompress(b64decode(text.split('"')[-2])))
        states = evaluate(f"spanlab.everyState({json.dumps(key)})")
        assert [name for name, _ in states] == every["keys"]
        for name_of, state in states if len(states) < 500 else states[::15]:
            assert json.loads(state) == state_of(every, name_of)


@pytest.mark.parametrize("name", NAMES)
def test_each_state_is_what_python_says(page: Page, site: Path, name: str) -> None:
    """All of them, in Chromium."""
    opened(page, site / f"{name}.html")
    states_are_those_of_python(page.evaluate, site, name)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    program = need("firefox", "apt-get install firefox-esr")
    with firefox_page(program, tmp_path_factory.mktemp("firefox")) as page:
        yield page


@pytest.mark.parametrize("name", NAMES)
def test_every_control_works_in_firefox(firefox: Firefox, site: Path, name: str) -> None:
    """From a file too: all that can be chosen shows something, in the states of Python."""
    firefox.open((site / f"{name}.html").as_uri())
    assert firefox.evaluate((HERE / "work.js").read_text(encoding="utf-8")) == []
    states_are_those_of_python(firefox.evaluate, site, name)
    assert firefox.errors == []
    assert [url for url in firefox.asked if not url.startswith(("data:", site.as_uri()))] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(page: Page, site: Path, name: str, dark: bool) -> None:
    """Before the commit, and after it."""
    axe = Path(need("axe-core", AXE, os.environ.get("AXE", ""))).read_text(encoding="utf-8")
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    opened(page, site / f"{name}.html")
    page.evaluate(axe)
    for state in ("open", "committed"):
        if state == "committed":
            commit(page)
            page.wait_for_timeout(300)
        found: list[Any] = page.evaluate("async () => (await axe.run({preload: false})).violations")
        wrong = [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]]
        assert not wrong, (state, wrong)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"site-{name}-{'dark' if dark else 'light'}.png", full_page=True)


def test_a_page_is_told_what_was_explored() -> None:
    """Its picture, with the state of the stepper that a click opens."""
    found = told(explore(lost_parent()))
    assert found["kind"] == "outcomes"
    assert "performing task" in found["html"]
    assert found["state"]


def test_the_first_page_finds_by_symptom_and_leads_to_the_lesson(page: Page, site: Path) -> None:
    """Each link leads to a page that is there, where all is built; the search leaves what fits."""
    opened(page, site / "index.html")
    expect(page.get_by_role("heading", level=1)).to_contain_text("wrong span")
    links = page.locator("main a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert "01_the_lost_parent.html" in links
    files = [re.split("[#?]", link)[0] for link in links]
    gone = [file for file in files if not (site / file).exists()]
    assert gone == [] if SITE else set(gone) <= {"run/lab/index.html"}
    if SITE:
        page.get_by_label("Search by symptom").fill("joinset parent")
        expect(page.locator(".symptoms li:visible")).to_have_count(1)


def test_without_a_script_all_can_be_read(page: Page, site: Path) -> None:
    """A fold opens by a click, and a figure stands in the place of the stepper."""
    page.route("**/spanlab.js", lambda route: route.abort())
    page.goto((site / "01_the_lost_parent.html").as_uri())
    fold = page.locator("details[data-of]", has=page.locator("[data-live=step]"))
    expect(fold.get_by_role("img")).to_be_hidden()
    fold.locator("summary").first.click()
    expect(fold.get_by_role("img")).to_be_visible()
    page.unroute("**/spanlab.js")
