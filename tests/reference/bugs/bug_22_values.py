"""What #[instrument] prints of self and of arguments of many types."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from spanlab import Char, Debug, Some, info, instrument


@dataclass
class Point:
    x: int
    y: float


class Kind(Enum):
    Plain = auto()


@dataclass
class Named:
    name: str


class Pair(NamedTuple):
    a: int
    b: int


class Unit:
    pass


class Wrapper(NamedTuple):
    items: list


@dataclass
class Service:
    name: str
    point: Point

    @instrument
    def call(self, point, kind):
        info("called")

    @instrument(
        skip=["self"],
        fields={"self.name": lambda self: self.name, "sum": lambda point: point.x + 1},
    )
    async def later(self, point, _hidden, count):
        info("later")

    @staticmethod
    @instrument
    def new(name):
        info("made")
        return Service(name, Point(0, 0.0))


@instrument
def many(text, letter, list, pair, map, nothing, unit, flag, big, float, nested):
    info("many")


@instrument(fields={"http.method": "GET", "http.status": 200, "otel.name": lambda: f"x{1}"})
def dotted():
    info("dotted", **{"user.id": 7})


async def main():
    service = Service.new("s")
    service.call(Point(1, 2.5), Named("n"))
    service.call(Point(1, 2.0), Kind.Plain)
    service.call(Point(-1, 1e20), Pair(1, 2))
    await service.later(service.point, Unit(), 3)
    many(
        'te"xt',
        Char("c"),
        ["a", "b"],
        (1, "b"),
        {"k": 1},
        None,
        (),
        True,
        2**64 - 1,
        1.5,
        [[1], []],
    )
    dotted()
    info(
        "values", w=Debug(Wrapper([1])), unit=Debug(Unit()), tuple=Debug((1,)), opt=Debug(Some("x"))
    )
