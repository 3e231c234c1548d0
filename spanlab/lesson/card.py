"""What a notebook shows: some words, or a card that lives and that Python hears."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from threading import RLock
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from spanlab.errors import MissingPackage
from spanlab.view.live import INSTALL, display, living, wire
from spanlab.view.page import prose

EMPTY: Mapping[str, str] = MappingProxyType({})


class Said:
    """Some words for the reader, and others that are folded; true if they say that it is right."""

    def __init__(self, text: str, right: bool = False, folds: Mapping[str, str] = EMPTY) -> None:
        self.text, self.right, self.folds = text, right, folds

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        html = "" if self.folds else f"<p>{prose(self.text)}</p>".replace("\n", "</p><p>")
        for title, text in self.folds.items():
            html += f"<details><summary>{prose(title)}</summary><p>{prose(text)}</p></details>"
        return {"text/plain": self.text, "text/html": f'<div role="status">{html}</div>'}


class Card:
    """What lives in a notebook, with a script in `static/`; its wire is made when it is shown.

    `state` gives what the page shows, `said` what the reader chose, and `hear` is told of that.
    The page may say anything: whatever comes of it, the page gets an answer; then comes `keep`.
    """

    def __init__(
        self, script: str, state: Callable[[], Mapping[str, Any]],
        said: Callable[[], Mapping[str, Any]] = dict,
        hear: Callable[[Mapping[str, Any]], None] = lambda said: None,
        keep: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._script, self._state, self._said, self._hear = script, state, said, hear
        self._keep = keep
        self.lock = RLock()  # the page speaks from a thread of its own
        self.name, self.shown, self.widget = uuid4().hex, False, None

    def send(self, **more: Any) -> None:
        """Bring the page up to date, if there is one."""
        if self.widget is not None:
            self.widget.state = {**self._state(), **more}

    def _heard(self, said: Mapping[str, Any]) -> None:
        error = ""
        with self.lock:
            try:
                self._hear(said)
            except Exception as wrong:  # the program is the reader's: the page shows its error
                error = f"{type(wrong).__name__}: {wrong}"
            self.send(turn=str(said.get("turn", ""))[:40], error=error)
            self._keep()

    def bundle(self, plain: str, html: str, known: Mapping[str, Any]) -> dict[str, str]:
        """Give what a notebook keeps: text, and what lives there from all that is `known`."""
        with self.lock:
            sent = {"name": self.name, "state": self._state(), "said": self._said(), **known}
            try:
                shown = sent["state"], sent["said"], self._heard
                self.widget = self.widget or wire(self.name, *shown)
            except MissingPackage:
                plain = f"{plain}\n\n{INSTALL}"
            data = json.dumps(sent, ensure_ascii=False)
            page = living(html, data, self._script, package="spanlab.lesson", css="lesson")
            return {"text/plain": plain, "text/html": page}


class Shows:
    """Something with a card: it lives where scripts run, and is kept as it was last."""

    card: Card

    def still(self) -> str:
        """Write what stands there where no script runs."""
        return f"<pre>{escape(repr(self))}</pre>"

    def known(self) -> dict[str, Any]:
        """Give what the page needs where no Python hears it, beside what it shows."""
        return {}

    def keep(self) -> None:
        """Have the notebook keep what is shown now, where it is shown."""
        if self.card.shown:
            display(self._repr_mimebundle_(), self.card.name, again=True)

    def _ipython_display_(self) -> None:
        self.card.shown = True
        display(self._repr_mimebundle_(), self.card.name)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.card.bundle(repr(self), self.still(), self.known())
