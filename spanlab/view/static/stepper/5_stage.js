// The stage: the threads with their span stacks, and the futures, which go from one to another.

/** What the last task of a thread waits for, if that thread now does nothing else. */
function resting(story, state, at) {
  const rests = state.task === null && state.last !== null && futureAt(story, state.last, at);
  return rests && (rests.where === "waits" || rests.where === "queue") ? rests : null;
}

const ENDED = ["done", "panicked", "aborted"];
const DEEP = 4, FEW = 3, SHELF = 8;  // cards of a stack, threads with large zones, futures on the shelf

function stagePane(story) {
  const { threads } = story.sent, few = threads.length <= FEW;
  const stage = el("div", `sl-stage${few ? "" : " many"}${story.futures.length ? "" : " alone"}`);
  const zones = threads.map(id => ({ id, element: ofThread(story, el("div", "sl-zone"), id) }));
  const shelf = scroller("sl-shelf", "Futures on no thread"), others = scroller("sl-others", "Threads and their span stacks");
  const first = few ? 1 : 0, elements = zones.map(({ element }) => element);
  others.append(...elements.slice(first));
  stage.append(...elements.slice(0, first), ...(story.futures.length ? [shelf] : []));
  if (zones.length > first) stage.append(others);
  const never = story.sent.never;
  const title = `Threads, span stacks, futures${never ? ` · ${never} more thread${never > 1 ? "s" : ""} never ran` : ""}`;
  return { section: pane("stacks", title, stage), show(at) {
    const record = story.records[at], now = story.futures.map(future => {
      const state = future.at(at), since = future.since(at);
      return { future, state, ...state, since, isNew: since === at };
    });
    for (const one of zones) {
      const { id, element } = one, state = story.threads.get(id).at(at), on = id === record.thread;
      const here = now.filter(({ thread, where, future }) => thread === id && (["polled", "value", "given"].includes(where)
        || (future.task === 0 && ["waits", "queue"].includes(where))));
      const of = here.flatMap(({ state, isNew }) => [state, isNew]);
      if (isSame(one, state, on && record, resting(story, state, at), ...of)) continue;
      element.classList.toggle("on", on);
      element.classList.toggle("idle", !on && state.task === null && !state.stack);
      element.replaceChildren(...zone(story, id, state, at, on ? record : null, here, few));
    }
    const free = now.filter(one => one.future.task !== 0 && ["queue", "waits", ...ENDED].includes(one.where));
    if (!isSame(shelf, ...free.flatMap(({ state, isNew }) => [state, isNew]))) shelf.replaceChildren(...shelved(free));
    const acting = elements[threads.indexOf(record.thread)];
    return () => acting && inSight(others, acting);
  } };
}

/** Whether something is drawn from the same parts as the last time, so that it can stay as it is. */
function isSame(one, ...parts) {
  const last = one.parts;
  one.parts = parts;
  return last?.length === parts.length && parts.every((part, at) => part === last[at]);
}

/** One thread: what it does, its calls, the futures that are there, and its stack; a small one has less. */
function zone(story, id, state, at, record, here, large) {
  const outside = record?.task === null && record.kind !== "park", rests = resting(story, state, at);
  const status = state.task !== null ? "polls" : outside ? "runs" : state.parked ? "parked"
    : rests && state.last === 0 ? "waits" : "idle";
  const stack = el("div", "sl-stack"), now = currentCard(state), deep = large ? DEEP : 1;
  for (const card of cards(state.stack, deep)) stack.prepend(spanCard(story, card, state, at, card === now));
  if (state.stack?.depth > deep) stack.prepend(el("div", "sl-rest", `${state.stack.depth - deep} more below`));
  if (!state.stack) stack.append(emptyStack(story, state, record, large));
  if (!large) return [smallHead(story, id, status, here[0]), ...(here.length && !state.stack ? ringsOf(here[0]) : []), stack];
  return [
    el("div", "sl-head", chip(story, id), el("span", "", status)),
    el("div", "sl-calls", ...callsOf(story, id, record, at)),
    el("div", "sl-futures", ...here.slice(0, 3).map(token)), stack];
}

function smallHead(story, id, status, one) {
  const number = has(ofThread(story, el("span", "sl-chip", `${id}`), id), { title: `ThreadId(${id})` });
  const who = one && ofTask(one.future, el("span", `sl-future named ${one.where}`, el("b", "", nameOf(one))));
  return el("div", "sl-head", number, who || el("span", "", status));
}

/** The calls that go on: the innermost is where the thread is. */
function callsOf(story, id, record, at) {
  const { calls } = story.threads.get(id).calls.at(at);
  return calls.slice(-3).map(([name, line], depth, { length }) => {
    const inner = depth === length - 1;
    return el("div", inner ? "inner" : "", el("bdi", "", name || "?"), ` line ${inner && record?.kind === "moment" ? record.line : line}`);
  });
}

function spanCard(story, card, state, at, isCurrent) {
  const left = card.future === null && card.line && isLeft(card, state.task), span = story.spans.get(card.span);
  const foreign = left || isForeign(card, state.task);
  const whose = foreign ? `left by ${task(card.by)}` : card.future === null && card.line ? `guard, line ${card.line}` : "";
  const says = [isCurrent && "current", card.again && "again", isClosed(story, card.span, at) && "closed", whose];
  const name = el("bdi", "sl-name", el("b", "", named(story, card.span)), span?.fields ? ` ${span.fields}` : "");
  const look = `sl-card${isCurrent ? " current" : ""}${foreign ? " foreign" : ""}`;
  return el("div", look, name, el("small", "", says.filter(Boolean).join(" · ")));
}

function emptyStack(story, state, record, large) {
  const asks = record?.parent === null && state.current === null;
  if (asks && record.index in story.sent.lost) {
    return el("div", "sl-empty lost", large ? "empty: nothing to be a parent" : "empty");
  }
  return el("div", "sl-empty", "empty");
}

const isHanded = ({ where }) => !["value", "given"].includes(where);
const nameOf = one => (isHanded(one) && one.future.task !== null ? task(one.future.task) : one.future.name);

/** Give an element the colour of a task, the same as in the lanes. */
function ofTask({ task: id }, element) {
  element.classList.add(`h${(id ?? 0) % 30 % 6}`);
  return element;
}

/** The cards that a future carries: to come, at rest, or on a stack just now. */
function ringsOf(one) {
  if (one.held.length) return one.held.map(([span, look]) => el("bdi", `sl-ring ${["comes", "", "out"][look]}`, span));
  const isOver = one.note === "dropped", isBad = !isOver && one.future.inside && isHanded(one);
  return [el("bdi", `sl-bare${isBad ? " bad" : ""}`, isOver ? "dropped" : "no span")];
}

/** A future as a thing. */
function token(one) {
  const { future, where, note, isNew } = one, isMain = future.task === 0;
  const says = { value: "a value", given: note, queue: isMain ? "woken" : "", waits: isMain ? `waits for ${note}` : "" }[where];
  const look = `sl-future ${where}${isHanded(one) ? " named" : ""}${isNew ? " moved" : ""}`;
  const element = el("span", look, el("i", ""), el("b", "", nameOf(one)), ...ringsOf(one), says ? el("small", "", says) : null);
  return has(ofTask(future, element), { title: `${future.name}${where === "waits" ? `, waits for ${note}` : ""}` });
}

/** What lies on no thread: the run queue, then what waits; what has ended is counted. */
function shelved(futures) {
  const lie = where => futures.filter(one => one.where === where).sort((a, b) => a.since - b.since);
  const queue = lie("queue"), waits = lie("waits"), room = Math.max(SHELF - queue.length, 0);
  const ended = futures.filter(({ where }) => ENDED.includes(where));
  const bad = ended.filter(({ where }) => where !== "done").map(({ future, where }) => `${task(future.task)} ${where}`);
  const part = (title, inside, most) => [
    el("div", "sl-part", title), ...inside.slice(0, most).map(token),
    inside.length > most ? el("div", "sl-rest", `${inside.length - most} more`) : null];
  return [
    ...part(queue.length ? "run queue" : "run queue: empty", queue, SHELF),
    ...(waits.length ? part("waiting", waits, room) : []),
    ended.length ? el("div", `sl-part${bad.length ? " sl-bad" : ""}`, bad.slice(0, 2).join(", ") || `ended: ${ended.length}`) : null,
  ].filter(Boolean);
}
