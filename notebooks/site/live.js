// Live things on a page without Python: each gets a model that knows all its answers already.
(() => {
  const found = document.getElementById("live-data");
  const live = found ? JSON.parse(found.textContent) : {};
  const models = new Map(); // of what was drawn, by its number

  function modelOf({ state, said = {} }, answer = () => {}) {
    const values = { state, said }, ears = {};
    const model = {
      get: (name) => values[name],
      set(name, value) {
        values[name] = value;
        for (const hear of [...(ears[`change:${name}`] ?? [])]) hear();
      },
      on: (event, hear) => { (ears[event] ??= new Set()).add(hear); },
      off: (event, hear) => { ears[event]?.delete(hear); },
      save_changes: () => answer(model),
    };
    return model;
  }

  /** What happened, for these answers: each line has its marks for each. */
  function result({ rows, tail }, answers) {
    const marked = rows.map(({ key, by, ...row }) => {
      const said = by[(answers[key] ?? []).filter((part) => part).join("\n")];
      return said ? { ...row, marks: said[0], you: said[1], notes: said[2] } : row;
    });
    const marks = marked.flatMap((row) => row.marks), many = (kind) => marks.filter((mark) => mark === kind).length;
    const unsure = many("unsure") ? [`${many("unsure")} not sure`] : [];
    return { summary: [`${many("hit")} of ${marks.length} right`, ...unsure, ...tail].join(" · "), rows: marked };
  }

  const said = {}; // to each question, as far as it is committed
  function asked(one) {
    if (one.of) {
      const model = modelOf(one);
      model.ask = () => model.set("state", { result: said[one.of] ? result(one.marks, said[one.of]) : one.state.result });
      return model;
    }
    one.state.after = "Committed. What was locked below is open.";
    return modelOf(one, (model) => {
      const { committed, answers } = model.get("said");
      said[one.name] = committed ? answers : null;
      for (const [at, other] of models) if (live[at].of === one.name) other.ask?.();
      for (const fold of document.querySelectorAll("details[data-of]")) {
        if (fold.dataset.of === one.name) fold.open = committed;
      }
    });
  }

  function chosen(one) {
    const keyOf = (picked) => {  // what has no effect is looked up by the first that there is
      const off = one.off?.[picked.runtime] ?? {};
      return one.state.controls.map(([name, all]) => (name in off ? all[0] : picked[name])).join("\n");
    };
    let before = -1;
    return modelOf(one, async (model) => {
      const { turn, picked } = model.get("said"), { keys, columns, parts, news } = await known(one);
      const at = keys.indexOf(keyOf(picked)), last = model.get("state");
      if (at < 0) return model.set("state", { ...last, turn, error: NEEDS_PYTHON });
      before = before < 0 ? keys.indexOf(keyOf(one.state.picked)) : before;
      const state = stateAt(columns, parts, at);
      if (!state.sources) state.said = ["", at === before ? last.said[1] : news[before]?.[at] ?? ""];
      before = at;
      model.set("state", { ...state, turn, picked });
    });
  }

  /** One state, put together of parts: a part's name is the way to its place. */
  function stateAt(columns, parts, at) {
    const state = {};
    for (const [place, all] of Object.entries(parts)) {
      const names = place.split("/"), name = names.pop();
      names.reduce((into, each) => (into[each] ??= []), state)[name] = all[columns[place]?.[at] ?? 0];
    }
    return state;
  }
  spanlab.everyState = async (key) => {  // for who checks
    const { keys, columns, parts } = await known(live[key]);
    return keys.map((name, at) => [name, JSON.stringify(stateAt(columns, parts, at))]);
  };

  /** What a panel knows; of a large one it lies packed in a file of its own. */
  async function known(one) {
    if (one.keys) return one;
    const bytes = Uint8Array.from(atob(spanlab.packed[one.packed]), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return Object.assign(one, await new Response(stream).json());
  }
  const NEEDS_PYTHON = "Real threads run otherwise each time, so this choice needs Python.";

  const KINDS = { predict: asked, panel: chosen };
  function draw(place) {
    const one = live[place.dataset.live];
    if (!one || models.has(place.dataset.live)) return;
    const model = (KINDS[one.kind] ?? modelOf)(one);
    models.set(place.dataset.live, model);
    place.replaceChildren();
    spanlab[one.kind].render({ model, el: place });
    model.ask?.();
    named(place.querySelector("section"));
  }

  const names = {};
  function named(box) {  // the second of a name is told apart
    const name = box?.getAttribute("aria-label"), many = (names[name] = (names[name] ?? 0) + 1);
    if (box && many > 1) box.setAttribute("aria-label", `${name} ${many}`);
  }

  document.body.classList.toggle("file", location.protocol === "file:");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => { document.body.dataset.jpThemeLight = `${!dark.matches}`; };
  dark.addEventListener("change", theme);
  theme();
  for (const fold of document.querySelectorAll("details[data-of]")) {
    fold.querySelector("summary").addEventListener("click", (event) => { if (!said[fold.dataset.of]) event.preventDefault(); });
    fold.addEventListener("toggle", () => { if (fold.open) fold.querySelectorAll("[data-live]").forEach(draw); });
  }
  for (const place of document.querySelectorAll("[data-live]")) {
    if (!place.closest("details[data-of]")) draw(place);
  }

  const search = document.getElementById("search");
  const hits = [...document.querySelectorAll("[data-search] li")];
  search?.addEventListener("input", () => {
    const wanted = search.value.toLowerCase().split(/\W+/).filter((word) => word);
    for (const hit of hits) hit.hidden = !wanted.every((word) => hit.textContent.toLowerCase().includes(word));
    document.getElementById("found").textContent = `${hits.filter((hit) => !hit.hidden).length} found`;
  });
})();
