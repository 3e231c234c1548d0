"""The import table: who may know whom. It is the design, held by a test."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "spanlab"

GROUND = (  # what everything stands on, the lower first
    "errors", "threads", "frames", "stack", "syntax", "context", "field", "future", "record",
    "traces", "recorder", "replay",
)  # fmt: skip
MAY_IMPORT = {  # each room, and what it may know beside itself
    "ground": set[str](),
    "tracing": {"ground"},
    "tokio": {"ground"},
    "view": {"ground"},
    "causes": {"ground", "view"},
    "lesson": {"ground", "tokio", "view", "causes"},
    "spanlab": {"ground", "tracing", "tokio", "view", "causes"},
}
THIRD_PARTY = ("graphviz", "anywidget", "ipywidgets", "IPython", "nest_asyncio2")


def name_of(path: Path) -> str:
    """Name a module as it is imported: `spanlab`, `spanlab.record`, `spanlab.view.graph`."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    """Name the room of a module: its folder, or the ground for what lies in none."""
    parts = module.split(".")
    if len(parts) > 1 and parts[1] in GROUND:
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
        here, there = (GROUND.index(name.split(".")[1]) for name in (module, other))
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


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_read_in_one_go(module: str) -> None:
    """No module is over 300 lines: size is a feature."""
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= 300, f"{module} has {lines} lines"
