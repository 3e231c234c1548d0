// The panel of playground(). All words go in as text, never as HTML.
//
// One question at a time is under way to Python, and each answer says which one it belongs to. While
// the choices on the page are not those of the last answer, what was drawn for it is faded out.

const STYLE = `
.sl-play .choices { display: grid; grid-template-columns: 1.35fr 0.9fr 1.05fr 1.2fr; gap: 8px 18px; padding: 10px 14px; background: var(--bar); }
.sl-play fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.sl-play legend, .sl-play h4 { margin: 0 0 4px; padding: 0; color: var(--dim); font: 600 12px/1.5 var(--sans); }
.sl-play .choice { display: flex; gap: 7px; align-items: baseline; padding: 1px 0; font: 12px/1.6 var(--mono); cursor: pointer; }
.sl-play .choice input { margin: 0; flex: none; accent-color: var(--main); transform: translateY(1px); }
.sl-play .choice:has(:checked) { color: var(--main); font-weight: 600; }
.sl-play .pick { display: grid; grid-template-columns: 64px minmax(0, 1fr); gap: 2px 8px; align-items: center; margin-top: 5px; font-size: 12.5px; }
.sl-play select { min-width: 0; padding: 2px 4px; border: 1px solid var(--line); border-radius: 5px; background: var(--bg); color: var(--fg); font: 12.5px var(--mono); }
.sl-play select:disabled { color: var(--dim); }
.sl-play .why { min-height: 17px; margin-top: 4px; color: var(--dim); font-size: 12px; line-height: 1.35; }
.sl-play :is(input, select):focus-visible { outline: 2px solid var(--main); outline-offset: 2px; }
.sl-play .said { padding: 9px 14px; border-top: 1px solid var(--line); min-height: 86px; }
.sl-play .said p { margin: 0; }
.sl-play .said p:first-child { font-size: 15px; }
.sl-play .said p:first-child code { font-weight: 600; }
.sl-play .said p + p { margin-top: 3px; color: var(--dim); font-size: 13.5px; }
.sl-play .code .pane { padding-bottom: 14px; }
.sl-play .bar { display: flex; justify-content: space-between; align-items: center; gap: 8px; margin-bottom: 6px; }
.sl-play .bar h4 { margin: 0; }
.sl-play .code.both { grid-template-columns: minmax(0, 1.08fr) minmax(0, 1fr); }
.sl-play .result { border-top: 0; }
.sl-play .result .both { min-height: 300px; }
.sl-play pre.source { margin: 0; padding: 0; background: none; color: inherit; font: 12px/1.55 var(--mono); white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere; }
.sl-play .source .row-of { display: grid; grid-template-columns: 3ch minmax(0, 1fr); gap: 1.2ch; border-left: 3px solid transparent; }
.sl-play .source .row-of::before { content: attr(data-line); color: var(--dim); opacity: 0.75; text-align: right; font-size: 11px; }
.sl-play .source .row-of > span { padding-left: 8ch; text-indent: -8ch; }
.sl-play .source .row-of.key::before { content: "→" attr(data-line); color: var(--main); font-weight: 700; opacity: 1; }
.sl-play.lost .source .row-of.key::before { color: var(--bad); }
.sl-play .source .row-of.new { background: var(--mark); border-left-color: var(--mark-line); }
.sl-play .source .k { color: var(--jp-mirror-editor-keyword-color, var(--main)); }
.sl-play .source .s { color: var(--jp-mirror-editor-string-color, var(--good)); }
.sl-play .source .a { color: var(--ink); }
.sl-play .source .c { color: var(--dim); }
.sl-play button.quiet { padding: 2px 10px; font-size: 12.5px; line-height: 20px; }
.sl-play button.quiet[aria-pressed="true"] { border-color: var(--main); background: var(--main-tint); }
.sl-play .notes { padding: 7px 14px; border-top: 1px solid var(--line); color: var(--dim); font-size: 13px; }
.sl-play .notes:empty { display: none; }
.sl-play .shared { flex: 1 1 300px; min-width: 0; font: 12px/1.5 var(--mono); overflow-wrap: anywhere; }
.sl-play .waiting { display: none; padding: 9px 14px; border-top: 1px solid var(--line); color: var(--dim); }
.sl-play.busy .result, .sl-play.busy .code, .sl-play.busy .notes, .sl-play.busy .foot { opacity: 0.3; }
.sl-play.late .result, .sl-play.late .code, .sl-play.late .notes, .sl-play.late .foot { display: none; }
.sl-play.late .waiting { display: block; }
@container (max-width: 800px) {
  .sl-play .choices { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .sl-play .code.both { grid-template-columns: minmax(0, 1fr); }
  .sl-play .code .pane + .pane { border-left: 0; border-top: 1px solid var(--line); }
}
@container (max-width: 640px) { .sl-play .result .both { grid-template-columns: minmax(0, 1fr); } }
@container (max-width: 420px) { .sl-play .choices { grid-template-columns: minmax(0, 1fr); } }
`;
const LATE = 1500; // milliseconds after which it is said that an answer is missing
const LINK = "#playground&";
const WORDS = /("(?:[^"\\]|\\.)*")|(\/\/.*)|(#\[[^\]]*\]|@\w+)|\b(async|await|def|fn|for|from|impl|import|lambda|let|move|mut|pass|return|use|while|with)\b/g;
let linked = false; // a link speaks to the first panel of a page, once

function el(tag, cls, ...inside) {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  node.append(...inside);
  return node;
}

function button(text, pressed) {
  const node = el("button", "quiet", text);
  node.type = "button";
  node.addEventListener("click", () => pressed(node));
  return node;
}

async function copy(text, from) {
  const said = from.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no permission, or no secure page: the older way
    const area = el("textarea", "aside", text);
    from.after(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    from.focus();
  }
  from.textContent = "Copied";
  setTimeout(() => { from.textContent = said; }, 1200);
}

function breakable(text) { // where rustfmt would break: before the dot of a method
  return text.split(/(?<=\))(?=\.)/).flatMap((part, place) => (place ? [el("wbr"), part] : [part]));
}

function coloured(line) {
  const row = el("span");
  let at = 0;
  for (const match of line.matchAll(WORDS)) {
    const kind = ["s", "c", "a h3", "k"][match.slice(1).findIndex((part) => part !== undefined)];
    row.append(...breakable(line.slice(at, match.index)), el("span", kind, match[0]));
    at = match.index + match[0].length;
  }
  row.append(...breakable(line.slice(at) || (at ? "" : " ")));
  return row;
}

function source(title) {
  const pre = el("pre", "source");
  let before = null;
  let now = null;
  let parts = ["", "", ""];
  const copying = button(`Copy as ${title}`, (from) => copy(parts.join(""), from));
  const pane = el("div", "pane", el("div", "bar", el("h4", "", title), copying), pre);
  function draw(given, whole, fresh, key) {
    parts = given;
    if (fresh) [before, now] = [now, given.join("").split("\n")];
    const lines = (whole ? given.join("") : given[1]).trimEnd().split("\n");
    const first = whole ? 1 : given[0].split("\n").length;
    pre.replaceChildren(...lines.map((line, place) => {
      const row = el("span", "row-of", coloured(line));
      row.dataset.line = first + place;
      if (first + place === key) row.classList.add("key");
      if (before && line.trim() && !before.includes(line)) row.classList.add("new");
      return row;
    }));
  }
  return [pane, draw];
}

function radios(control, own, pick) {
  const group = el("fieldset", "", el("legend", "", control.title));
  const inputs = control.options.map(([value, label]) => {
    const input = el("input");
    Object.assign(input, { type: "radio", name: `${own}-${control.name}`, value });
    input.addEventListener("change", () => pick(value));
    group.append(el("label", "choice", input, el("span", "", label)));
    return input;
  });
  return [group, (value) => inputs.forEach((input) => { input.checked = input.value === value; })];
}

function dropdown(control, own, pick) {
  const select = el("select");
  select.id = `${own}-${control.name}`;
  const add = ([value, label]) => {
    const option = el("option", "", label);
    option.value = value;
    select.append(option);
  };
  control.options.forEach(add);
  select.addEventListener("change", () => {
    pick(typeof control.options[0][0] === "number" ? Number(select.value) : select.value);
  });
  const name = el("label", "", control.title);
  name.htmlFor = select.id;
  select.setAttribute("aria-describedby", `${own}-why`);
  function show(value, off) {
    if (![...select.options].some((option) => option.value === `${value}`)) add([value, `${value}`]);
    select.value = value;
    select.disabled = Boolean(off);
  }
  return [el("div", "pick", name, select), show];
}

function entry(each) {
  const pre = el("pre", "", each.before, el("span", `chip h${each.hue % 6}`, each.thread), each.after);
  return el("div", "entry", el("span", "num", `${each.number}`), pre);
}

function picture(graph) {
  if (!graph.svg) {
    return el("figure", "", el("p", "", graph.alt), el("pre", "", graph.text), el("p", "dim", graph.missing));
  }
  const img = el("img");
  img.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(graph.svg)}`;
  img.alt = graph.alt;
  return el("figure", "", img, el("details", "", el("summary", "", "The same as text"), el("pre", "", graph.text)));
}

function worded(text) { // what stands in backticks is code
  return el("p", "", ...text.split("`").map((part, place) => (place % 2 ? el("code", "", part) : part)));
}

function render({ model, el: root }) {
  const own = `sl${Math.random().toString(36).slice(2)}`;
  const box = el("section", "sl-lesson sl-wide sl-play");
  box.setAttribute("aria-label", "Playground");
  box.dataset.lmSuppressShortcuts = "true";
  for (const kind of ["keydown", "keypress", "keyup"]) {
    box.addEventListener(kind, (event) => event.stopPropagation());
  }

  let picked = { ...model.get("state").picked };
  let asked = ""; // the question that is under way
  let count = 0;
  let timer = 0;
  let whole = false;

  function ask() {
    asked = `${own}-${(count += 1)}`;
    model.set("said", { turn: asked, picked: { ...picked } });
    model.save_changes();
  }
  function pick(name, value) {
    picked[name] = value;
    box.classList.add("busy");
    box.setAttribute("aria-busy", "true");
    clearTimeout(timer);
    timer = setTimeout(() => box.classList.add("late"), LATE);
    if (!asked) ask();
  }
  function same(one, other) {
    return Object.keys(one).every((name) => one[name] === other[name]);
  }
  function hear() {
    const state = model.get("state");
    if (asked && state.turn !== asked) return; // ours is still under way
    const answered = Boolean(asked);
    asked = "";
    if (answered && !state.error && !same(picked, state.picked)) ask();
    else draw();
  }

  const choices = el("div", "choices");
  let column;
  const shows = model.get("state").controls.map((control) => {
    const many = control.name === "workers" || control.name === "schedule";
    const [node, show] = (many ? dropdown : radios)(control, own, (value) => pick(control.name, value));
    if (many) column.append(node);
    else choices.append((column = node));
    return (state) => show(picked[control.name], state.off[control.name]);
  });
  const reason = el("div", "why");
  reason.id = `${own}-why`;
  column.append(reason);
  const said = el("div", "said");
  said.setAttribute("role", "status");
  const log = el("div", "pane");
  log.setAttribute("role", "group");
  log.setAttribute("aria-label", "Log");
  const graph = el("div", "pane");
  const notes = el("div", "notes");
  const [rust, drawRust] = source("Rust");
  const [python, drawPython] = source("Python");
  const shared = el("code", "shared");
  const all = button("Whole programs", () => { whole = !whole; draw(); });
  const foot = el("div", "foot", all, shared,
    button("Copy the call", (from) => copy(shared.textContent, from)),
    button("Copy a link", (from) => copy(address(), from)));
  const waiting = el("div", "waiting", "Waiting for Python. If the kernel was restarted, run this cell again.");
  waiting.setAttribute("role", "status");
  box.append(choices, waiting, el("div", "result", said, el("div", "both", log, graph)), notes,
    el("div", "code both", rust, python), foot);
  root.replaceChildren(el("style", "", STYLE), box);

  function address() {
    return location.origin + location.pathname + LINK + new URLSearchParams(picked);
  }
  let drawn = null;
  function draw() {
    const state = model.get("state");
    picked = { ...state.picked };
    clearTimeout(timer);
    box.classList.remove("busy", "late");
    box.removeAttribute("aria-busy");
    shows.forEach((show) => show(state));
    reason.textContent = Object.values(state.off)[0] || "";
    said.replaceChildren(worded(state.error || state.reason.sentence), worded(state.reason.change));
    said.classList.toggle("bad", Boolean(state.error));
    box.classList.toggle("lost", Boolean(state.reason.change));
    log.replaceChildren(...state.log.map(entry));
    graph.replaceChildren(picture(state.graph));
    notes.textContent = Object.values(state.notes).join(" ");
    drawRust(state.rust, whole, drawn !== state, 0);
    drawPython(state.python, whole, drawn !== state, state.reason.line);
    drawn = state;
    shared.textContent = state.share;
    all.setAttribute("aria-pressed", `${whole}`);
  }
  model.on("change:state", hear);
  draw();
  if (!linked && location.hash.startsWith(LINK)) {
    linked = true;
    const wanted = Object.fromEntries(new URLSearchParams(location.hash.slice(LINK.length)));
    for (const [name, value] of Object.entries(wanted)) {
      if (name in picked) pick(name, typeof picked[name] === "number" ? Number(value) : value);
    }
  }
  return () => {
    clearTimeout(timer);
    model.off("change:state", hear);
  };
}

export default { render };
