"""`lanes(trace)`: a lane per thread, a bar per poll, spans inside, events as numbered marks.

Everything has its place first (`places`), then it is drawn as one long strip. The figure cuts the
strip into lines, as music is written; the stepper takes it whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from html import escape
from itertools import groupby, pairwise
from unicodedata import east_asian_width

from spanlab import record as kind
from spanlab.evidence.replay import lost_parents
from spanlab.record import Record
from spanlab.traces import Trace
from spanlab.view import words
from spanlab.view.figure import Figure, card
from spanlab.view.palette import HUES, painted, static
from spanlab.view.places import ABOVE, DEEPEST, ROW, TITLE, Arrow, Bar, Mark, Places
from spanlab.view.tree import titles_of
from spanlab.view.words import beginning, circled, count, few, message, panic, task, visible, wide

LEFT, PAGE, TALL = 122, 960, 3000  # pixels: for the names, for a line of lanes, for all lines
AXIS, GAP = 18, 14  # pixels: for the clock, between two lines
MANY = 24  # more arrows than that are drawn faintly
SCALE = "To the right: one record after the other, not to scale"
MOST, LONGEST = 200, 5000  # lines of the text twin; records that may find room
PATTERNS = ("", "M-1 1L1 -1M0 8L8 0M7 9L9 7", "M4 4h.01", "M4 0V8", "M-1 7L1 9M0 0L8 8M7 -1L9 1")


def lanes(trace: Trace) -> Figure:
    """Draw what each thread did, one poll after the other, in the order of the records.

    A bar is one poll, coloured and patterned by its task; the bars inside are the spans that
    are entered, the numbered marks are events, red and dashed if they lost their parent. Thin
    arrows go from a spawn or a wake to the poll that followed. Where the main future waits its
    lane is dashed. The clock stands below where it moves.

    >>> with recording() as trace:
    ...     with info_span("work").enter():
    ...         info("hello")
    >>> lanes(trace)
    <Figure: 1 event on 1 thread, and no polls.>
    """
    words.need("lanes(run(main()))", trace)
    part, starts, cut = beginning(trace, LONGEST), [0], 0
    while len(starts) > cut:
        titles = titles_of(part)
        placed = Places(part, titles)
        starts, cut = _line_starts(part, placed), max(1, int(TALL // (placed.height + AXIS + GAP)))
        part = part[: max(starts[cut], len(part) * 3 // 4) if len(starts) > cut else None]
    left_out = words.rest("lanes", trace, len(part))
    alt = f"{_sentence(part, titles)} {left_out}".strip()
    text = "\n".join([*_twin(part, titles), left_out]).rstrip("\n")
    svg = _lines(placed, titles, starts)
    return Figure(card(svg, alt, static("strip.css")), alt, text)


# --- in words ------------------------------------------------------------------------------------


def _sentence(trace: Trace, titles: dict[int, str]) -> str:
    polls: defaultdict[int, dict[int, None]] = defaultdict(dict)  # the threads of each task
    for record in trace.of(kind.PollStarted):
        polls[record.task or 0][record.thread] = None
    events = f"{count(len(trace.events), 'event')} on {count(len(titles), 'thread')}"
    if not polls:
        return f"{events}, and no polls."
    where = few([f"{task(n)} on {_and(list(on))}" for n, on in polls.items()], 4, "{} more tasks")
    ends = [end for end in trace.of(kind.TaskFinished) if end.outcome == "panicked"]
    panics = [f"{task(end.finished).capitalize()} panicked{panic(end)}." for end in ends]
    number = count(len(trace.of(kind.PollStarted)), "poll")
    panics = few(panics, 3, "{} more panicked.")
    return " ".join([f"{number}: {'; '.join(where)}. {events}.", *panics])


def _and(threads: list[int]) -> str:
    if len(threads) > 3:
        return f"{len(threads)} threads"
    return " and ".join(f"ThreadId({thread})" for thread in threads)


def _twin(trace: Trace, titles: dict[int, str]) -> list[str]:
    """Give the text twin: under each thread a line for each of its polls, with what it did."""
    lost, numbers = lost_parents(trace), {event.index: n for n, event in trace.numbered}
    did: dict[int, list[list[str]]] = {thread: [] for thread in titles}
    for record in trace.records:
        polls, said = did.get(record.thread, []), _did(record, trace)
        if isinstance(record, kind.PollStarted) or (said and not polls):
            polls.append(["…" if record.task is None else task(record.task)])
        if isinstance(record, kind.Event):
            missing = " (parent lost)" * (record.index in lost)
            said = f"{circled(numbers[record.index])} {said}{missing}"
        if said:
            polls[-1].append(said)
    every = []
    for thread, title in titles.items():
        lines = ((who, ", ".join(said)) for who, *said in did[thread])
        every += [title, *(f"  {': '.join(filter(None, line))}" for line in lines)]
    return few(every, MOST, "{} more lines")


def _did(record: Record, trace: Trace) -> str:
    match record:
        case kind.Event():
            return visible(message(record))
        case kind.SpanEntered(span=span):
            return f"in {visible(trace.spans[span].name) if span in trace.spans else '?'}"
        case kind.TaskSpawned(spawned=number):
            return f"spawns {task(number)}"
        case kind.TaskFinished(outcome="panicked"):
            return f"panics{panic(record)}"
        case kind.PollEnded(ready=ready):
            return "ends" if ready else f"waits for {words.waited(record)}"
    return ""


# --- as a picture --------------------------------------------------------------------------------


def _line_starts(trace: Trace, placed: Places) -> list[int]:
    """Give the records that begin a line; if there is one near, a line begins with a poll."""
    starts, begin, poll = [0], 0.0, 0
    for index, x in enumerate(placed.x):
        if x - begin > PAGE:
            starts.append(poll if placed.x[poll] - begin > PAGE * 0.75 else index)
            begin = placed.x[starts[-1]]
        if isinstance(trace.records[index], kind.PollStarted):
            poll = index
    return starts


def _lines(placed: Places, titles: dict[int, str], starts: list[int]) -> str:
    """Show the strip through one window for each line, and say what its length means."""
    edges = [*(placed.x[start] for start in starts if placed.x), placed.width]
    page = max([*(b - a for a, b in pairwise(edges)), 200]) + 12
    tall, drawn = placed.height + AXIS * (len(placed.times) > 1), ""
    for line, (a, b) in enumerate(pairwise(edges)):
        y = 12 + line * (tall + GAP)
        for place, (thread, title) in enumerate(titles.items()):
            below = y + placed.top[thread] + ABOVE
            look, name = f"sl-who k{place % len(HUES)}", title.partition(" · ")[2]
            drawn += _text(14, below + 15, f"ThreadId({thread})", look)
            drawn += _text(14, below + 29, _fitting(name, LEFT - 20), "sl-called")
        drawn += f'<svg x="{LEFT}" y="{y:g}" width="{b - a:g}" height="{tall:g}" '
        drawn += f'viewBox="{a:g} 0 {b - a:g} {tall:g}">{_window(placed, a, b)}</svg>'
    width, height = LEFT + page, 30 + len(edges[1:]) * (tall + GAP)
    return painted(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}">{_looks(placed)}{drawn}'
        f"{_text(14, height - 12, SCALE, 'sl-called')}</svg>"
    )


def _text(x: float, y: float, text: str, look: str = "") -> str:
    look = look and f' class="{look}"'
    return f'<text{look} x="{x:g}" y="{y:g}">{escape(text)}</text>' if text else ""


def strip(placed: Places) -> tuple[str, list[tuple[int, int, str]]]:
    """Draw all lanes as one long strip of SVG: its frame, and what lies in it, part by part.

    A part says from which to which page it reaches; all that is on one page is near. In it
    `data-i` is the index of the record behind something. Its colours are the variables of a page.
    """
    shapes = _shapes(placed, 0.0, placed.width)
    parts = groupby(shapes, lambda shape: (int(shape[0] // PAGE), int(shape[1] // PAGE)))
    every = [(*pages, "".join(svg for *_, svg in part)) for pages, part in parts]
    return _looks(placed) + _group(placed, ""), every


def _looks(placed: Places) -> str:
    looks = sorted({_look(bar.task) for bar in placed.bars if bar.kind == "poll"})
    patterns = "".join(map(_pattern, looks))
    return f"<style>{static('strip.css')}</style><defs>{patterns}</defs>"


def _window(placed: Places, a: float, b: float) -> str:
    """Draw what can be seen of the lanes between two places; what is said lies in between."""
    return _group(placed, "".join(svg for *_, svg in _shapes(placed, a, b)))


def _group(placed: Places, inside: str) -> str:
    end, quiet = f"{placed.width:g}", " quiet" if len(placed.arrows) > MANY else ""
    rules = "".join(f'<path class="rule" d="M0 {y:g}H{end}"/>' for y in placed.top.values())
    return f'<g class="sl-strip{quiet}">{rules}{inside}</g>'


def _shapes(placed: Places, a: float, b: float) -> Iterator[tuple[float, float, str]]:
    """Draw what lies between two places, from back to front, each with its start and its end."""
    for arrow in placed.arrows:
        if arrow.start < b and a < arrow.end:
            yield arrow.start, arrow.end, _arrow(arrow, placed)
    for look in "wait", "outside", "poll", "span":
        for bar in placed.bars:
            if bar.kind == look and bar.row < DEEPEST and bar.start < b and a < bar.end:
                yield bar.start, bar.end, _bar(bar, placed, a, b)
    for mark in placed.marks:
        if a <= mark.x < b:
            yield mark.x, mark.x, _mark(mark, placed)
    for x, time in placed.times[1:]:
        if a <= x < b:
            clock = _clock(time)
            yield x, x, _text(min(x, b - wide(clock, 10)), placed.height + 12, clock, "time")


def _look(task: int | None) -> int:
    """Give the number of a task's look: after thirty tasks they repeat."""
    return (task or 0) % (len(HUES) * len(PATTERNS))


def _pattern(look: int) -> str:
    lines, place = PATTERNS[look % len(PATTERNS)], look % len(HUES)
    return (
        f'<pattern id="look{look}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="var(--t{place})"/>'
        f'<path d="{lines}" stroke="var(--c{place})"/></pattern>'
    )


def _bar(bar: Bar, placed: Places, a: float, b: float) -> str:
    width, look, is_span = max(bar.end - bar.start, 4), _look(bar.task), bar.kind == "span"
    y, tall = placed.top[bar.thread] + ABOVE, placed.tall[bar.thread]
    if is_span:
        y, tall = y + TITLE + ROW * bar.row, ROW - 3
    fill = f' fill="url(#look{look})"' if bar.kind == "poll" else ""
    left, right = max(bar.start, a), min(bar.start + (bar.room or width), b)
    name = visible(bar.label)
    title = "" if _fitting(name, right - left - 10) == name else f"<title>{escape(name)}</title>"
    return (
        f'<g class="{bar.kind} k{look % len(HUES)}" data-i="{bar.record}">{title}'
        f'<rect x="{bar.start + 1:g}" y="{y:g}" width="{width - 2:g}" height="{tall:g}" rx="5"'
        f"{fill}/>{'' if title else _text(left + 6, y + (11 if is_span else 13), name)}</g>"
    )  # a name stands there whole, or is what one sees when one points at the bar


def _fitting(text: str, room: float) -> str:
    """Cut text to a width in pixels; nothing is left if not even three letters fit."""
    widths = [130 if east_asian_width(char) in "WF" else 67 for char in text]
    if sum(widths) <= 10 * room:
        return text
    while widths and sum(widths) + 70 > 10 * room:
        widths.pop()
    return text[: len(widths)] + "…" if len(widths) > 2 else ""


def _mark(mark: Mark, placed: Places) -> str:
    y = placed.top[mark.thread] + ABOVE + placed.tall[mark.thread] + 13
    width = 18 if mark.number < 100 else 25
    look, text = ("mark", str(mark.number)) if mark.number else ("mark panic", "✗")
    return (
        f'<g class="{look}{" lost" * mark.lost}" data-i="{mark.record}">'
        f'<rect x="{mark.x - width / 2:g}" y="{y - 9:g}" '
        f'width="{width}" height="18" rx="9"/>{_text(mark.x, y + 3.5, text)}</g>'
    )


def _arrow(arrow: Arrow, placed: Places) -> str:
    (here, there), x, end = arrow.threads, arrow.start, arrow.end
    top, to = placed.top[here] + ABOVE, placed.top[there] + ABOVE
    if here == there:
        end += 8
        line, head = f"V{top - 8:g}Q{x:g} {top - 12:g} {x + 4:g} {top - 12:g}", "l-3 -6h6z"
        line += f"H{end - 4:g}Q{end:g} {top - 12:g} {end:g} {top - 8:g}V{to - 2:g}"
    else:
        top, to, head = top + placed.tall[here] if to > top else top, to + 9, "l-7 -3.5v7z"
        line = f"C{x:g} {to:g} {x:g} {to:g} {min(x + 30, end):g} {to:g}H{end - 3:g}"
    return (
        f'<g class="arrow {arrow.kind}" data-a="{arrow.records[0]} {arrow.records[1]}">'
        f'<path d="M{x:g} {top:g}{line}"/><path class="head" d="M{end:g} {to:g}{head}"/></g>'
    )


def _clock(time: int) -> str:
    for unit, size in ("s", 1e9), ("ms", 1e6), ("µs", 1e3):
        if time >= size:
            return f"{time / size:.4g} {unit}"
    return f"{time} ns"
