"""What a notebook shows: some words, or a card that is live where there are widgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock
from types import MappingProxyType
from typing import Any

from spanlab.errors import MissingPackage
from spanlab.view.live import INSTALL, bundle, live
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
    """A widget with a script in `static/`, made when it is first shown.

    `state` gives what the page shows, `said` what the reader chose, and `hear` is told of that.
    The page may say anything: whatever comes of it, the page gets an answer.
    """

    def __init__(
        self, script: str, state: Callable[[], Mapping[str, Any]],
        said: Callable[[], Mapping[str, Any]] = dict,
        hear: Callable[[Mapping[str, Any]], None] = lambda said: None,
    ) -> None:  # fmt: skip
        self._script, self._state, self._said, self._hear = script, state, said, hear
        self.lock = RLock()  # the page speaks from a thread of its own
        self.widget: Any = None

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

    def bundle(self, plain: str, html: str = "", without: str = INSTALL) -> dict[str, Any]:
        """Give what a notebook shows: the widget, or what stands for it."""
        with self.lock:
            if self.widget is None:
                shown = self._script, "lesson", self._state(), self._said(), self._heard
                try:
                    self.widget = live("spanlab.lesson", *shown)
                except MissingPackage:
                    return bundle(None, f"{plain}\n\n{without}".rstrip(), html)
            return bundle(self.widget, plain, html)
