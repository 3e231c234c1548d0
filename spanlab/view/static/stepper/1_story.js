// The story: what each thread and each future is like at each step.
//
// Python sends the steps, what becomes of the stacks and of the futures, and what is said of them.
// Names and messages get into the page as text only, never as HTML.

/** The states of one thread or future over time; each is made once and never changes. */
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
  since(step) { return this.starts[before(this.starts, step)]; }
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

/** Read what Python sent, and bring every thread and future forward step by step. */
export function tell(sent) {
  const story = {
    sent, records: [], threads: new Map(), spans: new Map(), steps: [],
    events: [], numbers: new Map(), polls: [], said: new Map(),
    futures: sent.futures.map(([name, task, inside]) => Object.assign(new History({ where: "" }), { name, task, inside })),
  };
  story.tasks = new Map(story.futures.filter(({ task }) => task !== null).map(future => [future.task, future]));
  const changes = sent.stacks.values();
  let change = changes.next().value;
  sent.rows.forEach(([number, ...row], index) => {
    const [kind, names] = sent.kinds[number], record = { index, kind };
    names.forEach((name, place) => { record[name] = row[place]; });
    story.records.push(record);
    if (kind !== "moment") story.steps.push(index);
    apply(story, record);
    for (; change?.[0] === index; change = changes.next().value) restack(story, ...change);
  });
  const read = part => (part[0] === "chip" ? part : Array.isArray(part) ? [part[0], sent.words[part[1]]] : sent.words[part]);
  for (const [at, parts] of sent.said) story.said.set(at, parts.map(read));
  for (const [at, number, where, thread, note, held] of sent.lives) {
    const cards = held.map(card => [sent.words[Math.floor(card / 3)], card % 3]);
    story.futures[number].add(at, { where: sent.words[where], thread, note: sent.words[note], held: cards });
  }
  for (const [at, id, calls] of sent.calls) threadOf(story, id).calls.add(at, { calls });
  const begun = sent.cut[2];  // what is from before a part of a trace is there, but no step
  story.first = Math.max(story.records.findIndex(record => record.kind !== "thread"), begun, 0);
  return story;
}

function threadOf(story, id) {
  if (!story.threads.has(id)) {
    const first = { stack: null, current: null, task: null, last: null, file: null, line: 0, parked: false };
    story.threads.set(id, Object.assign(new History(first), { calls: new History({ calls: [] }) }));
  }
  return story.threads.get(id);
}
const stateOf = (story, { thread, index }) => story.threads.get(thread).at(index);
const futureAt = (story, task, at) => story.tasks.get(task)?.at(at) ?? { where: "" };

function apply(story, record) {
  const { index, kind, span } = record, thread = threadOf(story, record.thread);
  if (kind !== "thread") thread.add(index, { parked: kind === "park" });
  if (record.line) thread.add(index, { file: record.file, line: record.line });
  const changes = {
    new: () => story.spans.set(span, { ...record, closed: Infinity }),
    close: () => {
      if (story.spans.has(span)) story.spans.get(span).closed = index;
      for (const [, holder] of holders(story, span, index)) holder.add(index, {});
    },
    event: () => story.numbers.set(index, story.events.push(index) + story.sent.cut[1]),
    poll: () => {
      story.polls.push(index);
      thread.add(index, { task: record.task, last: record.task });
    },
    polled: () => { if (!record.ready) thread.add(index, { task: null }); },
    finish: () => thread.add(index, { task: null }),
  };
  changes[kind]?.();
}

/** Change a stack as Python says. It is its top card, which knows the card below it: a step shares what did not change. */
function restack(story, index, id, off, on, current) {
  const thread = threadOf(story, id);
  let { stack } = thread.last;
  for (; off > 0; off -= 1) stack = stack.below;
  for (const entry of on) {
    const again = entry < 0, { span, task, future, line } = story.records[again ? ~entry : entry];
    stack = { span, again, by: task, future, line, below: stack, depth: (stack?.depth ?? 0) + 1 };
  }
  thread.add(index, { stack, current });
}

function cards(stack, most = Infinity) {
  const found = [];
  for (let card = stack; card && found.length < most; card = card.below) found.push(card);
  return found;
}

/** The card of the current span of a thread, if one is current. */
const currentCard = ({ stack, current }) => (
  cards(stack).find(card => card.span === current && !card.again));
const isClosed = (story, span, at) => (story.spans.get(span)?.closed ?? Infinity) <= at;
const isForeign = (card, polled) => card.by !== null && polled !== null && card.by !== polled;
/** Whether a guard has stayed on a stack although its task is not polled there now. */
const isLeft = (card, polled) => card.by !== null && card.by !== polled;
const holders = (story, span, at) => [...story.threads].filter(([, thread]) => (
  cards(thread.at(at).stack).some(card => card.span === span)));

/** A span and its parents, leaf to root. */
function ancestors(story, span) {
  const found = [];
  for (let one = story.spans.get(span); one; one = story.spans.get(one.parent)) found.push(one);
  return found;
}

/** What decided about the parent of a span or an event: the card on top, and what went wrong; the span `inside` which its task began is lost. */
function account(story, record) {
  const { task: polled, parent } = record, card = currentCard(stateOf(story, record));
  const root = parent === null ? record : ancestors(story, parent).at(-1);
  const inside = story.sent.lost[record.index] ?? null;
  return { card, root, inside, foreign: card && parent === card.span && isForeign(card, polled) };
}
