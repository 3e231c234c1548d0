// The pictures and the log; what does not exist yet is faint or not there.

/** The graph: its layout stays, what does not exist yet is faint. */
function graphPane(story, go) {
  const box = scroller("sl-graph", "Span graph"), { sent } = story, made = new Map();
  const graph = sent.graph ? restyled(sent.graph, sent.colours) : el("pre", "", sent.graphText);
  graph.style.setProperty("--tall", graph.getAttribute("height") ?? "auto");
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

function lanesPane(story, go) {
  const { sent } = story, width = sent.x.at(-1) + 8, { steps } = story, own = ownName();
  const box = scroller("sl-lanes", "Lanes: what each thread did, in the order of the records");
  // Ids are the whole page's: the patterns have names of their own.
  const draw = svg => drawing(`${SVG} width="${width}" height="${sent.height}">${svg.replaceAll(/(?<=id="|url\(#)look/g, `${own}$&`)}</svg>`);
  const drawn = draw(sent.lanes), strip = drawn.lastChild, always = strip.childElementCount;
  const names = el("div", "sl-names", ...sent.threads.map((id, place) => {
    const name = ofThread(story, el("span", "", `ThreadId(${id})`), id);
    name.style.top = `${sent.tops[place]}px`;
    return name;
  }));
  const veil = el("div", "sl-veil"), line = el("div", "sl-cursor");
  const tops = new Map(sent.threads.map((id, place) => [id, sent.tops[place]]));
  box.append(el("div", "sl-long", names, el("div", "sl-drawn", drawn, veil, line)));
  box.addEventListener("scroll", () => paint());
  box.addEventListener("click", event => {
    const at = event.target.closest("[data-i]")?.dataset.i;
    if (at !== undefined) go(steps[at]);
  });
  let now = 0, fit = 1, shown = "";
  /** Have the pages that are near in the page, and mark what the step is about. */
  function paint() {
    const left = box.scrollLeft / fit / sent.page, first = Math.floor(left) - 1, last = first + 2 + Math.ceil(box.clientWidth / fit / sent.page);
    if (shown !== `${first} ${last}`) {
      shown = `${first} ${last}`;
      const near = sent.parts.filter(([from, to]) => from <= last && to >= first).map(([, , svg]) => svg);
      while (strip.childElementCount > always) strip.lastChild.remove();
      strip.append(...draw(near.join("")).childNodes);
    }
    for (const element of strip.querySelectorAll(".now")) element.classList.remove("now");
    const at = before(steps, now);
    if (steps[at] !== now) return;
    for (const element of strip.querySelectorAll(`[data-i="${at}"], [data-a~="${at}"]`)) element.classList.add("now");
  }
  return { section: pane("time", "Lanes", box), show(at) {
    const fits = Math.min(box.clientHeight / sent.height, box.clientWidth / (width + 100));
    fit = Math.min(Math.max(fits, 0.85), 1.4);
    now = at;
    const seen = box.clientWidth - 96 * fit;
    box.style.setProperty("--fit", fit);
    const from = sent.x[at] * fit, to = sent.x[at + 1] * fit;
    line.style.transform = `translateX(${sent.x[at + 1]}px)`;
    veil.style.transform = `scaleX(${1 - sent.x[at + 1] / width})`;
    if (from < box.scrollLeft + 30 || to > box.scrollLeft + seen - 40) box.scrollLeft = to - seen * 0.6;
    const y = (tops.get(story.records[at].thread) ?? 0) * fit;
    paint();
    if (y < box.scrollTop + 16 || y + 66 > box.scrollTop + box.clientHeight) box.scrollTop = y - 60;
  } };
}

/** The log as a strip: what is to come is there, and faint. */
function logStrip(story, go) {
  const box = scroller("sl-events", "Log"), around = 12;
  let first = -1, rows = [];
  const entry = (at, place) => {
    const record = story.records[at], { card, foreign, inside } = account(story, record);
    const path = ancestors(story, record.parent).slice(0, 3).map(({ span }) => named(story, span)).reverse().join(" › ");
    const wrong = foreign ? `, left by ${task(card.by)}` : inside === null ? "" : `, expected ${named(story, inside)}`;
    const row = ofThread(story, el("button", "sl-event", el("span", "sl-number", String(story.numbers.get(at))),
      story.sent.threads.length > 1 ? el("span", "sl-on", String(record.thread)) : "", el("bdi", "sl-words", said(record)),
      el("bdi", `sl-scope${wrong ? " sl-bad" : ""}`, (path ? `in ${path}` : "in no span") + wrong)), record.thread);
    row.addEventListener("click", () => go(at));
    return has(row, { type: "button", tabindex: -1, title: `ThreadId(${record.thread})` });
  };
  return { section: has(el("section", "sl-strip-log", box), { "aria-label": "Log" }), show(at) {
    const newest = before(story.events, at), from = Math.max(0, newest - around);
    if (from !== first || !rows.length) {
      first = from;
      rows = story.events.slice(from, newest + 2 * around).map(entry);
      box.replaceChildren(...(rows.length ? rows : [el("span", "sl-none", "no event")]));
    }
    rows.forEach((row, place) => {
      const own = story.events[from + place], look = own === at ? "now" : own > at ? "later" : "";
      row.classList.remove("now", "later");
      if (look) row.classList.add(look);
      if (look === "now") row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
    });
    return () => rows.length && inSight(box, rows[Math.max(newest - from, 0)]);
  } };
}
