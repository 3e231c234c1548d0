"""`audit(path)`: where Rust source may lose a span, or hold one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from os import PathLike
from pathlib import Path

from spanlab.errors import UsageError
from spanlab.traces import Trace
from spanlab.yours.audit.context import Contexts
from spanlab.yours.audit.found import Audit, Finding, Way, ranked
from spanlab.yours.audit.held import guards, handles
from spanlab.yours.audit.made import futures, kept
from spanlab.yours.audit.messages import unsaid
from spanlab.yours.audit.source import read
from spanlab.yours.audit.spawned import Spawned
from spanlab.yours.rested import rested
from spanlab.yours.suspects import Suspect, suspects

__all__ = ["Audit", "Finding", "Way", "audit"]


def audit(path: str | PathLike[str], trace: Trace | None = None) -> Audit:
    """Rank the places of Rust source that may lose a span, or hold one too long.

    `path` is a file or a folder; it is read, never changed. Each finding has its evidence, and the
    ways to go on: child, linked, root, nothing, each with what it does and what to write. What
    the source alone cannot decide is in `asks`, and is no finding.

    With the trace of a log, findings whose lines are suspects there come first.

    Raises `UsageError` if there is no Rust source, `MissingPackage` without tree-sitter.
    """
    with rested():
        source = read(_checked(path))
        if not source.files:
            raise UsageError(
                f'audit() needs Rust source, none is in {str(path)!r:.200}. Write: audit("src")'
            )
        contexts = Contexts(source)
        spawned = Spawned(contexts)
        looks = (guards, handles, futures, kept, unsaid)
        found = [*spawned.findings(), *chain.from_iterable(look(contexts) for look in looks)]
        handled = {(f.file, f.line) for f in found if f and f.kind == "instrument_handle"}
        told = [
            one for one in found
            if one and (one.kind == "instrument_handle" or (one.file, one.line) not in handled)
        ]  # fmt: skip
    looked = len(spawned.sites) + len(spawned.helpers) + len(found)
    ranking = ranked(_joined(told, trace), looked)
    ranking.files = tuple(source.files)
    return ranking


def _checked(path: str | PathLike[str]) -> Path:
    if not isinstance(path, str | PathLike) or not Path(path).exists():
        raise UsageError(
            f'audit() needs a file or a folder of Rust, got {path!r:.200}. Write: audit("src")'
        )
    if Path(path).is_file() and Path(path).suffix != ".rs":
        raise UsageError(
            f'audit() needs a file of Rust, got {Path(path).name!r:.200}. Write: audit("main.rs")'
        )
    return Path(path)


def _joined(found: list[Finding], trace: Trace | None) -> Iterator[Finding]:
    """Let findings whose lines are suspects of a log come first."""
    seen = suspects(trace) if trace is not None else ()
    for one in found:
        mine = next((s for s in seen if _is_of(s, one)), None)
        if mine is not None:
            why = (*one.why, f"the log says so too: {str(mine).partition(': ')[0]}")
            one = replace(one, score=one.score + 3, why=why)
        yield one


def _is_of(suspect: Suspect, finding: Finding) -> bool:
    return any(message and message == suspect.place[1] for message in finding.messages)
