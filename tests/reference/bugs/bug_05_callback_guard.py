"""near/nearcore#7172: an entered span moves into a callback that an event loop runs later."""

from spanlab import Span, info, info_span


def trigger(queue, n):
    guard = info_span("trigger", n=n).entered()
    span = Span.current()
    info("triggered")

    def callback(guard=guard):
        info("callback", parent=span)
        child = info_span("child")
        child.in_scope(lambda: info("in child"))

    queue.append(callback)


def program():
    queue = []
    trigger(queue, 1)
    info("unrelated")
    trigger(queue, 2)
    info("unrelated again")
    while queue:
        job = queue.pop(0)
        job()
        del job
        info("between")
    info("at the end")
