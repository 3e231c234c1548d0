// The panel of playground(). All words go in as text, never as HTML.
//
// One question at a time is under way to Python, and each answer says which one it belongs to. While
// the choices on the page are not those of the last answer, what was drawn for it is faded out.

const LATE = 1500; // milliseconds after which it is said that an answer is missing
const LINK = "#playground&";
const WORDS = /("(?:[^"\\]|\\.)*")|(\/\/.*)|(#\[[^\]]*\]|@\w+)|\b(async|await|def|fn|for|from|impl|import|lambda|let|move|mut|pass|return|use|while|with)\b/g;
let linked = false; // a link speaks to the first panel of a page, once

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
    const input = radio(`${own}-${control.name}`, value, pick);
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

function render({ model, el: root }) {
  const own = ownName(), box = section("sl-lesson sl-wide sl-play", "Playground");

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
  const said = has(el("div", "said"), { role: "status" });
  const log = has(el("div", "pane"), { role: "group", "aria-label": "Log" });
  const graph = el("figure");
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
  box.append(choices, waiting, el("div", "result", said, el("div", "both", log, el("div", "pane", graph))), notes,
    el("div", "code both", rust, python), foot);
  root.replaceChildren(box);

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
    said.replaceChildren(el("p", "", ...words(state.error || state.reason.sentence)), el("p", "", ...words(state.reason.change)));
    said.classList.toggle("bad", Boolean(state.error));
    box.classList.toggle("lost", Boolean(state.reason.change));
    log.replaceChildren(...state.log.map(entry));
    picture(graph, state.graph);
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
