// The code: the line that runs, and a dot for each thread that is in it.

const WORDS = new RegExp([
  /(?<note>#.*|\/\/.*)/, /(?<str>[frb]?"(?:\\.|[^"\\])*"|[frb]?'(?:\\.|[^'\\])*')/, /(?<note2>@[\w.]+)/,
  /\b(?<word>async|await|def|return|with|while|for|in|if|elif|else|try|except|finally|pass|class|import)\b/,
  /\b(?<word2>from|as|not|and|or|is|None|True|False|lambda|yield|raise|fn|let|mut|move|loop|match|pub|use)\b/,
].map(part => part.source).join("|"), "g");

function inked(text) {
  const found = [];
  let from = 0;
  for (const match of text.matchAll(WORDS)) {
    const look = Object.keys(match.groups).find(name => match.groups[name] !== undefined);
    found.push(text.slice(from, match.index), el("span", `sl-${look.replace("2", "")}`, match[0]));
    from = match.index + match[0].length;
  }
  return [...found, text.slice(from)];
}

/** Break a long line of code into rows: outside its strings if it can, and what follows is indented deeper. */
function rowsOf(text, room) {
  const hang = " ".repeat(text.search(/\S|$/) + 4), least = hang.length + 12, rows = [];
  let rest = text;
  while (rest.length > room && room > least) {
    const bare = rest.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, string => "s".repeat(string.length));
    const ends = [...bare.slice(0, room + 1).matchAll(/(?<=[ ([{])(?! )|(?=\.)/g)].map(({ index }) => index);
    const end = ends.findLast(index => index > least && index <= room) ?? room;
    rows.push(rest.slice(0, end).trimEnd());
    rest = hang + rest.slice(end);
  }
  return [...rows, rest];
}

const HIGH = 18;

/** One text of numbered lines; a long one is broken into rows that fit beside the numbers. */
class Listing {
  constructor(label) {
    this.box = scroller("sl-source", label);
    this.probe = el("span", "sl-probe");
    this.inner = el("div", "sl-lines");
    this.box.append(this.probe, this.inner);
  }
  /** How many characters stand beside each other; the numbers, the dots and a scroll bar take the rest. */
  get room() { return Math.floor((this.box.offsetWidth - 78) / (this.probe.offsetWidth / 10)) || Infinity; }
  open(text) {
    this.opened = [text, this.room];
    this.lines = new Map(text.map(([number, line]) => [number, el("div", "sl-line",
      el("span", "sl-no", String(number)), el("span", "sl-holds"), el("span", "sl-dots"),
      el("span", "sl-text", ...inked(rowsOf(line, this.opened[1]).join("\n"))))]));
    this.inner.replaceChildren(...this.lines.values());
  }
  /** Show a text with one line marked and in sight, and nothing else beside its lines. */
  show(text, number, look) {
    if (text !== this.opened?.[0] || this.room !== this.opened[1]) this.open(text);
    for (const part of this.inner.querySelectorAll(".sl-dots > *, .sl-holds > *")) part.remove();
    this.marked?.classList.remove("now", "next");
    this.marked?.removeAttribute("aria-current");
    this.marked = this.lines.get(number);
    if (!this.marked) return;
    this.marked.classList.add(look);
    if (look === "now") this.marked.setAttribute("aria-current", "true");
    const { scrollTop: from, scrollHeight, clientHeight: seen } = this.box, y = this.marked.offsetTop, below = y + this.marked.offsetHeight;
    const edge = Math.min(2 * HIGH, (seen - HIGH) / 2);
    if (y >= from + edge && below <= from + seen - edge) return;  // what is in sight stays where it is
    this.box.scrollTop = Math.min(Math.round((y + below - seen) / 2 / HIGH), Math.floor((scrollHeight - seen) / HIGH)) * HIGH;
  }
  beside(number, column) { return this.lines.get(number)?.querySelector(column); }
}

function codePane(story) {
  const { rust, files } = story.sent, none = el("p", "sl-none"), name = el("span", "");
  const python = new Listing("Source code"), other = rust && new Listing("The same in Rust");
  const twins = new Map(rust?.pairs), section = pane("code", "Code", other?.box, none, python.box);
  section.firstChild.append(name);

  /** A full dot where a thread is polling, a hollow one where its task waits. */
  function dots(at, acting, file) {
    for (const id of [acting, ...[...story.threads.keys()].filter(other => other !== acting)]) {
      const state = story.threads.get(id).at(at), hollow = id !== acting && state.task === null;
      if (state.file !== file || (hollow && !resting(story, state, at))) continue;
      for (const box of [python.beside(state.line, ".sl-dots"), other?.beside(twins.get(state.line), ".sl-dots")]) {
        if (!box || box.childElementCount > 1) continue;
        const dot = ofThread(story, el("span", hollow ? "sl-dot hollow" : "sl-dot"), id);
        box.append(has(dot, { title: `ThreadId(${id})` }));
      }
    }
  }
  /** Beside the lines for which a guard lives a bracket; it has a notch where it is held across an await. */
  function holds(at, file) {
    const alive = story.sent.guards.filter(([from, to, of]) => of === file && from <= at && (to === null || at < to));
    for (const [from, , , first, last, awaits] of alive.slice(-3)) {
      const { task, thread, span } = story.records[from], { task: polled } = story.threads.get(thread).at(at);
      for (let number = first; number <= last; number++) {
        const looks = { first: number === first, last: number === last, await: awaits.includes(number), left: task !== null && task !== polled };
        const look = ["sl-hold", ...Object.keys(looks).filter(look => looks[look])].join(" ");
        const title = `the guard of ${named(story, span)}${looks.await ? ": held across this await" : ""}`;
        python.beside(number, ".sl-holds")?.append(has(ofThread(story, el("i", look), thread), { title }));
      }
    }
  }
  return { section, show(at) {
    const record = story.records[at], own = stateOf(story, record);
    const state = own.line ? own : story.records.find(later => later.line && later.index > at) ?? own;
    const [title, text] = files[state.file] ?? ["", NO_LINES], look = own.line ? "now" : "next";
    name.textContent = title && ` · ${title}`;
    none.textContent = text.length ? "" : `The source of ${title || "this run"} is not here.`;
    python.show(text, state.line, look);
    other?.show(rust.lines, state.file === rust.file ? twins.get(state.line) : null, look);
    dots(at, record.thread, state.file);
    holds(at, state.file);
  } };
}
const NO_LINES = [];
