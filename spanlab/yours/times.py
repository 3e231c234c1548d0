"""Times as logs print them, in nanoseconds: since 1970, or since the start of the program."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

UPTIME = re.compile(r"\[? *(\d{1,11})\.(\d{1,9})s?\]?\Z")
CLOCK = re.compile(r"(.*?)([.,]\d+)?(Z| ?UTC|[+-]\d\d:?\d\d)?\]?\Z")
FORMS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%b %d %H:%M:%S", "%H:%M:%S")
EPOCH = datetime(1970, 1, 1)


def nanoseconds(text: str) -> int | None:
    """Read a time; None if it is none. Without a date it is on the first day of 1970.

    >>> nanoseconds("1970-01-01T00:00:01.5+00:00"), nanoseconds("   2.000000001s")
    (1500000000, 2000000001)
    """
    part, before = text[20:26], _second_before(text[:20]) if text[26:] == "Z" else None
    if before is not None and part.isdecimal():  # as the crate prints it
        return before + int(part) * 1000
    if found := UPTIME.match(text):
        return int(found[1]) * 10**9 + int(found[2].ljust(9, "0"))
    found = CLOCK.match(text.strip().lstrip("["))
    second = _second(found[1].strip(), found[3] or "") if found else None
    if found is None or second is None:
        return _number(text)
    return second + int((found[2] or ".0")[1:10].ljust(9, "0"))


@lru_cache(64)
def _second_before(text: str) -> int | None:
    return _second(text[:-1], "Z") if text[-1] == "." else None


@lru_cache(4096)
def _second(text: str, zone: str) -> int | None:
    for form in FORMS:
        try:
            date = (
                datetime.strptime(f"1970 {text}", f"%Y {form}")
                if form[1] == "b"
                else (datetime.strptime(text, form))
            )
        except ValueError:
            continue
        if form == "%H:%M:%S":
            date = date.replace(1970, 1, 1)
        if zone[:1] in ("+", "-"):
            hours, minutes = int(zone[1:3]), int(zone[-2:])
            date -= timedelta(hours=hours, minutes=minutes) * (1 if zone[0] == "+" else -1)
        return max(0, int((date - EPOCH).total_seconds())) * 10**9
    return None


def _number(text: str) -> int | None:
    """Read a count since 1970: of seconds, or of smaller parts if it is large."""
    if not re.fullmatch(r"\d{10,19}", text):
        return None
    return int(int(text) * 10 ** (19 - len(text)))
