"""The reading pages: each notebook executed, as one page that goes on without Python.

Pages open from a server or as files, and ask no other host for anything.
"""

from __future__ import annotations

import json
import os
import re
from base64 import b64decode, b64encode
from html import escape
from pathlib import Path
from string import Template
from typing import Any, NamedTuple
from urllib.parse import quote
from zlib import compress

import nbformat
from nbclient import NotebookClient
from nbconvert.filters import markdown2html
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from spanlab.lesson.questions import check_named
from spanlab.view.live import script
from spanlab.view.palette import static

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent
VIEW, LESSON = "spanlab.view", "spanlab.lesson"
SCRIPTS = {
    "stepper": (VIEW, "stepper"), "outcomes": (VIEW, "outcomes", "stepper"),
    "predict": (LESSON, "predict"), "panel": (LESSON, "panel"),
}  # fmt: skip
STYLES = ("palette", "page", "figure", "log", "why", "compare", "outcomes", "stepper")
WATCH = "import sys; sys.path.insert(0, {!r}); import kernel; kernel.watch()"
LOCKED = "Locked. Commit your prediction first, then this opens."
PICTURE = re.compile(r'src="data:image/svg\+xml;base64,([\w+/=]+)"')
SAFE = ' ="<>():/,;!*-._~?@$+|{}[]^`'
LARGE = 200_000  # letters of what a panel knows, that stand in its page
Told = dict[str, Any]


class Page(NamedTuple):
    """A page that was written, and what the landing page says of it."""

    name: str
    title: str
    promise: str
    minutes: str
    symptoms: list[tuple[str, str]]  # its headings, with their places
    printed: dict[str, str]  # by its cells
    bytes: int


def page_script() -> str:
    """Give the one script of all pages, a classic one: from a file no browser loads modules."""
    parts = ["const spanlab = globalThis.spanlab = {};"]
    for name, where in SCRIPTS.items():
        code = re.sub(r"^export default", "return", script(*where), flags=re.M)
        code = re.sub(r"^export ", "", code, flags=re.M)
        parts.append(f"spanlab.{name} = (() => {{\n{code}}})();")
    return "\n".join([*parts, (HERE / "live.js").read_text(encoding="utf-8")])


def page_style() -> str:
    """Give the one stylesheet of all pages."""
    css = [static(f"{name}.css") for name in STYLES] + [static("lesson.css", LESSON)]
    return "\n".join([(HERE / "page.css").read_text(encoding="utf-8"), *css])


def executed(path: Path) -> tuple[nbformat.NotebookNode, dict[int, Told]]:
    """Run a notebook from a fresh kernel; give it with all that its live things could be asked."""
    notebook = nbformat.read(path, 4)
    first = nbformat.v4.new_code_cell(WATCH.format(str(HERE)))
    last = nbformat.v4.new_code_cell("print(kernel.gathered())")
    notebook.cells = [first, *notebook.cells, last]
    paths = os.pathsep.join([str(NOTEBOOKS.parent), os.environ.get("PYTHONPATH", "")])
    client = NotebookClient(
        notebook, timeout=1800, record_timing=False, store_widget_state=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )  # fmt: skip
    client.execute(env=os.environ | {"PYTHONPATH": paths})
    said = "".join(out.text for out in last.outputs if out.output_type == "stream")
    data = said.splitlines()[-1]  # before it stands what programs print that are run for it
    notebook.cells = notebook.cells[1:-1]
    return notebook, {int(number): told for number, told in json.loads(data).items()}


# --- one page ------------------------------------------------------------------------------------


def document(
    title: str, nav: str, body: str, live: dict[str, Told] | None = None, more: str = ""
) -> str:
    """Give a whole page; `live` is what its live things know, `more` the scripts besides."""
    data = compact(live or {}).replace("<", r"\u003c")
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<link rel="stylesheet" href="spanlab.css">\n'
        f"<nav>{nav}</nav>\n<main>\n{body}\n</main>\n"
        f'<script type="application/json" id="live-data">{data}</script>\n'
        f'<script src="spanlab.js"></script>\n{more}</html>\n'
    )


def compact(data: Any) -> str:
    """Write JSON without a space."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def packed(name: str, live: dict[str, Told], target: Path) -> str:
    """Put what is too large for a page, packed, into a script beside it; give what loads that."""
    files: dict[str, str] = {}
    for key, each in live.items():
        if each["kind"] == "panel" and len(compact(each)) > LARGE:
            kept = {part: each.pop(part) for part in ("kind", "state", "off") if part in each}
            text = b64encode(compress(compact(each).encode(), 9)).decode()
            live[key] = kept | {"packed": files.setdefault(text, f"{name}-{len(files) + 1}")}
    for text, file in files.items():
        script = f'(spanlab.packed ??= {{}})["{file}"] = "{text}";\n'
        (target / f"{file}.js").write_text(script, encoding="utf-8", newline="\n")
    return "".join(f'<script src="{file}.js"></script>\n' for file in files.values())


def lighter(html: str) -> str:
    """Leave out styles, which stand in a file of their own; pictures pack better as text."""

    def plain(found: re.Match[str]) -> str:
        svg = re.sub(r"\s+", " ", b64decode(found[1]).decode())
        return f"src='data:image/svg+xml,{quote(svg, safe=SAFE)}'"

    html = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    return PICTURE.sub(plain, re.sub(r"<pre(?=>)", '<pre tabindex="0"', html))


def markdown(text: str) -> str:
    """Write a text; links to notebooks lead to their pages."""
    html: str = markdown2html(text)
    html = re.sub(r'<a class="anchor-link".*?</a>', "", html)
    html = re.sub(r'(?<=href=")([\w/]+)\.ipynb', r"\1.html", html)
    return re.sub(r"<pre(?=[ >])", '<pre tabindex="0"', html)


def still(told: Told) -> str:
    """Write how a thing looks before a script has drawn it, or without one."""
    if "html" in told:
        return lighter(told["html"])
    if "markdown" in told:
        return markdown(told["markdown"])
    return f'<pre tabindex="0">{escape(told.get("plain", ""))}</pre>' if told.get("plain") else ""


def shown(told: Told, key: str, live: dict[str, Told]) -> str:
    """Write a thing; what is live is kept under its key, what is locked waits in a fold."""
    if told["kind"] == "then":
        inside = shown(told["shown"], key, live)
        return (
            f'<details data-of="{escape(told["of"])}"><summary>{LOCKED}</summary>{inside}</details>'
        )
    if not told["kind"]:
        return still(told)
    if told["kind"] == "stepper":
        told["state"] = {"trace": told["state"]["trace"]}
    live[key] = {name: told[name] for name in told if name not in ("html", "plain", "markdown")}
    wide = "" if told["kind"] == "predict" else " wide"
    return f'<div class="live{wide}" data-live="{key}">{still(told)}</div>'


def output(out: nbformat.NotebookNode) -> str:
    """Write an output that is nothing but what it shows."""
    if out.output_type == "stream":
        return f'<pre tabindex="0">{escape(out.text)}</pre>'
    if out.output_type == "error":
        return f'<pre tabindex="0">{escape(out.ename)}: {escape(out.evalue)}</pre>'
    names = {"html": "text/html", "markdown": "text/markdown", "plain": "text/plain"}
    return still({name: out.data[kind] for name, kind in names.items() if kind in out.data})


def exercise(source: str) -> str:
    """Give the hints, one after the other; only Python can judge an answer."""
    if found := re.search(r'^hint\("([^"]+)"\)\s*$', source, re.M):
        hints, html = check_named(found[1]).hints, ""
        for number, text in reversed(list(enumerate(hints, 1))):
            title = f"<summary>Hint {number} of {len(hints)}</summary>"
            html = f"<details>{title}{markdown(text)}{html}</details>"
        return html
    if re.search(r"^check\(", source, re.M):
        return '<p class="dim">Your answer is checked where Python runs.</p>'
    return ""


def rendered(notebook: nbformat.NotebookNode, told: dict[int, Told]) -> tuple[str, dict[str, Told]]:
    """Write all cells in order."""
    parts, live = list[str](), dict[str, Told]()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(markdown(cell.source))
        elif cell.source.strip():
            if not cell.metadata.get("jupyter", {}).get("source_hidden"):
                code = highlight(cell.source, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip()
                parts.append(
                    f'<pre class="in" id="cell-{cell.id}" tabindex="0"><code>{code}</code></pre>'
                )
            inside = exercise(cell.source)
            if not inside and cell.execution_count in told:
                inside = shown(told[cell.execution_count], cell.id, live)
            inside = inside or "".join(map(output, cell.outputs))
            parts.append(f'<div class="out">{inside}</div>' if inside else "")
    return "\n".join(parts), live


def written(path: Path, names: list[str], target: Path) -> Page:
    """Execute a notebook and write its page."""
    notebook, told = executed(path)
    body, live = rendered(notebook, told)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    title, promise = re.findall(r"\A# (.*)\n\n((?:.+\n)+)", text)[0]
    at, more = names.index(path.stem), packed(path.stem, live, target)
    links = ['<a href="index.html">All lessons</a>']
    links += [f'<a href="{names[at - 1]}.html">← {short(names[at - 1])}</a>'] if at else []
    links += (
        [f'<a href="{names[at + 1]}.html">{short(names[at + 1])} →</a>']
        if at + 1 < len(names)
        else []
    )
    links.append(run_link(path.stem))
    html = document(f"{title.replace('`', '')} · spanlab", "\n".join(links), body, live, more)
    (target / f"{path.stem}.html").write_text(html, encoding="utf-8", newline="\n")
    minutes = re.search(r"\*\*(\d+ minutes[^*]*)\*\*", text)
    symptoms = re.findall(r'<h2 id="([^"]*)">\d+ (.*?)</h2>', body)
    return Page(
        path.stem, title, promise, minutes[1] if minutes else "", symptoms, printed(notebook),
        len(html.encode()),
    )  # fmt: skip


def printed(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Give what each cell has printed."""
    cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    return {cell.id: "".join(out.get("text", "") for out in cell.outputs) for cell in cells}


def run_link(name: str) -> str:
    """Link to where a notebook runs; hidden where the page is a file, as that needs a server."""
    return f'<a class="run" href="run/lab/index.html?path={name}.ipynb">Run</a>'


def short(name: str) -> str:
    """Name a page in a row of links."""
    return name[:2] if name[0].isdigit() else name


def asking(name: str) -> str:
    """Show what a lesson asks of one line; the picture is one of README's."""
    svg = (NOTEBOOKS / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    [alt] = re.findall("<title>(.*?)</title>", svg)
    return lighter(
        f'<img alt="{alt}" src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}">'
    )


def landing(pages: list[Page]) -> str:
    """Write the first page: what people and lessons ask, and a search by symptom."""
    lessons = [each for each in pages if each.name[0].isdigit()]
    cards = "".join(
        f'<li><h3><a href="{p.name}.html">{p.name[:2]} '
        f"{markdown(p.title).strip().removeprefix('<p>').removesuffix('</p>')}</a></h3>"
        f'{markdown(p.promise)}<p class="dim">{p.minutes}</p>'
        f'<p class="do"><a href="{p.name}.html">Read</a>{run_link(p.name)}</p>'
        f"{asking(p.name)}</li>"
        for p in lessons
    )
    signs = "".join(
        f'<li><a href="{p.name}.html#{place}">{text}</a></li>'
        for p in pages
        for place, text in p.symptoms
    )
    others = " · ".join(
        f'<a href="{p.name}.html">{escape(p.title)}</a>' for p in pages if p not in lessons
    )
    template = Template((HERE / "landing.html").read_text(encoding="utf-8"))
    return document("spanlab", "", template.substitute(signs=signs, cards=cards, others=others))
