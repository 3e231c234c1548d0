"""What cargo does with a program: a project in a cache, built and run within a time."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, NamedTuple
from uuid import uuid4

from spanlab.errors import BudgetExceeded, MissingPackage, UsageError
from spanlab.yours.rust.program import playground

SHOWN = 1_000_000  # bytes of what a program printed
GET = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"


class Ran(NamedTuple):
    """What a program did: rows, what it printed, and whether its time was over."""

    rows: list[list[Any]]
    printed: str
    complained: str
    timed_out: bool


def cache() -> Path:
    """Name the folder where the crates stay built: `SPANLAB_CACHE`, or that of the system."""
    home = {"win32": os.environ.get("LOCALAPPDATA"), "darwin": "~/Library/Caches"}
    base = home.get(sys.platform) or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("SPANLAB_CACHE") or Path(base, "spanlab")).expanduser() / "rust"


class Project:
    """A project for one program; nothing of it stays, but for the crates that it is built with."""

    def __init__(self, program: str) -> None:
        self._program, self._name = program, f"program_{uuid4().hex[:12]}"
        self._cache = cache()

    def __enter__(self) -> Project:
        records = self._cache / "records"
        shutil.copytree(str(files(__package__) / "records"), records, dirs_exist_ok=True)
        self._home = Path(tempfile.mkdtemp(dir=self._cache))
        source = self._home / "src" / "main.rs"
        source.parent.mkdir()
        source.write_text(self._program, encoding="utf-8")
        about = Template((files(__package__) / "program.toml").read_text(encoding="utf-8"))
        text = about.substitute(name=self._name, records=records.as_posix())
        (self._home / "Cargo.toml").write_text(text, encoding="utf-8")
        if (lock := self._cache / "Cargo.lock").exists():  # the same crates as the last time
            shutil.copy(lock, self._home)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._home, ignore_errors=True)
        for path in self._target.glob(f"debug/**/{self._name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    @property
    def _target(self) -> Path:
        return self._cache / "target"

    def build(self, seconds: float) -> None:
        """Build the program; what the compiler says of it is an error of the reader's."""
        cargo = shutil.which("cargo")
        if cargo is None:
            raise MissingPackage(self._else(f"cargo, which is not on PATH. Get it: {GET}"))
        env = {"CARGO_TARGET_DIR": str(self._target), "RUSTFLAGS": "--cfg tokio_unstable"}
        status, _, said, timed_out = self._do([cargo, "build", "-q", "--color=never"], env, seconds)
        said = said.replace(self._name, "program").strip()
        if timed_out:
            raise BudgetExceeded(
                f"rust() expected the program to be built within {seconds:g} seconds, and it was "
                f"not: the first time takes minutes. Write: rust(source, build={seconds * 10:g})"
            )
        if status and "could not compile `program`" not in said:
            fetch = "Where there is a network once, the same call gets them"
            raise MissingPackage(self._else(f"its crates, and cargo says:\n{said}\n{fetch}"))
        if status:
            raise UsageError(
                f"rust() needs a program that compiles, and the compiler says:\n\n{said}\n\n"
                "Change the line it names, and run it again."
            )
        shutil.copy(self._home / "Cargo.lock", self._cache)

    def _else(self, missing: str) -> str:
        place = playground(self._program)
        return f"rust() needs {missing}. Or run the program on the Rust playground: {place}"

    def run(self, seconds: float, most: int) -> Ran:
        """Run what was built, and read what its subscriber wrote."""
        program = self._target / "debug" / (self._name + ".exe" * (sys.platform == "win32"))
        records = self._home / "records.jsonl"
        env = {"SPANLAB_RECORDS": str(records), "SPANLAB_MOST": str(most)}
        _, printed, complained, timed_out = self._do([str(program)], env, seconds)
        written = records.read_text(encoding="utf-8") if records.exists() else ""
        lines = written[: written.rfind("\n") + 1].splitlines()  # the last may be half a row
        text = (line.replace(self._name, "program") for line in lines)
        return Ran([json.loads(line) for line in text], printed, complained, timed_out)

    def _do(
        self, command: list[str], env: dict[str, str], seconds: float
    ) -> tuple[int, str, str, bool]:
        """Run a command in the project, and end it with all that it started."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            group = {"start_new_session": True} if os.name == "posix" else {}
            process = subprocess.Popen(
                command, cwd=self._home, env=os.environ | env, stdin=subprocess.DEVNULL,
                stdout=out, stderr=err, **group,
            )  # fmt: skip
            timed_out = False
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                timed_out = True
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL) if group else process.kill()
                process.wait()
            said = [_text(file) for file in (out, err)]
        return process.returncode, said[0], said[1], timed_out


def _text(file: Any) -> str:
    file.seek(0)
    return re.sub(r"\r\n", "\n", file.read(SHOWN).decode("utf-8", "replace"))
