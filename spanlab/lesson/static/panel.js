// The panel of vary() and playground(). All words go in as text, never as HTML.
//
// One question at a time is under way to Python, and each answer says which one it belongs to. While
// the choices on the page are not those of the last answer, what was drawn for it is faded out.
// vary() asks for a guess before it asks Python: which lines will change?

const LATE = 1500; // milliseconds after which it is said that an answer is missing
const BUTTONS = 6; // more choices than that are a slider
const MENUS = ["workers", "schedule"]; // of a panel with titles: below the control before them
const LINK = "#playground&";
const WORDS = /("(?:[^"\\]|\\.)*")|(\/\/.*)|(#\[[^\]]*\]|@\w+)|\b(async|await|def|fn|for|from|impl|import|lambda|let|move|mut|pass|return|use|while|with)\b/g;
let linked = false; // a link speaks to the first panel of a page, once

// --- the controls: each gives its node, and a function that shows what is picked ---

function radios({ name, title, options, own, pick, look }) {
  const group = has(el("div", "group"), { role: "radiogroup", "aria-label": title });
  const inputs = options.map(([value, label]) => {
    const input = radio(`${own}-${name}`, value, pick);
    group.append(el("label", look, input, el("span", "", label)));
    return input;
  });
  return [group, (value) => inputs.forEach((input) => { input.checked = input.value === value; })];
}

function slider({ title, options, pick }) {
  const input = has(el("input"), { type: "range", min: 0, max: options.length - 1, "aria-label": title });
  const output = el("output");
  input.addEventListener("input", () => pick(options[input.value][0]));
  return [el("div", "range", input, output), (value) => {
    input.value = options.findIndex((option) => option[0] === value);
    input.setAttribute("aria-valuetext", value);
    output.textContent = value;
  }];
}

function menu({ name, title, options, own, pick }) {
  const select = has(el("select"), { id: `${own}-${name}`, "aria-describedby": `${own}-why` });
  select.append(...options.map(([value, label]) => Object.assign(el("option", "", label), { value })));
  select.addEventListener("change", () => pick(select.value));
  const label = has(el("label", "", title), { for: select.id });
  return [el("div", "pick", label, select), (value, off) => {
    Object.assign(select, { value, disabled: Boolean(off) });
  }];
}

function controls(state, own, pick) {
  const box = el("div", "controls"), shows = [];
  for (const [name, values] of state.controls) {
    const options = values.map((value) => [value, state.labels?.[value] ?? value]);
    const look = state.titles ? "choice" : "option path";
    const control = { name, title: state.titles?.[name] ?? name, options, own, look };
    control.pick = (value) => pick(name, value);
    const below = state.titles && MENUS.includes(name);
    const kind = below ? menu : values.length > BUTTONS ? slider : radios;
    const [node, show] = kind(control);
    if (below) box.lastChild.append(node);
    else box.append(el("div", "control", el("span", "name", control.title), node));
    shows.push((picked, off) => show(picked[name], off?.[name]));
  }
  const why = has(el("div", "reason"), { id: `${own}-why` });
  if (state.off) box.lastChild.append(why);
  return [box, (picked, off) => {
    shows.forEach((show) => show(picked, off));
    why.textContent = Object.values(off ?? {})[0] ?? "";
  }];
}

// --- what they lead to ---

/** Mark the rows whose text was not there before. */
function mark(rows, texts, before) {
  const known = new Set(before ?? texts);
  rows.forEach((row, at) => row.classList.toggle("new", texts[at].trim() !== "" && !known.has(texts[at])));
}

const line = (each) => each.same; // where it stands in the source is no change

function results(log, state, last) {
  const rows = state.log.map(entry);
  mark(rows, state.log.map(line), last?.log.map(line));
  log.replaceChildren(...rows, ...(state.more ? [el("p", "dim", `${state.more} more lines`)] : []));
}

/** Ask which of the lines will change; `look` is told the numbers of those that are marked. */
function guess(rows, look) {
  const boxes = rows.filter((row) => row.number).map((row) => {
    const input = Object.assign(el("input"), { type: "checkbox", value: row.number });
    return [input, has(el("label", "option", input, el("span", "", `${row.number}`)), { title: row.same.trim() })];
  });
  const marked = () => boxes.filter(([input]) => input.checked).map(([input]) => input.value);
  const group = el("div", "group", ...boxes.map(([, label]) => label));
  has(group, { role: "group", "aria-label": "The lines that will change" });
  const ready = Object.assign(button("Look", () => look(marked())), { className: "" });
  return [el("p", "sentence", "Which lines will change their spans or their thread? Mark them, or none."),
    el("div", "foot", group, ready)];
}

/** Say how a guess came out, against the lines that are not as they were. */
function outcome(guessed, before, after) {
  const known = new Set(after.map(line));
  const changed = before.filter((row) => row.number && !known.has(line(row))).map((row) => `${row.number}`);
  const right = guessed.join() === changed.join();
  const told = (numbers) => numbers.join(", ") || "none";
  return el("p", right ? "good" : "bad", `${right ? "✓" : "✗"} You said ${told(guessed)}; ${told(changed)} changed.`);
}

function keepHeight(both) {
  // What stands below must not jump: the panel only grows, until its width changes.
  const width = `${both.clientWidth}`;
  if (both.dataset.width !== width) both.style.minHeight = "";
  both.dataset.width = width;
  const tall = Math.max(parseFloat(both.style.minHeight) || 0, both.offsetHeight);
  both.style.minHeight = `${tall}px`;
}

function breakable(text) { // where rustfmt would break: before the dot of a method
  return text.split(/(?<=\))(?=\.)/).flatMap((part, place) => (place ? [el("wbr"), part] : [part]));
}

function coloured(text) {
  const row = el("span");
  let at = 0;
  for (const match of text.matchAll(WORDS)) {
    const kind = ["s", "c", "a", "k"][match.slice(1).findIndex((part) => part !== undefined)];
    row.append(...breakable(text.slice(at, match.index)), el("span", kind, match[0]));
    at = match.index + match[0].length;
  }
  row.append(...breakable(text.slice(at) || (at ? "" : " ")));
  return row;
}

function source([title, parts, key], whole, last) {
  const all = parts.join(""), first = whole ? 1 : parts[0].split("\n").length;
  const lines = (whole ? all : parts[1]).trimEnd().split("\n");
  const rows = lines.map((text, place) => {
    const row = has(el("span", "row-of", coloured(text)), { "data-line": first + place });
    row.classList.toggle("key", first + place === key);
    return row;
  });
  mark(rows, lines, last?.[1].join("").split("\n"));
  const copying = button(`Copy as ${title}`, (from) => copy(all, from));
  return el("div", "pane", el("div", "bar", el("p", "title", title), copying), el("pre", "source", ...rows));
}

function button(text, pressed) {
  const node = Object.assign(el("button", "quiet", text), { type: "button" });
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

// --- the panel ---

function render({ model, el: root }) {
  const start = model.get("state"), own = ownName(), playing = Boolean(start.sources);
  const [kind, label] = playing ? ["sl-lesson sl-wide sl-play", "Playground"] : ["sl-lesson sl-wide", "Change it"];
  const box = section(kind, label);
  let picked = { ...start.picked };
  let [last, now] = [null, start]; // what was drawn before, and what is drawn
  let asked = ""; // the question that is under way, and with what
  let sent = {};
  let count = 0;
  let timer = 0;
  let whole = false;
  let guessed = null; // the numbers of the lines, or null where nobody was asked

  function ask() {
    asked = `${own}-${(count += 1)}`;
    sent = { ...picked };
    model.set("said", { turn: asked, picked: sent });
    model.save_changes();
  }
  function pick(name, value) {
    picked[name] = value;
    show(picked, now.off);
    if (playing || asked || now.error) follow(null);
    else if (Object.keys(picked).every((each) => picked[each] === now.picked[each])) draw();
    else said.replaceChildren(...guess(now.log, follow));
  }
  function follow(lines) {
    guessed = lines;
    box.classList.add("busy");
    box.setAttribute("aria-busy", "true");
    clearTimeout(timer);
    timer = setTimeout(() => box.classList.add("late"), LATE);
    if (!asked) ask();
  }
  function hear() {
    const state = model.get("state");
    if (asked && state.turn !== asked) return; // ours is still under way
    if (asked && Object.keys(sent).some((name) => picked[name] !== sent[name])) {
      ask(); // more was chosen meanwhile
      return;
    }
    asked = "";
    if (!state.error) picked = { ...state.picked };
    [last, now] = [now, state];
    draw();
  }

  const [choices, show] = controls(start, own, pick);
  const waiting = el("div", "waiting", "Waiting for Python. If the kernel was restarted, run this cell again.");
  const said = el("div", "said"), notes = el("div", "notes"), code = el("div", "code both");
  const log = has(el("div", "pane"), { role: "group", "aria-label": "Log" });
  const graph = el("figure"), both = el("div", "both", log, el("div", "pane", graph));
  for (const status of [waiting, said]) status.setAttribute("role", "status");
  const shared = el("code", "shared");
  const all = button("Whole programs", () => { whole = !whole; draw(); });
  const address = () => location.origin + location.pathname + LINK + new URLSearchParams(picked);
  const foot = el("div", "foot", all, shared,
    button("Copy the call", (from) => copy(shared.textContent, from)),
    button("Copy a link", (from) => copy(address(), from)));
  box.append(choices, waiting, el("div", "shown", said, both, ...(playing ? [notes, code, foot] : [])));
  root.replaceChildren(box);

  function draw() {
    clearTimeout(timer);
    box.classList.remove("busy", "late");
    box.removeAttribute("aria-busy");
    show(picked, now.off);
    const [sentence, more] = now.said;
    said.replaceChildren(...(now.error ? [el("p", "bad", now.error)]
      : [el("p", "sentence", ...words(sentence)), el("p", "dim", ...words(more))]));
    if (guessed && !now.error) said.prepend(outcome(guessed, last.log, now.log));
    guessed = null;
    box.classList.toggle("failed", Boolean(now.error));
    keepHeight(both);
    results(log, now, last);
    picture(graph, now.graph);
    if (!playing) return;
    box.classList.toggle("lost", Boolean(more));
    notes.textContent = now.notes;
    code.replaceChildren(...now.sources.map((each, at) => source(each, whole, last?.sources[at])));
    shared.textContent = now.share;
    all.setAttribute("aria-pressed", `${whole}`);
  }
  model.on("change:state", hear);
  draw();
  if (playing && !linked && location.hash.startsWith(LINK)) {
    linked = true;
    const wanted = new URLSearchParams(location.hash.slice(LINK.length));
    for (const [name, values] of start.controls) {
      if (values.includes(wanted.get(name))) pick(name, wanted.get(name));
    }
  }
  return () => {
    clearTimeout(timer);
    model.off("change:state", hear);
  };
}

// --- where no Python answers ---

/** Know of each choice that was sent along what it shows; `load` gives the rest of what one knows. */
function alone(one, load = async () => one) {
  const keyOf = (picked) => { // what has no effect is looked up by the first that there is
    const off = one.off?.[picked.runtime] ?? {};
    return one.state.controls.map(([name, all]) => (name in off ? all[0] : picked[name])).join("\n");
  };
  let before = keyOf(one.state.picked);
  return modelOf(one, async (model) => {
    const { turn, picked } = model.get("said"), { keys, columns, parts, news } = await load();
    const at = keys.indexOf(keyOf(picked)), last = model.get("state");
    if (at < 0) return model.set("state", { ...last, turn, error: one.unknown });
    const state = stateAt(columns, parts, at), was = keys.indexOf(before);
    if (!state.sources) state.said = ["", at === was ? last.said[1] : news[was]?.[at] ?? ""];
    before = keys[at];
    return model.set("state", { ...state, turn, picked });
  });
}

/** One state, put together of parts: a part's name is the way to its place. */
function stateAt(columns, parts, at) {
  const state = {};
  for (const [place, all] of Object.entries(parts)) {
    const names = place.split("/"), name = names.pop();
    names.reduce((into, each) => (into[each] ??= []), state)[name] = all[columns[place]?.[at] ?? 0];
  }
  return state;
}

export default { render, alone, stateAt };
