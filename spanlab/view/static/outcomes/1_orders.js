// The orders of polls that `explore` met: a poll is moved, by the mouse or by keys, and the spans follow.

/** Tell the polls of an order apart: of which task, and the how manieth of it. */
function order([outcome, polls]) {
  const many = {};
  return { outcome, polls: polls.map(([task, thread]) => {
    const nth = many[task] = (many[task] ?? 0) + 1;
    return { key: `${task} ${nth}`, who: task ? `task ${task}` : "main", nth, thread };
  }) };
}
const placeOf = ({ polls }, key) => polls.findIndex((poll) => poll.key === key);

/** Count the places at which two orders differ. */
const far = (one, other) => one.polls.filter(({ key, thread }, at) => (
  other.polls[at]?.key !== key || other.polls[at].thread !== thread)).length;

/** Find the legal order next to this one in which a poll is moved that way. */
function next(all, now, key, by, on) {
  const at = placeOf(now, key), { thread } = now.polls[at];
  const score = (other) => {
    const to = placeOf(other, key);
    if (to < 0 || other === now || (by && Math.sign(to - at) !== Math.sign(by))) return Infinity;
    if (on !== thread && other.polls[to].thread !== on) return Infinity;
    return 9 * Math.abs(to - at - by) + 2 * (other.polls[to].thread !== on) + far(now, other);
  };
  const best = all.reduce((one, other) => (score(other) < score(one) ? other : one));
  return score(best) < Infinity ? best : null;
}

/** Say what a move has changed, from what to what. */
function moved(now, best, key, told) {
  const [from, to] = [now, best].map((each) => placeOf(each, key)), { who, thread } = best.polls[to];
  const place = from === to ? "stays where it was" : `moved from place ${from + 1} to ${to + 1}`;
  const old = new Map(told[now.outcome]), other = told[best.outcome].filter(([said, spans]) => old.get(said) !== spans);
  const changes = other.map(([said, spans]) => `${said}: from ${old.get(said)} to ${spans}.`);
  return [`The poll of ${who} ${place}, on ThreadId(${thread}).`, ...(changes.length ? changes : ["No spans changed."])].join(" ");
}

function ordersPane({ orders, told }) {
  const all = orders.map(order), met = [...new Set(all.flatMap(({ polls }) => polls.map(({ thread }) => thread)))];
  const threads = [...met].sort((a, b) => a - b);
  const grid = has(el("div", "lanes"), { role: "group", "aria-label": "Polls by thread: arrow keys move one" });
  const says = has(el("p", "dim", "Move a poll: drag it, or choose it and press an arrow key."), { role: "status" });
  const events = el("table"), head = el("p", "title");
  let now = all[0];

  function move(key, by, on) {
    const best = next(all, now, key, by, on), { who } = now.polls[placeOf(now, key)];
    const way = by < 0 ? "earlier" : by > 0 ? "later" : `on ThreadId(${on})`;
    says.textContent = best ? moved(now, best, key, told) : `No schedule that was run has this poll of ${who} ${way}.`;
    if (best) draw(best);
    grid.querySelector(`[data-key="${key}"]`).focus();
  }
  function poll(each, at) {
    const chip = el("button", `chip h${met.indexOf(each.thread) % 6}`, each.who), row = threads.indexOf(each.thread);
    has(chip, { type: "button", "data-key": each.key, style: `grid-area: ${row + 1} / ${at + 2}`,
      "aria-label": `${each.who}, poll ${each.nth}, place ${at + 1}, on ThreadId(${each.thread})` });
    chip.addEventListener("keydown", ({ key }) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0, down = { ArrowUp: -1, ArrowDown: 1 }[key] ?? 0;
      const on = threads[row + down];
      if ((by || down) && on !== undefined) move(each.key, by, on);
    });
    chip.addEventListener("pointerdown", (event) => {
      chip.setPointerCapture(event.pointerId);
      chip.onpointermove = ({ clientX, clientY }) => {
        chip.style.translate = `${clientX - event.clientX}px ${clientY - event.clientY}px`;
      };
      chip.onpointerup = ({ clientX, clientY }) => {
        const by = Math.round((clientX - event.clientX) / (chip.offsetWidth + 4));
        const down = Math.round((clientY - event.clientY) / (chip.offsetHeight + 6));
        Object.assign(chip, { onpointermove: null, onpointerup: null }).style.translate = "";
        if (by || down) move(each.key, by, threads[Math.min(Math.max(row + down, 0), threads.length - 1)]);
      };
    });
    return chip;
  }
  function draw(to) {
    now = to;
    head.textContent = `what this order shows: outcome ${String.fromCharCode(65 + now.outcome)}`;
    grid.replaceChildren(...threads.map((id, row) => has(el("span", "dim", `ThreadId(${id})`), { style: `grid-area: ${row + 1} / 1` })),
      ...now.polls.map(poll));
    events.replaceChildren(...told[now.outcome].map(([said, spans]) => el("tr", "", el("th", "", said), el("td", "", spans))));
  }
  draw(now);
  const box = section("part", "Move a poll");
  box.append(el("p", "title", "move a poll, and the spans follow"), grid, says, head, events);
  return box;
}
