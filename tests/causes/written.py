"""Writes the random programs of `tests/conformance/LANGUAGE.md` out as Python, and runs them.

A program becomes functions, the inner ones first, and `main`: what a person would have written.
"""

from __future__ import annotations

import itertools
import json
import linecache
import re
import sys
import types
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spanlab import Trace, run

IMPORTS = "from spanlab import *\n"
PROGRAMS = Path(__file__).parents[1] / "conformance"
ENDED = 'info("{0} panicked" if error.is_panic() else "{0} cancelled")'
numbers = itertools.count()


def programs(*families: str) -> Iterator[dict[str, Any]]:
    """Read the programs of some families, in turns."""
    texts = [
        (PROGRAMS / f"{family}.programs.jsonl").read_text().splitlines() for family in families
    ]
    for texts_of_one in zip(*texts, strict=True):
        yield from map(json.loads, texts_of_one)


class Writer:
    """One program as source: each function a list of lines, `main` the last."""

    def __init__(self, program: Mapping[str, Any], careful: bool = False) -> None:
        self.careful = careful  # no guard over an await, and a span for every spawn
        self.functions: list[list[str]] = []
        self._lines: list[str] = []
        self._indent = ""
        self._count = itertools.count(1)
        self._sets: set[str] = set()
        self._block("async def main():", program["body"])

    @property
    def text(self) -> str:
        """The whole program as one file."""
        return IMPORTS + "".join(map(_text, self.functions))

    @property
    def halves(self) -> tuple[str, str]:
        """The program as two files; what the second calls is partly in the first."""
        middle = len(self.functions) // 2
        first, second = self.functions[:middle], self.functions[middle:]
        return "".join(map(_text, first)), "".join(map(_text, second))

    # --- functions -------------------------------------------------------------------------------

    @contextmanager
    def _function(self, *head: str) -> Iterator[None]:
        before = self._lines, self._indent, self._sets
        self._lines, self._indent, self._sets = list(head), "    ", set()
        yield
        if len(self._lines) == len(head):
            self._add("pass")
        self.functions.append(self._lines)
        self._lines, self._indent, self._sets = before

    @contextmanager
    def _inside(self, head: str) -> Iterator[None]:
        """Write a block, or a function in a function."""
        self._add(head)
        self._indent += "    "
        length = len(self._lines)
        yield
        if len(self._lines) == length:
            self._add("pass")
        self._indent = self._indent[:-4]

    def _add(self, line: str) -> None:
        self._lines.append(self._indent + line)

    def _name(self, kind: str) -> str:
        return f"{kind}_{next(self._count)}"

    def _block(self, *head_and_body: Any) -> None:
        *head, body = head_and_body
        with self._function(*head):
            self._statements(body)

    def _statements(self, body: list[Any]) -> None:
        for statement in body:
            self._statement(statement)

    def _plain(self, body: list[Any]) -> str:
        """Write a plain function, and give its name."""
        name = self._name("job")
        with self._function(f"def {name}():"):
            self._sync(body)
        return name

    # --- statements ------------------------------------------------------------------------------

    def _sync(self, statements: list[Any]) -> None:
        for statement in statements:
            self._sync_statement(statement)

    def _sync_statement(self, statement: list[Any]) -> None:
        match statement:
            case ["ev", message]:
                self._add(f'info("{message}")')
            case ["ev_root", message]:
                self._add(f'info("{message}", parent=None)')
            case ["scope", name, body]:
                with self._inside(f'with info_span("{name}").entered():'):
                    self._sync(body)
            case ["in_scope", name, body]:
                function = self._plain(body)
                self._add(f'info_span("{name}").in_scope({function})')
            case ["overlap", first, second, x, y, z]:
                self._overlap(first, second, x, y, z)
            case ["twice", name, x, y]:
                span = self._name("span")
                self._add(f'{span} = info_span("{name}")')
                with self._inside(f"with {span}.enter():"):
                    with self._inside(f"with {span}.enter():"):
                        self._sync(x)
                    self._sync(y)
                self._add(f"del {span}")
            case ["child_of_current", a, b, body]:
                current = self._name("current")
                self._add(f"{current} = Span.current()")
                root, child = (
                    f'info_span("{a}", parent=None)',
                    f'info_span("{b}", parent={current})',
                )
                with self._inside(f"with {root}.entered(), {child}.entered():"):
                    self._sync(body)
                self._add(f"del {current}")
            case ["sync_fn", body]:
                name = self._name("sync_fn")
                with self._function("@instrument", f"def {name}():"):
                    self._sync(body)
                self._add(f"{name}()")
            case ["thread", body]:
                self._add(f"spawn_thread({self._in_scope(self._plain(body))}).join()")
            case other:
                raise AssertionError(f"no statement is called {other}")

    def _overlap(self, first: str, second: str, x: Any, y: Any, z: Any) -> None:
        one, two = self._name("guard"), self._name("guard")
        self._add(f'{one} = info_span("{first}").entered()')
        self._sync(x)
        self._add(f'{two} = info_span("{second}").entered()')
        self._sync(y)
        self._add(f"{one}.exit()")
        self._sync(z)
        self._add(f"{two}.exit()")

    def _statement(self, statement: list[Any]) -> None:
        match statement:
            case ["yield"]:
                self._add("await yield_now()")
            case ["sleep", ms]:
                self._add(f"await sleep({ms / 1000})")
            case ["panic"]:
                self._add('raise RuntimeError("on purpose")')
            case ["await", future]:
                self._add(f"await {self._future(future)}")
            case ["join2", a, b]:
                one = self._future(a)
                self._add(f"await join({one}, {self._future(b)})")
            case ["select", a, b, x, y]:
                one, index = self._future(a), self._name("index")
                self._add(f"{index}, _ = await select({one}, {self._future(b)}, biased=True)")
                with self._inside(f"if {index} == 0:"):
                    self._sync(x)
                with self._inside("else:"):
                    self._sync(y)
            case ["let", name, future]:
                self._add(f"{name} = {self._future(future)}")
            case ["await_var", name]:
                self._add(f"await {name}")
            case ["drop_var", name]:
                self._add(f"{name}.close()")
            case ["spawn", name, future]:
                self._add(f"{name} = spawn({self._spawned(future)})")
            case ["join", name]:
                with self._inside("try:"):
                    self._add(f"await {name}")
                with self._inside("except JoinError as error:"):
                    self._add(ENDED.format(name))
            case ["abort", name]:
                self._add(f"{name}.abort()")
            case ["detach", name]:
                self._add(f"del {name}")
            case ["set_spawn", name, future]:
                made = self._spawned(future)
                if name not in self._sets:
                    self._add(f"{name} = JoinSet()")
                self._sets.add(name)
                self._add(f"{name}.spawn({made})")
            case ["set_drain", name, body]:
                if name in self._sets:
                    self._drain(name, body)
            case ["blocking", body]:
                self._add(f"await spawn_blocking({self._in_scope(self._plain(body))})")
            case ["await_in_scope", name, body]:
                self._guarded(name, body)
            case _:
                self._sync_statement(statement)

    def _drain(self, name: str, body: list[Any]) -> None:
        self._sets.remove(name)
        with self._inside(f"while joined := await {name}.join_next():"):
            with self._inside("if (error := joined.error) is not None:"):
                self._add(ENDED.format(name))
            self._sync(body)
        self._add(f"del {name}, joined")

    def _guarded(self, name: str, body: list[Any]) -> None:
        inner = self._name("inner")
        self._block(f"async def {inner}():", body)
        if self.careful:
            self._add(f'await info_span("{name}").instrument({inner}())')
            return
        with self._inside(f'with info_span("{name}").enter():'):
            self._add(f"await {inner}()")

    def _in_scope(self, function: str) -> str:
        return (
            f"lambda span=Span.current(): span.in_scope({function})" if self.careful else function
        )

    def _spawned(self, future: list[Any]) -> str:
        made = self._future(future)
        return f"in_current_span({made})" if self.careful else made

    # --- futures ---------------------------------------------------------------------------------

    def _future(self, future: list[Any]) -> str:
        """Write what makes a future, and give the expression; what is made first stands before."""
        match future:
            case ["async", body]:
                name = self._name("work")
                self._block(f"async def {name}():", body)
            case ["afn", body]:
                name = self._name("afn")
                self._block("@instrument", f"async def {name}():", body)
            case ["mk", sync, body] | ["mk_let", sync, body]:
                name = self._name(future[0])
                with self._function("@instrument", f"def {name}():"):
                    self._sync(sync)
                    self._add("")
                    with self._inside("async def task():"):
                        self._statements(body)
                    self._add("")
                    if future[0] == "mk_let":
                        self._add("future = task()")
                    self._add("return future" if future[0] == "mk_let" else "return task()")
            case ["mk_manual", span, sync, body]:
                name, inner = self._name("mk_manual"), self._name("work")
                self._block(f"async def {inner}():", body)
                guarded = f'with info_span("{span}").entered():'
                with self._function(f"def {name}():"), self._inside(guarded):
                    self._sync(sync)
                    self._add(f"return {inner}()")
            case ["instr", span, inner]:
                return f'info_span("{span}").instrument({self._first(inner)})'
            case ["instr_root", span, inner]:
                return f'info_span("{span}", parent=None).instrument({self._first(inner)})'
            case ["cur", inner]:
                return f"in_current_span({self._first(inner)})"
            case ["or_cur", inner]:
                return f"Span.none().or_current().instrument({self._first(inner)})"
            case ["follows", span, inner]:
                made, root = self._first(inner), self._name("span")
                self._add(f'{root} = info_span("{span}", parent=None)')
                self._add(f"{root}.follows_from(Span.current())")
                return f"{root}.instrument({made})"
            case other:
                raise AssertionError(f"no future is called {other}")
        return f"{name}()"

    def _first(self, future: list[Any]) -> str:
        """Make a future before the span that it gets, where that can be told."""
        made = self._future(future)
        if future[0] in ("async", "afn"):
            return made
        name = self._name("future")
        self._add(f"{name} = {made}")
        return name


def _text(lines: list[str]) -> str:
    return "\n\n" + "\n".join(lines) + "\n"


def execute(files: Mapping[str, str], on: Any, level: str = "trace") -> Trace:
    """Run a program that lies in some files, one after the other, as cells do."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for file, text in files.items():
        linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
        exec(compile(text, file, "exec"), names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # futures that are never polled are a part of the language
        return run(names["main"](), on=on, level=level)


def files(*texts: str) -> dict[str, str]:
    """Give texts names that no others have."""
    return {f"<written {next(numbers)}>": text for text in texts}


# --- the same program, written in other ways -----------------------------------------------------


def uncalled(writer: Writer) -> dict[str, str]:
    """Add a function that calls all others and is not called."""
    names = re.findall(r"^(?:async )?def (\w+)", writer.text, re.MULTILINE)
    calls = "".join(f"    {name}()\n    spawn({name}())\n" for name in names)
    return files(f"{writer.text}\n\ndef never_called():\n{calls}")


def two_cells(writer: Writer) -> dict[str, str]:
    """Split the program over two cells."""
    first, second = writer.halves
    return files(IMPORTS + first, second)


def renamed(text: str) -> str:
    """Change every name that the writer has made."""
    return re.sub(r"\b([a-z_]+)_(\d+)\b", r"other\2\1", text)


def spaced(text: str) -> str:
    """Put blank lines everywhere."""
    return text.replace("\n", "\n\n")


@contextmanager
def two_modules(writer: Writer) -> Iterator[dict[str, str]]:
    """Split the program over two modules, of which the second imports the first."""
    first, second = writer.halves
    name = f"written_module_{next(numbers)}"
    module, (file, here) = types.ModuleType(name), files(IMPORTS + first, "")
    texts = {file: IMPORTS + first, here: f"{IMPORTS}from {name} import *\n{second}"}
    linecache.cache[file] = len(first), None, texts[file].splitlines(keepends=True), file
    sys.modules[name] = module
    exec(compile(texts[file], file, "exec"), vars(module))
    try:
        yield {here: texts[here]}
    finally:
        del sys.modules[name]
