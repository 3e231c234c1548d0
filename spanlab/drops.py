"""The order in which Rust drops what a block has made."""

from __future__ import annotations


class block:
    """A block of Rust: what is kept in it is dropped at its end, the last made first.

    A local of Python lives until its function ends, and the first made is dropped first. Where
    something logs or closes a span as it is dropped, that order shows.

    In Rust: `{ … }`; a variable `a` of the block is an attribute of it, `here.a`.

    >>> class Logs:
    ...     def __init__(self, name):
    ...         self.name = name
    ...     def __del__(self):
    ...         print("dropped", self.name)
    >>> with block() as here:
    ...     here.a, here.b = Logs("a"), Logs("b")
    dropped b
    dropped a
    """

    def __enter__(self) -> block:
        return self

    def __setattr__(self, name: str, value: object) -> None:
        vars(self)[name] = value  # a second value takes the place of the first, which is dropped

    def __getattr__(self, name: str) -> object:
        raise AttributeError(f"the block has no {name!r}, or has ended. Write: here.{name} = …")

    def __exit__(self, *_: object) -> None:
        while vars(self):
            vars(self).popitem()
