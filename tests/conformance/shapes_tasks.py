"""The shapes of `shapes.py` about tasks and futures: joined, raced, dropped, where they live."""

from dataclasses import replace


class Tasks:
    """A part of `Shapes`: each `make_…` gives the statements of one shape."""

    def make_spawn(self, place, held):
        held.handles.append(self.name())
        return [["spawn", held.handles[-1], self.future_at(place.task())]]

    def make_spawn_local(self, place, held):
        held.handles.append(self.name())
        return [["spawn_local", held.handles[-1], self.future_at(place.task(local=True))]]

    def make_let(self, place, held):
        held.lets.append(self.name())
        return [["let", held.lets[-1], self.future_at(place.future())]]

    def make_await_var(self, place, held):
        return [["await_var", held.lets.pop()]]

    def make_drop_var(self, place, held):
        return [["drop_var", held.lets.pop()]]

    def make_set(self, place, held):
        held.sets.append(f"set{self.random.randrange(2)}")
        return [["set_spawn", held.sets[-1], self.future_at(place.task())]]

    def make_pool(self, place, held):
        held.pools.append(f"pool{self.random.randrange(2)}")
        return [["pool", held.pools[-1], future] for future in self.some_futures(place.future(), 2)]

    def make_join(self, place, held):
        return [["join", held.handles.pop(self.random.randrange(len(held.handles)))]]

    def make_detach(self, place, held):
        return [["detach", held.handles.pop(self.random.randrange(len(held.handles)))]]

    def make_abort(self, place, held):
        return [["abort", self.random.choice(held.handles)]]

    def make_aborted(self, place, held):
        """A task that is aborted, at once or after a turn, and joined under a span."""
        name, future = self.name(), self.future_at(place.task())
        between = self.random.choice([[], [["yield"]], [["yield"], ["yield"]], [["sleep", 5]]])
        abort = self.random.choice([[], [["abort", name]], [["abort", name]]])
        return [["spawn", name, future], *between, *abort, ["join_instr", self.span(), name]]

    def make_late(self, place, held):
        """A task that is waited for in vain, and then again or never."""
        name, slow = self.name(), ["sleep", self.moment()]
        future = self.instrumented([slow, *self.block_at(place.task())])
        late = ["join_timeout", self.moment(), name]
        return [["spawn", name, future], late, self.random.choice([late, ["detach", name]])]

    def make_select(self, place, held):
        a, b = self.future_at(place.future()), self.future_at(place.future())
        return [["select", a, b, [self.event()], [self.event()]]]

    def make_kept(self, place, held):
        """A future that loses a `select` by reference, and is polled again later."""
        name, made = self.name(), []
        for _ in range(self.random.randint(1, 3)):
            other = self.future_at(place.future())
            made.append(["select_ref", name, other, [self.event()], [self.event()]])
        last = self.random.choice([[["await_var", name]], [["drop_var", name]], []])
        slow = [["yield"], *self.block_at(place.future())]
        return [["let", name, self.instrumented(slow)], *made, *last]

    def make_join2(self, place, held):
        return [["join2", self.future_at(place.future()), self.future_at(place.future())]]

    def make_try_join(self, place, held):
        return [["try_join", self.future_at(place.future()), self.future_at(place.future())]]

    def make_join_all(self, place, held):
        if self.random.random() < 0.05:  # above 30 it is another algorithm
            return [["join_all", [["async", [["yield"], self.event()]] for _ in range(31)]]]
        return [["join_all", self.some_futures(place.future())]]

    def make_try_join_all(self, place, held):
        return [["try_join_all", self.some_futures(place.future())]]

    def make_catch(self, place, held):
        return [["catch", self.future_at(place.task(place.local))]]

    def make_dropping(self, place, held):
        return [["dropping", self.message(), self.block_at(place.deeper())]]

    def make_overlap(self, place, held):
        x, y, z = (self.block_at(place.deeper()) for _ in range(3))
        return [["await_overlap", self.span(), self.span(), x, y, z]]

    def make_timeout(self, place, held):
        return [["timeout", self.moment(), self.future_at(place.future())]]

    def make_interval(self, place, held):
        period, ticks = self.random.choice([1, 5, 10]), self.random.randint(1, 4)
        return [["interval", period, ticks, self.block_at(place.deeper())]]

    # where tasks live

    def make_local(self, place, held):
        block = self.block_at(place.deeper(local=True))
        before = self.some_futures(place.task(local=True), 2) if self.random.random() < 0.4 else []
        local = ["local", before, block]
        if place.fails:
            return [local]
        return [["await", self.instrumented([local])]]

    def make_local_all(self, place, held):
        futures = self.some_futures(place.task(local=True))
        return [["await", self.instrumented([["local_all", futures]])]]

    def make_thread_spawn(self, place, held):
        held.handles.append(self.name())
        return [["thread_spawn", held.handles[-1], self.future_at(place.task())]]

    def make_thread_block_on(self, place, held):
        return [["thread_block_on", self.instrumented(self.unaided(2))]]

    def unaided(self, depth):
        """A block that ends although nobody drives the runtime meanwhile."""
        out = []
        for kind in self.random.choices(["event", "yield", "scope", "await", "spawn"], k=3):
            if kind == "event" or depth == 0:
                out.append(self.event())
            elif kind == "yield":
                out.append(["yield"])
            elif kind == "scope":
                out.append(["await_in_scope", self.span(), self.unaided(depth - 1)])
            elif kind == "await":
                out.append(["await", self.instrumented(self.unaided(depth - 1))])
            else:
                out.append(["spawn", self.name(), self.instrumented(self.unaided(depth - 1))])
        return out

    def make_runtime(self, place, held):
        return [
            [
                "runtime",
                self.future_at(replace(place.future(), panics=False, local=False, shares=False)),
            ]
        ]
