"""Build the programs of this folder, run them and keep what they print in `logs`.

It needs cargo, with clippy. `logs/versions.json` says which versions of the crates were running.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOGS = HERE / "logs"
CRATES = ("tokio", "tracing", "tracing-attributes", "tracing-core", "tracing-serde",
          "tracing-subscriber", "serde_json")  # fmt: skip


UNSTABLE = ("pitfall_unstable", "pitfall_unstable_fixed")  # built as tokio's own spans need it

LINKED = ("mailer_batch", "link_moved", "mail_linked")

LINTED = ("guilty_guard", "guard_in_main", "guard_in_block", "guard_instrumented",
          "guard_attribute")  # fmt: skip


def output(*command: str | Path, **more: str) -> bytes:
    """Run a command in this folder, with more in its environment, and give what it prints."""
    env = os.environ | more
    return subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, env=env, check=True).stdout


def main() -> None:
    """Write `logs/<program>.log` for every program, of Python too, and `logs/versions.json`.

    Of the reported bugs it also writes what happens to spans, `logs/<program>.lives.log`.
    """
    target = HERE / os.environ.get("CARGO_TARGET_DIR", "target")
    unstable = target / "unstable"
    own = [f"--bin={name}" for name in UNSTABLE]
    build = ("cargo", "build", "--quiet", "--target-dir")
    output(*build, target)
    output(*build, unstable, *own, RUSTFLAGS="--cfg tokio_unstable")
    LOGS.mkdir(exist_ok=True)
    for source in sorted((HERE / "src" / "bin").glob("*.rs")):
        name = source.stem
        program = (unstable if name in UNSTABLE else target) / "debug" / name
        (LOGS / f"{name}.log").write_bytes(output(program))
        if name.startswith("bug_"):
            (LOGS / f"{name}.lives.log").write_bytes(output(program, LIVES="1"))
    write("three_threads", fifty_runs(target / "debug" / "three_threads"))
    write("guilty_workers", leaks(target / "debug" / "guilty_workers"))
    write("links", {name: linked(target / "debug" / name) for name in LINKED})
    write("clippy", linted(target / "clippy"))
    output(sys.executable, "witness.py")
    packages = json.loads(output("cargo", "metadata", "--format-version=1"))["packages"]
    versions = {p["name"]: p["version"] for p in packages if p["name"] in CRATES}
    versions["rustc"] = output("rustc", "--version").decode().split()[1]
    write("versions", versions)


def fifty_runs(program: Path) -> dict[str, int]:
    """Count the orders of the lines of a program that races, and the sets of their parents."""
    runs = [output(program).decode().strip().split("\n\n") for _ in range(50)]
    lines = [tuple(entry.splitlines()[0] for entry in run) for run in runs]
    parents = [frozenset(re.sub("    at .*", "", entry) for entry in run) for run in runs]
    return {"runs": len(runs), "orders": len({*lines}), "parents": len({*parents})}


def leaks(program: Path, runs: int = 1_000) -> dict[str, int]:
    """Count the runs in which `innocent` was in `guilty`, on all cores of this machine or on one.

    It needs Linux, to stay on one core.
    """
    cores = os.sched_getaffinity(0)
    found = {"runs": runs, "cores": len(cores)}
    for workers, own in ("2", cores), ("16", cores), ("2", {min(cores)}):
        os.sched_setaffinity(0, own)
        logs = [output(program, WORKERS=workers).decode() for _ in range(runs)]
        name = f"{workers} workers" + ", one core" * (own is not cores)
        found[name] = sum(bool(re.search("  innocent\n.*\n    in guilty", log)) for log in logs)
    os.sched_setaffinity(0, cores)
    return found


def linked(program: Path) -> list[str]:
    """Give what a program's links lead to."""
    return re.findall("^link: (.+)", output(program, LINKS="1").decode(), re.M)


def linted(target: Path) -> dict[str, list[str]]:
    """Give what clippy says of programs with guards, as `clippy.toml` tells it."""
    own = [f"--bin={name}" for name in LINTED]
    said = output("cargo", "clippy", "--message-format=json", "--target-dir", target, *own)
    found: dict[str, list[str]] = {name: [] for name in LINTED}
    for message in map(json.loads, said.splitlines()):
        if message["reason"] == "compiler-message" and message["target"]["name"] in found:
            code = message["message"]["code"]
            found[message["target"]["name"]] += [message["message"]["message"]] if code else []
    return found


def write(name: str, found: Mapping[str, object]) -> None:
    """Keep what was found as JSON."""
    text = json.dumps(found, indent=2, sort_keys=True)
    (LOGS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
