"""Draw the pictures of the README again, each from a real trace or question: `make figures`."""

from __future__ import annotations

from html import escape
from pathlib import Path

from reference.programs import lost_parent

from spanlab import VirtualThreads, run
from spanlab.lesson.questions import NO_SPAN, Line, question
from spanlab.view.figure import Figure, card
from spanlab.view.file.film import film
from spanlab.view.graph import graph
from spanlab.view.palette import DIM, HUES, PALETTE, PAPER, SOFT

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "notebooks" / "figures"
ASKED = {  # of each lesson the line that it is about
    "00": "in inner", "01": "performing task", "02": "performing task", "03": "performing task",
    "04": "performing task", "05": "performing task", "06": "performing second",
    "07": "performing task", "08": "performing task", "09": "innocent", "10": "own thread",
    "11": "performing task", "12": "mail 7 sent", "13": "sent to the mempool",
}  # fmt: skip
DASHED = ' stroke-dasharray="4 3"'


class Asked:
    """What a lesson asks, as a picture: a line of the log, and the spans that it could be in."""

    letter, row, high = 6.2, 34, 28  # how wide and high things are

    def __init__(self, line: Line) -> None:
        self.line = line
        names = dict.fromkeys(name for path in line.spans for name in path.split(" › "))
        self.hues = dict(zip([name for name in names if name != NO_SPAN], HUES, strict=False))

    def box(self, x: float, y: float, words: str, fill: str, stroke: str, more: str = "",
            high: float = high, wide: float = 0) -> str:  # fmt: skip
        """Draw a box with its words; it is as wide as they are, or more."""
        wide = wide or self.wide(words)
        return (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high}" rx="6" '
            f'fill="{fill}" stroke="{stroke}"{more}/><text x="{x + 7:.1f}" '
            f'y="{y + high / 2 + 3.5:.1f}" fill="{stroke}">{escape(words)}</text>'
        )

    def wide(self, words: str) -> float:
        return len(words) * self.letter + 14

    def nested(self, names: list[str], x: float, y: float, high: float) -> tuple[str, float]:
        """Draw spans, each inside its parent, and tell how wide that is."""
        name, *rest = names
        start, (colour, tint) = self.wide(name), self.hues[name]
        inside, wide = self.nested(rest, x + start, y + 4, high - 8) if rest else ("", -5)
        whole = start + wide + 5
        return self.box(x, y, name, tint, colour, high=high, wide=whole) + inside, whole

    def figure(self) -> Figure:
        """Draw it, with a dashed line to each choice."""
        line, high = self.line, len(self.line.spans) * self.row + 6
        said, middle = f"{self.line.number}  {self.line.message}", high / 2
        left = 8 + self.wide(said)
        right, ends, parts = round(left + 60), [0.0], list[str]()
        for number, path in enumerate(line.spans):
            y = number * self.row + 6
            if path == NO_SPAN:
                wide = self.wide(path)
                parts.append(self.box(right, y, path, PAPER, DIM, DASHED))
            else:
                drawn, wide = self.nested(path.split(" › "), right, y, self.high)
                parts.append(drawn)
            turn = f"{right - 26},{middle} {left + 26:.0f},{y + 14}"
            way = f"M{left:.0f},{middle}C{turn} {right},{y + 14}"
            parts.append(f'<path d="{way}" fill="none" stroke="{DIM}"{DASHED}/>')
            ends.append(right + wide)
        width = max(ends) + 8
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{high}" '
            f'viewBox="0 0 {width:.0f} {high}" font-family="Courier" font-size="10"'
        )
        start = self.box(8, middle - 14, said, SOFT, PALETTE["fg"])
        *first, last = line.spans
        asked = f"in {', in '.join(first)}, or in {last}?"
        alt = f"Line {line.number} of the log, {line.message}: {asked}"
        return Figure(card(f"{head}>{''.join(parts)}{start}</svg>", alt), alt, alt)


def figures() -> dict[str, Figure]:
    """Give every picture by the name of its file."""
    trace = run(lost_parent()(), on=VirtualThreads(16))
    found = {"lost_parent.svg": graph(trace), "lost_parent_film.svg": film(trace)}
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        message = ASKED[path.stem[:2]]
        [line] = [each for each in question(path.stem[:2]).lines if each.key == message]
        found[f"{path.stem}.svg"] = Asked(line).figure()
    return found


def main() -> None:
    """Write all pictures; the same trace gives the same bytes."""
    FIGURES.mkdir(exist_ok=True)
    for name, figure in figures().items():
        figure.save(FIGURES / name)


if __name__ == "__main__":
    main()
