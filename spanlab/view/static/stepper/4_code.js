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

function codePane(story) {
  const box = scroller("sl-source", "Source code"), none = el("p", "sl-none"), name = el("span", "");
  const probe = el("span", "sl-probe");
  let file, source, places, room;
  const lines = new Lines(box, 20, place => {
    const text = el("span", "sl-text", ...inked(source[place].rows.join("\n")));
    const line = el("div", "sl-line", el("span", "sl-no", String(source[place].number)), el("span", "sl-dots"), text);
    line.style.height = `${20 * source[place].rows.length}px`;
    return line;
  });
  const section = pane("code", "Code", none, box);
  section.firstChild.append(name);
  box.append(probe);

  /** How many characters stand beside each other; the numbers, the dots and a scroll bar take the rest. */
  const fits = () => Math.floor((box.offsetWidth - 68) / (probe.offsetWidth / 10)) || Infinity;

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
    for (const line of lines.made.values()) line.children[1].replaceChildren();
    for (const id of [acting, ...[...story.threads.keys()].filter(other => other !== acting)]) {
      const state = story.threads.get(id).at(at), hollow = id !== acting && state.task === null;
      const line = state.file === file && lines.made.get(places.get(state.line));
      if (!line || line.children[1].childElementCount > 2 || (hollow && !resting(story, state, at))) continue;
      const dot = ofThread(story, el("span", hollow ? "sl-dot hollow" : "sl-dot"), id);
      line.children[1].append(has(dot, { title: `ThreadId(${id})` }));
    }
  }
  return { section, show(at) {
    const record = story.records[at], own = stateOf(story, record);
    const state = own.line ? own : story.records.find(later => later.line && later.index > at) ?? own;
    if (state.file !== file || fits() !== room) open(state.file);
    lines.mark(places.get(state.line) ?? -1, own.line ? "now" : "next");
    dots(at, record.thread);
  } };
}
