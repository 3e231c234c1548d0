"""Draw the pictures of the README again, each from a real trace: `make figures`."""

from __future__ import annotations

from pathlib import Path

from reference.programs import lost_parent

from spanlab import VirtualThreads, run
from spanlab.view.figure import Figure
from spanlab.view.file.film import film
from spanlab.view.graph import graph

FIGURES = Path(__file__).resolve().parents[2] / "notebooks" / "figures"


def figures() -> dict[str, Figure]:
    """Give every picture by the name of its file."""
    trace = run(lost_parent()(), on=VirtualThreads(16))
    return {"lost_parent.svg": graph(trace), "lost_parent_film.svg": film(trace)}


def main() -> None:
    """Write all pictures; the same trace gives the same bytes."""
    FIGURES.mkdir(exist_ok=True)
    for name, figure in figures().items():
        figure.save(FIGURES / name)


if __name__ == "__main__":
    main()
