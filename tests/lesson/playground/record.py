"""Build every program of the playground, run them all, and keep what they print in `logs.json`.

It needs cargo. All programs are one binary: each is a module, its text unchanged.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from itertools import product
from pathlib import Path

from spanlab import Why, run, why
from spanlab.lesson.board import LAST
from spanlab.lesson.program import OPTIONS, Choices, main_of, program

HERE = Path(__file__).resolve().parent
LOGS = HERE / "logs.json"
RUNTIMES = ("CurrentThread", "VirtualThreads")  # the Rust of OsThreads is that of VirtualThreads
COMBINATIONS = list(product(OPTIONS["maker"], OPTIONS["spawner"], OPTIONS["fix"], RUNTIMES))
CHANGED = " | changed as why proposes"

CARGO = """\
[package]
name = "playground"
version = "0.0.0"
edition = "2021"

[workspace]

[profile.dev]
debug = 0
incremental = false

[dependencies]
tokio = {{ version = "{crates[tokio][version]}", features = ["macros", "rt-multi-thread"] }}
tracing = "{crates[tracing]}"
tracing-subscriber = "{crates[tracing-subscriber][version]}"
"""
MAIN = """\
{modules}

fn main() {{
    match std::env::args().nth(1).unwrap().as_str() {{
{calls}
        _ => panic!("no such program"),
    }}
}}
"""
MODULE = """\
{text}

pub fn run() {{
    main()
}}
"""


def target() -> Path:
    """Give the folder where cargo builds."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or HERE / "target").absolute()


def answers() -> dict[tuple[str, ...], tuple[str, Why]]:
    """Ask of each program, with its Rust, why the last line has its spans."""
    found = {}
    for choices in COMBINATIONS:
        chosen = Choices(*choices)
        trace = run(main_of(*choices[:3])(), on=chosen.make_runtime(), level="info")
        found[choices] = (rust := program(chosen)["Rust"]), why(trace, LAST, rust=rust)
    return found


def programs() -> dict[str, str]:
    """Give all programs, and once more each with the change made that `why` proposes for it."""
    texts = {" | ".join(choices): text for choices, (text, _) in answers().items()}
    for choices, (text, answer) in answers().items():
        changed = text
        for change in sorted(answer.rust, key=lambda change: -change.line):
            changed = change.apply(changed)
        if changed != text:
            texts[" | ".join(choices) + CHANGED] = changed
    return texts


def build(written: dict[str, str]) -> Path:
    """Write programs into one project, build it without a warning, and give the binary."""
    reference = (HERE.parents[1] / "reference" / "Cargo.toml").read_text(encoding="utf-8")
    about = CARGO.format(crates=tomllib.loads(reference)["dependencies"])
    numbers = range(len(written))
    modules = "\n".join(f"mod p{n};" for n in numbers)
    calls = "\n".join(f'        "{n}" => p{n}::run(),' for n in numbers)
    texts = {"Cargo.toml": about, "src/main.rs": MAIN.format(modules=modules, calls=calls)}
    for n, text in enumerate(written.values()):
        texts[f"src/p{n}.rs"] = MODULE.format(text=text)
    folder = target() / "playground-source"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")  # what is the same is not built again
    command = ["cargo", "build", "--quiet", "--target-dir", str(target())]
    strict = {**os.environ, "RUSTFLAGS": "-D warnings"}
    subprocess.run(command, cwd=folder, env=strict, check=True)
    return target() / "debug" / "playground"


def printed(written: dict[str, str]) -> dict[str, str]:
    """Build and run programs; give what each prints, masked, by its name."""
    binary, logs = build(written), {}
    for n, name in enumerate(written):
        command = [binary, str(n)]
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=30, check=True)
        logs[name] = masked(done.stdout.decode())
    return logs


def masked(text: str) -> str:
    """Hide the place in the source, and the number of any thread but the main one."""
    text = re.sub(r"^    at \S+:\d+", "    at PLACE", text, flags=re.M)
    return re.sub(r"ThreadId\((?!1\))\d+\)", "ThreadId(N)", text)


def recorded() -> dict[str, str]:
    """Read what was kept, by choices."""
    groups = json.loads(LOGS.read_text(encoding="utf-8"))
    return {name: "\n".join(each["log"]) for each in groups for name in each["printed_by"]}


def keep(logs: dict[str, str]) -> None:
    """Write each log once, with the programs that print it."""
    groups: dict[str, list[str]] = {}
    for name, text in logs.items():
        groups.setdefault(text, []).append(name)
    kept = [{"log": text.split("\n"), "printed_by": names} for text, names in groups.items()]
    LOGS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    keep(printed(programs()))
