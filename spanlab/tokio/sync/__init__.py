"""Rust's `tokio::sync`: what tasks give to one another."""

from spanlab.tokio.sync import mpsc, oneshot
from spanlab.tokio.sync.mpsc import RecvError, SendError
from spanlab.tokio.sync.semaphore import Mutex, Notify, TryLockError

__all__ = ["Mutex", "Notify", "RecvError", "SendError", "TryLockError", "mpsc", "oneshot"]
