"""The playground in JupyterLab, in a real browser: what a reader sees who chooses quickly."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import need
from journey import IDLE, Lesson, browser_page, copied, jupyter_lab
from playwright.sync_api import Locator, Page, expect

from spanlab.lesson.board import Playground, playground
from spanlab.lesson.program import OPTIONS, Choices, program

ROOT = Path(__file__).parents[2]
CHROMIUM = "apt-get install chromium"
RADIOS = ("maker", "spawner", "fix", "runtime")
SECONDS = 3

# What the panel shows, whenever it says that it is up to date.
WATCH = """box => {
  window.seen = [];
  new MutationObserver(() => {
    if (box.hasAttribute('aria-busy')) return;
    const picked = [...box.querySelectorAll('input:checked')].map(input => input.value);
    window.seen.push([picked, box.querySelector('.shared').textContent]);
  }).observe(box, { attributes: true, attributeFilter: ['aria-busy'] });
}"""
CHOOSE = """([box, picks]) => {
  for (const value of picks) {
    const input = [...box.querySelectorAll('input')].find(input => input.value === value);
    input.checked = true;
    input.dispatchEvent(new Event('change'));
  }
}"""
ANSWERED = """([box, value]) => new Promise(done => {
  const start = performance.now();
  new MutationObserver(() => {
    if (!box.hasAttribute('aria-busy')) done(performance.now() - start);
  }).observe(box, { attributes: true, attributeFilter: ['aria-busy'] });
  [...box.querySelectorAll('input')].find(input => input.value === value).click();
})"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    home = tmp_path_factory.mktemp("lab")
    need("chromium", CHROMIUM)
    with jupyter_lab(copied(ROOT / "notebooks", home / "notebooks"), home) as served:
        yield served


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser_page(need("chromium", CHROMIUM), tmp_path_factory.mktemp("profile")) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield page


@pytest.fixture(scope="module")
def lesson(server: tuple[str, str], page: Page) -> Lesson:
    lesson = Lesson(page, server, "playground")
    assert lesson.run_all() == []
    return lesson


def panel(lesson: Lesson) -> Locator:
    return lesson.output("panel").locator(".sl-play")


def shown(box: Locator) -> dict[str, str]:
    """Give all that the panel shows of one run."""
    return {
        "share": box.locator(".shared").inner_text(),
        "rust": box.locator(".source").nth(0).text_content() or "",
        "python": box.locator(".source").nth(1).text_content() or "",
        "log": "\n".join(box.locator(".entry pre").all_text_contents()),
        "alt": box.locator("figure > img").get_attribute("alt") or "",
        "reason": box.locator(".said p").first.text_content() or "",
    }


def expected(picked: Choices) -> dict[str, str]:
    board = Playground(picked)
    state = board._state()
    (_, (_, rust, _), _), (_, (_, python, _), _) = state["sources"]
    return {
        "share": board.share(),
        "rust": rust.replace("\n", ""),
        "python": python.replace("\n", ""),
        "log": "\n".join(row["before"] + row["thread"] + row["after"] for row in state["log"]),
        "alt": state["graph"]["alt"],
        "reason": state["said"][0].replace("`", ""),
    }


def tidy(found: dict[str, str]) -> dict[str, str]:
    """Leave out the spaces: an empty line of code holds one, so that it has a height."""
    return {name: "".join(text.split()) for name, text in found.items()}


def test_only_the_last_of_many_quick_choices_is_shown(lesson: Lesson) -> None:
    """After 200 changes without a pause, and at each moment in between, no picture is stale."""
    box, dice = panel(lesson), random.Random(7)
    box.evaluate(WATCH)
    handle = box.element_handle()
    for _ in range(10):
        picks = [dice.choice(OPTIONS[dice.choice(RADIOS)]) for _ in range(20)]
        lesson.page.evaluate(CHOOSE, [handle, picks])
        lesson.page.wait_for_timeout(dice.choice([0, 5, 30]))
    expect(box).not_to_have_attribute("aria-busy", "true")
    values = box.locator("input:checked").evaluate_all("all => all.map(each => each.value)")
    picked = Choices(**dict(zip(RADIOS, values, strict=True)))
    if picked.runtime == "OsThreads":  # which real thread it was nobody knows
        box.get_by_label("VirtualThreads").check()
        picked = Choices(*values[:3])
        expect(box).not_to_have_attribute("aria-busy", "true")
    assert tidy(shown(box)) == tidy(expected(picked))
    seen = lesson.page.evaluate("window.seen")
    assert seen
    for values, share in seen:
        assert playground(*values).share() == share


def test_a_choice_is_answered_in_time(lesson: Lesson) -> None:
    """From the click to the new picture, over the kernel and back."""
    box = panel(lesson)
    handle, took = box.element_handle(), {}
    for name in RADIOS:
        for value in OPTIONS[name]:
            if not box.locator(f"input[value='{value}']").is_checked():
                took[value] = lesson.page.evaluate(ANSWERED, [handle, value]) / 1000
    assert len(took) >= len(RADIOS) * 3
    assert sorted(took.values())[len(took) // 2] < SECONDS, took
    print(f"answered in {min(took.values()):.3f} to {max(took.values()):.3f} s")


def test_the_rust_can_be_copied_whole(lesson: Lesson) -> None:
    """The button puts the whole program on the clipboard, and the call brings the state back."""
    box, page = panel(lesson), lesson.page
    for label in ("no span", "tokio::spawn", ".in_current_span()", "CurrentThread"):
        box.get_by_label(label).check()
    expect(box).not_to_have_attribute("aria-busy", "true")
    wanted = program(Choices("plain", "spawn", "in_current_span", "CurrentThread"))
    for name, text in wanted.items():
        box.get_by_role("button", name=f"Copy as {name}").click()
        expect(box.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == text
        expect(box.get_by_role("button", name="Copied")).to_be_hidden()
    box.get_by_role("button", name="Whole programs").click()
    expect(box.locator(".source").first).to_contain_text('tracing-subscriber = "0.3"')
    box.get_by_role("button", name="Whole programs").click()
    box.get_by_role("button", name="Copy the call").click()
    call = page.evaluate("navigator.clipboard.readText()")
    assert call.startswith('playground(maker="plain", spawner="spawn"')


def test_what_cannot_be_chosen_is_off_and_says_why(lesson: Lesson) -> None:
    """On one thread there are no workers, and the page says so."""
    box = panel(lesson)
    box.get_by_label("CurrentThread").check()
    expect(box.get_by_label("Workers")).to_be_disabled()
    expect(box.get_by_text("One thread polls, in one order.")).to_be_visible()
    box.get_by_label("VirtualThreads").check()
    expect(box.get_by_label("Schedule")).to_be_enabled()
    box.get_by_label("Workers").select_option("2")
    box.get_by_label("Schedule").select_option("Replay('0')")
    expect(box.locator(".shared")).to_contain_text("workers=2, schedule=\"Replay('0')\"")
    expect(box).not_to_have_attribute("aria-busy", "true")


def test_it_is_read_in_every_theme_and_width(lesson: Lesson) -> None:
    """Pictures to look at; nothing is wider than the panel, in no width."""
    box, page = panel(lesson), lesson.page
    (ROOT / "shots").mkdir(exist_ok=True)
    lesson.command("application:toggle-left-area")
    for theme, width in (("Light", 1280), ("Dark", 1280), ("Light", 640), ("Dark", 420)):
        lesson.theme(f"JupyterLab {theme}")
        page.set_viewport_size({"width": width, "height": 1800})
        page.wait_for_timeout(600)
        box.screenshot(path=ROOT / "shots" / f"playground-{theme.lower()}-{width}.png")
        wide = box.evaluate("""box => [...box.querySelectorAll('*')].filter(each =>
            each.offsetWidth && !each.matches('.aside') &&
            each.getBoundingClientRect().right > box.getBoundingClientRect().right + 1
        ).map(each => each.className || each.tagName)""")
        assert wide == []
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_link_opens_with_the_choices_in_it(lesson: Lesson, server: tuple[str, str]) -> None:
    """Whoever opens the address and runs the cells sees the same."""
    box, page = panel(lesson), lesson.page
    for label in ("span entered by hand", "std::thread", ".instrument(span)", "CurrentThread"):
        box.get_by_label(label).check()
    expect(box).not_to_have_attribute("aria-busy", "true")
    box.get_by_role("button", name="Copy a link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert server[1] not in link, "the token is nobody's business"
    page.goto("about:blank")
    page.goto(link, wait_until="commit")
    expect(page.locator(".jp-NotebookPanel .jp-Cell").first).to_be_visible(timeout=30_000)
    page.wait_for_function(IDLE)
    assert lesson.run_all() == []
    wanted = playground("manual span", "thread", "instrument", "CurrentThread").share()
    expect(panel(lesson).locator(".shared")).to_have_text(wanted)


def test_a_kernel_that_is_gone_leaves_no_stale_picture(lesson: Lesson) -> None:
    """Without an answer nothing old is shown, and the page says what to do."""
    box = panel(lesson)
    lesson.page.evaluate("""async () => {
      await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown();
    }""")
    time.sleep(0.5)
    box.get_by_label("OsThreads").check()
    expect(box.get_by_text("Waiting for Python.")).to_be_visible()
    expect(box.locator(".shown")).to_be_hidden()
    expect(box.locator(".code")).to_be_hidden()
