"""The import table: who may know whom. It is the design, held by a test."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "spanlab"

LAYERS = (
    {"errors", "threads", "frames"},
    {"field", "stack", "progress"},
    {"record", "future"},
    {"recorder", "guard"},
    {"span", "task"},
    {"macros", "join_set", "instrument", "runtime"},
    {"figure", "lost", "layout", "nodes", "places", "widget", "questions", "answers", "choices"},
    {"causes", "page"},
    {"fmt", "graph", "lanes", "why", "rustlog", "export", "marks"},
    {"stepper", "predict", "vary", "playground", "compare"},
    {"lesson"},
    {"spanlab", "__main__"},
)
PICTURES = {"graph", "lanes", "stepper", "compare"}
SPANS = {"stack", "guard", "span", "macros", "instrument"}
THIRD_PARTY = ("graphviz", "anywidget", "ipywidgets", "IPython", "nest_asyncio2")


def name_of(path: Path) -> str:
    """Name a module as it is imported: `spanlab`, `spanlab.span`, `spanlab.runtime.schedule`."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    """Give the row of the table: `span` for `spanlab.span`, `runtime` for all modules in it."""
    return module.split(".")[1] if "." in module else module


def layer(module: str) -> int:
    for number, rooms in enumerate(LAYERS):
        if room(module) in rooms:
            return number
    pytest.fail(f"{module} has no row in the table: put it into LAYERS and into the design")


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
    inside_room = room(module) == room(other) in {"runtime", "causes"}
    picture_asks_why = room(module) in PICTURES and room(other) == "why"
    return layer(other) < layer(module) or inside_room or picture_asks_why


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_lower_layers(module: str) -> None:
    """What a module imports lies below it in the table; a picture may ask `why`."""
    wrong = sorted(other for other in imported_here(module) if not may_import(module, other))
    assert not wrong, f"{module} (layer {layer(module)}) must not import {', '.join(wrong)}"


def test_spans_and_runtimes_never_import_each_other() -> None:
    """Spans and runtimes meet only in the thread, as in Rust."""
    for module in MODULES:
        rooms = {room(other) for other in imported_here(module)}
        if room(module) in SPANS:
            assert "runtime" not in rooms, f"{module} is a span and imports the runtime"
        if room(module) == "runtime":
            assert not rooms & SPANS, f"{module} is a runtime and imports spans"


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


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_read_in_one_go(module: str) -> None:
    """No module is over 300 lines: size is a feature."""
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= 300, f"{module} has {lines} lines"
