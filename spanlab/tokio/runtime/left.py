"""What becomes of the tasks that are left when their runtime ends.

https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/runtime/task/list.rs
"""

from __future__ import annotations

from typing import Any

from spanlab.threads import Thread
from spanlab.tokio.task import DONE, POLLING, Task


def drop_tasks(runtime: Any, thread: Thread) -> None:
    """Drop all tasks on a thread; one that a drop spawns is dropped at once, and never polled."""
    left = sorted(runtime.tasks.values(), key=lambda task: (task.id % 4, task.id))
    known = set(runtime.tasks)

    def schedule(task: Task) -> None:  # also called for those that are woken: nobody polls them
        if task.id not in known:
            known.add(task.id)
            polled = thread.task, thread.waker
            _drop(task, thread)
            thread.task, thread.waker = polled

    thread.runtime = runtime  # what is dropped may still ask for it
    runtime.schedule = schedule
    try:
        for task in left:
            _drop(task, thread)
    finally:
        del runtime.schedule
        thread.runtime = None


def _drop(task: Task, thread: Thread) -> None:
    if task.state not in (POLLING, DONE):  # a thread may be in it, or it is being dropped
        task.aborted = True
        task.poll(thread)
