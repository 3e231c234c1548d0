// The stage: the threads with their span stacks, and the futures, which go from one to another.

/** What the last task of a thread waits for, if that thread now does nothing else. */
function resting(story, state, at) {
  const rests = state.task === null && state.last !== null && futureAt(story, state.last, at);
  return rests && (rests.where === "waits" || rests.where === "queue") ? rests : null;
}

const DEEP = 4, FEW = 3, SHELF = 8;  // cards of a stack, threads with large zones, futures on the shelf

function stagePane(story) {
  const { threads } = story.sent, few = threads.length <= FEW;
  const stage = scroller(`sl-stage${few ? "" : " many"}${story.futures.length ? "" : " alone"}`, "Threads, their span stacks, and the futures");
  const zones = threads.map(id => ({ id, element: ofThread(story, el("div", "sl-zone"), id) }));
  const shelf = el("div", "sl-shelf"), others = el("div", "sl-others", ...zones.slice(1).map(({ element }) => element));
  stage.append(...zones.slice(0, 1).map(({ element }) => element));
  if (story.futures.length) stage.append(shelf);
  if (zones.length > 1) stage.append(others);
  const never = story.sent.never;
  const title = `Threads, span stacks, futures${never ? ` · ${never} more thread${never > 1 ? "s" : ""} never ran` : ""}`;
  return { section: pane("stacks", title, stage), show(at) {
    const record = story.records[at], now = story.futures.map(future => ({ future, ...future.at(at), since: future.since(at) }));
    for (const { id, element } of zones) {
      const state = story.threads.get(id).at(at), on = id === record.thread;
      element.classList.toggle("on", on);
      element.classList.toggle("idle", !on && state.task === null && !state.stack);
      const here = now.filter(one => one.thread === id && (["polled", "value", "given"].includes(one.where)
        || (one.future.task === 0 && ["waits", "queue"].includes(one.where))));
      element.replaceChildren(...zone(story, id, state, at, on ? record : null, here, few || id === threads[0]));
      if (on) inSight(stage, element);
    }
    shelf.replaceChildren(...shelved(story, now.filter(one => one.future.task !== 0), at));
  } };
}

/** One thread: what it does, its calls, the futures that are there, and its stack; a small one has less. */
function zone(story, id, state, at, record, here, large) {
  const outside = record?.task === null && record.kind !== "park", rests = resting(story, state, at);
  const status = state.task !== null ? `polls ${task(state.task)}` : outside ? "runs" : state.parked ? "parked"
    : rests && state.last === 0 ? "waits" : "idle";
  const stack = el("div", "sl-stack"), now = currentCard(state), deep = large ? DEEP : 1;
  for (const card of cards(state.stack, deep)) stack.prepend(spanCard(story, card, state, at, card === now));
  if (state.stack?.depth > deep) stack.prepend(el("div", "sl-rest", `${state.stack.depth - deep} more below`));
  if (!state.stack) stack.append(emptyStack(story, state, record));
  const futures = here.slice(0, large ? 3 : 1).map(one => token(story, one, at));
  const head = el("div", "sl-head", chip(story, id), ...(large || !here.length ? [el("span", "", status)] : futures));
  return large
    ? [head, el("div", "sl-calls", ...callsOf(story, id, record, at)), el("div", "sl-futures", ...futures), stack] : [head, stack];
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

function emptyStack(story, state, record) {
  const asks = record?.parent === null && state.current === null;
  if (asks && record.index in story.sent.lost) {
    return el("div", "sl-empty lost", "empty: nothing to be a parent");
  }
  return el("div", "sl-empty", "empty");
}

/** A future, with the cards that it carries: to come, at rest, or on a stack just now. */
function token(story, { future, where, note, held, since }, at) {
  const handed = !["value", "given"].includes(where);
  const name = handed && future.task !== null ? task(future.task) : future.name;
  const rings = held.map(([span, look]) => el("bdi", `sl-ring ${["comes", "", "out"][look]}`, span));
  const bare = el("bdi", `sl-bare${future.inside && handed ? " bad" : ""}`, "no span");
  const says = { value: "a value", given: note, queue: future.task === 0 ? "woken" : "", waits: future.task === 0 ? `waits for ${note}` : "" }[where] ?? "";
  const element = el("span", `sl-future h${(future.task ?? 0) % 30 % 6} ${where}${handed ? " named" : ""}${since === at ? " moved" : ""}`,
    el("i", ""), el("b", "", name), ...(rings.length ? rings : [bare]), says ? el("small", "", says) : null);
  return has(element, { title: `${future.name}${where === "waits" ? `, waits for ${note}` : ""}` });
}

/** What lies on no thread: the run queue, then what waits; what has ended is counted. */
function shelved(story, futures, at) {
  const lie = where => futures.filter(one => one.where === where).sort((a, b) => a.since - b.since);
  const queue = lie("queue"), waits = lie("waits"), room = Math.max(SHELF - queue.length, 0);
  const ended = futures.filter(({ where }) => ["done", "panicked", "aborted"].includes(where));
  const bad = ended.filter(({ where }) => where !== "done").map(({ future, where }) => `${task(future.task)} ${where}`);
  const part = (title, inside, most) => [
    el("div", "sl-part", title), ...inside.slice(0, most).map(one => token(story, one, at)),
    inside.length > most ? el("div", "sl-rest", `${inside.length - most} more`) : null];
  return [
    ...part(queue.length ? "run queue" : "run queue: empty", queue, SHELF),
    ...(waits.length ? part("waiting", waits, room) : []),
    ended.length ? el("div", `sl-part${bad.length ? " sl-bad" : ""}`, bad.slice(0, 2).join(", ") || `ended: ${ended.length}`) : null,
  ].filter(Boolean);
}
