"""Runs an answer to an exercise as a learner would: after the cells of its notebook.

`python tests/lesson/exercises.py` writes `told.txt`, what is said to every answer.
"""

from __future__ import annotations

import ast
import json
import linecache
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

from spanlab.errors import SpanlabError
from spanlab.lesson import questions
from spanlab.traces import Trace

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parents[1] / "notebooks"
REPLIES = HERE / "told.txt"
KINDS = ("cheat", "right", "wrong")


@cache
def answers() -> dict[str, list[dict[str, Any]]]:
    """Read all answers, by exercise; each says its kind."""
    found = {}
    for file in sorted((HERE / "answers").glob("*.toml")):
        kinds = tomllib.loads(file.read_text(encoding="utf-8"))
        found[file.stem] = [each | {"kind": kind} for kind in KINDS for each in kinds[kind]]
    return found


@cache
def given(lesson: str) -> tuple[CodeType, ...]:
    """Compile what the cells of a notebook import and define."""
    (path,) = NOTEBOOKS.glob(f"{lesson}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    codes = []
    for at, source in enumerate(sources):
        tree = ast.parse(source)
        kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef)
        defined = [node for node in tree.body if isinstance(node, kinds)]
        if defined:
            codes.append(compiled(source, f"{lesson}_{at}.py", defined))
    return tuple(codes)


def compiled(source: str, name: str, body: list[ast.stmt] | None = None) -> CodeType:
    """Compile a cell, or a part of it, where `@instrument` finds its source."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    tree = ast.parse(source)
    return compile(ast.Module(body or tree.body, []), name, "exec")


def said_to(exercise: str, code: str) -> tuple[bool, str]:
    """Run an answer, cell by cell, and give what its last expression says."""
    space: dict[str, Any] = {"__name__": "answer"}
    for each in given(exercise[:2]):
        exec(each, space)
    said, scope = None, Trace.scope
    try:
        for cell in filter(str.strip, re.split(r"^# %%.*\n", code, flags=re.M)):
            name = f"answer_{abs(hash((exercise, cell)))}.py"
            *body, last = ast.parse(cell).body
            exec(compiled(cell, name, body) if body else "", space)
            said = last_of(cell, name, last, space)
    except SpanlabError as refused:
        return False, f"{type(refused).__name__}: {str(refused).partition(chr(10))[0]}"
    finally:
        Trace.scope = scope  # type: ignore[method-assign]
    return bool(said), said.text


def last_of(cell: str, name: str, last: ast.stmt, space: dict[str, Any]) -> Any:
    """Run the last statement of a cell, and give its value if it has one."""
    if not isinstance(last, ast.Expr):
        exec(compiled(cell, name, [last]), space)
        return None
    return eval(compile(ast.Expression(last.value), name, "eval"), space)


def table() -> Iterator[str]:
    """Write every reply to a prediction, and what is said to every answer to an exercise."""
    for name in questions.names("predict"):
        asked = questions.question(name)
        for line in asked.lines:
            yield f"\n== predict {name}: {line.message}"
            for part, unsure in zip(asked.choices(line), (line.why, line.where), strict=False):
                for choice in part:
                    reply = line.replies.get(choice, [unsure])[0]
                    yield f"{choice}: {'✓' if choice in line.answer else reply}"
    for name, every in answers().items():
        for answer in every:
            _, text = said_to(name, answer["code"])
            text = re.sub(r"\nFor help: .*", "", text)
            text = re.sub(r"got \{.*?\}", "got a set", text)  # which has no order
            yield f"\n== check {name}: {answer['kind']}: {answer['name']}\n{text}"


def told() -> str:
    """Give the whole table."""
    return "\n".join(table()).lstrip("\n") + "\n"


if __name__ == "__main__":
    REPLIES.write_text(told(), encoding="utf-8")
