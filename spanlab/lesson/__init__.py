"""Scaffolding for the lessons: `predict`, `check`, `hint`, `vary`, and what a reader answered.

It is no part of the model, and `import spanlab` does not load it. What the lessons ask and what
they reply stands in `texts/*.toml`.
"""

from spanlab.lesson.card import Said
from spanlab.lesson.exercise import check, hint, load, reset, save
from spanlab.lesson.panel import Panel, vary
from spanlab.lesson.prediction import Prediction, Shown, predict

__all__ = [
    "Panel", "Prediction", "Said", "Shown", "check", "hint", "load", "predict", "reset", "save",
    "vary",
]  # fmt: skip
