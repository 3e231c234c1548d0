"""What is packed beside the tests: logs, their truth, small crates."""

from __future__ import annotations

import tarfile
from pathlib import Path

HERE = Path(__file__).parent


def packed(folder: str, archive: str = "logs.tar.xz") -> dict[str, bytes]:
    """Give the files of a folder of an archive by their names."""
    with tarfile.open(HERE / archive) as all_of_them:
        members = [m for m in all_of_them if m.isfile() and m.name.startswith(folder)]
        read = {m.name: all_of_them.extractfile(m) for m in members}
        return {name.removeprefix(folder): file.read() for name, file in read.items() if file}


def unpacked(folder: str, into: Path, archive: str = "audit.tar.xz") -> Path:
    """Unpack a folder of an archive and give where it lies."""
    for name, text in packed(folder, archive).items():
        path = into / folder / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return into / folder
