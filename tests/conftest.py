"""What every test may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from soak import SOAK

from spanlab import set_panic_hook

# What `make site` has built is tested where somebody says that it is there: `make site-test`.
collect_ignore = [] if os.environ.get("SPANLAB_SITE") else ["browser/test_browser_lite.py"]

PRINTED = "printed"  # the name under which a test records what is to be read


@pytest.fixture(autouse=True)
def panics_are_printed() -> Iterator[None]:
    """A hook stays until another one is set: none stays longer than its test."""
    yield
    set_panic_hook()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to `make soak` what is marked for it."""
    late = [] if SOAK else [item for item in items if item.get_closest_marker("soak")]
    items[:] = [item for item in items if item not in late]
    config.hook.pytest_deselected(items=late)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what a test recorded to be read: it may have run in another process."""
    for outcome in "passed", "failed":
        for report in terminalreporter.getreports(outcome):
            for name, text in report.user_properties:
                if name == PRINTED and report.when == "call":
                    terminalreporter.write_line(text)


def need(tool: str, how: str, found: str | None = None) -> str:
    """Give the path of a program, or skip the test with a line that says how to get it.

    Where `CI` is `true` nothing may be skipped, so there a missing program fails the test.
    `found` is for what is not looked up on PATH: its path, or empty if it is missing.
    """
    path = shutil.which(tool) if found is None else found
    if path:
        return path
    missing = f"{tool} is missing. To run this test: {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)
