"""Every example runs: the code blocks of the README and the `>>>` of the docstrings."""

from __future__ import annotations

import doctest
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import spanlab

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$(?:\n+^```text\n(.*?)^```$)?", re.M | re.S)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks() -> list[tuple[str, str]]:
    """Give the Python blocks of the README, each with the text block right after it."""
    return BLOCK.findall(README.read_text(encoding="utf-8")) if README.exists() else []


def docstrings() -> Iterator[doctest.DocTest]:
    """Find the examples of all modules; they see the public names, as a reader does."""
    public = {name: getattr(spanlab, name) for name in spanlab.__all__}
    for path in sorted((ROOT / "spanlab").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] == "__main__":
            continue
        module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
        finder = doctest.DocTestFinder(exclude_empty=True)
        tests = finder.find(module, globs=public | vars(module))
        yield from (test for test in tests if test.examples)


@pytest.mark.parametrize(("code", "output"), blocks())
def test_a_block_of_the_readme_runs(code: str, output: str, tmp_path: Path) -> None:
    """A block is a whole program; a `text` block right after it is what it prints."""
    (tmp_path / "main.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "main.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    if output:
        assert done.stdout.replace(f"{tmp_path}/", "") == output


@pytest.mark.parametrize("example", list(docstrings()), ids=lambda example: example.name)
def test_a_docstring_tells_the_truth(example: doctest.DocTest) -> None:
    """What a docstring shows is what Python prints."""
    report: list[str] = []
    failed, _ = doctest.DocTestRunner(optionflags=FLAGS).run(example, out=report.append)
    assert not failed, "".join(report)
