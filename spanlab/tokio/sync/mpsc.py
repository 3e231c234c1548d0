"""`mpsc`: a channel that many send into and one receives from.

https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/sync/mpsc/chan.rs
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from spanlab.errors import SpanlabError, UsageError
from spanlab.future import Future, Pending
from spanlab.tokio.sync.semaphore import Acquire, Semaphore
from spanlab.tokio.wait import here, out_of_budget


class ChannelError(SpanlabError):
    """The other side `is_closed()`, or it is too early: the channel `is_full()`, `is_empty()`."""

    def __init__(self, is_closed: bool, value: Any = None) -> None:
        why = "the other side is gone" if is_closed else "it comes too early"
        super().__init__(f"a channel that is ready was expected, and {why}")
        self.value = value
        self.is_closed: Callable[[], bool] = lambda: is_closed
        self.is_full: Callable[[], bool] = lambda: not is_closed  # of `self` it would be a cycle
        self.is_empty = self.is_full


class SendError(ChannelError):
    """A value could not be sent, and comes back as `.value`."""


class RecvError(ChannelError):
    """Nothing could be received. In Rust: of an `mpsc` channel it is `TryRecvError`."""


class Channel(Semaphore):
    """The messages on their way, and who waits for one. A place is free, or has a message."""

    def __init__(self, places: int) -> None:
        super().__init__(places)
        self.size, self.has_senders = places, True
        self.messages: deque[Any] = deque()
        self.waker: Any = None  # of the receiver

    def push(self, value: Any) -> None:
        """Put a message into a place that was taken for it."""
        self.messages.append(value)
        self.wake()

    def pop(self, waker: Any = None) -> Any:
        """Take the oldest message out; without one raise, and have `waker` woken by the next."""
        with self.door:
            self.saw()
            if not self.messages:
                is_over = self.is_over()
                self.waker = self.waker if is_over else waker or self.waker
                raise RecvError(is_over)
            value = self.messages.popleft()
        self.release()
        return value

    def is_over(self) -> bool:
        """Tell whether nothing can come in any more, if nothing is in it."""
        return not self.has_senders or (self.is_closed and self.free == self.size)

    def wake(self) -> None:
        """Wake the receiver, once for each time that it waits."""
        waker, self.waker = self.waker, None
        if waker is not None:
            waker.wake()


class Side:
    """One side of a channel."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel


class UnboundedSender(Side):
    """Sends at once. One more reference is a clone: with the last one the channel ends."""

    def send(self, value: Any) -> Any:
        """Send; raises `SendError` if the receiver is gone."""
        if not self.channel.try_acquire():
            raise SendError(self.channel.is_closed, value)
        self.channel.push(value)

    def __del__(self) -> None:
        self.channel.has_senders = False
        self.channel.wake()


class Sender(UnboundedSender):
    """Sends where a place is free. One more reference is a clone."""

    try_send = UnboundedSender.send

    async def send(self, value: Any) -> None:
        """Wait for a place, behind those who wait already, and send; raises `SendError`."""
        try:
            if not await Acquire(self.channel, "a free place in a channel"):
                raise SendError(True, value)
            self.channel.push(value)
        finally:
            if self.channel.is_over():
                self.channel.wake()  # it waited for the place that came back


class Message(Side, Future[Any]):
    """Waits for a message; raises `RecvError` if there will be none."""

    def poll(self) -> Any:
        thread = here("recv()")
        if thread.budget <= 0:
            return out_of_budget(thread)
        thread.budget -= 1
        try:
            return self.channel.pop(thread.waker)
        except RecvError as error:
            if error.is_closed():
                raise
        thread.budget += 1
        return Pending("a message in a channel")


class Receiver(Side):
    """Receives, alone. When it goes, the messages in the channel go at once."""

    async def recv(self) -> Any:
        """Wait for a message; None when all senders are gone, or it was closed and is empty."""
        try:
            return await Message(self.channel)
        except RecvError:
            return None

    def try_recv(self) -> Any:
        """Give a message that is there; raises `RecvError` if there is none."""
        return self.channel.pop()

    def close(self) -> None:
        """Let nothing more in; what is in the channel can still be received."""
        self.channel.is_closed = True
        self.channel.wake_all()

    def __del__(self) -> None:
        self.close()
        self.channel.messages.clear()


def channel(places: int) -> tuple[Sender, Receiver]:
    """Make a channel that has places for so many messages, and give its two sides.

    No span comes along with a message: put one in, `tx.send((job, Span.current()))`.

    In Rust: `tokio::sync::mpsc::channel`.

    >>> async def main():
    ...     tx, rx = mpsc.channel(8)
    ...     await tx.send("hello")
    ...     return await rx.recv()
    >>> run(main()).result
    'hello'
    """
    if type(places) is not int or places < 1:
        raise UsageError(f"a channel has places, from 1, got {places!r:.60}. Write: channel(8)")
    made = Channel(places)
    return Sender(made), Receiver(made)


def unbounded_channel() -> tuple[UnboundedSender, Receiver]:
    """Make a channel that is never full. In Rust: `tokio::sync::mpsc::unbounded_channel`."""
    made = Channel(1 << 62)
    return UnboundedSender(made), Receiver(made)
