// What the panes are made of: titled sections, drawings that Python sent, and long lists.

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

/** A long list of which only the lines in sight are in the page; `tops` if some take several rows. */
class Lines {
  constructor(box, high, line) {
    Object.assign(this, { box, high, line, made: new Map(), count: 0, tops: null, inner: el("div", "sl-lines") });
    box.append(this.inner);
    box.addEventListener("scroll", () => this.paint());
  }
  resize(count, fresh = false) {
    this.count = count;
    this.inner.style.height = `${this.top(count) + this.box.clientHeight % this.high}px`;  // whole lines at its end
    if (!fresh) return;
    this.made.clear();
    this.inner.replaceChildren();
  }
  top(place) {
    return (this.tops ? this.tops[place] : place) * this.high;
  }
  at(y) {
    const row = Math.floor(y / this.high);
    return this.tops ? before(this.tops, row) : row;
  }
  paint() {
    const from = this.box.scrollTop, first = Math.max(0, this.at(from) - 3);
    const last = Math.min(this.count, this.at(from + this.box.clientHeight) + 5);
    for (const [place, line] of this.made) {
      if (place < first || place >= last) { line.remove(); this.made.delete(place); }
    }
    for (let place = first; place < last; place++) {
      if (this.made.has(place)) continue;
      this.made.set(place, this.line(place));
      this.made.get(place).style.top = `${this.top(place)}px`;
      this.inner.append(this.made.get(place));
    }
  }
  /** Mark one line and bring it into sight; what is in sight already stays where it is. */
  mark(place, look) {
    const y = this.top(place), below = this.top(place + 1), seen = this.box.clientHeight, from = this.box.scrollTop;
    const edge = Math.min(2 * this.high, (seen - this.high) / 2);
    if (place >= 0 && (y < from + edge || below > from + seen - edge)) {
      this.box.scrollTop = Math.round((y + below - seen) / 2 / this.high) * this.high;
    }
    this.paint();
    this.marked?.classList.remove("now", "newest", "next");
    this.marked?.removeAttribute("aria-current");
    this.marked = this.made.get(place);
    this.marked?.classList.add(look);
    if (look === "now") this.marked?.setAttribute("aria-current", "true");
  }
}
