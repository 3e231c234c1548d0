"""The stepper in a real browser: alone in a page for what is measured, in JupyterLab for readers.

What is measured is printed (`pytest -s`) and kept in `shots/stepper.json`.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any

import nbformat
import pytest
from conftest import need
from journey import Lesson, browser_page, jupyter_lab
from playwright.sync_api import Page, expect
from reference.programs import awaited, joinset_instrumented, lost_parent
from soak import often
from stepping import HOSTILE, hostile, joining, leaking, many, steps_of

from spanlab import (
    CurrentThread,
    Trace,
    VirtualThreads,
    info,
    info_span,
    recording,
    run,
    spawn,
)
from spanlab.evidence.replay import Stacks
from spanlab.record import PollStarted
from spanlab.view.graph import picture
from spanlab.view.live import script
from spanlab.view.palette import PALETTE, static
from spanlab.view.stepper import packed

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "shots"
CHROMIUM = "apt-get install chromium"
AXE = "npm install --prefix <folder> axe-core, then AXE=<folder>/node_modules/axe-core/axe.min.js"

SHOW = """async ([source, trace]) => {
  const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
  const module = await import(url);
  const start = performance.now();
  const model = {get: () => ({trace})};
  window.stop = module.default.render({model, el: document.querySelector('#here')});
  document.body.getBoundingClientRect();
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}"""
STEP = """([times, key]) => {
  const stepper = document.querySelector('.sl'), taken = [];
  for (let n = 0; n < times; n++) {
    const start = performance.now();
    stepper.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
    stepper.getBoundingClientRect();
    taken.push(performance.now() - start);
  }
  return taken.sort((a, b) => a - b)[times >> 1];
}"""
GO = """at => {
  const slider = document.querySelector('.sl input');
  slider.value = at;
  slider.dispatchEvent(new Event('input', {bubbles: true}));
}"""

# What a function of the page gives at every so manieth step.
EACH = f"""([end, stride, look, from = 0]) => {{
  const go = {GO}, see = eval(look), seen = [];
  for (let at = from; at < end; at += stride) {{
    go(at);
    seen.push(see());
  }}
  return seen;
}}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser_page(need("chromium", CHROMIUM), tmp_path_factory.mktemp("profile")) as page:
        page.emulate_media(reduced_motion="reduce")  # what moves has no place of its own
        yield page


def show(
    page: Page, trace: Trace, *, dark: bool = False, width: int = 1000, rust: str = ""
) -> float:
    """Show the stepper in a plain page; give the milliseconds from the data to the first paint."""
    back, front = ("#14181d", "#e4e8ec") if dark else ("#ffffff", "#1f2933")
    css = static("palette.css") + static("stepper.css")
    page.set_viewport_size({"width": width + 40, "height": 900})
    page.set_content(
        f'<!doctype html><html lang="en"><title>Stepper</title><style>{css} body {{ margin: 16px;'
        f" background: {back}; color: {front} }}</style><main id=here></main></html>"
    )
    sent = packed(trace, picture(trace), rust=rust)
    taken: float = page.evaluate(SHOW, [script("spanlab.view", "stepper"), sent])
    return taken


def photograph(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    page.set_viewport_size({"width": width, "height": height})
    page.screenshot(path=SHOTS / f"stepper-{name}.png")


def note(name: str, measured: dict[str, float]) -> None:
    """Print what was measured, and keep it."""
    kept = SHOTS / "stepper.json"
    SHOTS.mkdir(exist_ok=True)
    figures = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    figures[name] = {what: round(value, 1) for what, value in measured.items()}
    kept.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(name, figures[name])


def lost() -> Trace:
    return run(lost_parent()(), on=VirtualThreads(16))


# ---------------------------------------------------------------- alone in a page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1000, 520])
@pytest.mark.parametrize(
    ("name", "at"), [("lost", 33), ("loss", 30), ("leak", 14), ("many", 300), ("start", 17)]
)
def test_it_is_photographed_in_every_state(
    page: Page, name: str, at: int, width: int, dark: bool
) -> None:
    """Pictures to look at; nothing is wider than its place."""
    programs: dict[str, Any] = {"leak": leaking, "many": lambda: many(26)}
    show(page, programs.get(name, lost)(), dark=dark, width=width)
    page.evaluate(GO, at)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    photograph(page, f"{name}-{'dark' if dark else 'light'}-{width}")


def test_a_step_is_quick(page: Page) -> None:
    """A first paint and a step, for 1,000 and for 10,000 records; the bars are ten times wider."""
    for records, trace in (1000, many(26)), (10_000, many(280)):
        first = show(page, trace)
        page.evaluate(GO, len(trace) // 3)
        step = page.evaluate(STEP, [200, "ArrowRight"])
        note(f"{records} records", {"first paint ms": first, "step ms": step})
        assert first < 3000
        assert step < 160 * records / 1000


COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that a theme can break


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("program", ["lost", "leak", "many"])
def test_axe_finds_nothing(page: Page, program: str, dark: bool) -> None:
    """Names, roles, contrast: the rules of axe-core, at several steps; dark only colours differ."""
    axe = need("axe-core", AXE, os.environ.get("AXE", ""))
    trace = {"lost": lost, "leak": lambda: leaking(), "many": lambda: many(26)}[program]()
    show(page, trace, dark=dark)
    page.evaluate("() => document.querySelector('.sl-ask').click()")
    page.add_script_tag(path=axe)
    steps = placed(trace)
    for at, key in (17, "g"), (steps[trace.events[-1].index], "g"), (steps[-1], "w"):
        page.evaluate(GO, at)
        page.locator(".sl").press(key)
        rules = {"runOnly": {"type": "rule", "values": COLOURS}} if dark else {}
        found = page.evaluate("async rules => (await axe.run('.sl', rules)).violations", rules)
        assert not [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]]
    page.locator(".sl").press("w")


def test_a_leaked_guard_looks_leaked(page: Page) -> None:
    """Beside its lines while it is held, with a notch at the await; red while others are polled."""
    trace = leaking()
    show(page, trace)
    steps, held = placed(trace), page.locator(".sl-hold")
    before, foreign = (steps[trace.events[n].index] for n in (0, 1))
    page.evaluate(GO, before)
    expect(held).to_have_count(4)
    expect(page.locator(".sl-hold.left")).to_have_count(0)
    expect(page.locator(".sl-hold.await")).to_have_attribute("title", re.compile("across this"))
    page.evaluate(GO, foreign)
    expect(page.locator(".sl-hold.left")).to_have_count(4)
    expect(page.locator(".sl-card.foreign")).to_contain_text("left by task 1")
    page.evaluate(GO, steps[-1])
    expect(held).to_have_count(0)


def test_the_wall_has_larger_type(page: Page) -> None:
    """One key: the whole screen, and back."""
    show(page, lost(), width=1240)
    stepper = page.locator(".sl")
    size = "e => e.querySelector('.sl-say').getBoundingClientRect().height"
    small = stepper.evaluate(size)
    stepper.press("w")
    page.wait_for_function("document.querySelector('.sl').style.zoom > 1")
    assert stepper.evaluate(size) > small * 1.15
    stepper.press("w")
    page.wait_for_function("!document.querySelector('.sl').style.zoom")
    assert stepper.evaluate(size) == small


def test_rust_is_marked_beside_python(page: Page) -> None:
    """At each event both lines have its message."""
    rust = (ROOT / "tests/reference/src/bin/lost_parent.rs").read_text(encoding="utf-8")
    trace = lost()
    show(page, trace, rust=rust)
    for event in trace.events:
        page.evaluate(GO, placed(trace)[event.index])
        for line in page.locator(".sl-line.now").all():
            expect(line).to_contain_text(f'"{event.message}"')
        expect(page.locator(".sl-line.now")).to_have_count(2)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_does_nothing_and_breaks_nothing(page: Page, text: str) -> None:
    """Names, messages, fields and source lines: shown as text, in their place."""
    page.evaluate("() => { window.hacked = 0; window.alert = () => { window.hacked = 1; }; }")
    trace = hostile(text)
    show(page, trace, width=760)
    for at in range(len(trace)):
        page.evaluate(GO, at)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("window.hacked") == 0
    assert page.locator(".sl script, .sl img, .sl iframe, .sl [onerror]").count() == 0
    assert page.locator(".sl-pane").count() == 3
    shown = page.locator(".sl").inner_text()
    assert "\u202e" not in shown
    assert "\x00" not in shown
    if text == HOSTILE[0]:
        assert "</script><script>alert(1)" in shown
        photograph(page, "hostile")


def step_of(trace: Trace, index: int) -> int:
    """Give the step of a record: the first is the first poll, the threads have started by then."""
    steps = placed(trace)
    return steps[index] - steps[trace.of(PollStarted)[0].index] + 1


def placed(trace: Trace) -> list[int]:
    """Give the place of each record among all steps."""
    return steps_of(json.loads(packed(trace, picture(trace))))


def test_a_click_moves_the_cursor(page: Page) -> None:
    """A mark, a bar, a node of the graph and a line of the log: each goes to its record."""
    trace = lost()
    show(page, trace)
    count, steps = page.locator(".sl-count"), step_of(trace, len(trace) - 1)
    page.keyboard.press("Tab")
    page.locator(".sl").focus()
    page.keyboard.press("End")
    line, mark, poll = trace.events[1], trace.events[-1], trace.of(PollStarted)[0]
    for selector, record in ((".sl-event >> nth=1", line),
                             (f'.sl-drawn .mark[data-i="{mark.index}"]', mark),
                             (f'.sl-drawn .poll[data-i="{poll.index}"] text', poll),
                             ('.sl-graph .node[data-k="s0"]', trace.spans[0])):  # fmt: skip
        page.keyboard.press("g" if "graph" in selector else "End")
        page.locator(selector).click()
        expect(count).to_have_text(f"{step_of(trace, record.index)} / {steps}")
        assert page.evaluate("document.activeElement.className.startsWith('sl')"), selector
        page.keyboard.press("End")


# Names that are cut, bars that nobody can name, and stretches in sight in which nothing stands.
LANES = """() => {
  const box = document.querySelector('.sl-lanes'), drawn = box.querySelector('.sl-drawn');
  const seen = box.getBoundingClientRect(), cursor = box.querySelector('.sl-cursor');
  const at = cursor.getBoundingClientRect(), cut = [];
  const stands = [...drawn.querySelectorAll('[data-i]')].map(one => one.getBoundingClientRect());
  const nameless = [], right = part => part.getBBox().x + part.getBBox().width;
  for (const bar of drawn.querySelectorAll('.poll, .span')) {
    const [rect, word, title] = ['rect', 'text', 'title'].map(name => bar.querySelector(name));
    if (word && right(word) > right(rect) + 8) cut.push(word.textContent);
    if (!word && !title) nameless.push(bar.dataset.i);
  }
  let empty = 0;
  for (let x = seen.left + 100; x + 120 < seen.right; x += 120) {
    empty += !stands.some(one => one.right > x && one.left < x + 120);
  }
  return { cut, nameless, empty, nodes: drawn.querySelectorAll('*').length,
    cursor: at.left >= seen.left && at.right <= seen.right };
}"""


def test_long_lanes_are_drawn_where_they_are_looked_at(page: Page) -> None:
    """To the end and back by steps, by scrolling, by a click: drawn in sight, and little else."""
    trace = many(60)
    show(page, trace)
    lanes, last = page.locator(".sl-lanes"), placed(trace)[-1]
    for at in (last // 3, last, 2 * last // 3, 40):
        page.evaluate(GO, at)
        found = page.evaluate(LANES)
        assert found.pop("cursor")
        assert found.pop("nodes") < 3000
        assert lanes.evaluate("e => e.scrollWidth") < 30_000
        assert found == {"cut": [], "nameless": [], "empty": 0}
    for to in (0.5, 1.0, 0.2):
        lanes.evaluate("(e, to) => { e.scrollLeft = to * (e.scrollWidth - e.clientWidth); }", to)
        page.wait_for_function(f"({LANES})().empty === 0")
    mark = lanes.locator(".mark").first
    index = int(mark.get_attribute("data-i") or 0)
    mark.dispatch_event("click")
    expect(page.locator(".sl-count")).to_have_attribute("title", f"trace[{index}]")
    expect(lanes.locator(".mark.now")).to_have_attribute("data-i", f"{index}")


def test_keys_step_by_record_poll_and_event(page: Page) -> None:
    """Arrows, Shift, Home, End, the space bar and the toggle do what the help says."""
    trace = lost()
    show(page, trace)
    stepper, count, last = page.locator(".sl"), page.locator(".sl-count"), len(trace) - 1
    steps = step_of(trace, last)
    stepper.focus()
    for key, place in (("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2),
                       ("Shift+ArrowRight", step_of(trace, trace.of(PollStarted)[1].index)),
                       ("Shift+ArrowLeft", 1), ("End", steps), ("Home", 1)):  # fmt: skip
        page.keyboard.press(key)
        expect(count).to_have_text(f"{place} / {steps}")
    page.get_by_role("button", name="event").click()
    expect(page.get_by_role("button", name="event")).to_have_attribute("aria-pressed", "true")
    for index in (*(event.index for event in trace.events), last):
        page.keyboard.press("ArrowRight")
        expect(count).to_have_text(f"{step_of(trace, index)} / {steps}")
    page.keyboard.press("?")
    expect(page.locator(".sl-help")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator(".sl-help")).to_be_hidden()
    page.locator(".sl-speed").select_option("8")
    stepper.focus()
    page.keyboard.press(" ")
    expect(page.locator(".sl-play")).to_have_text("Pause")
    expect(count).to_have_text(f"{steps} / {steps}", timeout=5000)
    expect(page.locator(".sl-play")).to_have_text("Play")


CROWDED = """() => {
  const stepper = document.querySelector('.sl'), found = [];
  const box = element => element.getBoundingClientRect();
  const said = element => `${element.className}: ${element.textContent}`;
  const labels = '.sl-chip, .sl-head > span, .sl-future > b, .sl-ring, .sl-bare, .sl-name';
  const others = '.sl-empty, .sl-part, .sl-count, .sl-bar button';
  for (const label of stepper.querySelectorAll(`${labels}, ${others}`)) {
    if (label.scrollWidth > label.clientWidth + 1) found.push(`cut: ${said(label)}`);
  }
  for (const zone of stepper.querySelectorAll('.sl-zone, .sl-shelf')) {
    const kinds = '.sl-chip, .sl-future, .sl-calls div, .sl-card, .sl-empty, .sl-part';
    const parts = [...zone.querySelectorAll(kinds)], boxes = parts.map(box), around = box(zone);
    for (const [at, a] of boxes.entries()) {
      const isOut = a.right > around.right + 1 || a.bottom > around.bottom + 1;
      if (isOut) found.push(`out: ${said(parts[at])}`);
      for (let next = at + 1; next < boxes.length; next++) {
        const b = boxes[next], wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        if (wide > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1) {
          found.push(`over each other: ${said(parts[at])} | ${said(parts[next])}`);
        }
      }
    }
  }
  if (stepper.scrollWidth > stepper.clientWidth) found.push('wider than its place');
  const sentence = stepper.querySelector('.sl-say');
  if (sentence.scrollHeight > sentence.clientHeight) found.push(`long: ${sentence.textContent}`);
  return found;
}"""
PROGRAMS: dict[str, Callable[[], Trace]] = {
    "lost": lambda: run(lost_parent()(), on=VirtualThreads(16)),
    "carried": lambda: run(joinset_instrumented()(), on=VirtualThreads(16)),
    "awaited": lambda: run(awaited()(), on=CurrentThread()),
    "leaking": leaking,
    "joining": lambda: joining(8),
    "many": lambda: many(8),
}


@pytest.mark.parametrize("width", [1238, 1000, 817, 764])
@pytest.mark.parametrize("program", PROGRAMS)
def test_one_screen_holds_it_all(page: Page, program: str, width: int) -> None:
    """At most 600 pixels high where it has two columns; no label is cut, or lies on another."""
    trace = PROGRAMS[program]()
    show(page, trace, width=width)
    high = page.locator(".sl").evaluate("e => e.offsetHeight")
    assert high <= (600 if width > 800 else 900)
    stride = often(5, 1)
    seen = page.evaluate(EACH, [len(placed(trace)), stride, CROWDED, width % stride])
    assert not {n * stride + width % stride: found for n, found in enumerate(seen) if found}


def test_what_is_to_come_can_be_read() -> None:
    """The faint colour, and what the veil makes of every other, has a contrast of 3 to 1."""
    css = static("palette.css") + static("stepper.css")
    pairs = dict(re.findall(r"--(\w+): (?:var\([^,]*, )?light-dark\((#\w{6}, #\w{6})\)", css))
    for dark, blend in (0, max), (1, min):
        colours = {
            name: tuple(bytes.fromhex(pair.split(", ")[dark][1:])) for name, pair in pairs.items()
        }
        backs = [colours[name] for name in ("bg", "soft", *(f"t{n}" for n in range(6)))]
        for name in ("fg", "dim", "bad", "faint", *(f"c{n}" for n in range(6))):
            veiled = tuple(map(blend, colours[name], colours["faint"]))
            for back in backs:
                seen = tuple(map(blend, back, colours["faint"]))
                assert contrast(veiled, seen) >= 3, (name, back, dark)


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Give the contrast of two colours, as WCAG defines it."""

    def light(colour: tuple[int, ...]) -> float:
        parts = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    low, high = sorted([light(one), light(other)])
    return (high + 0.05) / (low + 0.05)


PLACES = "() => [...document.querySelectorAll('.sl-pane')].map(pane => pane.offsetTop)"


def test_nothing_jumps_while_stepping(page: Page) -> None:
    """Each pane keeps its place and its size from the first step to the last."""
    for trace in (lost(), leaking(), many(8)):
        show(page, trace)
        places = {tuple(each) for each in page.evaluate(EACH, [len(trace), 1, PLACES])}
        assert len(places) == 1, places


def test_it_fits_what_a_notebook_shows(page: Page) -> None:
    """Where bars take a part of the screen the picture gives way, and comes back with the room."""
    show(page, lost())
    high = "document.querySelector('.sl').offsetHeight"
    for seen, least, most in ((900, 590, 600), (560, 540, 560), (520, 500, 520), (720, 590, 600)):
        page.set_viewport_size({"width": 1280, "height": seen})
        page.wait_for_function(f"{least} < {high} && {high} <= {most}")


def test_a_small_graph_keeps_its_size(page: Page) -> None:
    """It is as large as its letters ask for, and all of it can be seen."""
    with recording() as trace, info_span("outer").enter():
        info("in outer")
    show(page, trace)
    page.locator(".sl").press("g")
    graph = page.locator(".sl-graph")
    natural = graph.locator("svg").get_attribute("width") or ""
    width = graph.locator("svg").evaluate("e => e.getBoundingClientRect().width")
    assert width == pytest.approx(float(natural.removesuffix("pt")) * 4 / 3, abs=1)
    assert graph.evaluate("e => e.scrollHeight <= e.clientHeight && e.scrollWidth <= e.clientWidth")


ROWS = """() => {
  const source = document.querySelector('.sl-source');
  const lines = [...source.querySelectorAll('.sl-line')];
  const boxes = lines.map(line => [line.offsetTop, line.offsetHeight]);
  return [source.scrollWidth > source.clientWidth, boxes];
}"""


@pytest.mark.parametrize("width", [900, 520])
def test_a_long_line_of_code_is_broken_into_rows(page: Page, width: int) -> None:
    """No line is cut; the mark, the number and the lines below keep their places."""

    async def task() -> None:
        info("performing task")

    async def main() -> None:
        await spawn(info_span("a span with a long name").instrument(task()))  # and a remark

    trace = run(main(), on=VirtualThreads(16))
    show(page, trace, width=width)
    lines = page.locator(".sl-source .sl-line")
    for is_wide, boxes in page.evaluate(EACH, [len(trace), 1, ROWS]):
        assert not is_wide
        boxes.sort()
        assert all(top + high == below for (top, high), (below, _) in pairwise(boxes))
    long = lines.filter(has_text="a span with a long name").first
    assert long.evaluate("e => e.offsetHeight > 20 && e.lastChild.offsetHeight === e.offsetHeight")
    assert long.inner_text().count("\n") >= 1


def test_two_hundred_percent_zoom_still_fits(page: Page) -> None:
    """A page of 1280 pixels at 200 % has 640 of them."""
    show(page, lost(), width=600)
    page.evaluate("() => { document.body.style.fontSize = '200%'; }")
    page.evaluate(GO, 33)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_empty_trace_and_one_without_a_runtime_are_shown(page: Page) -> None:
    """Nothing to step through, and nothing but a thread."""
    show(page, Trace())
    expect(page.locator(".sl")).to_contain_text("Nothing was recorded.")
    with recording() as trace:
        pass
    show(page, trace)
    expect(page.locator(".sl-say")).to_contain_text("starts")


CURRENT = """async ([source, trace]) => {
  const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
  const {tell} = await import(url);
  const story = tell(JSON.parse(trace));
  return story.steps.map(at => story.threads.get(story.records[at].thread).at(at).current);
}"""


def shuffled(seed: int) -> Trace:
    """Give a trace that enters, exits and closes spans in any order, on two threads."""
    chance = random.Random(seed)
    made = [("new", 0, 1, None, "", 0, span, None, f"s{span}", 3, "t", ()) for span in range(5)]
    rows: list[tuple[Any, ...]] = list(made)
    for _ in range(150):
        kind = chance.choice(["enter", "enter", "exit", "exit", "close"])
        span = chance.randrange(5)
        if kind == "close" and (
            chance.random() < 0.9 or ("close", span) in {(r[0], r[-1]) for r in rows}
        ):
            continue
        rows.append((kind, 0, chance.choice([1, 17]), None, "", 0, span))
    return Trace(rows)


@pytest.mark.parametrize("seed", range(20))
def test_the_page_replays_the_stacks_as_python_does(page: Page, seed: int) -> None:
    """Duplicates, exits in the middle, closed spans: the same span is current at each step."""
    trace = shuffled(seed)
    source = script("spanlab.view", "stepper")
    stacks, expected = Stacks(), []
    for record in trace.records:
        stacks.replay(record)
        expected.append(stacks.current(record.thread))
    assert page.evaluate(CURRENT, [source, packed(trace, picture(trace))]) == expected


def test_the_page_gives_each_event_the_current_span_that_was_recorded(page: Page) -> None:
    """On real runs."""
    source = script("spanlab.view", "stepper")
    for trace in lost(), leaking(), many(20):
        found = page.evaluate(CURRENT, [source, packed(trace, picture(trace))])
        assert [found[event.index] for event in trace.events] == [e.current for e in trace.events]


# ---------------------------------------------------------------- in JupyterLab

PROGRAM = {
    "code": """
        from spanlab import *

        @instrument
        async def work():
            info("starting work")
            tasks = JoinSet()
            tasks.spawn(sub_task())
            while await tasks.join_next():
                pass

        def sub_task():
            info("making sub task")
            async def task():
                info("performing task")
            return task()

        async def main():
            info("in main")
            await work()
    """,
    "step": "step(run(main(), on=VirtualThreads(16)))",
    "after": "1 + 1",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the notebook, and give its folder."""
    cells = [nbformat.v4.new_code_cell(dedent(source).strip()) for source in PROGRAM.values()]
    for cell, name in zip(cells, PROGRAM, strict=True):
        cell["id"] = name
    folder = tmp_path_factory.mktemp("notebooks")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, folder / "stepping.ipynb")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    need("chromium", CHROMIUM)
    with jupyter_lab(folder, tmp_path_factory.mktemp("lab")) as served:
        yield served


BELOW_THE_BARS = """() => {
  const stepper = document.querySelector('.sl');
  const seen = stepper.closest('.jp-WindowedPanel-outer').getBoundingClientRect();
  stepper.scrollIntoView({block: 'center'});
  const box = stepper.getBoundingClientRect();
  return box.top >= seen.top && box.bottom <= seen.bottom;
}"""


def test_a_reader_steps_to_the_lost_parent(server: tuple[str, str], page: Page) -> None:
    """Run All; keys and mouse to the event; card, edge and sentence; without a kernel; dark."""
    page.set_viewport_size({"width": 1280, "height": 1000})
    lesson = Lesson(page, server, "stepping")
    assert lesson.run_all() == []
    stepper = lesson.output("step").locator(".sl")
    expect(stepper).to_be_visible()
    say, count = stepper.locator(".sl-say"), stepper.locator(".sl-count")

    stepper.locator(".sl-say").click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(count).to_have_text(re.compile("^4 /"))
    stepper.get_by_role("button", name="event").click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(say).to_contain_text("④ performing task has no parent")
    expect(say).to_contain_text("Task 1 was spawned inside work.")
    expect(stepper.locator(".sl-zone.on .sl-empty.lost")).to_have_text(
        "empty: nothing to be a parent"
    )
    page.keyboard.press("g")
    lost = stepper.locator('[data-k^="lost_"].edge').first
    expect(lost).not_to_have_class(re.compile("later"))
    path = lost.locator("path").first
    assert path.get_attribute("stroke-dasharray")
    red = tuple(bytes.fromhex(PALETTE["bad"][1:]))
    assert path.evaluate("e => getComputedStyle(e).stroke") == f"rgb{red}"
    expect(stepper.locator(".sl-line.now")).to_contain_text('info("performing t')
    expect(stepper.locator(".sl-event.now")).to_contain_text("in no span, expected work")
    shoot(lesson, "lab-light")

    no_shortcut_leaks(lesson)
    stepper.get_by_role("button", name="poll").click()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(say).to_contain_text("It brought no span to enter, so the stack stays empty.")

    kill_the_kernel(lesson)
    page.keyboard.press("ArrowRight")
    expect(say).to_contain_text("ThreadId(1) polls main again.")

    lesson.theme("JupyterLab Dark")
    expect(stepper).to_have_class(re.compile("dark"))
    assert stepper.evaluate("e => getComputedStyle(e).backgroundColor") != "rgb(255, 255, 255)"
    stepper.locator(".sl-event").last.click()
    shoot(lesson, "lab-dark")
    lesson.theme("JupyterLab Light")
    expect(stepper).not_to_have_class(re.compile("dark"))

    page.set_viewport_size({"width": 1280, "height": 720})
    page.wait_for_function(BELOW_THE_BARS)
    shoot(lesson, "lab-720")

    page.set_viewport_size({"width": 900, "height": 900})
    assert stepper.evaluate("e => e.scrollWidth <= e.clientWidth")
    stepper.locator(".sl-bar").scroll_into_view_if_needed()
    expect(stepper.get_by_role("button", name="Play")).to_be_in_viewport()
    shoot(lesson, "lab-narrow")


def shoot(lesson: Lesson, name: str) -> None:
    lesson.page.wait_for_timeout(300)
    SHOTS.mkdir(exist_ok=True)
    lesson.page.screenshot(path=SHOTS / f"stepper-{name}.png")


def no_shortcut_leaks(lesson: Lesson) -> None:
    """With the stepper focused the notebook's one-letter commands do nothing."""
    page = lesson.page
    state = """() => {
      const notebook = window.jupyterapp.shell.currentWidget.content;
      return [notebook.activeCellIndex, notebook.widgets.length, notebook.mode,
              notebook.widgets.map(cell => cell.model.type).join()];
    }"""
    page.locator(".sl-say").click()
    before = page.evaluate(state)
    for key in ("j", "k", "b", "m", "a", "d", "d", "x", "y", "ArrowDown", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.evaluate(state) == before
    assert page.evaluate("document.activeElement.closest('.sl') !== null")


def kill_the_kernel(lesson: Lesson) -> None:
    lesson.page.evaluate(
        """async () => {
          await window.jupyterapp.shell.currentWidget.sessionContext.shutdown();
        }"""
    )
    lesson.page.locator(".sl-say").click()
