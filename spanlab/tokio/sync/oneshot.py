"""`oneshot`: a channel for one value, such as the answer to a question."""

from __future__ import annotations

from typing import Any

from spanlab.tokio.sync import mpsc


class Sender(mpsc.UnboundedSender):
    """Gives the value, once. In Rust `send` consumes it."""

    def send(self, value: Any) -> None:
        """Give the value; raises `SendError` if the receiver is gone, or has one already."""
        if not self.channel.has_senders:
            raise mpsc.SendError(True, value)
        super().send(value)
        self.channel.has_senders = False


class Receiver(mpsc.Message, mpsc.Receiver):
    """Await it for the value; raises `RecvError` if the sender has gone without one."""

    def close(self) -> None:
        """Refuse a value from now on. One that was sent before can still be taken."""
        self.channel.waker = None
        mpsc.Receiver.close(self)


def channel() -> tuple[Sender, Receiver]:
    """Make a channel for one value, and give its two sides. In Rust: `oneshot::channel`."""
    made = mpsc.Channel(1)
    return Sender(made), Receiver(made)
