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
    expect(stepper).to_have_count(0)
    rare.click()
    expect(stepper).to_contain_text("1 more thread never ran")
    expect(rare).to_have_attribute("aria-expanded", "true")
    usual.press("Enter")
    expect(stepper).to_have_count(1)
    expect(stepper).not_to_contain_text("never ran")
    expect(rare).to_have_attribute("aria-expanded", "false")
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"outcomes-{'dark' if dark else 'light'}.png", full_page=True)
