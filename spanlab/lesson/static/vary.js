// The controls of vary(), and the log and graph that follow. All words go in as text, never as HTML.

function buttons(control, own, pick) {
  const group = has(el("div", "group"), { role: "radiogroup", "aria-label": control.name });
  const inputs = control.labels.map((label) => {
    const input = radio(`${own}-${control.name}`, label, pick);
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

/** An event of the log; marked if the log before had none like it. */
function compared(each, before) {
  const text = each.before + each.thread + each.after, row = entry(each);
  if (before && !before.includes(text)) row.classList.add("changed");
  return [row, text];
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
  const box = section("sl-lesson sl-wide", "Change it"), own = ownName();
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
  const news = has(el("div", "news dim"), { role: "status" });
  const log = has(el("div", "pane"), { role: "group", "aria-label": "Log" });
  const figure = el("figure");
  const both = el("div", "both", log, el("div", "pane", figure));
  box.append(panel, news, both);
  root.replaceChildren(box);

  let before = null;
  function draw() {
    keepHeight(both);
    const state = model.get("state");
    const drawn = state.log.map((each) => compared(each, before));
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
