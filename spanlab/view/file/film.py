"""`film(trace)`: the graph of a trace as a picture that moves, for a README or a slide."""

from __future__ import annotations

import re
from dataclasses import replace

from spanlab.traces import Trace
from spanlab.view.figure import Figure, card
from spanlab.view.graph import picture
from spanlab.view.plan import words_of

STEP, WHOLE = (
    0.8,
    4.5,
)  # seconds: for one thing, and for all; after five a reader may want to stop it
THING = re.compile(r'<g id="([^"]*)" class="(?:node|edge)[^"]*"')
COMES = (
    "<style>@media (prefers-reduced-motion:no-preference){.node,.edge{animation:come .4s both}}"
    "@keyframes come{from{opacity:0}}</style>"
)


def film(trace: Trace) -> Figure:
    """Draw the graph as it came to be: each span and event appears in the order of the trace.

    It plays once, in less than five seconds, wherever a picture can be shown, and needs no
    script. For who asked for less motion it stands still, complete.

    >>> with recording() as trace:
    ...     with info_span("work").enter():
    ...         info("hello")
    >>> film(trace)
    <Figure: 1 span and 1 event on 1 thread. Nothing lost its parent.>
    """
    drawn = picture(trace)
    place = {node.key: at for at, node in enumerate(drawn.nodes)}
    for node in drawn.nodes:  # what says that a parent is lost comes with the first that lost it
        for key in node.lost:
            place.setdefault(words_of(key, node.thread), place[node.key])
    step = min(STEP, WHOLE / max(len(drawn.nodes), 1))

    def timed(found: re.Match[str]) -> str:
        at = max(place[key] for key in found[1].split("&#45;"))
        return f'{found[0]} style="animation-delay:{at * step:.2f}s"'

    if not drawn.svg:
        return drawn.figure
    svg = re.sub("(?<=>)", COMES, THING.sub(timed, drawn.svg), count=1)
    return replace(drawn.figure, svg=card(svg, drawn.figure.alt))
