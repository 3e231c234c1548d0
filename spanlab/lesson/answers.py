"""What a reader answered: forgotten, saved to a file, and loaded from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from spanlab.errors import UsageError
from spanlab.lesson.card import Said
from spanlab.lesson.prediction import Kept, refresh, store
from spanlab.lesson.questions import names
from spanlab.view.words import count, file_of

FILE = "my_answers.json"
FORMAT = "spanlab answers 1"
LARGEST = 1_000_000  # bytes; what `save` writes is far below it


def reset(name: str | None = None) -> None:
    """Forget what was answered to one question, or to all; a prediction opens again."""
    asked = sorted({*names("predict"), *names("check")})
    if name is not None and name not in [*store, *asked]:
        known = ", ".join(map(repr, asked))
        raise UsageError(f"nothing was answered under {name!r:.60}; the lessons ask {known}")
    for forgotten in list(store) if name is None else [name]:
        store.pop(forgotten, None)
    refresh()


def save(path: str | Path = FILE) -> Said:
    """Write all answers to a file next to the notebook, for `load` in a later session.

    The answers of other notebooks that are in the file stay there.
    Binder forgets its files when it stops: download the file, and upload it the next time.
    """
    file = file_of(path, f'save("{FILE}")')
    others = _read(file, "overwritten") if file.exists() else {}  # of other notebooks
    mine = {name: kept for name, kept in store.items() if _is_answered(kept)}
    answers = {name: asdict(kept) for name, kept in {**others, **mine}.items()}
    text = json.dumps({"format": FORMAT, "answers": answers}, indent=1, ensure_ascii=False)
    with NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as beside:
        beside.write(text + "\n")
    os.replace(beside.name, file)  # at once: an interrupted save leaves the old file
    return Said(
        f"Saved the answers to {count(len(answers), 'question')} in `{file.name}`. "
        "On Binder, download it now (right-click it in the file browser), upload it the next "
        f"time, and run `{'load()' if path == FILE else f'load({str(path)!r})'}`."
    )


def load(path: str | Path = FILE) -> Said:
    """Take the answers that `save` wrote; those that are here under the same names go.

    Raises `UsageError` for a file that `save` did not write: then nothing changes.
    """
    found = _read(file_of(path, f'load("{FILE}")'), "loaded")
    store.update(found)
    refresh()
    return Said(f"Loaded the answers to {count(len(found), 'question')}.")


def _is_answered(kept: Kept) -> bool:
    return kept.committed or any(map(any, kept.lines.values()))


def _read(path: Path, what: str) -> dict[str, Kept]:
    """Read the answers of a file that `save` wrote, all or none; `what` is done with them."""
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
    if not isinstance(answers := data.get("answers"), dict):
        raise ValueError("it has no answers")
    for name, entry in answers.items():
        match entry:
            case {"lines": dict(lines), "committed": bool(committed)} if len(entry) == 2 and all(
                map(_is_pair, lines.values())
            ):
                yield name, Kept(lines, committed)
            case _:
                raise ValueError(f"its answers to {name[:60]!r} are damaged")


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and [type(each) for each in value] == [str, str]
