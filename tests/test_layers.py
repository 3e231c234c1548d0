"""The plan of the house: who may know whom, how large a room is, in which order one reads."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from conftest import PRINTED

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "spanlab"

GROUND = (  # what everything stands on, the lower first; one reads it in this order
    "evidence", "errors", "evidence.chain", "evidence.sites", "stack", "threads", "os_thread",
    "frames", "future", "ids", "values", "field", "record", "tape", "evidence.part",
    "evidence.saved", "evidence.panic", "traces", "recorder", "evidence.replay", "evidence.labels",
    "evidence.syntax", "streams",
)  # fmt: skip
LATER = "os_thread", "ids", "values", "streams"  # of it, what nobody needs to read first
FIRST = tuple(name for name in GROUND if name not in LATER and not name.startswith("evidence"))
EVENING = (  # what one reads in an evening, in this order, named in README
    *(f"{name}.py" for name in FIRST),
    *(f"tracing/{name}.py" for name in ("guard", "span", "macros", "instrument")),
    *(f"tokio/{name}.py" for name in ("wait", "task", "join_set")),
    *(f"tokio/runtime/{name}.py" for name in ("base", "current_thread", "__init__")),
)
MAY_IMPORT = {  # each room, and what it may know beside itself
    "ground": set[str](),
    "tracing": {"ground"},
    "tokio": {"ground"},
    "filters": {"ground"},
    "drops": set[str](),
    "log_tracer": {"ground", "tracing"},
    "view": {"ground"},
    "causes": {"ground", "view"},
    "lesson": {"ground", "tokio", "view", "causes"},
    "futures": {"ground", "tokio"},
    "yours": {"ground", "view", "causes"},
    "__main__": {"spanlab", "ground", "lesson", "yours"},
    "spanlab": {"ground", "tracing", "tokio", "futures", "filters", "drops", "view", "causes"}
    | {"log_tracer", "yours"},
}
BARS = {  # what is measured: its files, and how many lines they may have in all
    "ground": ([f"{name}.py" for name in FIRST], 1_150),
    "evidence": (["evidence/*.py"], 750),
    "os_thread": (["os_thread.py"], 130),
    "values, ids": (["values.py", "ids.py"], 200),
    "streams": (["streams.py", "tracing/streams/*.py"], 160),
    "tracing": (["tracing/*.py"], 650),
    "filters": (["filters/*.py"], 150),
    "drops, log": (["drops.py", "log_tracer.py"], 90),
    "tokio": (["tokio/*.py"], 650),
    "tokio/sync": (["tokio/sync/*.py"], 350),
    "tokio/time": (["tokio/time/*.py"], 150),
    "tokio/beside": (["tokio/beside/*.py"], 400),
    "futures": (["futures/*.py"], 600),
    "tokio/runtime": (["tokio/runtime/**/*.py"], 1_250),
    "tokio/explore": (["tokio/explore/**/*.py"], 450),
    "tokio/host": (["tokio/host/**/*.py"], 200),
    "view": (["view/*.py"], 1_900),
    "view/stepper": (["view/stepper/**/*.py"], 1_110),
    "view/file": (["view/file/**/*.py"], 200),
    "causes": (["causes/**/*.py"], 1_700),
    "lesson": (["lesson/**/*.py"], 1_150),
    "yours": (["yours/*.py", "yours/[!r]*/**/*.py"], 2_000),
    "yours/rust": (["yours/rust/**/*.py"], 250),
    "face": (["__init__.py"], 120),
    "command line": (["__main__.py"], 140),
    "evening path": (EVENING, 2_650),
}
OVER = {  # rooms that miss their bar, and what they have: they may shrink, and not grow
    "ground": 1_347, "tracing": 803, "filters": 312, "tokio": 816, "tokio/sync": 405,
    "tokio/runtime": 1_799, "tokio/explore": 626, "tokio/host": 541, "view": 2_405,
    "causes": 2_597, "lesson": 1_994, "yours": 6_187, "face": 138, "command line": 234,
    "evening path": 3_222,
}  # fmt: skip
ALIKE = 6  # lines, which may not stand twice
KEYWORDS = {*keyword.kwlist, "const", "let", "function", "new"} - {"None", "True", "False"}
THIRD_PARTY = (
    "graphviz", "anywidget", "ipywidgets", "IPython", "nest_asyncio2", "rich", "tree_sitter",
    "distributed",
)  # fmt: skip


def name_of(path: Path) -> str:
    """Name a module as it is imported: `spanlab`, `spanlab.record`, `spanlab.view.graph`."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    """Name the room of a module: its folder, or the ground, of which `evidence` is a part."""
    parts = module.split(".")
    if ".".join(parts[1:]) in GROUND:
        return "ground"
    assert parts[-1] in MAY_IMPORT or parts[1] in MAY_IMPORT, f"{module} has no room"
    return parts[1] if len(parts) > 1 else module


def imported(module: str) -> set[str]:
    """Find all that a module imports, inside functions and for type checkers too."""
    found: set[str] = set()
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                start = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*start, base] if base else start)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                found.add(full if full in MODULES else base)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    return found


def imported_here(module: str) -> set[str]:
    """Find the modules of the package itself that a module imports."""
    return {name for name in imported(module) if name.split(".")[0] == "spanlab"}


def may_import(module: str, other: str) -> bool:
    if room(module) == room(other) == "ground":
        here, there = (GROUND.index(name.removeprefix("spanlab.")) for name in (module, other))
        return there < here
    return room(other) in {room(module), *MAY_IMPORT[room(module)]}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_room_may_know(module: str) -> None:
    """Tracing and tokio never import each other, a view knows neither: they meet in the ground."""
    wrong = sorted(other for other in imported_here(module) if not may_import(module, other))
    assert not wrong, f"{module} must not import {', '.join(wrong)}"


def test_no_import_cycle() -> None:
    """No chain of imports comes back to where it began."""
    graph = {module: imported_here(module) - {module} for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("package", THIRD_PARTY)
def test_one_module_imports_a_third_party_package(package: str) -> None:
    """An optional package has one door into spanlab."""
    doors = [m for m in MODULES if package in {name.split(".")[0] for name in imported(m)}]
    assert len(doors) <= 1, f"{package} is imported by {', '.join(doors)}"


# ---------------------------------------------------------------- how large, and in which order


def sources() -> list[Path]:
    """List what is written by hand to run: Python, and JavaScript for the browser."""
    return sorted(path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".js"})


def length(*patterns: str) -> int:
    """Count the lines of the files that are meant."""
    files = [path for pattern in patterns for path in PACKAGE.glob(pattern)]
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)


def test_no_room_grows_over_its_bar(record_property: Callable[[str, object], None]) -> None:
    """Size is a feature: the table is printed, and a room that misses its bar may not grow."""
    lines = {room: length(*files) for room, (files, _) in BARS.items()}
    table = [f"{'room':14}{'lines':>6}{'bar':>7}"]
    for room, (_, most) in BARS.items():
        missed = f"  missed by {lines[room] - most:,}" * (lines[room] > most)
        table.append(f"{room:14}{lines[room]:6,}{most:7,}{missed}")
    record_property(PRINTED, "\n".join(table))
    for room, (_, most) in BARS.items():
        assert lines[room] <= max(most, OVER.get(room, 0)), room
        assert (room in OVER) == (lines[room] > most), f"{room} keeps its bar now: not in OVER"


def test_the_page_has_few_lines_of_javascript() -> None:
    """All that runs in a browser, the package's and the site's; no bundler, no copies."""
    site = (PACKAGE.parent / "notebooks" / "site").glob("*.js")
    written = [*(path for path in sources() if path.suffix == ".js"), *site]
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in written)
    assert lines <= 1_700


def test_every_module_lies_in_a_measured_room() -> None:
    """The rooms of the table hold all of the package, each module once."""
    measured = [
        path for files, _ in list(BARS.values())[:-1] for f in files for path in PACKAGE.glob(f)
    ]
    assert sorted(measured) == sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_can_be_read_in_one_go(path: Path) -> None:
    """No module is over 300 lines, in Python or in JavaScript."""
    assert length(path.relative_to(PACKAGE).as_posix()) <= 300


def test_readme_names_the_evening_path() -> None:
    """README lists what one reads in an evening: each file there is, in the order of reading."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\d+\. \[.*?\]\(spanlab/(.*?)\): .+\.$", readme, re.M)
    assert named == list(EVENING)
    assert all((PACKAGE / name).exists() for name in named)
    assert set(PACKAGE.glob("tracing/[!_]*.py")) <= {PACKAGE / name for name in named}


def test_the_evening_path_looks_only_back() -> None:
    """What a module of the path takes from the path stands before it: no one reads ahead."""
    path = [name_of(PACKAGE / name) for name in EVENING]
    for at, module in enumerate(path):
        ahead = imported_here(module) & set(path[at + 1 :])
        assert not ahead, f"{module} takes from {', '.join(ahead)}, which is read later"


# ---------------------------------------------------------------- what stands twice


def shape(line: str) -> str:
    """Give a line with a letter for each name, number and string; a docstring stays as it is."""
    if line.startswith('"""'):
        return line
    line = re.sub(r"""(["'`]).*?\1""", "S", line)
    return re.sub(r"\b[A-Za-z_]\w*|\d+", lambda w: w[0] if w[0] in KEYWORDS else "N", line)


def shapes(path: Path) -> Iterator[tuple[int, str]]:
    """Give the lines that say something, by number: no blank, bracket, comment or import."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if re.search(r"\w", text) and not text.startswith(("#", "//", "import ", "from ")):
            yield number, shape(text)


def acts(line: str) -> bool:
    """Tell whether a line calls or decides something; the rows of a table do not."""
    return bool(re.search(r"\w\(", line) or KEYWORDS.intersection(re.findall(r"\w+", line)))


def repeated() -> Iterator[tuple[str, str]]:
    """Give the places of lines that are alike, but for names, numbers and strings."""
    seen: dict[tuple[str, ...], tuple[Path, int, int]] = {}
    for path in sources():
        lines = list(shapes(path))
        for at, (number, _) in enumerate(lines[: 1 - ALIKE]):
            run = tuple(line for _, line in lines[at : at + ALIKE])
            if sum(map(acts, run)) >= ALIKE - 2:
                first, begin, where = seen.setdefault(run, (path, at, number))
                if first != path or at - begin >= ALIKE:
                    places = (first, where), (path, number)
                    a, b = (f"{p.relative_to(PACKAGE).as_posix()}:{n}" for p, n in places)
                    yield a, b


def test_nothing_is_written_twice() -> None:
    """No six like lines stand twice; only records have one shape, the kinds in `record`."""
    found = [pair for pair in repeated() if {p.partition(":")[0] for p in pair} != {"record.py"}]
    assert not found, "\n".join(f"{one} is like {other}" for one, other in found)
