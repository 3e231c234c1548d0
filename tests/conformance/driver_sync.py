"""The statements of LANGUAGE.md that need no await."""

from __future__ import annotations

from typing import Any

import driver_shared as shared

from spanlab import (
    Span,
    catch_unwind,
    event,
    info,
    info_span,
    instrument,
    panic,
    span,
    spawn_thread,
)


class OnDrop:
    """Logs when it is dropped."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __del__(self) -> None:
        info(self._message)


def run_sync(statements: list[Any]) -> None:
    for st in statements:
        match st:
            case ["ev", message]:
                info(message)
            case ["ev_root", message]:
                info(message, parent=None)
            case ["scope", name, body]:
                with info_span(name).entered():
                    run_sync(body)
            case ["in_scope", name, body]:
                info_span(name).in_scope(lambda body=body: run_sync(body))
            case ["overlap", first, second, x, y, z]:
                overlap(first, second, x, y, z)
            case ["twice", name, x, y]:
                twice(name, x, y)
            case ["child_of_current", a, b, body]:
                child_of_current(a, b, body)
            case ["sync_fn", body]:
                sync_fn(body)
            case ["thread", body]:
                spawn_thread(lambda body=body: run_sync(body)).join()
            case ["panic"]:
                panic("on purpose")
            case ["catch_sync", body]:
                if catch_unwind(lambda body=body: run_sync(body)).error:
                    info("caught")
            case ["ev_at", target, level, message]:
                event(level, message, target=target)
            case ["scope_at", target, level, name, user, body]:
                with span(level, name, target=target, user=user).entered():
                    run_sync(body)
            case ["if_enabled", target, level, body]:
                if is_enabled(target, level):
                    run_sync(body)
            case ["try_lock", name, body]:
                shared.try_lock(name, lambda body=body: run_sync(body))
            case other:
                shared.run_sync(other)


def is_enabled(target: str, level: str) -> bool:
    from spanlab import enabled  # what no filter is asked, nobody imports

    return enabled(level, target=target)


def overlap(first: str, second: str, x: Any, y: Any, z: Any) -> None:
    a = info_span(first).entered()
    try:
        run_sync(x)
        b = info_span(second).entered()
        try:
            run_sync(y)
            a.exit()
            run_sync(z)
        finally:
            b.__exit__()
            del b
    finally:
        a.__exit__()
        del a


def twice(name: str, x: Any, y: Any) -> None:
    span = info_span(name)
    try:
        with span.enter():
            with span.enter():
                run_sync(x)
            run_sync(y)
    finally:
        del span


def child_of_current(a: str, b: str, body: Any) -> None:
    current = Span.current()
    try:
        with info_span(a, parent=None).entered(), info_span(b, parent=current).entered():
            run_sync(body)
    finally:
        del current


@instrument(skip_all=True)
def sync_fn(body: Any) -> None:
    run_sync(body)
