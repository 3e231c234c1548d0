// The pictures and the log; what does not exist yet is faint or not there.

/** The graph: its layout stays, what does not exist yet is faint. */
function graphPane(story, go) {
  const box = scroller("sl-graph", "Span graph"), { sent } = story, made = new Map();
  const graph = sent.graph ? restyled(sent.graph, sent.colours) : el("pre", "", sent.graphText);
  graph.style.setProperty("--natural", graph.getAttribute("width") ?? "0px");
  box.append(graph);
  const drawn = key => sent.merged[key] ?? key;
  const keyOf = record => drawn(record.kind === "event" ? `e${story.numbers.get(record.index)}` : `s${record.span}`);
  for (const record of story.records) {
    const keys = record.kind === "new" || record.kind === "event" ? [keyOf(record)] : [];
    for (const key of [...keys, `cluster_${record.thread}`]) {
      if (record.kind !== "thread" && !made.has(key)) made.set(key, record.index);
    }
  }
  const items = [...box.querySelectorAll("[data-k]")].map(element => {
    const [key, part] = element.dataset.k.split(/-(?=text$|times$)/), [above, below] = key.split("-");
    if (below && above.startsWith("lost_")) {  // these words come with the first that is lost
      made.set(above, Math.min(made.get(above) ?? Infinity, made.get(below) ?? Infinity));
    }
    return { element, key, below, look: "" };
  });
  for (const item of items) item.born = made.get(item.below ?? item.key) ?? Infinity;
  box.addEventListener("click", event => {
    const at = made.get(event.target.closest("[data-k]")?.dataset.k.replace(/-(text|times)$/, ""));
    if (at !== undefined) go(at);
  });
  return { section: pane("spans", "Span graph", box), show(at, again) {
    const record = story.records[at], { current } = stateOf(story, record);
    const now = keyOf(record), top = current !== null && drawn(`s${current}`);
    for (const item of items) {
      const look = item.born > at ? "later" : item.key === now ? "now" : item.key === top ? "current" : "";
      if (look === item.look && !(again && look === "now")) continue;
      if (item.look) item.element.classList.remove(item.look);
      if (look) item.element.classList.add(look);
      if (look === "now") inSight(box, item.element);
      item.look = look;
    }
  } };
}

/** Give the patterns names of their own, for ids are the whole page's. */
function ownLooks(drawn) {
  const own = ownName();
  for (const pattern of drawn.querySelectorAll("pattern")) pattern.id = own + pattern.id;
  for (const rect of drawn.querySelectorAll('[fill^="url(#"]')) {
    has(rect, { fill: rect.getAttribute("fill").replace("#", `#${own}`) });
  }
}

function lanesPane(story, go) {
  const { sent } = story, width = sent.x.at(-1) + 8;
  const box = scroller("sl-lanes", "Lanes: what each thread did, in the order of the records");
  const drawn = drawing(`${SVG} width="${width}" height="${sent.height}">${sent.lanes}</svg>`);
  ownLooks(drawn);
  const names = el("div", "sl-names", ...sent.threads.map((id, place) => {
    const name = ofThread(story, el("span", "", `ThreadId(${id})`), id);
    name.style.top = `${sent.tops[place]}px`;
    return name;
  }));
  const veil = el("div", "sl-veil"), line = el("div", "sl-cursor");
  box.append(el("div", "sl-long", names, el("div", "sl-drawn", drawn, veil, line)));
  const tops = new Map(sent.threads.map((id, place) => [id, sent.tops[place]]));
  const marks = new Map(), arrows = new Map();
  for (const element of drawn.querySelectorAll("[data-i]")) marks.set(+element.dataset.i, element);
  for (const element of drawn.querySelectorAll("[data-a]")) {
    for (const at of element.dataset.a.split(" ")) arrows.set(+at, element);
  }
  box.addEventListener("click", event => {
    const at = event.target.closest("[data-i]")?.dataset.i;
    if (at !== undefined) go(+at);
  });
  let shown = [];
  return { section: pane("time", "Lanes", box), show(at) {
    const from = sent.x[at], to = sent.x[at + 1], seen = box.clientWidth - 96;
    line.style.transform = `translateX(${to}px)`;
    veil.style.left = `${to}px`;
    for (const element of shown) element.classList.remove("now");
    shown = [marks.get(at), arrows.get(at)].filter(Boolean);
    for (const element of shown) element.classList.add("now");
    if (from < box.scrollLeft + 30 || to > box.scrollLeft + seen - 40) box.scrollLeft = to - seen * 0.6;
    const y = tops.get(story.records[at].thread) ?? 0;
    if (y < box.scrollTop + 16 || y + 66 > box.scrollTop + box.clientHeight) box.scrollTop = y - 60;
  } };
}

function logPane(story, go) {
  const box = scroller("sl-log", "Log so far");
  box.style.height = `${Math.min(story.events.length, 6) * 24 + 2}px`;
  const lines = new Lines(box, 24, place => {
    const at = story.events[place], record = story.records[at];
    const names = ancestors(story, record.parent).slice(0, 4).map(({ span }) => `in ${named(story, span)}`);
    const { card, foreign, inside } = account(story, record), scope = el("bdi", "", names.join(" ") || "no span");
    const wrong = foreign ? `, left there by ${task(card.by)}`
      : inside === null ? "" : `, expected ${named(story, inside)}`;
    const row = el("button", "sl-event", el("span", "sl-number", String(story.numbers.get(at))), chip(story, record.thread),
      el("bdi", "sl-words", said(record)), el("span", "sl-scope", scope, el("bdi", "sl-bad", wrong)));
    row.addEventListener("click", () => go(at));
    return has(row, { type: "button", tabindex: -1 });
  });
  return { section: pane("events", "Log", box), show(at) {
    const newest = before(story.events, at);
    lines.resize(newest + 1);
    lines.mark(newest, story.events[newest] === at ? "now" : "newest", true);
  } };
}
