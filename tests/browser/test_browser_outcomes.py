"""What `explore` has found, in a real browser: a click on an outcome opens it in the stepper."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import need
from journey import browser_page
from playwright.sync_api import Page, expect

from spanlab import explore, info, info_span, spawn, yield_now
from spanlab.view.live import script
from spanlab.view.outcomes import Outcomes
from spanlab.view.palette import static

SHOTS = Path(__file__).parents[2] / "shots"
SHOW = """async ([source, state]) => {
  const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
  const module = await import(url);
  module.default.render({model: {get: () => state}, el: document.querySelector('#here')});
}"""

ORDER = """polls => polls.map(poll => [
  Number(poll.dataset.key.split(' ')[0]), Number(poll.ariaLabel.match(/ThreadId\\((\\d+)/)[1])])"""


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


async def leaking() -> None:
    first, second = spawn(guilty()), spawn(innocent())
    await first
    await second


def show(page: Page, dark: bool) -> None:
    """Show what `explore` has found in a plain page, as the widget does."""
    back, front = ("#14181d", "#e4e8ec") if dark else ("#ffffff", "#1f2933")
    look = static("palette.css") + static("stepper.css")
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.set_content(
        f'<!doctype html><html lang="en"><title>Outcomes</title><style>{look} body {{'
        f" background: {back}; color: {front} }}</style><main id=here></main></html>"
    )
    state = json.loads(Outcomes(explore(leaking)).everything().state)
    page.evaluate(SHOW, [script("spanlab.view", "outcomes", "stepper"), state])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_click_opens_the_schedule_of_an_outcome(page: Page, dark: bool) -> None:
    """One after the other, by the mouse or by a key, without a kernel."""
    show(page, dark)
    usual, rare = page.get_by_role("button", name="innocent").all()
    stepper = page.get_by_role("group", name="Stepper")
    threads = stepper.get_by_role("region", name="Threads")
    expect(stepper).to_have_count(0)
    rare.click()
    expect(threads).to_contain_text("1 more thread never ran")
    expect(rare).to_have_attribute("aria-expanded", "true")
    usual.press("Enter")
    expect(stepper).to_have_count(1)
    expect(threads).not_to_contain_text("never ran")
    expect(rare).to_have_attribute("aria-expanded", "false")
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"outcomes-{'dark' if dark else 'light'}.png", full_page=True)


def test_a_poll_is_moved_and_the_spans_follow(page: Page) -> None:
    """By keys and by the mouse, to orders that `explore` met; it says what moved."""
    show(page, False)
    lanes = page.get_by_role("group", name="Polls by thread")
    pane = page.get_by_role("group", name="Move a poll")
    says, innocent = pane.get_by_role("status"), pane.locator("tr", has_text="innocent")
    expect(innocent).to_contain_text("no span")

    met = explore(leaking).orders
    assert len(met) > 4
    page.locator(".lanes button").last.press("ArrowRight")
    expect(says).to_contain_text("No schedule that was run has this poll of")
    seen = set()
    for key in ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft"] * 3:
        lanes.get_by_role("button", name="task 2").press(key)
        seen.add(innocent.inner_text().split("\t")[-1])
        orders = lanes.get_by_role("button").evaluate_all(ORDER)
        assert tuple((task, thread) for task, thread in orders) in met
    assert seen == {"no span", "guilty"}

    show(page, False)
    poll = lanes.get_by_role("button", name="task 2")
    box = poll.bounding_box()
    assert box
    before = lanes.get_by_role("button").evaluate_all(ORDER)
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] - 40, box["y"] + 10, steps=4)
    page.mouse.up()
    expect(says).to_contain_text("The poll of task 2 moved from place")
    assert lanes.get_by_role("button").evaluate_all(ORDER) != before
    page.screenshot(path=SHOTS / "outcomes-moved.png", full_page=True)
