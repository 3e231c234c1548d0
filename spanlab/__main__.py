"""The command line: `spanlab log FILE`, `audit PATH`, `replay FILE`, `demo NAME`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import spanlab
from spanlab.errors import SpanlabError, UsageError
from spanlab.lesson.program import Choices, main_of, program

FOUND, WRONG, STOPPED, PIPE = 1, 2, 130, 141  # exit codes, beside 0
DEMOS = {
    "lost-parent": Choices(),
    "bound-block": Choices(maker="bound block"),
    "manual-span": Choices(maker="manual span"),
    "await": Choices(spawner="await"),
    "spawn": Choices(spawner="spawn"),
    "blocking": Choices(maker="async fn", spawner="spawn_blocking"),
    "thread": Choices(maker="async fn", spawner="thread"),
    "fixed": Choices(fix="instrument"),
}


def parser() -> argparse.ArgumentParser:
    """Make what reads the arguments."""
    top = argparse.ArgumentParser(
        prog="spanlab",
        description="See why a tracing span or event has the parent that it has.",
        epilog="Exit codes: 0 nothing suspicious, 1 something found, 2 a wrong call or file.",
    )
    top.add_argument("--version", action="version", version=f"spanlab {spanlab.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[Any, Any], int], told: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=told, description=told)
        made.set_defaults(run=run)
        made.add_argument("--json", action="store_true", help="print JSON, for a program to read")
        colours = made.add_mutually_exclusive_group()
        colours.add_argument("--color", dest="colour", action="store_true", default=None)
        colours.add_argument("--no-color", dest="colour", action="store_false")
        return made

    log = command("log", run_log, "the spans of a log as a tree, and the lines that lost theirs")
    log.add_argument("file", metavar="FILE", help="a log of tracing_subscriber::fmt; - for stdin")
    log.add_argument("--last", type=from_1, metavar="N", help="read the last N entries alone")
    log.add_argument("--matching", metavar="TEXT", help="read the entries with a text alone")
    log.add_argument("--perfetto", metavar="OUT", help="write lanes for ui.perfetto.dev")
    log.add_argument("--otlp", metavar="OUT", help="write spans as an OTLP exporter sends them")
    log.add_argument("--graph", metavar="OUT.svg", help="draw the tree of the spans")
    log.add_argument("--html", metavar="OUT.html", help="write a page to step through it")
    audit = command("audit", run_audit, "the lines of Rust source that lose or hold a span")
    audit.add_argument("path", metavar="PATH", help="a file or a folder; no file is changed")
    audit.add_argument("--log", metavar="FILE", help="a log of the program: its suspects first")
    audit.add_argument("--all", action="store_true", help="also what the source cannot decide")
    audit.add_argument("--patch", action="store_true", help="print what to write, as a patch")
    audit.add_argument("--prove", action="store_true", help="print a Rust test for each finding")
    replay = command(
        "replay", run_replay, "play a log at its own pace, with the stack of each thread"
    )
    replay.add_argument(
        "file", metavar="FILE", help="a log, or what demo --json prints; - for stdin"
    )
    replay.add_argument(
        "--speed", type=from_1, default=1, metavar="N", help="so many times as fast"
    )
    demo = command("demo", run_demo, "run a small program: its log, its tree")
    demo.add_argument("name", metavar="NAME", choices=DEMOS, help=", ".join(DEMOS))
    demo.add_argument("--rust", action="store_true", help="print the program in Rust instead")
    return top


def from_1(text: str) -> int:
    """Read a number from 1 on."""
    if not text.isdecimal() or not (number := int(text)):
        raise argparse.ArgumentTypeError(f"a number from 1 on was expected, got {text!r:.60}")
    return number


def existing(name: str) -> Path:
    """Give the path of a file, or of a folder, that is there."""
    if not Path(name).exists():
        raise UsageError(f"no such file: {name}. Type: spanlab log app.log")
    return Path(name)


def log_of(name: str, come: Any = None, **part: Any) -> Any:
    """Read a log, or what came of it; one of which nothing is understood is refused."""
    trace = spanlab.read_log(come or (sys.stdin.buffer if name == "-" else existing(name)), **part)
    if not trace.origin.understood:
        missed = part.get("matching") is not None and not trace.origin.data
        told = f"nothing matches {part['matching']!r:.60}" if missed else trace.origin.nothing
        raise UsageError(f"{name}: {told}")
    return trace


def run_log(asked: Any, show: Any) -> int:
    """Show a log; one behind a pipe line by line, and the rest at its end or after Ctrl-C."""
    come, stopped = None, False
    if asked.file == "-" and not asked.json:
        come, stopped = show.followed(show.tell(show.console(asked.colour)))
    trace = log_of(asked.file, come, last=asked.last, matching=asked.matching)
    found = spanlab.suspects(trace)
    for path, export in ((asked.perfetto, spanlab.perfetto), (asked.otlp, spanlab.otlp)):
        if path:
            Path(path).write_text(json.dumps(export(trace)), encoding="utf-8")
    if asked.graph:
        spanlab.graph(trace).save(asked.graph)
    if asked.html:
        show.save_page(asked.html, trace, found, asked.file)
    if asked.json:
        print(json.dumps(show.trace_json(trace, found), ensure_ascii=False, indent=1))
    else:
        show.show_trace(show.console(asked.colour), trace, found, asked.file)
    return STOPPED if stopped else FOUND if found else 0


def run_replay(asked: Any, show: Any) -> int:
    """Play a log, or a trace that was saved."""
    with sys.stdin.buffer if asked.file == "-" else existing(asked.file).open("rb") as file:
        data = file.read()
    saved = data.startswith(b'{"seen": ')  # what `trace.to_json()` writes
    come = BytesIO(data) if asked.file == "-" else None
    trace = spanlab.Trace.from_json(data.decode()) if saved else log_of(asked.file, come)
    if asked.json:
        told = [moment._asdict() for moment in show.moments(trace)]
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        show.play(show.console(asked.colour), trace, asked.speed)
    return 0


def run_audit(asked: Any, show: Any) -> int:
    """Show what an audit of source finds."""
    if not Path(asked.path).exists():
        raise UsageError(f"no such file or folder: {asked.path}. Type: spanlab audit src")
    trace = log_of(asked.log) if asked.log else None
    found = spanlab.audit(asked.path, trace)
    if asked.json:
        rows = {"findings": found, "asks": found.asks}
        told = {key: [show.finding_json(one) for one in ones] for key, ones in rows.items()}
        told["unparsed"] = [f"{path}:{line}" for path, line in found.unparsed.items()]
        print(json.dumps(told, ensure_ascii=False, indent=1))
    elif asked.patch:
        print("".join(one.way.patch for one in found), end="")
    elif asked.prove:
        print("".join(map(spanlab.prove, found)), end="")
    else:
        show.show_audit(show.console(asked.colour), found, asked.all)
    if len(found.unparsed) == len(found.files):
        return WRONG
    return FOUND if found else 0


def run_demo(asked: Any, show: Any) -> int:
    """Run one of the programs of the playground."""
    chosen = DEMOS[asked.name]
    if asked.rust:
        print(program(chosen)["Rust"])
        return 0
    main = main_of(chosen.maker, chosen.spawner, chosen.fix)
    trace = spanlab.run(main(), on=chosen.make_runtime())
    if asked.json:
        print(trace.to_json())
        return 0
    print(show.printed(trace))
    show.show_tree(show.console(asked.colour), trace)
    print(f"\n{spanlab.why(trace, 'performing task')}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    try:
        asked = parser().parse_args(arguments)
        from spanlab.yours import show  # what a view needs is loaded after `--help`

        code: int = asked.run(asked, show)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:  # the reader has seen enough; nothing may be flushed at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE
    except OSError as error:  # a place that cannot be written, source that cannot be read
        print(f"spanlab: {error.filename or 'error'}: {error.strerror}", file=sys.stderr)
        return WRONG
    except SpanlabError as error:
        said, _, python = str(error).partition(" Write: ")  # the shell is not Python
        said += f" Write: {python}" if "pip install" in python else ""
        print(f"spanlab: {said}", file=sys.stderr)
        return WRONG
    return code


if __name__ == "__main__":
    sys.exit(main())
