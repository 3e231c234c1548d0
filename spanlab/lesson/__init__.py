"""Scaffolding for the lessons: `predict`, `check`, `hint`, `vary`, `playground`, and answers.

It is no part of the model, and `import spanlab` does not load it. What the lessons ask and what
they reply stands in `texts/*.toml`.
"""

from spanlab.lesson.answers import load, reset, save
from spanlab.lesson.board import playground
from spanlab.lesson.exercise import check, hint
from spanlab.lesson.panel import vary
from spanlab.lesson.prediction import predict

__all__ = ["check", "hint", "load", "playground", "predict", "reset", "save", "vary"]
