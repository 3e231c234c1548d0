// The controls: all that moves the cursor.

const ICONS = {
  "To the start": "M5 4v12M16 4L8 10l8 6z", Back: "M14 4L6 10l8 6z",
  "Whole screen (w)": "M3 8V3h5M12 3h5v5M17 12v5h-5M8 17H3v-5", On: "M6 4l8 6-8 6z", "To the end": "M15 4v12M4 4l8 6-8 6z",
};
const KEYS = {
  "← →": "one step back or on", "Shift ← →": "to the poll before or after",
  "Home End": "to the start or the end", Space: "play or pause", g: "the graph or the lanes",
  w: "the whole screen, in larger type, and back", "?": "show or hide this list",
  click: "on a bar, a mark, a node or an event of the log: go there",
};

function button(label, look, act) {
  const element = has(el("button", look, ICONS[label] ? "" : label), { type: "button" });
  if (ICONS[label]) {
    element.append(drawing(`${SVG} viewBox="0 0 20 20"><path d="${ICONS[label]}"/></svg>`));
    has(element, { "aria-label": label, title: label });
  }
  element.addEventListener("click", act);
  return element;
}

/** Buttons that share one choice; `choose` is called with it, now and later. */
function choices(label, names, choose) {
  const every = names.map(name => button(name, "", () => pick(name)));
  const pick = name => {
    for (const one of every) has(one, { "aria-pressed": one.textContent === name });
    choose(name);
  };
  pick(names[0]);
  const element = has(el("div", "sl-units", ...every), { role: "group", "aria-label": label });
  const next = () => every[(every.findIndex(one => one.getAttribute("aria-pressed") === "true") + 1) % every.length].click();
  return { element, next };
}

/** The line on which the cursor is drawn along, with a tick for each event. */
function scrubber(story, go, end) {
  const { first } = story, long = Math.max(end - first, 1);
  const slider = has(el("input", ""), { type: "range", min: first, max: end, step: 1, "aria-label": "Step" });
  slider.addEventListener("input", () => go(+slider.value));
  const ticks = story.events.map(at => `M${((at - first) / long * 1000).toFixed(1)} 0v10`).join("");
  const drawn = drawing(`${SVG} viewBox="0 0 1000 10" preserveAspectRatio="none"><path d="${ticks}"/></svg>`);
  return { element: el("div", "sl-scrub", drawn, slider), show(at) {
    slider.value = at;
    slider.style.setProperty("--done", `${(at - first) / long * 100}%`);
    has(slider, { "aria-valuetext": `${at - first + 1} of ${end - first + 1}` });
  } };
}

/** All that moves the cursor: the bar, and what the keys do. */
function controls(story, go, where, pictures, wall) {
  const { first, records } = story, end = records.length - 1;
  let unit = "step", timer = 0;

  function move(forward, by = unit) {
    const at = where(), stops = by === "poll" ? story.polls : story.events;
    if (by === "step") go(at + (forward ? 1 : -1));
    else go(forward ? stops[before(stops, at) + 1] ?? end : stops[before(stops, at - 1)] ?? first);
  }
  function play(on) {
    clearInterval(timer);
    timer = on ? setInterval(() => (where() === end ? play(false) : move(true)), 900 / speed.value) : 0;
    playing.textContent = on ? "Pause" : "Play";
  }
  function toggle() {
    if (!timer && where() === end) go(first);
    play(!timer);
  }
  function help(open) {
    list.hidden = !open;
    has(asks, { "aria-expanded": open });
  }
  const still = act => () => { play(false); act(); };
  const acts = {
    ArrowRight: still(() => move(true)), ArrowLeft: still(() => move(false)),
    ShiftArrowRight: still(() => move(true, "poll")), ShiftArrowLeft: still(() => move(false, "poll")),
    Home: still(() => go(first)), End: still(() => go(end)), " ": toggle, "?": () => help(list.hidden), g: pictures.next, w: wall,
  };
  const scrub = scrubber(story, to => still(() => go(to))(), end), playing = button("Play", "sl-play", toggle);
  const speed = has(el("select", "sl-speed", ...[0.5, 1, 2, 4, 8].map(times => (
    new Option(`${times}×`, times, times === 1, times === 1)))), { "aria-label": "Speed" });
  speed.addEventListener("change", () => play(timer !== 0));
  const units = choices("Step by", ["step", "poll", "event"], name => { unit = name; });
  const lines = Object.entries(KEYS).flatMap(([key, does]) => [el("dt", "", key), el("dd", "", does)]);
  const list = el("dl", "sl-help", ...lines);
  const asks = has(button("?", "sl-ask", acts["?"]), { "aria-label": "Keys" }), count = el("span", "sl-count");
  const large = button("Whole screen (w)", "sl-wide", wall);
  help(false);
  const steps = el("div", "sl-steps", button("To the start", "", acts.Home), button("Back", "", acts.ArrowLeft),
    button("On", "", acts.ArrowRight), button("To the end", "", acts.End), playing);
  return {
    parts: [el("div", "sl-bar", steps, scrub.element, count, units.element, pictures.element, el("div", "sl-steps", speed, large, asks)), list],
    stop: () => play(false),
    show(at) {
      scrub.show(at);
      count.textContent = `${at - first + 1} / ${end - first + 1}`;
      count.title = `trace[${before(story.steps, at) + story.sent.cut[0]}]`;
    },
    /** Do what a key says; tell whether it says anything. */
    press({ key, shiftKey, target }) {
      if (key === " " && target.closest("button, select")) return false;
      const act = acts[shiftKey && key.startsWith("Arrow") ? `Shift${key}` : key];
      act?.();
      return act !== undefined;
    },
  };
}
