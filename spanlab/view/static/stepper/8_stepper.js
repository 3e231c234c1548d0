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

/** Larger type: on the whole screen where that is allowed, else in its place. */
function wallOf(root) {
  const fit = () => {
    const on = root.classList.contains("wall"), whole = document.fullscreenElement === root;
    root.style.zoom = on ? Math.max(whole ? Math.min(innerHeight / 600, innerWidth / 900) : 1.3, 1) : "";
  };
  const leave = () => {
    if (document.fullscreenElement === root) return fit();
    root.classList.remove("wall");
    return fit();
  };
  root.addEventListener("fullscreenchange", leave);
  return () => {
    const on = root.classList.toggle("wall");
    fit();
    if (on) root.requestFullscreen?.().catch(() => {});
    else if (document.fullscreenElement) document.exitFullscreen();
  };
}

/** Take from the picture what the page cannot show at once: in a notebook its bars take a part of the screen. */
function fitHeight(root) {
  let outer = root.parentElement;
  while (outer && !/auto|scroll/.test(getComputedStyle(outer).overflowY)) outer = outer.parentElement;
  const seen = Math.min(outer?.clientHeight || innerHeight, innerHeight) - AROUND;
  root.style.setProperty("--less", `${Math.min(Math.max(TALL - seen, 0), SPARE)}px`);
}
const TALL = 597, AROUND = 8, SPARE = 88;  // pixels: of the whole, of what is around it, of the picture at most

/** One picture of two, each drawn when it is first asked for. */
function picturesOf(story, go, where) {
  const kinds = { lanes: lanesPane, graph: graphPane }, drawn = {}, box = el("div", "sl-picture");
  let now;
  const both = choices("Picture", Object.keys(kinds), name => {
    now = drawn[name] ??= kinds[name](story, go);
    box.replaceChildren(now.section);
    if (where() >= 0) now.show(where(), true);
  });
  return { ...both, section: box, show: (at, again) => now.show(at, again) };
}

function render({ model, el: outside }) {
  const { trace } = model.get("state"), story = tell(typeof trace === "string" ? JSON.parse(trace) : trace);
  const end = story.records.length - 1;
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
    const scrolls = seen.map(pane => pane.show(at));
    sentence.replaceChildren(...say(story, at).map(part => spoken(story, part)));
    for (const scroll of scrolls) scroll?.();  // at the end, for each has the page laid out
  }
  const pictures = picturesOf(story, go, () => at), bar = controls(story, go, () => at, pictures, wallOf(root));
  const code = codePane(story), stage = stagePane(story), log = logStrip(story, go), seen = [pictures, code, stage, log, bar];
  root.append(...bar.parts, sentence, el("p", "sl-none sl-left", story.sent.rest),
    el("div", "sl-main", code.section, stage.section), pictures.section, log.section);

  root.addEventListener("keydown", event => {
    event.stopPropagation();
    if (!event.ctrlKey && !event.metaKey && !event.altKey && bar.press(event)) event.preventDefault();
  });
  root.addEventListener("mouseup", event => {  // after which the notebook would take the focus
    if (!event.target.closest("button, select, input")) root.focus({ preventScroll: true });
  });
  const stopTheme = followTheme(root, outside);
  const sized = new ResizeObserver(() => {
    fitHeight(root);
    for (const pane of seen) pane.show(at, true)?.();
  });
  go(story.first);
  sized.observe(root);
  const fit = () => fitHeight(root);
  addEventListener("resize", fit);
  return () => { bar.stop(); stopTheme(); sized.disconnect(); removeEventListener("resize", fit); };
}

export default { render };
