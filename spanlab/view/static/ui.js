// What the widgets share; it stands in front of each script. Words go in as text, never as HTML.

/** Make an element; strings become text. */
function el(tag, cls, ...inside) {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  node.append(...inside.filter((part) => part !== null));
  return node;
}

function has(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

const ownName = () => `sl${Math.random().toString(36).slice(2)}`;

/** A section whose keys the notebook does not hear. */
function section(cls, label) {
  const box = has(el("section", cls), { role: "group", "aria-label": label, "data-lm-suppress-shortcuts": true });
  for (const kind of ["keydown", "keypress", "keyup"]) {
    box.addEventListener(kind, (event) => event.stopPropagation());
  }
  return box;
}

/** Text in which `this` is code. */
function words(text) {
  return text.split("`").map((part, at) => (at % 2 ? el("code", "", part) : part));
}

function radio(name, value, pick) {
  const input = Object.assign(el("input"), { type: "radio", name, value });
  input.addEventListener("change", () => pick(value));
  return input;
}

/** One event of a log. */
function entry({ number, before, thread, after, hue }) {
  const pre = el("pre", "", before, el("span", `chip h${hue % 6}`, thread), after);
  return el("div", "entry", el("span", "num", number ? `${number}` : ""), pre);
}

/** A figure as an image with its text twin; where nothing could draw it, the text. */
function picture(figure, graph) {
  if (!graph.svg) {
    figure.replaceChildren(el("p", "", graph.alt), el("pre", "", graph.text), el("p", "dim", graph.missing));
    return;
  }
  if (!figure.querySelector("img")) {
    figure.replaceChildren(el("img"), el("details", "", el("summary", "", "The same as text"), el("pre")));
  }
  const source = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(graph.svg)}`;
  Object.assign(figure.querySelector("img"), { src: source, alt: graph.alt });
  figure.querySelector("pre").textContent = graph.text;
}

/** What stands for a widget's model: it has these values; `answer` is called when the reader says something. */
function modelOf({ state, said = {} }, answer = () => {}) {
  const values = { state, said }, ears = {};
  const model = {
    get: (name) => values[name],
    set(name, value) {
      values[name] = value;
      for (const hear of [...(ears[`change:${name}`] ?? [])]) hear();
    },
    on: (event, hear) => { (ears[event] ??= new Set()).add(hear); },
    off: (event, hear) => { ears[event]?.delete(hear); },
    save_changes: () => answer(model),
  };
  return model;
}
