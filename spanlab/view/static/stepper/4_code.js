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

function codePane(story) {
  const box = scroller("sl-source", "Source code"), none = el("p", "sl-none"), name = el("span", "");
  const probe = el("span", "sl-probe");
  let file, source, places, room;
  const lines = new Lines(box, HIGH, place => {
    const text = el("span", "sl-text", ...inked(source[place].rows.join("\n")));
    const line = el("div", "sl-line", el("span", "sl-no", String(source[place].number)), el("span", "sl-holds"), el("span", "sl-dots"), text);
    line.style.height = `${HIGH * source[place].rows.length}px`;
    return line;
  });
  const section = pane("code", "Code", none, box);
  section.firstChild.append(name);
  box.append(probe);

  /** How many characters stand beside each other; the numbers, the dots and a scroll bar take the rest. */
  const fits = () => Math.floor((box.offsetWidth - 78) / (probe.offsetWidth / 10)) || Infinity;

  function open(next) {
    [file, room] = [next, fits()];
    const [title, text] = story.sent.files[file] ?? ["", []];
    source = text.map(([number, line]) => ({ number, rows: rowsOf(line, room) }));
    places = new Map(text.map(([number], place) => [number, place]));
    name.textContent = title && ` · ${title}`;
    none.textContent = text.length ? "" : `The source of ${title || "this run"} is not here.`;
    lines.tops = [0];
    for (const { rows } of source) lines.tops.push(lines.tops.at(-1) + rows.length);
    lines.resize(text.length, true);
  }
  /** A full dot where a thread is polling, a hollow one where its task waits. */
  function dots(at, acting) {
    for (const line of lines.made.values()) line.querySelector(".sl-dots").replaceChildren();
    for (const id of [acting, ...[...story.threads.keys()].filter(other => other !== acting)]) {
      const state = story.threads.get(id).at(at), hollow = id !== acting && state.task === null;
      const line = state.file === file ? lines.made.get(places.get(state.line)) : null;
      const box = line?.querySelector(".sl-dots");
      if (!box || box.childElementCount > 1 || (hollow && !resting(story, state, at))) continue;
      const dot = ofThread(story, el("span", hollow ? "sl-dot hollow" : "sl-dot"), id);
      box.append(has(dot, { title: `ThreadId(${id})` }));
    }
  }
  /** Beside the lines for which a guard lives a bracket; it has a notch where it is held across an await. */
  function holds(at) {
    for (const line of lines.made.values()) line.querySelector(".sl-holds").replaceChildren();
    const alive = story.sent.guards.filter(([from, to]) => from <= at && (to === null || at < to));
    for (const [from, , of, first, last, awaits] of alive.filter(guard => guard[2] === file).slice(-3)) {
      const { task, thread, span } = story.records[from], { task: polled } = story.threads.get(thread).at(at);
      for (let number = first; number <= last; number++) {
        const part = number === first ? " first" : number === last ? " last" : awaits.includes(number) ? " await" : "";
        const look = `sl-hold${part}${task !== null && task !== polled ? " left" : ""}`;
        const title = `the guard of ${named(story, span)}${part === " await" ? ": held across this await" : ""}`;
        lines.made.get(places.get(number))?.querySelector(".sl-holds").append(has(ofThread(story, el("i", look), thread), { title }));
      }
    }
  }
  return { section, show(at) {
    const record = story.records[at], own = stateOf(story, record);
    const state = own.line ? own : story.records.find(later => later.line && later.index > at) ?? own;
    if (state.file !== file || fits() !== room) open(state.file);
    lines.mark(places.get(state.line) ?? -1, own.line ? "now" : "next");
    dots(at, record.thread);
    holds(at);
  } };
}
