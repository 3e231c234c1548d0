// The controls of vary(), and the log and graph that follow. All words go in as text, never as HTML.

function el(tag, cls, ...inside) {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  node.append(...inside);
  return node;
}

function buttons(control, own, pick) {
  const group = el("div", "group");
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-label", control.name);
  const inputs = control.labels.map((label) => {
    const input = el("input");
    Object.assign(input, { type: "radio", name: `${own}-${control.name}`, value: label });
    input.addEventListener("change", () => pick(label));
    group.append(el("label", "option path", input, el("span", "", label)));
    return input;
  });
  const show = (label) => inputs.forEach((input) => { input.checked = input.value === label; });
  return [group, show];
}

function slider(control, pick) {
  const input = el("input");
  Object.assign(input, { type: "range", min: 0, max: control.labels.length - 1, step: 1 });
  input.setAttribute("aria-label", control.name);
  const value = el("output");
  function show(label) {
    input.value = control.labels.indexOf(label);
    input.setAttribute("aria-valuetext", label);
    value.textContent = label;
  }
  input.addEventListener("input", () => pick(control.labels[input.value]));
  return [el("div", "range", input, value), show];
}

function entry(each, before) {
  const text = each.before + each.thread + each.after;
  const pre = el("pre", "", each.before, el("span", `chip h${each.hue % 6}`, each.thread), each.after);
  const row = el("div", "entry", el("span", "num", each.number ? `${each.number}` : ""), pre);
  if (before && !before.includes(text)) row.classList.add("changed");
  return [row, text];
}

function picture(figure, graph) {
  const source = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(graph.svg)}`;
  let img = figure.querySelector("img");
  if (graph.svg) {
    if (!img) figure.replaceChildren((img = el("img")), el("details", "", el("summary", "", "The same as text"), el("pre")));
    img.src = source;
    img.alt = graph.alt;
    figure.querySelector("pre").textContent = graph.text;
  } else {
    figure.replaceChildren(el("p", "", graph.alt), el("pre", "", graph.text), el("p", "dim", graph.missing));
  }
}

function keepHeight(both) {
  // What stands below must not jump: the panel only grows, until its width changes.
  const width = `${both.clientWidth}`;
  if (both.dataset.width !== width) both.style.minHeight = "";
  both.dataset.width = width;
  const tall = Math.max(parseFloat(both.style.minHeight) || 0, both.offsetHeight);
  both.style.minHeight = `${tall}px`;
}

function render({ model, el: root }) {
  const box = el("section", "sl-lesson sl-wide");
  box.setAttribute("aria-label", "Change it");
  box.dataset.lmSuppressShortcuts = "true";
  for (const kind of ["keydown", "keypress", "keyup"]) {
    box.addEventListener(kind, (event) => event.stopPropagation());
  }
  const own = `sl${Math.random().toString(36).slice(2)}`;
  const panel = el("div", "controls");
  const shows = model.get("state").controls.map((control) => {
    const pick = (label) => {
      model.set("said", { ...model.get("said"), [control.name]: label });
      model.save_changes();
      update();
    };
    const [node, show] = control.slider ? slider(control, pick) : buttons(control, own, pick);
    panel.append(el("span", "name", control.name), node);
    return () => show(model.get("said")[control.name]);
  });
  const update = () => shows.forEach((show) => show());
  const news = el("div", "news dim");
  news.setAttribute("role", "status");
  const log = el("div", "pane");
  log.setAttribute("aria-label", "Log");
  log.setAttribute("role", "group");
  const figure = el("figure");
  const both = el("div", "both", log, el("div", "pane", figure));
  box.append(panel, news, both);
  root.replaceChildren(box);

  let before = null;
  function draw() {
    keepHeight(both);
    const state = model.get("state");
    const drawn = state.log.map((each) => entry(each, before));
    log.replaceChildren(...drawn.map(([row]) => row));
    if (state.more) log.append(el("p", "dim", `${state.more} more lines`));
    before = drawn.map(([, text]) => text);
    picture(figure, state.graph);
    news.textContent = state.error || state.news || "Choose, and log and graph follow.";
    news.className = state.error ? "news bad" : "news dim";
    box.classList.toggle("stale", Boolean(state.error));
  }
  model.on("change:state", draw);
  model.on("change:said", update);
  update();
  draw();
  return () => {
    model.off("change:state", draw);
    model.off("change:said", update);
  };
}

export default { render };
