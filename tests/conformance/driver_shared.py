"""What the tasks of a program share, by name, in one table: channels, notifies and locks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from spanlab import (
    Mutex,
    Notify,
    RecvError,
    SendError,
    Span,
    TryLockError,
    info,
    mpsc,
    oneshot,
)

senders: dict[str, Any] = {}
receivers: dict[str, Any] = {}
answers: dict[str, Any] = {}
questions: dict[str, Any] = {}
notifies: dict[str, Notify] = {}
locks: dict[str, Mutex] = {}


def clear() -> None:
    """Forget what the program before had."""
    for table in (senders, receivers, answers, questions, notifies, locks):
        table.clear()


def run_sync(st: list[Any]) -> None:
    match st:
        case ["mpsc", name, 0]:
            senders[name], receivers[name] = mpsc.unbounded_channel()
        case ["mpsc", name, places]:
            senders[name], receivers[name] = mpsc.channel(places)
        case ["oneshot", name]:
            answers[name], questions[name] = oneshot.channel()
        case ["notify", name]:
            notifies[name] = Notify()
        case ["mutex", name]:
            locks[name] = Mutex()
        case ["try_send", name, n]:
            try_send(name, n)
        case ["try_recv", name]:
            try_recv(name)
        case ["close", name]:
            if name in receivers:
                receivers[name].close()
        case ["drop_tx", name]:
            senders.pop(name, None)
            answers.pop(name, None)
        case ["drop_rx", name]:
            receivers.pop(name, None)
            questions.pop(name, None)
        case ["answer", name, n]:
            answer(name, n)
        case ["notify_one", name]:
            notifies[name].notify_one()
        case ["notify_waiters", name]:
            notifies[name].notify_waiters()
        case other:
            raise AssertionError(f"no statement is called {other}")


@contextmanager
def taken(name: str) -> Any:
    """Take a receiver out of the table, and put it back."""
    receiver = receivers.pop(name, None)
    if receiver is None:
        info(f"{name} is taken")
    try:
        yield receiver
    finally:
        if receiver is not None:
            receivers[name] = receiver


def tell(name: str, message: tuple[int, Span] | None) -> None:
    info(f"{name} ended" if message is None else f"{name} got {message[0]}")


async def send(name: str, n: int, span: Any = None) -> None:
    sender = senders.get(name)
    if sender is None:
        info(f"{name} has no sender")
        return
    message = [(n, span)]
    del span
    try:
        sent = sender.send(message.pop())
        if isinstance(sender, mpsc.Sender):
            await sent
    except SendError:
        pass
    else:
        return
    info(f"{name} is closed")


def try_send(name: str, n: int) -> None:
    sender = senders.get(name)
    if sender is None:
        info(f"{name} has no sender")
        return
    try:
        getattr(sender, "try_send", sender.send)((n, None))
    except SendError as error:
        info(f"{name} is full" if error.is_full() else f"{name} is closed")


def try_recv(name: str) -> None:
    with taken(name) as receiver:
        if receiver is not None:
            try:
                tell(name, receiver.try_recv())
            except RecvError as error:
                info(f"{name} is empty" if error.is_empty() else f"{name} ended")


def answer(name: str, n: int) -> None:
    sender = answers.pop(name, None)
    try:
        if sender is not None:
            sender.send(n)
            return
    except SendError:
        pass
    info(f"nobody asks {name}")


async def question(name: str) -> None:
    receiver = questions.pop(name, None)
    if receiver is None:
        info(f"{name} is taken")
        return
    try:
        n = await receiver
    except RecvError:
        info(f"{name} ended")
    else:
        info(f"{name} got {n}")


def try_lock(name: str, work: Any) -> None:
    try:
        with locks[name].try_lock():
            work()
    except TryLockError:
        info(f"{name} is locked")
