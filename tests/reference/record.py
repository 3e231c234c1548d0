"""Build the programs of this folder, run them and keep what they print in `logs`.

It needs cargo. `logs/versions.json` says which versions of the crates were running.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOGS = HERE / "logs"
CRATES = ("tokio", "tracing", "tracing-attributes", "tracing-core", "tracing-serde",
          "tracing-subscriber", "serde_json")  # fmt: skip


def output(*command: str | Path) -> bytes:
    """Run a command in this folder and give what it prints."""
    return subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, check=True).stdout


def main() -> None:
    """Write `logs/<program>.log` for every program, of Python too, and `logs/versions.json`."""
    output("cargo", "build", "--quiet")
    LOGS.mkdir(exist_ok=True)
    target = HERE / os.environ.get("CARGO_TARGET_DIR", "target") / "debug"
    for source in sorted((HERE / "src" / "bin").glob("*.rs")):
        (LOGS / f"{source.stem}.log").write_bytes(output(target / source.stem))
    output(sys.executable, "witness.py")
    packages = json.loads(output("cargo", "metadata", "--format-version=1"))["packages"]
    versions = {p["name"]: p["version"] for p in packages if p["name"] in CRATES}
    versions["rustc"] = output("rustc", "--version").decode().split()[1]
    text = json.dumps(versions, indent=2, sort_keys=True)
    (LOGS / "versions.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
