"""Build the oracle and run every program on the real crates again.

It needs cargo. Programs on several threads race: for those the order of the records may differ
from run to run, and what the tests compare does not.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Write `<family>.records.jsonl` for each family of programs."""
    for programs in sorted(HERE.glob("*.programs.jsonl")):
        records = HERE / programs.name.replace(".programs.", ".records.")
        with programs.open("rb") as source:
            binary = "filters" if programs.name.startswith("filters.") else "oracle"
            command = ["cargo", "run", "--quiet", "--release", "--bin", binary]
            done = subprocess.run(
                command, cwd=HERE / "oracle", stdin=source, stdout=subprocess.PIPE, check=True
            )
        records.write_bytes(done.stdout)


if __name__ == "__main__":
    main()
