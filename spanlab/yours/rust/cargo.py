"""What cargo does: a project in a cache, which is built, and run within a time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any
from uuid import uuid4

from spanlab.errors import BudgetExceeded, MissingPackage, UsageError
from spanlab.yours.rust.program import playground, unwatched, whole

Ran = subprocess.CompletedProcess[str]  # without a `returncode` if its time was over
CACHES = ("SPANLAB_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA")
SHOWN = 1_000_000  # bytes of what a program printed
GET = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"


class Project:
    """A project for one program; nothing of it stays, but for the crates that it is built with."""

    def __init__(self, source: str) -> None:
        self._source, self._name = source, f"program_{uuid4().hex[:12]}"
        home = next(filter(None, map(os.environ.get, CACHES)), "~/.cache")
        self._cache = Path(home).expanduser() / "spanlab-rust"
        self._target = self._cache / "target"

    def __enter__(self) -> Project:
        here, records = files(__package__), self._cache / "records"
        shutil.copytree(str(here / "records"), records, dirs_exist_ok=True)
        self._home = Path(tempfile.mkdtemp(dir=self._cache))
        (self._home / "src").mkdir()
        (self._home / "src" / "main.rs").write_text(unwatched(whole(self._source)), "utf-8")
        names = {"name": self._name, "records": records.as_posix()}
        about = Template((here / "program.toml").read_text("utf-8")).substitute(names)
        (self._home / "Cargo.toml").write_text(about, "utf-8")
        if (lock := self._cache / "Cargo.lock").exists():  # the same crates as the last time
            shutil.copy(lock, self._home)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._home, ignore_errors=True)
        for path in self._target.glob(f"debug/**/{self._name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def build(self, seconds: float) -> None:
        """Build the program; what the compiler says of it is an error of the reader's."""
        if not (cargo := shutil.which("cargo")):
            raise self._without(f"cargo, which is not on PATH. Get it: {GET}")
        env = {"CARGO_TARGET_DIR": str(self._target), "RUSTFLAGS": "--cfg tokio_unstable"}
        ran = self._do([cargo, "build", "-q", "--color=never"], env, seconds)
        if ran.returncode is None:
            raise BudgetExceeded(
                f"rust() expected the program to be built within {seconds:g} seconds, and it was "
                f"not: the first time takes minutes. Write: rust(source, build={seconds * 10:g})"
            )
        if "could not compile `program`" in ran.stderr:
            said = f"needs a program that compiles, and the compiler says:\n\n{ran.stderr}"
            raise UsageError(f"rust() {said}\nChange the line that it names: rust(source)")
        if ran.returncode:
            raise self._without(f"its crates, which cargo gets once:\n{ran.stderr}")
        shutil.copy(self._home / "Cargo.lock", self._cache)

    def _without(self, missing: str) -> MissingPackage:
        place = playground(self._source)
        return MissingPackage(f"rust() needs {missing}\nOr run it on the playground: {place}")

    def run(self, seconds: float, **told: str) -> tuple[list[list[Any]], Ran]:
        """Run what was built; give the rows that its subscriber wrote, too."""
        program = self._target / "debug" / (self._name + ".exe" * (sys.platform == "win32"))
        (path := self._home / "records.jsonl").touch()
        env = {f"SPANLAB_{k}": v for k, v in (told | {"RECORDS": str(path)}).items()}
        ran, text = self._do([str(program)], env, seconds), path.read_text("utf-8")
        whole = text[: text.rfind("\n") + 1].replace(self._name, "program").splitlines()
        return [json.loads(line) for line in whole], ran

    def _do(self, command: list[str], env: dict[str, str], seconds: float) -> Ran:
        """Run a command in the project, and end it with all that it started."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                command, cwd=self._home, env=os.environ | env, stdin=subprocess.DEVNULL,
                stdout=out, stderr=err, start_new_session=True,
            )  # fmt: skip
            status: Any = None
            try:
                with suppress(subprocess.TimeoutExpired):
                    status = process.wait(seconds)
            finally:  # also where a reader interrupts it
                if status is None:
                    os.killpg(process.pid, 9) if os.name == "posix" else process.kill()
                process.wait()
            return Ran(command, status, self._text(out), self._text(err))

    def _text(self, file: Any) -> str:
        file.seek(0)
        text = str(file.read(SHOWN), "utf-8", "replace").replace("\r\n", "\n")
        return text.replace(self._name, "program")
