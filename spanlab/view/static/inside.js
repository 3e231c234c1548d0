// The end of a script in an output: what lives takes the place of what stands there without it.
const shared = globalThis.spanlab ??= {}, drawn = shared.drawn ??= {}, wires = shared.wires ??= {};
const box = document.currentScript.parentElement;
const sent = JSON.parse(box.querySelector("script[type]").textContent), old = drawn[sent.name];

/** Let a model speak to Python wherever a wire of this name leads there; else it answers by itself. */
function wired(model, name) {
  const alone = model.save_changes;
  let isUnheard = false;  // what was said before the wire came, as a link does at once
  model.save_changes = () => {
    isUnheard = !wires[name];
    if (isUnheard) return alone();
    wires[name].set("said", model.get("said"));
    return wires[name].save_changes();
  };
  const connect = () => {
    for (const part of ["said", "state"]) {
      const python = wires[name], take = () => model.set(part, python.get(part));
      python.on(`change:${part}`, take);
      if (!isUnheard) take();
    }
    if (isUnheard) model.save_changes();
  };
  if (wires[name]) connect();
  addEventListener("spanlab-wire", ({ detail }) => { if (detail === name) connect(); });
}

box.querySelector(".sl-still").hidden = true;
if (old && !old.isConnected) {  // Python has written this output anew: of what is seen nothing has changed
  box.append(old);
  if (document.activeElement === document.body) old.last?.focus({ preventScroll: true });
} else {
  const here = el("div"), model = (live.alone ?? modelOf)(sent);
  box.append(here);
  live.render({ model, el: here });
  if (sent.name) {
    here.addEventListener("focusin", ({ target }) => { here.last = target; });
    drawn[sent.name] = here;
    wired(model, sent.name);
  }
}
