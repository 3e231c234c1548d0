// The wire between Python and what lives in an output, which looks for it by its name.
export default { async initialize({ model }) {
  const name = model.get("name"), shared = globalThis.spanlab ??= {}, wires = shared.wires ??= {};
  const own = await model.widget_manager.get_model(name).catch(() => null);
  if (!own?.comm_live) return;  // a notebook may keep what is left of one
  wires[name] = model;
  model.on("comm_live_update", () => { delete wires[name]; });  // its kernel is gone
  dispatchEvent(new CustomEvent("spanlab-wire", { detail: name }));
} };
