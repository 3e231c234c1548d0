// The stepper: one cursor over the records of a trace, and the panes that follow it.

/** Be dark where the text of the page is light, whatever theme it has; gives what stops that. */
function followTheme(root, outside) {
  const look = () => {
    const [red, green, blue] = getComputedStyle(outside).color.match(/[\d.]+/g)?.map(Number) ?? [];
    root.classList.toggle("dark", red * 0.3 + green * 0.6 + blue * 0.1 > 128);
  };
  const watch = new MutationObserver(() => { look(); setTimeout(look, 300); });
  for (const element of [document.documentElement, document.body]) watch.observe(element, { attributes: true });
  look();
  return () => watch.disconnect();
}

function spoken(story, part) {
  if (typeof part === "string") return part;
  const [look, text] = part;
  return look === "chip" ? chip(story, text) : el("bdi", look === "bad" ? "sl-bad" : "sl-strong", text);
}

function render({ model, el: outside }) {
  const story = tell(JSON.parse(model.get("state").trace)), end = story.records.length - 1;
  const root = has(el("div", "sl"), {
    tabindex: 0, role: "group", "data-lm-suppress-shortcuts": true,
    "aria-label": "Stepper: arrow keys step through the trace, ? lists all keys",
  });
  const sentence = has(el("p", "sl-say"), { role: "status", "aria-live": "polite", "aria-atomic": true });
  outside.append(root);
  if (end < 0) return root.append("Nothing was recorded.");

  let at = -1;
  function go(to) {
    const next = Math.min(Math.max(to, story.first), end);
    if (next === at) return;
    at = next;
    for (const pane of panes) pane.show(at);
    sentence.replaceChildren(...say(story, at).map(part => spoken(story, part)));
  }
  const bar = controls(story, go, () => at), tasks = tasksPane(story), threads = threadsPane(story);
  const seen = [codePane(story), threads, graphPane(story, go), lanesPane(story, go), logPane(story, go)];
  const panes = [bar, tasks, ...seen];
  threads.section.append(tasks.section);
  root.append(...bar.parts, sentence, el("p", "sl-none", story.sent.rest), el("div", "sl-grid", ...seen.map(pane => pane.section)));

  root.addEventListener("keydown", event => {
    event.stopPropagation();
    if (!event.ctrlKey && !event.metaKey && !event.altKey && bar.press(event)) event.preventDefault();
  });
  root.addEventListener("mouseup", event => {  // after which the notebook would take the focus
    if (!event.target.closest("button, select, input")) root.focus({ preventScroll: true });
  });
  const stopTheme = followTheme(root, outside);
  const sized = new ResizeObserver(() => { for (const pane of seen) pane.show(at, true); });
  go(story.first);
  sized.observe(root);
  return () => { bar.stop(); stopTheme(); sized.disconnect(); };
}

export default { render };
