"""The span stack of a thread, and whose top is the current span: the rule that all else follows.

Each entry is `(ref, duplicate)`. The reference is weak: being entered keeps no span open.

In Rust: `tracing_subscriber::registry`
https://github.com/tokio-rs/tracing/blob/tracing-subscriber-0.3.23/tracing-subscriber/src/registry/stack.rs
"""

from __future__ import annotations

from typing import Any
from weakref import ref

Entry = tuple[ref[Any], bool]


def push(stack: list[Entry], span: ref[Any]) -> None:
    """Enter a span. A span that is on the stack already is pushed as a duplicate."""
    duplicate = False
    for entry in stack:
        if entry[0] is span:
            duplicate = True
    stack.append((span, duplicate))


def pop(stack: list[Entry], span: ref[Any]) -> None:
    """Exit a span: remove its last entry, wherever that is; a span that is not there is let be."""
    if stack and stack[-1][0] is span:
        stack.pop()
        return
    for index in range(len(stack) - 1, -1, -1):
        if stack[index][0] is span:
            del stack[index]
            return


def top(stack: list[Entry]) -> Any:
    """Give the current span: the topmost entry that is no duplicate, None if that span closed."""
    for entry in reversed(stack):
        if not entry[1]:
            return entry[0]()
    return None
