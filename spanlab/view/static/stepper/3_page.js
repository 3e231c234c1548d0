// What the panes are made of: titled sections, areas that scroll, and drawings that Python sent.

const pane = (look, title, ...inside) => has(
  el("section", `sl-pane sl-${look}`, el("div", "sl-title", title), ...inside.filter(Boolean)), { "aria-label": title });

/** An area that scrolls, by keys as well. */
const scroller = (look, label) => has(
  el("div", `sl-scroll ${look}`), { tabindex: 0, role: "group", "aria-label": label });

/** Read an SVG that Python wrote; what is not well-formed is not shown. */
function drawing(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return parsed.nodeName === "svg" ? document.adoptNode(parsed) : el("span");
}

/** Read an engine's SVG: its colours become the page's, its ids `data-k`, for ids are the whole page's. */
function restyled(text, colours) {
  const svg = drawing(text);
  for (const element of svg.querySelectorAll("[id], [fill], [stroke]")) {
    if (element.id && !element.matches(".graph")) element.dataset.k = element.id.replace(/^a_/, "");
    element.removeAttribute("id");
    for (const paint of ["fill", "stroke"]) {
      const name = colours[element.getAttribute(paint)];
      if (name) element.setAttribute(paint, `var(--${name})`);
    }
  }
  return svg;
}
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" aria-hidden="true"';

/** Give an element the colours of a thread, the same as in the graph and the log. */
function ofThread(story, element, thread) {
  element.classList.add(`h${Math.max(story.sent.threads.indexOf(thread), 0) % 6}`);
  return element;
}
const chip = (story, thread) => ofThread(story, el("span", "sl-chip", `ThreadId(${thread})`), thread);

/** Scroll an area, and only it, until something in it can be seen. */
function inSight(box, element) {
  const a = box.getBoundingClientRect(), b = element.getBoundingClientRect();
  if (b.top < a.top || b.bottom > a.bottom) box.scrollTop += (b.top + b.bottom - a.top - a.bottom) / 2;
  if (b.left < a.left || b.right > a.right) box.scrollLeft += (b.left + b.right - a.left - a.right) / 2;
}
