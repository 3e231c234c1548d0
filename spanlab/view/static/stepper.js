// The stepper: one cursor over the records of a trace, and the panes that follow it.
//
//   1. the story     what each thread and each task is like at each step, from one pass
//   2. the sentence  what a step is, and why the parent is what it is
//   3. the panes     code, threads, tasks, graph, lanes, log: each has a `show(at)`
//   4. the controls  keys, buttons, play
//
// Names and messages get into the page as text only, never as HTML.

// --- 1. the story --------------------------------------------------------------------------------

const FIELDS = {
  thread: ["name"], park: [], poll: [], polled: ["ready", "waitsFor", "awaits"],
  new: ["span", "parent", "name", "fields"], enter: ["span"], exit: ["span"], close: ["span"],
  record: ["span", "fields"], follows: ["span", "follows"], event: ["words", "parent", "current"],
  spawn: ["spawned", "name"], wake: ["woken"], finish: ["finished", "outcome"], abort: ["aborted"],
};
const TEXTS = new Set(["name", "fields", "words", "waitsFor", "outcome"]);
const ENDS = { ok: "done", panicked: "panicked", cancelled: "aborted" };

/** The states of one thread or task over time; each is made once and never changes. */
class History {
  constructor(first) {
    this.starts = [-1];
    this.states = [first];
  }
  get last() { return this.states.at(-1); }
  add(at, change) {
    const next = { ...this.last, ...change };
    if (this.starts.at(-1) === at) this.states.pop(); else this.starts.push(at);
    this.states.push(next);
  }
  at(step) { return this.states[before(this.starts, step)]; }
}

/** The place of the last number that is not above `value` in a sorted list; -1 if all are. */
function before(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1; else high = middle;
  }
  return low - 1;
}

/** Read what Python sent, and bring every thread and task forward record by record. */
export function tell(sent) {
  const story = {
    sent, records: [], threads: new Map(), tasks: new Map(), spans: new Map(),
    events: [], numbers: new Map(), polls: [],
  };
  let time = 0;
  sent.rows.forEach(([kind, passed, thread, task, file, line, ...rest], at) => {
    const record = { at, kind: sent.kinds[kind], time: time += passed, thread, task, file, line };
    FIELDS[record.kind]?.forEach((field, place) => {
      record[field] = TEXTS.has(field) ? sent.texts[rest[place]] : rest[place];
    });
    story.records.push(record);
    apply(story, record);
  });
  story.first = Math.max(story.records.findIndex(record => record.kind !== "thread"), 0);
  return story;
}

function historyOf(map, id, first) {
  if (!map.has(id)) map.set(id, new History(first));
  return map.get(id);
}
const stateOf = (story, { thread, at }) => story.threads.get(thread).at(at);

function apply(story, record) {
  const { at, kind, span } = record;
  const thread = historyOf(story.threads, record.thread, {
    stack: null, task: null, last: null, file: null, line: 0, parked: false, left: [] });
  const become = (task, change) => (
    historyOf(story.tasks, task, { state: "" }).add(at, { at, ...change }));
  if (kind !== "thread") thread.add(at, { parked: kind === "park" });
  if (record.line) thread.add(at, { file: record.file, line: record.line });
  const { stack, left } = thread.last;
  const changes = {
    new: () => story.spans.set(span, { ...record, closed: Infinity }),
    enter: () => thread.add(at, { stack: push(stack, span, record.task) }),
    exit: () => thread.add(at, {
      stack: remove(stack, span), left: [span, ...left.filter(other => other !== span)].slice(0, 4) }),
    close: () => close(story, span, at),
    event: () => story.numbers.set(at, story.events.push(at)),
    spawn: () => become(record.spawned, {
      state: "queued", made: at, inside: current(story, stack, at)?.span }),
    poll: () => {
      story.polls.push(at);
      thread.add(at, { task: record.task, last: record.task, left: [] });
      become(record.task, { state: "polling" });
    },
    polled: () => {
      if (record.ready) return;
      thread.add(at, { task: null });
      become(record.task, { state: "waiting", what: waitsFor(record) });
    },
    wake: () => {
      if (story.tasks.get(record.woken)?.last.state === "waiting") become(record.woken, { state: "queued" });
    },
    finish: () => {
      thread.add(at, { task: null });
      become(record.finished, { state: ENDS[record.outcome] });
    },
    abort: () => become(record.aborted, { asked: true }),
  };
  changes[kind]?.();
}

// A stack is its top card, which knows the card below it: a step shares all that did not change.

function push(stack, span, by) {
  let again = false;
  for (let card = stack; card && !again; card = card.below) again = card.span === span;
  return { span, again, by, below: stack, depth: (stack?.depth ?? 0) + 1 };
}

function remove(stack, span) {
  const above = [];
  let card = stack;
  for (; card && card.span !== span; card = card.below) above.unshift(card);
  if (!card) return stack;
  return above.reduce((below, one) => ({ ...one, below, depth: one.depth - 1 }), card.below);
}

function cards(stack, most = Infinity) {
  const found = [];
  for (let card = stack; card && found.length < most; card = card.below) found.push(card);
  return found;
}

/** The registry's rule: the topmost card that is no duplicate; none if that span has closed. */
export function current(story, stack, at) {
  let card = stack;
  while (card?.again) card = card.below;
  return card && !isClosed(story, card.span, at) ? card : undefined;
}

const isClosed = (story, span, at) => (story.spans.get(span)?.closed ?? Infinity) <= at;
const holders = (story, span, at) => [...story.threads].filter(([, thread]) => (
  cards(thread.at(at).stack).some(card => card.span === span)));

function close(story, span, at) {
  if (story.spans.has(span)) story.spans.get(span).closed = at;
  for (const [, thread] of holders(story, span, at)) thread.add(at, {});
}

/** What decided about the parent of a span or an event: the card on top, and what went wrong. */
function account(story, record) {
  const { at, task: polled, parent } = record;
  const card = current(story, stateOf(story, record).stack, at);
  let root = parent === null ? record : story.spans.get(parent);
  while (root && story.spans.has(root.parent)) root = story.spans.get(root.parent);
  const orphan = root && root.task === polled && root.parent === null
    && !current(story, stateOf(story, root).stack, root.at);
  return {
    card, root, foreign: card && parent === card.span && isForeign(card, polled),
    wanted: orphan ? story.tasks.get(polled)?.last.inside : undefined,
  };
}
const isForeign = (card, polled) => card.by !== null && polled !== null && card.by !== polled;

// --- 2. the sentence -----------------------------------------------------------------------------

const task = id => (id ? `task ${id}` : "main");
const waitsFor = record => (record.awaits === null ? record.waitsFor : task(record.awaits));
const circled = number => (number <= 20 ? String.fromCodePoint(0x245f + number) : `(${number})`);
const named = (story, span) => story.spans.get(span)?.name ?? "a span";
const strong = text => ["b", text];
const bad = text => ["bad", text];

/** Say what a step is: strings, and pairs of a look and a text. */
export function say(story, at) {
  const record = story.records[at], who = ["chip", record.thread];
  const name = strong(named(story, record.span)), { stack } = stateOf(story, record);
  const was = story.threads.get(record.thread).at(at - 1).stack;
  const card = current(story, stack, at);
  const then = card ? [strong(named(story, card.span)), " is current."] : ["nothing is current."];
  const sayings = {
    thread: () => [who, " starts. Its span stack is empty."],
    park: () => [who, " has nothing to do and parks."],
    new: () => parentage(story, record, strong(`the new span ${named(story, record.span)}`)),
    event: () => parentage(story, record, strong(`${circled(story.numbers.get(at))} ${record.words}`)),
    enter: () => (stack.again
      ? [who, " enters ", name, " again. A second entry never becomes current: ", ...then]
      : [who, " enters ", name, ": it is on top of the stack and current."]),
    exit: () => (was === stack
      ? [who, " exits ", name, ", which is not on its stack: nothing changes."]
      : [who, " exits ", name, ". Now ", ...then]),
    close: () => closing(story, record, name),
    record: () => [name, " gets ", strong(record.fields), "."],
    follows: () => [name, " notes that it follows from ", strong(named(story, record.follows)),
      ". That makes it no child."],
    spawn: () => spawning(story, record, who),
    poll: () => polling(story, record, who, was),
    polled: () => pausing(story, record, who, stack),
    wake: () => [who, " wakes ", strong(task(record.woken)), ": it will be polled again."],
    finish: () => [strong(task(record.finished)), ENDINGS[record.outcome], who, " is free."],
    abort: () => [who, " asks ", strong(task(record.aborted)), " to stop; its next turn drops it."],
  };
  return sayings[record.kind]?.() ?? [who, ` ${record.kind}`];
}
const ENDINGS = { ok: " is done. ", panicked: " has panicked. ", cancelled: " is aborted. " };

/** Why a span or an event has the parent that it has. */
function parentage(story, record, what) {
  const { card, root, foreign, wanted } = account(story, record), { parent } = record;
  const polls = record.task === null ? " runs" : ` polls ${task(record.task)}`;
  const start = [["chip", record.thread], polls];
  const inside = wanted === undefined ? [] : [" was spawned inside ", strong(named(story, wanted)), "."];
  if (parent === null && !card) {
    const closed = stateOf(story, record).stack !== null;
    const why = closed ? "a closed span on top of its stack" : "an empty span stack";
    const spawned = inside.length ? [` ${task(record.task).replace("t", "T")}`, ...inside] : [];
    return [...start, " with ", (inside.length ? bad : strong)(why), ", so ", what, " has no parent.", ...spawned];
  }
  if (card && parent === card.span) {
    const name = strong(named(story, parent));
    const told = [...start, " with ", name, " on top of its stack, so ", what, " is in ", name, "."];
    if (foreign) return [...told, " ", bad(`${task(card.by)} left it there`), " and is not being polled now."];
    return inside.length
      ? [...told, " ", strong(root.name), " itself ", bad("has no parent"), ": its task", ...inside] : told;
  }
  const given = parent === null ? [what, " asks for no parent"]
    : [what, " names its parent itself: ", strong(named(story, parent))];
  const although = card ? [", although ", strong(named(story, card.span)), " is current."] : ["."];
  return [...start, "; ", ...given, ...although];
}

function closing(story, record, name) {
  const still = holders(story, record.span, record.at).flatMap(([id]) => [
    " It is still on the stack of ", ["chip", id], ": ", bad("nothing is current there"), "."]);
  return ["The last handle to ", name, ", or its last child, is gone: it closes.", ...still];
}

function spawning(story, record, who) {
  const { inside } = story.tasks.get(record.spawned).at(record.at);
  const start = [who, " spawns ", strong(task(record.spawned)), record.name ? ` (${record.name})` : ""];
  return inside === undefined ? [...start, ": it is made and queued."] : [
    ...start, " inside ", strong(named(story, inside)),
    ". The task is queued. Only what its future carries goes with it, and the stack stays here."];
}

/** Whether somebody has asked a task to stop; `0` is main, which nobody can abort. */
const isAborted = (story, { task: id, at }) => Boolean(id && story.tasks.get(id).at(at - 1).asked);

function polling(story, record, who, stack) {
  const aborted = isAborted(story, record);
  const start = aborted ? [who, " takes ", strong(task(record.task)), " to drop its future: it was aborted. "]
    : [who, " begins to poll ", strong(task(record.task)), ". "];
  if (!stack) return [...start, "Its span stack is empty."];
  const name = strong(named(story, stack.span));
  return isForeign(stack, record.task)
    ? [...start, name, " is ", bad("still on its stack"), `, left there by ${task(stack.by)}.`]
    : [...start, name, " is on its stack."];
}

function pausing(story, record, who, stack) {
  const start = record.ready && isAborted(story, record)
    ? ["The future of ", strong(task(record.task)), " is dropped."] : record.ready
    ? [who, " polled ", strong(task(record.task)), " to its end."]
    : [strong(task(record.task)), ` waits for ${waitsFor(record)}. The poll on `, who, " is over."];
  return stack?.by === record.task
    ? [...start, " It ", bad("leaves a span on the stack"), ": ", strong(named(story, stack.span)), "."] : start;
}

// --- 3. the panes --------------------------------------------------------------------------------

const pane = (look, title, ...inside) => has(
  el("section", `sl-pane sl-${look}`, el("div", "sl-title", title), ...inside), { "aria-label": title });

/** An area that scrolls, by keys as well. */
const scroller = (look, label) => has(
  el("div", `sl-scroll ${look}`), { tabindex: 0, role: "group", "aria-label": label });

/** Read an SVG that Python wrote; what is not well-formed is not shown. */
function drawing(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return parsed.nodeName === "svg" ? document.importNode(parsed, true) : el("span");
}
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" aria-hidden="true"';

/** Give an element the colours of a thread, the same as in the graph and the log. */
function ofThread(story, element, thread) {
  const place = Math.max(story.sent.threads.findIndex(([id]) => id === thread), 0) % 6;
  element.style.setProperty("--c", `var(--sl-c${place})`);
  element.style.setProperty("--t", `var(--sl-t${place})`);
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
    this.inner.style.height = `${this.top(count)}px`;
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
  mark(place, look, end) {
    const y = this.top(place), below = this.top(place + 1), seen = this.box.clientHeight, from = this.box.scrollTop;
    const edge = end ? 0 : 2 * this.high;
    if (place >= 0 && (y < from + edge || below > from + seen - edge)) {
      this.box.scrollTop = end ? below - seen : (y + below - seen) / 2;
    }
    this.paint();
    this.marked?.classList.remove("now", "newest", "next");
    this.marked?.removeAttribute("aria-current");
    this.marked = this.made.get(place);
    this.marked?.classList.add(look);
    if (look === "now") this.marked?.setAttribute("aria-current", "true");
  }
}

const WORDS = new RegExp([
  /(?<note>#.*|\/\/.*)/, /(?<str>[frb]?"(?:\\.|[^"\\])*"|[frb]?'(?:\\.|[^'\\])*')/, /(?<note2>@[\w.]+)/,
  /\b(?<word>async|await|def|return|with|while|for|in|if|elif|else|try|except|finally|pass|class|import)\b/,
  /\b(?<word2>from|as|not|and|or|is|None|True|False|lambda|yield|raise|fn|let|mut|move|loop|match|pub|use)\b/,
].map(part => part.source).join("|"), "g");

function coloured(text) {
  const found = [];
  let from = 0;
  for (const match of text.matchAll(WORDS)) {
    const look = Object.keys(match.groups).find(name => match.groups[name] !== undefined);
    found.push(text.slice(from, match.index), el("span", `sl-${look.replace("2", "")}`, match[0]));
    from = match.index + match[0].length;
  }
  return [...found, text.slice(from)];
}

/** Break a long line of code into rows: outside its strings if it can, and what follows is indented deeper. */
function rowsOf(text, room) {
  const hang = " ".repeat(text.search(/\S|$/) + 4), least = hang.length + 12, rows = [];
  let rest = text;
  while (rest.length > room && room > least) {
    const bare = rest.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, string => "s".repeat(string.length));
    const ends = [...bare.slice(0, room + 1).matchAll(/(?<=[ ([{])(?! )|(?=\.)/g)].map(({ index }) => index);
    const end = ends.findLast(index => index > least && index <= room) ?? room;
    rows.push(rest.slice(0, end).trimEnd());
    rest = hang + rest.slice(end);
  }
  return [...rows, rest];
}

function codePane(story) {
  const box = scroller("sl-source", "Source code"), none = el("p", "sl-none"), name = el("span", "");
  const probe = el("span", "sl-probe");
  let file, source, places, room;
  const lines = new Lines(box, 20, place => {
    const text = el("span", "sl-text", ...coloured(source[place].rows.join("\n")));
    const line = el("div", "sl-line", el("span", "sl-no", String(source[place].number)), el("span", "sl-dots"), text);
    line.style.height = `${20 * source[place].rows.length}px`;
    return line;
  });
  const section = pane("code", "Code", none, box);
  section.firstChild.append(name);
  box.append(probe);

  /** How many characters stand beside each other; the numbers, the dots and a scroll bar take the rest. */
  const fits = () => Math.floor((box.offsetWidth - 68) / (probe.offsetWidth / 10)) || Infinity;

  function open(next) {
    [file, room] = [next, fits()];
    const [title, text] = story.sent.files[file] ?? ["", []];
    source = text.map(([number, line]) => ({ number, rows: rowsOf(line, room) }));
    places = new Map(text.map(([number], place) => [number, place]));
    name.textContent = title && ` · ${title}`;
    none.textContent = text.length ? "" : `The source of ${title || "this run"} is not here.`;
    lines.tops = [0];
    for (const { rows } of source) lines.tops.push(lines.tops.at(-1) + rows.length);
    lines.resize(text.length, true);
  }
  /** A full dot where a thread is polling, a hollow one where its task waits. */
  function dots(at, acting) {
    for (const line of lines.made.values()) line.children[1].replaceChildren();
    for (const id of [acting, ...[...story.threads.keys()].filter(other => other !== acting)]) {
      const state = story.threads.get(id).at(at), hollow = id !== acting && state.task === null;
      const line = state.file === file && lines.made.get(places.get(state.line));
      if (!line || line.children[1].childElementCount > 2 || (hollow && !resting(story, state, at))) continue;
      const dot = ofThread(story, el("span", hollow ? "sl-dot hollow" : "sl-dot"), id);
      line.children[1].append(has(dot, { title: `ThreadId(${id})` }));
    }
  }
  return { section, show(at) {
    const record = story.records[at], own = stateOf(story, record);
    const state = own.line ? own : story.records.find(later => later.line && later.at > at) ?? own;
    if (state.file !== file || fits() !== room) open(state.file);
    lines.mark(places.get(state.line) ?? -1, own.line ? "now" : "next");
    dots(at, record.thread);
  } };
}

/** What the last task of a thread waits for, if that thread now does nothing else. */
function resting(story, state, at) {
  const rests = state.task === null && state.last !== null && story.tasks.get(state.last).at(at);
  return rests && rests.state === "waiting" ? rests : null;
}

const DEEP = 5;

function threadsPane(story) {
  const many = story.sent.threads.length > 6 ? " many" : "";
  const box = scroller(`sl-threads${many}`, "Threads and their span stacks");
  const shown = story.sent.threads.map(([id]) => {
    const deepest = story.threads.get(id).states.reduce((most, { stack }) => Math.max(most, stack?.depth ?? 1), 1);
    const element = ofThread(story, el("div", "sl-thread"), id);
    element.style.setProperty("--deep", Math.min(deepest, DEEP));
    box.append(element);
    return { id, element };
  });
  return { section: pane("stacks", "Threads and their span stacks", box), show(at, again) {
    const record = story.records[at];
    for (const one of shown) {
      const state = story.threads.get(one.id).at(at), on = one.id === record.thread;
      const rests = on ? at : resting(story, state, at);  // what else the card depends on
      if (one.state === state && one.rests === rests && !again) continue;
      Object.assign(one, { state, rests });
      one.element.classList.toggle("on", on);
      one.element.classList.toggle("idle", !on && state.task === null && !state.stack);
      one.element.replaceChildren(...threadCard(story, one.id, state, at, on ? record : null));
      if (on) inSight(box, one.element);
    }
  } };
}

function threadCard(story, id, state, at, record) {
  const rests = resting(story, state, at), outside = record?.task === null && record.kind !== "park";
  const status = state.task !== null ? `polls ${task(state.task)}` : state.parked ? "parked"
    : outside ? "runs" : rests ? "waits" : story.threads.get(id).starts[1] > at ? "not yet run" : "idle";
  const stack = el("div", "sl-stack"), now = current(story, state.stack, at);
  for (const card of cards(state.stack, DEEP)) stack.prepend(spanCard(story, card, state, at, card === now));
  if (state.stack?.depth > DEEP) stack.prepend(el("div", "sl-rest", `${state.stack.depth - DEEP} more below`));
  if (!state.stack && rests && !record) stack.append(waitingNote(story, state, rests, at));
  else if (!state.stack) stack.append(emptyStack(story, state, record));
  return [el("div", "sl-head", chip(story, id), el("span", "", status)), stack];
}

function spanCard(story, card, state, at, isCurrent) {
  const foreign = isForeign(card, state.task), span = story.spans.get(card.span);
  const says = [isCurrent && "current", card.again && "again", isClosed(story, card.span, at) && "closed",
    foreign && `left by ${task(card.by)}`].filter(Boolean).join(" · ");
  const name = el("bdi", "sl-name", el("b", "", named(story, card.span)), span?.fields ? ` ${span.fields}` : "");
  const look = `sl-card${isCurrent ? " current" : ""}${foreign ? " foreign" : ""}`;
  return el("div", look, name, el("small", "", says));
}

function emptyStack(story, state, record) {
  const asks = record?.parent === null && account(story, record).card === undefined;
  if (asks && story.tasks.get(record.task)?.last.inside !== undefined) {
    return el("div", "sl-empty lost", "empty: nothing to be a parent");
  }
  return el("div", "sl-empty", state.task !== null || asks ? "empty" : "");
}

function waitingNote(story, state, rests, at) {
  const open = state.left.filter(span => !isClosed(story, span, at)).map(span => named(story, span));
  const parts = open.length ? ["; ", el("b", "", open.join(", ")), " is not entered while it waits"] : [];
  return el("div", "sl-waits", `${task(state.last)} waits for ${rests.what}`, ...parts);
}

const SLOTS = 8;
const URGENT = ["polling", "queued", "waiting", "panicked", "aborted", "done"];

function tasksPane(story) {
  const box = has(el("div", "sl-tasks"), { role: "list" }), rest = el("div", "sl-rest");
  const every = [...story.tasks].sort(([a], [b]) => a - b), crowded = every.length > SLOTS;
  const never = story.sent.never ? ` · ${story.sent.never} more threads never ran` : "";
  const rank = ([, state]) => URGENT.indexOf(state.state);
  return { section: el("div", "sl-below", box, rest), show(at) {
    const all = every.map(([id, history]) => [id, history.at(at)]), made = all.filter(([, state]) => state.state);
    const queue = made.filter(([id, state]) => id && state.state === "queued").sort(([, a], [, b]) => a.at - b.at);
    const shown = crowded ? made.sort((a, b) => rank(a) - rank(b)).slice(0, SLOTS) : all;
    const empty = crowded ? SLOTS - shown.length : 0;
    box.replaceChildren(...shown.map(([id, state]) => taskChip(id, state, at)),
      ...Array.from({ length: empty }, () => el("span", "sl-task free", "\u00a0")));
    const more = made.length > SLOTS ? `${made.length - SLOTS} more tasks · ` : "";
    const first = queue.slice(0, 6).map(([id]) => task(id)).join(", "), others = queue.length - 6;
    const waiting = queue.length ? `run queue: ${first}${others > 0 ? ` and ${others} more` : ""}` : "run queue empty";
    rest.textContent = more + waiting + never;
  } };
}

/** One task; what is not yet made keeps its place, so that nothing jumps. */
function taskChip(id, state, at) {
  const words = state.state === "waiting" ? `waits for ${state.what}`
    : state.state !== "queued" ? state.state || "not yet made"
    : id === 0 ? "woken" : state.made === at ? "made, queued" : "queued";
  const asked = state.asked && !URGENT.slice(3).includes(state.state) ? ", to be aborted" : "";
  const look = `sl-task ${state.state || "unmade"}`;
  const element = el("span", look, el("i", ""), task(id), el("b", "", words + asked));
  element.style.setProperty("--c", `var(--sl-c${id % 30 % 6})`);
  return has(element, { role: "listitem" });
}

/** The graph: its layout stays, what does not exist yet is faint. */
function graphPane(story, go) {
  const box = scroller("sl-graph", "Span graph"), { sent } = story, made = new Map();
  const graph = sent.graph ? drawing(sent.graph) : el("pre", "", sent.graphText);
  graph.style.setProperty("--natural", graph.getAttribute("width") ?? "0px");
  box.append(graph);
  const drawn = key => sent.merged[key] ?? key;
  const keyOf = record => drawn(record.kind === "event" ? `e${story.numbers.get(record.at)}` : `s${record.span}`);
  for (const record of story.records) {
    const keys = record.kind === "new" || record.kind === "event" ? [keyOf(record)] : [];
    for (const key of [...keys, `cluster_${record.thread}`]) {
      if (record.kind !== "thread" && !made.has(key)) made.set(key, record.at);
    }
  }
  const items = [...box.querySelectorAll("[data-k]")].map(element => {
    const key = element.dataset.k, [above, below] = key.split("-");
    if (below && above.startsWith("lost_")) {  // these words come with the first that is lost
      made.set(above, Math.min(made.get(above) ?? Infinity, made.get(below) ?? Infinity));
    }
    return { element, key, below, look: "" };
  });
  for (const item of items) item.born = made.get(item.below ?? item.key) ?? Infinity;
  box.addEventListener("click", event => {
    const at = made.get(event.target.closest(".node, .row")?.dataset.k);
    if (at !== undefined) go(at);
  });
  return { section: pane("spans", "Span graph", box), show(at, again) {
    const record = story.records[at], card = current(story, stateOf(story, record).stack, at);
    const now = keyOf(record), top = card && drawn(`s${card.span}`);
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

let strips = 0;

function lanesPane(story, go) {
  const { sent } = story, width = sent.x.at(-1) + 8, own = `sl${strips += 1}-look`;
  const box = scroller("sl-lanes", "Lanes: what each thread did, in the order of the records");
  const strip = sent.lanes.replace(/(id="|url\(#)look/g, `$1${own}`);  // ids are the whole page's
  const drawn = drawing(`${SVG} width="${width}" height="${sent.height}">${strip}</svg>`);
  const names = el("div", "sl-names", ...sent.threads.map(([id], place) => {
    const name = ofThread(story, el("span", "", `ThreadId(${id})`), id);
    name.style.top = `${sent.tops[place]}px`;
    return name;
  }));
  const veil = el("div", "sl-veil"), line = el("div", "sl-cursor");
  box.append(el("div", "sl-long", names, el("div", "sl-drawn", drawn, veil, line)));
  const tops = new Map(sent.threads.map(([id], place) => [id, sent.tops[place]]));
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
    const at = story.events[place], record = story.records[at], names = [];
    for (let span = story.spans.get(record.parent); span && names.length < 4; span = story.spans.get(span.parent)) {
      names.push(`in ${span.name}`);
    }
    const { card, foreign, wanted } = account(story, record), scope = el("bdi", "", names.join(" ") || "no span");
    const wrong = foreign ? `, left there by ${task(card.by)}`
      : wanted === undefined ? "" : `, expected ${named(story, wanted)}`;
    const row = el("button", "sl-event", el("span", "sl-number", String(place + 1)), chip(story, record.thread),
      el("bdi", "sl-words", record.words), el("span", "sl-scope", scope, el("bdi", "sl-bad", wrong)));
    row.addEventListener("click", () => go(at));
    return has(row, { type: "button", tabindex: -1 });
  });
  return { section: pane("events", "Log", box), show(at) {
    const newest = before(story.events, at);
    lines.resize(newest + 1);
    lines.mark(newest, story.events[newest] === at ? "now" : "newest", true);
  } };
}

// --- 4. the controls -----------------------------------------------------------------------------

const ICONS = {
  "To the start": "M5 4v12M16 4L8 10l8 6z", Back: "M14 4L6 10l8 6z",
  On: "M6 4l8 6-8 6z", "To the end": "M15 4v12M4 4l8 6-8 6z",
};
const KEYS = {
  "← →": "one step back or on", "Shift ← →": "to the poll before or after",
  "Home End": "to the start or the end", Space: "play or pause", "?": "show or hide this list",
  click: "on a bar, a mark, a node or a line of the log: go there",
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
  return has(el("div", "sl-units", ...every), { role: "group", "aria-label": label });
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
function controls(story, go, where) {
  const { first, records } = story, end = records.length - 1;
  let unit = "record", timer = 0;

  function move(forward, by = unit) {
    const at = where(), stops = by === "poll" ? story.polls : story.events;
    if (by === "record") go(at + (forward ? 1 : -1));
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
    Home: still(() => go(first)), End: still(() => go(end)), " ": toggle, "?": () => help(list.hidden),
  };
  const scrub = scrubber(story, to => still(() => go(to))(), end), playing = button("Play", "sl-play", toggle);
  const speed = has(el("select", "sl-speed", ...[0.5, 1, 2, 4, 8].map(times => (
    new Option(`${times}×`, times, times === 1, times === 1)))), { "aria-label": "Speed" });
  speed.addEventListener("change", () => play(timer !== 0));
  const units = choices("Step by", ["record", "poll", "event"], name => { unit = name; });
  const lines = Object.entries(KEYS).flatMap(([key, does]) => [el("dt", "", key), el("dd", "", does)]);
  const list = el("dl", "sl-help", ...lines);
  const asks = has(button("?", "sl-ask", acts["?"]), { "aria-label": "Keys" }), count = el("span", "sl-count");
  help(false);
  const steps = el("div", "sl-steps", button("To the start", "", acts.Home), button("Back", "", acts.ArrowLeft),
    button("On", "", acts.ArrowRight), button("To the end", "", acts.End), playing);
  return {
    parts: [el("div", "sl-bar", steps, scrub.element, count, units, el("div", "sl-steps", speed, asks)), list],
    stop: () => play(false),
    show(at) {
      scrub.show(at);
      count.textContent = `${at - first + 1} / ${end - first + 1}`;
      count.title = `trace[${at}]`;
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
  root.append(...bar.parts, sentence, el("div", "sl-grid", ...seen.map(pane => pane.section)));

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
