"""One sentence for each moment in the life of a future.

A sentence is strings, and pairs of a look and a text: `b`, `bad`, or `chip` with a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from spanlab.record import TaskSpawned
from spanlab.view import words
from spanlab.view.words import visible

if TYPE_CHECKING:
    from spanlab.view.stepper.futures import Moment

Words = list[Any]


class Scene(NamedTuple):
    """What a sentence needs to know: who acts, on which future, and what is on the stack.

    `left` is the task that left what is on top there, if it is not the one that is polled.
    """

    thread: int
    task: int | None
    name: str
    cards: tuple[tuple[str, int], ...]
    top: str
    left: int | None
    function: str
    inside: bool  # a span, when it was handed to a runtime
    told: bool  # whether the records tell what a future carries

    @property
    def who(self) -> list[Any]:
        return ["chip", self.thread]


def b(text: str) -> list[str]:
    """Make a text stand out."""
    return ["b", visible(text, 60)]


def bad(text: str) -> list[str]:
    return ["bad", text]


def joined(said: Words) -> Words:
    """Write plain texts that follow each other as one."""
    parts = [(isinstance(part, str), part) for part in said]
    found: Words = []
    for is_plain, group in groupby(parts, key=lambda part: part[0]):
        texts = [part for _, part in group]
        found += ["".join(texts)] if is_plain else texts
    return found


def made(scene: Scene, moment: Moment | None) -> Words:
    """Of a future whose span is made at its first poll."""
    lazy = "its span ", b(scene.cards[-1][0]), " is made at its first poll."
    if moment is None:
        call = [scene.who, " gets the future ", b(scene.name), " from a call. "]
        return [*call, "Nothing of it has run: ", *lazy]
    return [*_ends(moment), ". By its attribute ", *lazy]


def _ends(moment: Moment) -> Words:
    call = ["The call of ", b(moment.function)] if moment.function else ["The call"]
    return [*call, " ends and gives the future ", b(moment.name), " back"]


def _made(scene: Scene, moment: Moment) -> Words:
    where = [" in ", b(moment.function)] if moment.function else []
    said = [scene.who, " makes the future ", b(moment.name), *where, ". Nothing of it has run"]
    if not scene.top:
        return [*said, "."]
    return [*said, ", and ", b(scene.top), " is not attached to it: a call attaches nothing."]


def _returned(scene: Scene, moment: Moment) -> Words:
    where = [" in ", b(scene.function)] if scene.function else []
    return [*_ends(moment), ": now it is a value", *where, ", and carries ", b("no span"), "."]


def _awaited(scene: Scene, moment: Moment) -> Words:
    said = [b(moment.function or "The caller"), " awaits ", b(moment.name)]
    said += [": it is polled inside this same poll, so "]
    if scene.top:
        return [*said, b(scene.top), " stays on the stack, and is current in it."]
    return [*said, "it finds the same stack, on which nothing is current."]


MOMENTS: dict[str, Callable[[Scene, Moment], Words]] = {
    "made": _made, "returned": _returned, "awaited": _awaited,
}  # fmt: skip


def wrapped(scene: Scene, span: str, begins: bool) -> Words:
    if begins:
        return ["The first poll of ", b(scene.name), " has made its span: it carries ", b(span),
                " from now on, and each poll enters it."]  # fmt: skip
    return ["The future ", b(scene.name), " carries ", b(span), " from now on: ",
            "each poll of it enters the span first."]  # fmt: skip


def _carried(scene: Scene, is_bad: bool) -> Words:
    if not scene.cards:
        return ["It carries ", bad("no span") if is_bad else b("no span")]
    names = b(" › ".join(name for name, _ in scene.cards))
    if scene.cards[0][1] == 0:
        return ["It will make its span ", names, " at its first poll"]
    return ["It carries ", names]


def handed(scene: Scene, spawn: TaskSpawned) -> Words:
    said = [scene.who, " hands ", b(scene.name), f" to {spawn.to or 'the runtime'} as "]
    said += [b(words.task(spawn.spawned))]
    said += [". ", *_carried(scene, bool(scene.top))] if scene.told else []
    return [*said, *([", and ", b(scene.top), " stays on this stack."] if scene.top else ["."])]


def given(scene: Scene, to: str) -> Words:
    return [scene.who, " gives ", b(scene.name), f" to {to}, which polls it inside this same poll."]


def first(scene: Scene) -> Words:
    stack = [b(scene.top), " stays on the stack."] if scene.top else ["nothing is on the stack."]
    return [scene.who, " polls ", b(scene.name), " for the first time, inside the poll of ",
            f"{words.task(scene.task or 0)}: ", *stack]  # fmt: skip


def begins(scene: Scene, task: int) -> Words:
    said = [scene.who, " polls ", b(words.task(task)), " for the first time. "]
    if scene.left is not None:
        said += [b(scene.top or "A closed span"), " is ", bad("still on its stack")]
        said += [f", left there by {words.task(scene.left)}. "]
    if scene.cards and scene.cards[0][1] == 0:
        under = b(scene.top) if scene.top else (bad if scene.inside else b)("nothing")
        return [*said, "Its span ", b(scene.cards[0][0]), " is made now, under what is on this ",
                "stack: ", under, "."]  # fmt: skip
    if scene.cards:
        return [*said, "It brought ", b(scene.cards[0][0]), ", which goes on the stack now."]
    if not scene.told:
        return said
    empty = "." if scene.top else ", so the stack stays empty."
    nothing = (bad if scene.inside and not scene.top else b)("no span")
    return [*said, "It brought ", nothing, " to enter", empty]


def aborted(scene: Scene, task: int) -> Words:
    return [scene.who, " takes ", b(words.task(task)), " to drop its future: it was aborted."]


def ended(scene: Scene, was_aborted: bool) -> Words:
    task = b(words.task(scene.task or 0))
    if was_aborted:
        return ["The future of ", task, " is dropped."]
    return [scene.who, " has polled ", task, " to its end, and its future is gone."]


def polled(scene: Scene, span: str) -> Words:
    return [scene.who, " polls ", b(scene.name), " for the first time. It is awaited in place: ",
            b(span), " goes on top of what is there, until this poll ends."]  # fmt: skip


def drops(span: str) -> Words:
    return ["The future that carries ", b(span), " is over and is dropped, inside its span: ",
            b(span), " goes on the stack once more."]  # fmt: skip


def dropped(scene: Scene) -> Words:
    inside = ", inside its span." if scene.cards else "."
    return [scene.who, " drops ", b(scene.name), f" before its end{inside}"]
