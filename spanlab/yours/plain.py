"""Lines as `fmt` printed them: without what a collector put before, ESC as it was."""

from __future__ import annotations

import json
import re

from spanlab.yours.heads import LEVELS, LOOSE, TIME

PREFIXES = (  # the rest must be a line of a log
    r"[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d \S+ [^\s\[:]+(?:\[\d+\])?: ",  # syslog, journalctl
    r"\S+ +\| ",  # docker compose
    r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) [FP] ",  # CRI
    r"[^\t\n]*\t[^\t\n]*\t\ufeff?\d{4}-\d\d-\d\dT[\d:.]+Z ",  # gh run view --log
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} \S+ [^\s:]+(?:\[\d+\])?: ",
    r"\[pod/[^\]]+\] ",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(?:\d{7}|\d{9})Z ",  # GitHub Actions; kubectl, docker -t
    r"\[[\w./ -]+\] ",
    r"[\w.-]+: ",
    r"[A-Za-z][\w.-]* (?=\d{4}-\d\d-)",
    r"  (?=\d{4}-\d\d-\d\dT[\d:.]+Z +(?:TRACE|DEBUG|INFO|WARN|ERROR) )",
)
DOCKER = re.compile(r'\{"log": ?"')  # Docker's own file, of its driver json-file
INNER = re.compile(
    rf"(?:(?:{TIME}) +)?(?:{LEVELS}) |\{{\"|  +(?:{LEVELS}) |(?:{TIME}) +{LOOSE} "
    rf"|(?:{TIME}) +(?:\S+ +)?ThreadId|    (?:at|in|on) \S"
)
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
LEVEL = rf"\[3\dm *(?:{LOOSE})"
STYLED = re.compile(
    rf"\x1b{LEVEL}\x1b|\x1b\[2m[^\x1b]*\x1b\[0m\x1b\[2m:|\x1b\[2;3m(?:at|in|on)\x1b"
)
LOST = re.compile(rf"(?<!\x1b)(?:{LEVEL}|\[2;3m(?:at|in|on))\[")
LOST_ESC = re.compile(r"(?<!\x1b)\[(?:[0-3]|[39]\d)(?:;\d+)*m")
OLD = re.compile(r"(?:\x1b\[2m[^\x1b]*\x1b\[0m )?\x1b\[3\dm[^\x1b]*\x1b\[0m (.*)")


def bare(line: str) -> str:
    """Give a line without colours."""
    return ANSI.sub("", line) if "\x1b" in line else line


class Plain:
    """What was done to the lines of a log after they were printed, undone."""

    def __init__(self, sample: list[str]) -> None:
        most = 0.3 * len(sample)
        self.docker = sum(map(bool, map(DOCKER.match, sample))) > 0.7 * len(sample)
        self.escape = ""
        self.prefix: re.Pattern[str] | None = None
        self.colours = self.old = False
        if sum("^[[" in line for line in sample) > most:
            self.escape = "caret"
        elif sum(bool(LOST.search(line)) for line in sample) > most:
            self.escape = "lost"
        lines = [self(line) for line in sample]
        self.colours = sum(bool(STYLED.search(line)) for line in lines) > most
        self.prefix = _prefix([bare(line) for line in lines])
        rests = [found[1] for line in sample if (found := OLD.match(self(line)))]
        # old releases colour the time and the level, and nothing else
        self.old = self.colours and sum("\x1b[" in rest for rest in rests) < 0.2 * len(sample)
        self.undoes = bool(self.docker or self.escape or self.prefix or self.old)

    def __call__(self, line: str) -> str:
        """Give a line as it was printed."""
        line = (_unpacked(line) if self.docker else line).removesuffix("\r")
        if self.escape == "caret":
            line = line.replace("^[[", "\x1b[")
        elif self.escape:
            line = LOST_ESC.sub("\x1b\\g<0>", line)
        if self.prefix and (found := self.prefix.match(line)):
            line = line[found.end() :]
        return bare(line) if self.old else line


def _unpacked(line: str) -> str:
    """Give what a program printed, from a line of Docker's file; another line as it is."""
    try:
        return str(json.loads(line)["log"]).removesuffix("\n")
    except (ValueError, TypeError, LookupError, RecursionError):
        return line


def _prefix(lines: list[str]) -> re.Pattern[str] | None:
    """Learn what stands before most lines, if what follows is a line of a log."""
    full = [line for line in lines if line]
    if sum(bool(INNER.match(line)) for line in full) > 0.6 * len(full):
        return None
    pretty = len(full) < len(lines) or any(line.startswith("    ") for line in full)
    for prefix in PREFIXES:
        pattern = re.compile(prefix)
        if prefix.startswith("  ") and pretty:
            continue
        matches = [(line, found) for line in full if (found := pattern.match(line))]
        hits = sum(bool(INNER.match(line, found.end())) for line, found in matches)
        if hits > 0.3 * len(full):
            return pattern
    return None
