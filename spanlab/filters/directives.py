"""What `EnvFilter` takes, `info,hyper=warn,app[checkout{user=3}]=debug`: its grammar.

The language is regular, so one expression is all of its grammar. A comma always ends a directive.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

from spanlab.errors import UsageError
from spanlab.field import Level

OFF = 6  # above every level
LEVELS = {level.name: int(level) for level in Level} | {"OFF": OFF}
LEVEL = "trace|debug|info|warn|error|off|0*[0-5]"  # as a number 0 is off and 5 is trace
DIRECTIVE = re.compile(
    rf"""(?: (?P<alone> {LEVEL} )                # a level for all there is
           | (?= [^=] )
             (?P<target> [\w:-] [^=[,]* )?       # or for each target that begins so,
             (?: \[ (?P<span> [^]{{,]* )         # for what is in a span of this name,
                 (?: {{ (?! }} ) (?P<field> [^=}},]* )    # or in one that has this field
                        (?: = (?P<value> [^=}},]* ) [^}},]* )? }} )? \] )?  # and this value
             (?: = \+? (?P<level> {LEVEL} | ) )?     # everything, if no level is given
         ) (?= , | $ )""",
    re.VERBOSE | re.IGNORECASE,
)
NUMBER = re.compile(r"\+?\d+|-\d+", re.ASCII)
FLOAT = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)", re.ASCII | re.I)


class Directive(NamedTuple):
    """One directive; None is any, `level` the least important that it enables."""

    target: str | None
    span: str | None
    field: str | None
    value: str | None
    level: int

    def weight(self) -> tuple[Any, ...]:
        """Say how special this one is: the most special one decides."""
        return len((self.target or "").encode()), self.field is not None, self.field or ""

    def meets(self, target: str, fields: Collection[str]) -> bool:
        """Tell whether something of this target, with these fields, is meant."""
        return target.startswith(self.target or "") and (self.field is None or self.field in fields)


def directives(text: Any) -> Iterator[Directive]:
    """Read directives; raises `UsageError`, which names the first that is wrong."""
    at = 0
    while at < len(text):
        found = DIRECTIVE.match(text, at)
        if found is None or found[0] != found[0].strip():
            raise UsageError(
                "a directive is level, target=level, target[span]=level or target[span{field="
                f"value}}]=level, no spaces around it, got {text[at:].partition(',')[0]!r}. "
                "Write: filter='info,my_app=debug,[checkout{user=3}]=trace'"
            )
        if found[0]:
            target, span, field, value = found.group("target", "span", "field", "value")
            level = (found["alone"] or found["level"] or "trace").upper()
            number = LEVELS.get(level) or OFF - int(level)
            yield Directive(target, span or (span if field is None else None), field, value, number)
        at = found.end() + 1


def matcher(value: str) -> Callable[[Any], bool]:
    """Give what tells whether a recorded value is the one meant.

    A text is a regular expression, which matches from anywhere up to the end of the value.
    """
    if value in ("true", "false"):
        return lambda given: given is (value == "true")
    if NUMBER.fullmatch(value) and -(2**63) <= int(value) < 2**64:
        return lambda given: type(given) is int and given == int(value)
    if FLOAT.fullmatch(value):
        return lambda given: type(given) is float and _is_near(given, float(value))
    try:
        pattern = re.compile(value)
    except re.error as error:
        raise UsageError(f"a value is a regular expression, got {value!r}: {error}") from None
    return lambda given: isinstance(given, str) and _ends(given, pattern.search(given))


def _is_near(given: float, wanted: float) -> bool:
    return abs(given - wanted) < 2.0**-52 or (math.isnan(given) and math.isnan(wanted))


def _ends(given: str, found: re.Match[str] | None) -> bool:
    return found is not None and found.end() == len(given)
