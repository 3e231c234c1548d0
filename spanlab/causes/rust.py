"""The same in Rust, where the program's Rust is known: its lines, and the change to them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from spanlab.causes.evidence import Evidence, Place
from spanlab.causes.remedy import Change
from spanlab.view.stepper.twin import pairs

CAPTURED = r"lambda span=Span\.current\(\)(?:, job=|: span\.in_scope\()"
WRAPPER = re.compile(rf"\bin_current_span\(|\b(\w+)\.instrument\(|{CAPTURED}")
METHOD, IN_SCOPE = ".in_current_span()", "move || span.in_scope(job)"
STREAM = "tracing_futures::Instrument::instrument"  # that of the other crate knows no streams
BLOCK = re.compile(r"\basync (?:move )?\{")


class Rust:
    """The Rust of a program that ran as Python: which line is the twin of which."""

    def __init__(self, facts: Evidence, text: str, file: str = "") -> None:
        self._lines, self._text, self._file = text.split("\n"), text, file
        self._python = facts.trace.sources.get(file, "").splitlines()
        ran = {record.line for record in facts.trace.records if record.file == file}
        blocks = [block for block in facts.code.blocks(file) if not ran.isdisjoint(block)]
        blocks.sort(key=self._stands)  # each in a place of its own; the two files differ in that
        shown = {at: self._python[at - 1] for block in blocks for at in block}
        self._twins = dict(pairs(shown, text)) if text else {}
        functions = [node for node in facts.code.calls if isinstance(node, ast.AsyncFunctionDef)]
        self._streams = {f.name for f in functions if facts.code.inside(f, ast.Yield)}

    def _stands(self, block: range) -> int:
        """Tell where the function of some lines stands in the Rust."""
        name = re.search(r"def (\w+)", "\n".join(self._python[block.start - 1 : block.stop - 1]))
        return self._text.find(f"fn {name[1]}(") if name else -1

    def line(self, place: Place) -> Place:
        """Give the twin of a line, and its number; 0 if there is none."""
        at = self._twins.get(place[1], 0) if place[0] == self._file else 0
        return self._lines[at - 1].strip() if at else "", at

    def changes(self, fixes: Sequence[Change]) -> tuple[Change, ...]:
        """Make in Rust the same changes; none, if one of them is none that carries a span."""
        found = [found for change in fixes if (found := self._change(change))]
        if len(found) < len(fixes) or not found:
            return ()
        uses = [at for at, line in enumerate(self._lines, 1) if line.startswith("use tracing::")]
        if "Instrument" not in self._text and any(METHOD in change.after for change in found):
            line = self._lines[(at := [*uses, 1][0]) - 1]
            found.append(Change("Rust", at, line, f"use tracing::Instrument;\n{line}"))
        return tuple(found)

    def _change(self, change: Change) -> Change | None:
        after, before = change.after, change.before
        for found in WRAPPER.finditer(after):
            end, ends = _closing(after, found.end(), "()"), 1
            if found[0].endswith("job="):
                end, ends = after.rfind(": span.in_scope(job)"), len(": span.in_scope(job)")
            future = after[found.end() : end]
            if after[: found.start()] + future + after[end + ends :] == before:
                at = self.line((change.file, change.line + before.count("\n", 0, found.start())))[1]
                return self._carried(found, future, at)
        return None

    def _carried(self, wrapper: re.Match[str], future: str, at: int) -> Change | None:
        if wrapper[0].startswith("lambda"):
            carried = f"{{ let (span, job) = (tracing::Span::current(), {future}); {IN_SCOPE} }}"
            return self._written(future, at, carried)
        if future.partition("(")[0] in self._streams:
            span = wrapper[1] or "tracing::Span::current()"
            return self._written(future, at, f"{STREAM}({future}, {span})")
        call = f".instrument({wrapper[1]})" if wrapper[1] else METHOD
        return self._written(future, at, future + call) or self._behind(future, call)

    def _written(self, future: str, at: int, text: str) -> Change | None:
        """Write something else for an expression that stands in a line once."""
        line = self._lines[at - 1] if at else ""
        if line.count(future) != 1:
            return None
        return Change("Rust", at, line, line.replace(future, text))

    def _behind(self, future: str, call: str) -> Change | None:
        """Put a call behind the block that a call of a function stands for."""
        heads = [n for n, line in enumerate(self._python, 1) if f" def {future[:-1]}" in line]
        for head in [self._twins.get(head, 0) for head in heads]:
            if head and (block := BLOCK.search(self._lines[head - 1])):
                start = sum(len(line) + 1 for line in self._lines[: head - 1]) + block.end()
                end = _closing(self._text, start, "{}") + 1
                at, column = self._text.count("\n", 0, end) + 1, self._text.rfind("\n", 0, end) + 1
                line, column = self._lines[at - 1], end - column
                return Change("Rust", at, line, line[:column] + call + line[column:])
        return None


def _closing(text: str, start: int, signs: str) -> int:
    """Find what closes a bracket, in code without texts."""
    depth, code = 1, re.sub(r'"[^"\n]*"', lambda found: "_" * len(found[0]), text)
    for at in range(start, len(code)):
        depth += (code[at] == signs[0]) - (code[at] == signs[1])
        if not depth:
            return at
    return len(code)
