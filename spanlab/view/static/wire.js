// The wire between Python and what lives in an output, which looks for it by its name.
export default { async initialize({ model }) {
  const name = model.get("name"), shared = globalThis.spanlab ??= {}, wires = shared.wires ??= {};
  const { comm_live } = await model.widget_manager.get_model(name);
  if (comm_live === false) return;  // a notebook may keep what is left of one
  wires[name] = model;
  model.on("comm_live_update", () => { delete wires[name]; });  // its kernel is gone
  dispatchEvent(new CustomEvent("spanlab-wire", { detail: name }));
} };
