"""How long the tests of threads go on: a moment, or with `make soak` as long as it takes."""

from __future__ import annotations

import os

SOAK = os.environ.get("SPANLAB_SOAK") == "1"


def often(moment: int, soak: int) -> int:
    """Give how often to do something that may go wrong by chance."""
    return soak if SOAK else moment
