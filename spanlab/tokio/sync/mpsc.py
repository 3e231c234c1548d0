"""`mpsc`: a channel that many send into and one receives from.

https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/sync/mpsc/chan.rs
"""

from __future__ import annotations

from collections import deque
from typing import Any

from spanlab.errors import SpanlabError, UsageError
from spanlab.future import Future, Pending
from spanlab.tokio.sync.semaphore import Acquire, Semaphore
from spanlab.tokio.wait import here, out_of_budget


class _Error(SpanlabError):
    def __init__(self, is_closed: bool, value: Any = None) -> None:
        why = "the other side is gone" if is_closed else "it comes too early"
        super().__init__(f"a channel that is ready was expected, and {why}")
        self._is_closed, self.value = is_closed, value

    def is_closed(self) -> bool:
        """Tell whether the other side is gone."""
        return self._is_closed

    def is_full(self) -> bool:
        """Tell whether it came too early: no place was free, or nothing was in the channel."""
        return not self._is_closed

    is_empty = is_full


class SendError(_Error):
    """A value could not be sent, and comes back as `.value`. In Rust: also `TrySendError`."""


class RecvError(_Error):
    """Nothing could be received. In Rust: of an `mpsc` channel it is `TryRecvError`."""


class Channel(Semaphore):
    """The messages on their way, and who waits for one. A place is free, or has a message."""

    def __init__(self, places: int) -> None:
        super().__init__(places)
        self.messages: deque[Any] = deque()
        self.has_senders = True
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
                is_over = not self.has_senders or (self.is_closed and self.free == self.size)
                self.waker = self.waker if is_over else waker or self.waker
                raise RecvError(is_over)
            value = self.messages.popleft()
        self.release()
        return value

    def wake(self) -> None:
        """Wake the receiver, once for each time that it waits."""
        waker, self.waker = self.waker, None
        if waker is not None:
            waker.wake()

    def left(self) -> None:
        """Wake a receiver that waits for the last place to come back."""
        if self.is_closed and self.free == self.size:
            self.wake()


class UnboundedSender:
    """Sends at once. One more reference is a clone: with the last one the channel ends."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

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
        if not await Acquire(self.channel, "a free place in a channel that nobody empties"):
            raise SendError(True, value)
        self.channel.push(value)


class Message(Future[Any]):
    """Waits for a message; raises `RecvError` if there will be none."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

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
        return Pending("a message in a channel that nobody sends into")


class Receiver:
    """Receives, alone. When it goes, the messages in the channel go at once."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

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
        self.channel.close()

    def __del__(self) -> None:
        self.channel.close()
        while self.channel.messages:
            self.channel.pop()


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
