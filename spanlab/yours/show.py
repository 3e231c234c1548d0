"""What the command line shows of a log and of source; the one door to rich."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from time import sleep
from typing import Any

from spanlab.errors import MissingPackage
from spanlab.evidence.labels import Labels
from spanlab.traces import Trace
from spanlab.view.file import ending, whole, write
from spanlab.view.fmt import log
from spanlab.view.stepper import step
from spanlab.view.tree import Node, merged, nodes, titles_of, told_apart
from spanlab.view.words import beginning, circled, count
from spanlab.yours.audit.found import Audit, Finding
from spanlab.yours.evidence import Place
from spanlab.yours.follow import followed as followed
from spanlab.yours.moments import moments as moments
from spanlab.yours.suspects import Suspect, Suspects

MOST, LONGEST = 200, 20_000  # lines of a tree, spans and events that they are taken from
BEFORE, FAR = 500, 1500  # records that a page shows before a suspect which is not near the start
SURE = {"probably": "bold red", "perhaps": "yellow"}


def console(colour: bool | None = None) -> Any:
    """Make what prints; without colours where nobody sees them, or as asked."""
    try:
        from rich.console import Console
    except ImportError:
        raise MissingPackage(
            "the command line needs rich. Write: pip install 'spanlab[cli]'"
        ) from None
    return Console(force_terminal=colour, no_color=colour is False, highlight=False, soft_wrap=True)


def branches(trace: Trace) -> list[Node]:
    """Give what a tree shows: each span and event, equal ones as one."""
    every = nodes(beginning(trace, LONGEST, ("new", "event")))
    return told_apart(merged(every), Labels(trace)) if len(trace.spans) < 1000 else merged(every)


def show_trace(out: Any, trace: Trace, found: Suspects, file: str) -> None:
    """Print the tree of a log, its suspects, what it does not show, and the next step."""
    show_tree(out, trace, frozenset(line for suspect in found for line in suspect.lines))
    for suspect in found:
        _suspect(out, suspect)
    if not found:
        out.print(found.note, style="green" if found.note == Suspects.note else "yellow")
    if trace.origin is not None and trace.origin.untold:
        out.print(trace.origin.untold, style="dim")
    if found or found.note != Suspects.note:
        given = f" --log {shlex.quote(file)}" if file != "-" else ""
        out.print(f"→ spanlab audit SRC{given}: which lines of the source it may be", markup=False)


def show_tree(out: Any, trace: Trace, suspected: frozenset[int] = frozenset()) -> None:
    """Print the tree of a trace; what lost its parent, or is suspected to have, is red."""
    from rich.tree import Tree

    drawn, titles = branches(trace), titles_of(trace) if len(trace.ran) > 1 else {}
    above: dict[str | None, Any] = {None: Tree("", hide_root=True)}
    for node in drawn[:MOST]:
        title, wrong = titles.get(node.thread, ""), suspected & {*node.numbers}
        above[node.key] = above.get(node.parent, above[None]).add(_line(node, title, bool(wrong)))
    out.print(above[None])
    if len(drawn) > MOST:
        out.print(f"… {count(len(drawn) - MOST, 'more line')}", style="dim")


def _line(node: Node, title: str, wrong: bool) -> Any:
    from rich.text import Text

    numbers = " ".join(map(circled, node.numbers[:3])) + " …" * (len(node.numbers) > 3)
    text = Text(f"{numbers} " if numbers else "")
    style = "bold red" if wrong or node.lost else "" if numbers else "bold cyan"
    text.append(node.text, style)
    text.append(f" ×{node.count}" if node.count > 1 else "", "dim")
    text.append(f"  {title}" if title and node.parent is None else "", "dim")
    return text.append("  ← no parent" if node.lost else "", "red")


def tell(out: Any) -> Callable[[Suspects], None]:
    """Make what tells of each suspect once, in a line, as soon as it is probable."""
    known = set[tuple[str, Place]]()

    def told(found: Suspects) -> None:
        for one in found:
            if one.sure == "probably" and (one.kind, one.place) not in known:
                known.add((one.kind, one.place))
                out.print(f"▲ {str(one).partition(' (')[0]}", style=SURE[one.sure], markup=False)

    return told


def _suspect(out: Any, suspect: Suspect) -> None:
    from rich.text import Text

    what, _, why = str(suspect).partition(": ")
    out.print(Text(what, SURE[suspect.sure]), Text(f": {why}"), sep="")


def show_audit(out: Any, found: Audit, everything: bool = False) -> None:
    """Print what an audit found, and if asked what it cannot decide."""
    from rich.text import Text

    for one in (*found, *(found.asks if everything else ())):
        first, *others = str(one).split("\n")
        out.print(Text(first, "bold red" if one in found else "yellow"))
        for line in others:
            out.print(Text(line, "green" if line.startswith("      ") else ""))
    if found.note:
        out.print(found.note, style="yellow" if found.unparsed or found else "green")
    if found.asks and not everything:
        out.print(f"{count(len(found.asks), 'place')} it cannot decide: --all", style="dim")


def save_page(path: str, trace: Trace, found: Suspects, file: str) -> None:
    """Write a log as a page: what is suspected, and its steps, from before the first on."""
    first = next((event.index for n, event in trace.numbered if found and n in found[0].lines), 0)
    stepped = step(trace[first - BEFORE :] if first > FAR else trace).everything()
    above = found._repr_mimebundle_()["text/html"]
    page = stepped._replace(title=f"{file}: {stepped.title}", above=above)
    write(ending(path, ".html"), whole(page))


def play(out: Any, trace: Trace, speed: float) -> None:
    """Play a trace: its events, and below them, on a terminal, the span stack of each thread.

    There an event comes a tenth of a second after the one before it, or when it came, but a
    second later at most.
    """
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    now, stacks = 0.0, dict[str, list[str]]()
    with Live(console=out, auto_refresh=False, transient=True) as live:
        for moment in moments(trace):
            if out.is_terminal:
                sleep(min(max(moment.seconds - now, 0.1 * bool(moment.event)), 1.0) / speed)
            now, stacks[moment.thread] = moment.seconds, moment.stack
            if moment.event:
                spans = " › ".join(moment.spans) or "in no span"
                line = Text(f"{moment.seconds:10.6f}  {moment.thread}  {moment.event}  ")
                line.append(spans, "bold cyan" if moment.spans else "dim")
                live.console.print(
                    line.append(f"  ← lost {moment.lost}" * bool(moment.lost), "red")
                )
            if out.is_terminal:
                table = Table.grid(padding=(0, 2))
                for thread, stack in stacks.items():
                    table.add_row(thread, " › ".join(stack) or "(empty)")
                live.update(table, refresh=True)


def trace_json(trace: Trace, found: Suspects) -> dict[str, Any]:
    """Give what `log --json` prints."""
    origin, tree = trace.origin, list[dict[str, Any]]()
    below: dict[str | None, list[dict[str, Any]]] = {None: tree}
    for node in branches(trace):
        below[node.key] = []
        one: dict[str, Any] = {"name": node.text, "events": node.numbers, "count": node.count}
        below.get(node.parent, tree).append(one | {"children": below[node.key]})
    return {
        "format": origin.format if origin else None,
        "entries": dict(origin.counts) if origin else {},
        "not_shown": list(origin.missing) if origin else [],
        "suspects": [_suspect_json(suspect) for suspect in found],
        "note": "" if found else found.note,
        "tree": tree,
    }


def _suspect_json(suspect: Suspect) -> dict[str, Any]:
    target, message = suspect.place
    keys = ("kind", "span", "lines", "file_line", "time", "score", "why")
    named = {key: getattr(suspect, key) for key in keys}
    told = {"target": target, "message": message, "cause": suspect.cause}
    return named | told | {"sure": suspect.sure}


def finding_json(finding: Finding) -> dict[str, Any]:
    """Give a finding as `audit --json` prints it."""
    keys = ("kind", "line", "fn", "score", "why", "asks", "fits")
    ways = {w.kind: {"does": w.does, "write": w.line, "patch": w.patch} for w in finding.ways}
    told = {key: getattr(finding, key) for key in keys}
    return told | {"file": str(finding.file), "ways": ways}


def printed(trace: Trace) -> str:
    """Give the log of a trace as the crate prints it."""
    return str(log(trace, "full", thread_ids=len(trace.ran) > 1))
