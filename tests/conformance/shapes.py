"""Random programs of the family `async`: the shapes that real services are made of.

A program is about two or three themes. A wait that nothing may ever end has mostly a timeout around
it, and each shape ends what it began, so that few programs are stuck; those that are end in
`["deadlock"]`.
"""

from dataclasses import dataclass, replace

from generate import FUTURES, SYNC, Generator
from shapes_shared import Sharing
from shapes_tasks import Tasks

THEMES = {
    "channels": ["actor", "pressure", "send", "send", "receive", "flood", "receiver_gone"],
    "answers": ["ask", "ask", "ask_nobody"],
    "notify": ["wake_one", "wake_all", "notified", "notify_one", "notify_waiters"],
    "locks": ["contend", "contend", "lock", "try_lock"],
    "streams": ["each", "each", "nexts", "nexts", "nexts"],
    "time": ["timeout", "timeout", "interval", "sleep_until", "sleep", "late", "kept", "kept"],
    "many": [
        "join_all",
        "try_join",
        "try_join_all",
        "pool",
        "pool",
        "try",
        "join2",
        "each",
        "nexts",
    ],
    "local": ["local", "local", "local_all", "spawn_local", "spawn_local"],
    "threads": ["thread_spawn", "thread_block_on", "runtime"],
    "drops": ["dropping", "dropping", "catch", "overlap", "aborted", "aborted"],
    "filter": ["sync", "sync", "at"],
}
THEME_SYNC = {
    "channels": ["try_send", "try_recv"],
    "notify": ["notify_one", "notify_waiters"],
    "drops": ["catch_sync"],
    "filter": ["ev_at", "ev_at", "scope_at", "scope_at", "if_enabled"],
}
THEME_FUTURES = {"drops": ["owns", "owns"], "filter": ["instr_at", "instr_at"]}
BASE = ["ev", "ev", "sync", "yield", "yield", "await", "spawn", "let", "set", "select"]
TARGETS, LEVELS = ["app", "app::db", "lib"], ["trace", "debug", "info", "warn", "error"]
MOMENTS = [0, 1, 5, 5, 10, 20]


@dataclass(frozen=True)
class Place:
    """Where a statement stands: how deep, and what is possible there."""

    depth: int
    panics: bool = False  # inside a task or a catch
    fails: bool = False  # inside a future whose error somebody takes
    local: bool = False  # inside a local set
    shares: bool = True  # inside the first runtime

    def deeper(self, **changes):
        return replace(self, depth=self.depth - 1, **changes)

    def future(self):
        return self.deeper(fails=True)

    def task(self, local=False):
        return self.deeper(panics=True, fails=True, local=local)


class Held:
    """What the block that is being made holds, by name."""

    def __init__(self):
        self.lets, self.handles, self.sets, self.pools = [], [], [], []


class Shapes(Sharing, Tasks, Generator):
    def __init__(self, seed):
        super().__init__(seed, "async")
        self.themes = self.random.sample(sorted(THEMES), self.random.randint(2, 3))
        self.sync_kinds = self.with_themes(SYNC, THEME_SYNC)
        self.future_kinds = self.with_themes(FUTURES, THEME_FUTURES)
        self.budget = 45

    def with_themes(self, kinds, more):
        return kinds + [kind for theme in self.themes for kind in 2 * more.get(theme, [])]

    def program(self):
        shared = [["mpsc", "c0", self.random.choice([0, 1, 2])], ["mpsc", "c1", 1]]
        shared += [["oneshot", "o0"], ["notify", "n0"], ["notify", "n1"], ["mutex", "l0"]]
        body = self.block_at(Place(5))
        used = [st for st in shared if f'"{st[1]}"' in repr(body).replace("'", '"')]
        made = {"body": used + body}
        return {"filter": self.filter()} | made if "filter" in self.themes else made

    # filters

    def filter(self):
        directives = [self.directive() for _ in range(self.random.randint(1, 3))]
        if self.random.random() < 0.7:
            directives.insert(0, self.random.choice(["info", "warn", "error", "debug", "off"]))
        return ",".join(directives)

    def directive(self):
        target, level = self.random.choice(["", *TARGETS, "ap"]), self.random.choice(LEVELS)
        span = self.random.choice(["s0", "s1", "s2"])
        user = self.random.randrange(3)
        return self.random.choice(
            [
                f"{target or 'app'}={level}",
                f"{target or 'lib'}=off",
                target or "app",
                f"{target}[{span}]={level}",
                f"[{span}]={level}",
                f"[{{user={user}}}]={level}",
                f"[{span}{{user={user}}}]={level}",
                f"{target}[{span}{{user}}]={level}",
            ]
        )

    def at(self, kind, *rest):
        return [kind, self.random.choice(TARGETS), self.random.choice(LEVELS), *rest]

    def span_at(self, kind, inside):
        span, user = f"s{self.random.randrange(3)}", self.random.randrange(4)
        return self.at(kind, span, user, inside)

    # statements without an await, and futures

    def sync_statement(self, kind, depth):
        self.budget -= 1
        if kind == "ev_at":
            return self.at(kind, self.message())
        if kind == "scope_at":
            return self.span_at(kind, self.sync(depth))
        if kind == "if_enabled":
            return self.at(kind, self.sync(depth))
        if kind == "try_send":
            return [kind, self.channel(), self.random.randrange(10)]
        if kind == "try_recv":
            return [kind, self.channel()]
        if kind in ("notify_one", "notify_waiters"):
            return [kind, self.notify()]
        if kind == "catch_sync":
            panic = ["scope", self.span(), [["ev", self.message()], ["panic"]]]
            return [kind, [*self.sync(depth), self.random.choice([panic, ["panic"]])]]
        return super().sync_statement(kind, depth)

    def channel(self):
        return self.random.choice(["c0", "c1"])

    def notify(self):
        return self.random.choice(["n0", "n1"])

    def future_at(self, place):
        self.budget -= 1
        kind = self.random.choice(self.future_kinds) if place.depth > 0 else "async"
        if kind in ("async", "afn"):
            return [kind, self.block_at(place.deeper())]
        if kind in ("mk", "mk_let"):
            return [kind, self.sync(1), self.block_at(place.deeper())]
        if kind == "mk_manual":
            return [kind, self.span(), self.sync(1), self.block_at(place.deeper())]
        if kind == "instr_at":
            return self.span_at(kind, self.future_at(place.deeper()))
        if kind == "owns":
            return [kind, self.message(), self.future_at(place.deeper())]
        if kind in ("instr", "instr_root", "follows"):
            return [kind, self.span(), self.future_at(place.deeper())]
        return [kind, self.future_at(place.deeper())]

    def some_futures(self, place, most=3):
        return [self.future_at(place) for _ in range(self.random.randint(1, most))]

    def instrumented(self, block):
        """Give an async block, as it is or under a span."""
        return self.random.choice([["async", block], ["instr", self.span(), ["async", block]]])

    # blocks

    def block_at(self, place):
        held, out = Held(), []
        for _ in range(self.random.randint(1, 4)):
            if place.panics and self.random.random() < 0.05:
                return [*out, ["panic"]]
            if place.fails and self.random.random() < 0.08:
                return [*out, ["err"]]
            kind = self.random.choice(self.kinds(place, held))
            self.budget -= 1
            out += getattr(self, f"make_{kind}")(place, held)
        return out + self.ending(held)

    def kinds(self, place, held):
        kinds = ["ev", "ev", "sync"]
        if place.depth <= 0 or self.budget <= 0:
            return kinds
        kinds = BASE + [kind for theme in self.themes for kind in 2 * THEMES[theme]]
        kinds += ["await_var", "drop_var"] if held.lets else []
        kinds += ["join", "abort", "detach"] if held.handles else []
        return [kind for kind in kinds if self.possible(kind, place, held)]

    def possible(self, kind, place, held):
        needs = {
            "spawn_local": place.local,
            "try": place.fails,
        }
        elsewhere = {"send", "receive", "receiver_gone", "ask_nobody", "sleep_until", "runtime"}
        elsewhere |= {*THEMES["notify"], "lock", "try_lock", "contend"}
        return needs.get(kind, True) and (place.shares or kind not in elsewhere)

    def ending(self, held):
        out = [["set_drain", name, self.maybe_event()] for name in sorted(set(held.sets))]
        out += [["pool_drain", name, self.maybe_event()] for name in sorted(set(held.pools))]
        out += [["await_var", name] for name in held.lets if self.random.random() < 0.5]
        return out + [["join", name] for name in held.handles if self.random.random() < 0.8]

    def event(self):
        return ["ev", self.message()]

    def maybe_event(self):
        return [self.event()] if self.random.random() < 0.5 else []

    def moment(self):
        return self.random.choice(MOMENTS)

    # one method for each shape, here and in the other rooms: a list of statements

    def make_ev(self, place, held):
        return [self.event()]

    def make_sync(self, place, held):
        if place.shares:
            return self.sync(1)
        kinds, self.sync_kinds = self.sync_kinds, SYNC
        made = self.sync(1)
        self.sync_kinds = kinds
        return made

    def make_at(self, place, held):
        return [["await", self.span_at("instr_at", self.future_at(place.future()))]]

    def make_yield(self, place, held):
        return [["yield"]]

    def make_sleep(self, place, held):
        return [["sleep", self.moment()]]

    def make_sleep_until(self, place, held):
        return [["sleep_until", self.random.choice([0, 5, 10, 10, 30])]]

    def make_await(self, place, held):
        return [["await", self.future_at(place.future())]]

    def make_try(self, place, held):
        return [["try", self.future_at(place.future())]]
