// Graphviz for a worker, ready in one call: Python cannot wait inside a call. what starts is the
// backend of npm's @viz-js/viz; a worker may compile WebAssembly at once, so every `await` was taken out.
(() => {
/* backend */
const viz = Module();
return (dot) => {
  const call = (name, ...values) =>
    viz.ccall(name, "number", values.map((value) => (typeof value === "string" ? "string" : "number")), values);
  const size = viz.lengthBytesUTF8(dot) + 1, text = call("malloc", size);
  viz.stringToUTF8(dot, text, size);
  const graph = call("viz_read_one_graph", text);
  call("free", text);
  if (!graph) throw new Error("this is not DOT");
  call("viz_set_y_invert", 0);
  call("viz_set_reduce", 0);
  const context = call("viz_create_context");
  try {
    call("viz_reset_errors");
    const svg = call("viz_layout", context, graph, "dot") ? 0 : call("viz_render", context, graph, "svg");
    if (!svg) throw new Error("it could not be drawn");
    const drawn = viz.UTF8ToString(svg);
    call("free", svg);
    return drawn;
  } finally {
    call("viz_free_layout", context, graph);
    call("viz_free_graph", graph);
    call("viz_free_context", context);
  }
};
})()
