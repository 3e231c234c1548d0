"""The shapes of `shapes.py` that use what tasks share: channels, notifies, locks, streams."""


class Sharing:
    """A part of `Shapes`: each `make_…` gives the statements of one shape."""

    # channels

    def in_time(self, statement):
        """Mostly with a timeout around it, for who may wait in vain."""
        if self.random.random() < 0.05:
            return [statement]
        return [["timeout", self.random.choice([0, 5, 10]), self.instrumented([statement])]]

    def make_send(self, place, held):
        return self.in_time(self.send(self.channel()))

    def send(self, channel):
        n = self.random.randrange(10)
        if self.random.random() < 0.4:
            return ["send_in", channel, n, self.span()]
        return ["send", channel, n]

    def make_receive(self, place, held):
        return self.in_time(["recv", self.channel()])

    def make_receiver_gone(self, place, held):
        gone = [self.random.choice(["close", "drop_rx", "drop_tx"]), self.channel()]
        return [*self.in_time(self.send(gone[1])), gone, self.send(gone[1])]

    def make_actor(self, place, held):
        """A task that gets messages until all who send are gone: by itself, or as a stream."""
        channel, actor = self.name(), self.name()
        block = self.block_at(place.deeper(fails=True, panics=False, local=False))
        received = ["receiver", channel]
        stream = self.random.choice([received, received, ["s_instr", self.span(), received]])
        served = ["serve", channel, block]
        serve = self.random.choice([served, served, ["each", stream, block]])
        sends = [self.send(channel) for _ in range(self.random.randint(1, 3))]
        spawned = ["spawn", actor, self.instrumented([serve])]
        between = self.block_at(place.deeper(fails=False, panics=False))
        made = [["mpsc", channel, self.random.choice([0, 1, 4])], spawned]
        return [*made, *sends, *between, ["drop_tx", channel], ["join", actor]]

    def make_pressure(self, place, held):
        """More senders than places in the channel."""
        channel, tasks = self.name(), self.name()
        made, senders = (
            [["mpsc", channel, self.random.choice([1, 1, 2])]],
            self.random.randint(2, 3),
        )
        for _ in range(senders):
            sends = [self.send(channel), self.send(channel), self.event()]
            made.append(["set_spawn", tasks, self.instrumented(sends)])
        slow = self.random.choice([[], [["yield"]], [["sleep", 1]]])
        receive = [["recv", channel], *slow] * (2 * senders - self.random.choice([0, 0, 1]))
        made.insert(self.random.randint(1, len(made)), ["set_spawn", tasks, ["async", receive]])
        gone = self.random.choice([[], [["yield"], ["drop_rx", channel]]])
        block = [*made, *gone, ["set_drain", tasks, []]]
        return [["timeout", 10, self.instrumented(block)], ["yield"]]

    def make_flood(self, place, held):
        channel, n = self.name(), self.random.choice([100, 127, 128, 129, 300])
        made = [["mpsc", channel, 0], ["flood", channel, n]]
        return [*made, ["join2", self.instrumented([["take", channel, n]]), ["async", [["yield"]]]]]

    def make_ask(self, place, held):
        question, asked = self.name(), self.name()
        answer = self.random.choice([["answer", question, 7], ["drop_tx", question]])
        asks = place.deeper(fails=False, panics=False, local=False)
        block = [*self.block_at(asks), answer, self.event()]
        made = [["oneshot", question], ["spawn", asked, self.instrumented(block)]]
        return [*made, *self.in_time(["question", question]), ["join", asked]]

    def make_ask_nobody(self, place, held):
        return [*self.in_time(["question", "o0"]), ["answer", "o0", self.random.randrange(10)]]

    # notify and locks

    def waiters(self, name, place):
        tasks = self.name()
        wait = ["notified", name]
        blocks = [[self.event(), wait, self.event()] for _ in range(self.random.randint(2, 3))]
        return tasks, [["set_spawn", tasks, self.instrumented(block)] for block in blocks]

    def make_wake_one(self, place, held):
        name = self.name()
        tasks, waiting = self.waiters(name, place)
        wakes = [["notify_one", name] for _ in waiting]
        between = self.random.choice([[], [["yield"]], self.block_at(place.deeper(fails=False))])
        return [["notify", name], *waiting, *between, *wakes, ["set_drain", tasks, []]]

    def make_wake_all(self, place, held):
        name = self.name()
        tasks, waiting = self.waiters(name, place)
        wake = [["notify_waiters", name]]
        wake = self.random.choice([["await", ["async", wake]], ["thread", wake]])
        more = self.random.choice([[], [["notify_one", name]]])
        return [["notify", name], *waiting, ["yield"], *more, wake, ["set_drain", tasks, []]]

    def make_notified(self, place, held):
        return self.in_time(["notified", self.notify()])

    def make_notify_one(self, place, held):
        return [["notify_one", self.notify()]]

    def make_notify_waiters(self, place, held):
        return [["notify_waiters", self.notify()]]

    def make_lock(self, place, held):
        return self.in_time(["lock", "l0", self.block_at(place.deeper(fails=False))])

    def make_try_lock(self, place, held):
        return [["try_lock", "l0", self.sync(1)]]

    def make_contend(self, place, held):
        lock, tasks, made = self.name(), self.name(), []
        for _ in range(self.random.randint(2, 3)):
            inside = self.block_at(place.deeper(panics=True, fails=True, local=False))
            made.append(["set_spawn", tasks, self.instrumented([["lock", lock, inside]])])
        tried = [["try_lock", lock, [self.event()]]]
        return [["mutex", lock], *made, ["yield"], *tried, ["set_drain", tasks, []]]

    # streams

    def stream_at(self, place):
        self.budget -= 1
        kinds = ["gen", "gen", "gen", "iter", "unordered", "buffered"]
        kinds += ["s_instr", "s_instr", "s_cur"] if place.depth > 0 else []
        kind = self.random.choice(kinds)
        if kind == "gen":
            return [kind, self.generated(place)]
        if kind == "iter":
            return [kind, self.random.randint(0, 3)]
        if kind == "unordered":
            return [kind, self.some_futures(place.future())]
        if kind == "buffered":
            return [kind, self.random.randint(1, 3), self.some_futures(place.future(), 4)]
        if kind == "s_instr":
            return [kind, self.span(), self.stream_at(place.deeper())]
        return [kind, self.stream_at(place.deeper())]

    def generated(self, place):
        inside, out = place.deeper(fails=False), []
        for n in range(self.random.randint(1, 3)):
            block = self.block_at(inside) if self.random.random() < 0.6 else []
            emit = [*block, ["emit", n], *self.random.choice([[], [["yield"]], [self.event()]])]
            held = self.random.random() < 0.4
            out += [["emit_in_scope", self.span(), emit]] if held else emit
        return out

    def make_each(self, place, held):
        return [["each", self.stream_at(place.deeper()), self.block_at(place.deeper())]]

    def make_nexts(self, place, held):
        """A stream that is asked a few times, under spans or not, and dropped, maybe halfway."""
        name, out = self.name(), []
        for _ in range(self.random.randint(1, 4)):
            next_one = [["next", name], ["next", name], ["next_instr", self.span(), name]]
            out.append(self.random.choice([*next_one, self.event(), ["yield"]]))
        stream = ["stream", name, self.stream_at(place.deeper())]
        return [stream, *out, *self.random.choice([[["drop_stream", name]], []])]
