"""What opens with the commit: a view, or a text that says what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from spanlab.lesson.card import Said
from spanlab.view.live import display

AGAIN = "Locked. Commit your prediction first, then run this cell again."


class Told:
    """A text of a lesson, as Markdown."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/markdown": self.text}


class Then:
    """What a call gives, made when it is shown; locked before the commit."""

    def __init__(self, name: str, is_open: Callable[[], bool], make: Callable[[], Any]) -> None:
        self._name, self._is_open, self._make = name, is_open, make

    def now(self) -> Any:
        """Give what there is to be seen."""
        return self._make() if self._is_open() else Said(AGAIN)

    def everything(self) -> dict[str, Any]:
        """Give what is there after the commit, and for which question."""
        return {"kind": "then", "of": self._name, "shown": self._make()}

    def __repr__(self) -> str:
        return repr(self.now())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return _bundle(self.now())

    def _ipython_display_(self) -> None:
        shown = self.now()  # which may be kept as it was last
        show = getattr(shown, "_ipython_display_", lambda: display(_bundle(shown), uuid4().hex))
        show()


def _bundle(shown: Any) -> dict[str, Any]:
    return dict(getattr(shown, "_repr_mimebundle_", lambda: {"text/plain": repr(shown)})())
