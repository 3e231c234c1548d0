"""What a reader answered: kept while the kernel lives, and in a file if the reader saves it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spanlab.errors import UsageError

FILE = "my_answers.json"
FORMAT = "spanlab answers 1"
LARGEST = 1_000_000  # bytes; what `save` writes is far below it


@dataclass
class Kept:
    """The answers to one question, by the key of the line: its spans and its thread."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    committed: bool = False
    hints: int = 0  # how many were given


_kept: dict[str, Kept] = {}


def kept(name: str) -> Kept:
    """Give what is kept under a name; empty at first."""
    return _kept.setdefault(name, Kept())


def is_kept(name: str) -> bool:
    """Tell whether anything was kept under a name."""
    return name in _kept


def forget(name: str | None) -> None:
    """Forget what was answered to one question, or to all."""
    for known in list(_kept) if name is None else [name]:
        _kept.pop(known, None)


def write(path: str | Path) -> tuple[Path, int]:
    """Write all answers to a file; give its path, and how many questions have one."""
    path = Path(path)
    if path.exists():
        _read(path, "overwritten")  # only what this function wrote may be overwritten
    answers = {name: asdict(kept) for name, kept in _kept.items() if kept != Kept()}
    text = json.dumps({"format": FORMAT, "answers": answers}, indent=1, ensure_ascii=False)
    beside = path.with_name(f"{path.name}.part")
    beside.write_text(text + "\n", encoding="utf-8")
    os.replace(beside, path)  # at once: an interrupted save leaves the old file
    return path, len(answers)


def read(path: str | Path) -> int:
    """Take the answers from a file that `write` wrote; give how many. All of them, or none."""
    found = _read(Path(path), "loaded")
    _kept.update(found)
    return len(found)


def _read(path: Path, what: str) -> dict[str, Kept]:
    wrong = f"expected a file that save() wrote, got {path.name!r}: %s. Nothing was {what}. "
    better = 'save("another_name.json")' if what == "overwritten" else 'load("another_name.json")'
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        return dict(_entries(json.loads(path.read_text(encoding="utf-8"))))
    except FileNotFoundError:
        raise UsageError(f"{wrong % 'there is no such file'}Write: save() first") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{wrong % _short(error)}Write: {better}") from None


def _short(error: BaseException) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it is damaged at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    return error.strerror or "" if isinstance(error, OSError) else str(error)


def _entries(data: Any) -> Iterator[tuple[str, Kept]]:
    """Take the data apart; what has not exactly the expected shape raises a `ValueError`."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"it does not say {FORMAT!r}")
    answers = data.get("answers")
    if not isinstance(answers, dict):
        raise ValueError("it has no answers")
    for name, entry in answers.items():
        match entry:
            case {"lines": dict(lines), "committed": bool(committed), "hints": int(hints)} if (
                len(entry) == 3 and hints >= 0 and all(map(_is_pair, lines.values()))
            ):
                yield name, Kept(lines, committed, hints)
            case _:
                raise ValueError(f"its answers to {name[:60]!r} are damaged")


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and all(isinstance(each, str) for each in value)
    )
