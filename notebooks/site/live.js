// Live things on a page without Python: each gets a model that knows all its answers already.
(() => {
  const found = document.getElementById("live-data");
  const live = found ? JSON.parse(found.textContent) : {};
  const drawn = new Set();

  spanlab.everyState = async (key) => {  // for who checks
    const { keys, columns, parts } = await known(live[key]);
    return keys.map((name, at) => [name, JSON.stringify(spanlab.panel.stateAt(columns, parts, at))]);
  };

  /** What a panel knows; of a large one it lies packed in a file of its own. */
  async function known(one) {
    if (one.keys) return one;
    const bytes = Uint8Array.from(atob(spanlab.packed[one.packed]), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return Object.assign(one, await new Response(stream).json());
  }
  function draw(place) {
    const one = live[place.dataset.live];
    if (!one || drawn.has(one)) return;
    drawn.add(one);
    place.replaceChildren();
    const { render, alone = (each) => ({ get: (name) => each[name] }) } = spanlab[one.kind];
    render({ model: alone(one, () => known(one)), el: place });
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
  const said = (of) => spanlab.said?.[of];
  for (const fold of document.querySelectorAll("details[data-of]")) {
    fold.querySelector("summary").addEventListener("click", (event) => { if (!said(fold.dataset.of)) event.preventDefault(); });
    addEventListener("spanlab-said", ({ detail: of }) => { if (of === fold.dataset.of) fold.open = Boolean(said(of)); });
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
