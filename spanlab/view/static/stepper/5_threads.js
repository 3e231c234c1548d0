// The threads with their span stacks, and the tasks with the run queue.

/** What the last task of a thread waits for, if that thread now does nothing else. */
function resting(story, state, at) {
  const rests = state.task === null && state.last !== null && story.tasks.get(state.last).at(at);
  return rests && rests.state === "waiting" ? rests : null;
}

const DEEP = 5;

function threadsPane(story) {
  const many = story.sent.threads.length > 6 ? " many" : "";
  const box = scroller(`sl-threads${many}`, "Threads and their span stacks");
  const shown = story.sent.threads.map(id => {
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
  const stack = el("div", "sl-stack"), now = currentCard(state);
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
  const asks = record?.parent === null && state.current === null;
  if (asks && record.index in story.sent.lost) {
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
    const queue = made.filter(([id, state]) => id && state.state === "queued").sort(([, a], [, b]) => a.index - b.index);
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
  const element = el("span", `${look} h${id % 30 % 6}`, el("i", ""), task(id), el("b", "", words + asked));
  return has(element, { role: "listitem" });
}
