"""What a reader answered: kept while the kernel lives, and in a file if the reader saves it."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spanlab.errors import UsageError

FORMAT = "spanlab answers 1"
LARGEST = 1_000_000  # bytes; what `save` writes is far below it


@dataclass
class Kept:
    """The answers to one question, by the key of the line: its spans and its thread."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    committed: bool = False
    hints: int = 0  # how many were given


store: defaultdict[str, Kept] = defaultdict(Kept)  # by the name of the question


def write(path: Path) -> int:
    """Write all answers to a file; give to how many questions."""
    if path.exists():
        read(path, "overwritten")  # only what this function wrote may be overwritten
    answers = {name: asdict(kept) for name, kept in store.items() if kept != Kept()}
    text = json.dumps({"format": FORMAT, "answers": answers}, indent=1, ensure_ascii=False)
    beside = path.with_name(f"{path.name}.part")
    beside.write_text(text + "\n", encoding="utf-8")
    os.replace(beside, path)  # at once: an interrupted save leaves the old file
    return len(answers)


def read(path: Path, what: str) -> dict[str, Kept]:
    """Read the answers of a file that `write` wrote, all or none; `what` is done with them."""
    better = 'save("another_name.json")' if what == "overwritten" else 'load("another_name.json")'
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        return dict(_entries(json.loads(path.read_text(encoding="utf-8"))))
    except FileNotFoundError:
        wrong, better = "there is no such file", "save() first"
    except json.JSONDecodeError as error:
        wrong = f"it is damaged at line {error.lineno}, column {error.colno}"
    except UnicodeDecodeError:
        wrong = "it is no text"
    except RecursionError:
        wrong = "it is nested too deep"
    except (OSError, ValueError) as error:
        wrong = getattr(error, "strerror", None) or str(error)
    raise UsageError(
        f"expected a file that save() wrote, got {path.name!r}: {wrong}. Nothing was {what}. "
        f"Write: {better}"
    )


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
                len(entry) == 3
                and hints >= 0
                and all(
                    type(line) is list and [*map(type, line)] == [str, str]
                    for line in lines.values()
                )
            ):
                yield name, Kept(lines, committed, hints)
            case _:
                raise ValueError(f"its answers to {name[:60]!r} are damaged")
