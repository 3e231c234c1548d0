// The sentence: what a step is, and why a parent is what it is.

const ENDINGS = { ok: " is done", panicked: " has panicked", cancelled: " is aborted" };
const task = id => (id ? `task ${id}` : "main");
const waitsFor = record => (record.awaits === null ? record.waits_for : task(record.awaits));
const circled = number => (number <= 20 ? String.fromCodePoint(0x245f + number) : `(${number})`);
const said = record => record.fields || "(no message)";
const named = (story, span) => (story.spans.has(span) ? story.spans.get(span).name || "(no name)" : "a span");
const strong = text => ["b", text];
const bad = text => ["bad", text];

const entered = ({ future, line }) => (future !== null ? " for this poll of its future" : line ? " by a guard" : "");

/** Say what a step is: strings, and pairs of a look and a text. */
export function say(story, at) {
  if (story.said.has(at)) return story.said.get(at);
  const record = story.records[at], who = ["chip", record.thread];
  const name = strong(named(story, record.span)), { stack, current } = stateOf(story, record);
  const was = story.threads.get(record.thread).at(at - 1).stack;
  const then = current === null ? ["nothing is current."] : [strong(named(story, current)), " is current."];
  const sayings = {
    thread: () => [who, " starts. Its span stack is empty."],
    park: () => [who, " has nothing to do and parks."],
    new: () => parentage(story, record, strong(`the new span ${named(story, record.span)}`)),
    event: () => parentage(story, record, strong(`${circled(story.numbers.get(at))} ${said(record)}`)),
    enter: () => (was === stack ? [who, " enters ", name, ", which this trace does not know."] : stack.again
      ? [who, " enters ", name, " again. A second entry never becomes current: ", ...then]
      : [who, " enters ", name, `${entered(record)}: it is on top of the stack and current.`]),
    exit: () => (was === stack
      ? [who, " exits ", name, ", which is not on its stack: nothing changes."]
      : [who, " exits ", name, ". Now ", ...then]),
    close: () => closing(story, record, name),
    record: () => [name, " gets ", strong(record.fields), "."],
    follows: () => [name, " notes that it follows from ", strong(named(story, record.follows)),
      ". That makes it no child."],
    poll: () => polling(story, record, who, was),
    polled: () => pausing(story, record, who, stack),
    wake: () => [who, " wakes ", strong(task(record.woken)), ": it will be polled again."],
    finish: () => [strong(task(record.finished)), ENDINGS[record.outcome],
      ...(record.panic ? [": ", bad(record.panic)] : []), ". ", who, " is free."],
    abort: () => [who, " asks ", strong(task(record.aborted)), " to stop; its next turn drops it."],
  };
  return sayings[record.kind]?.() ?? [who, ` ${record.kind}`];
}

/** Why a span or an event has the parent that it has. */
function parentage(story, record, what) {
  const { card, root, foreign, inside } = account(story, record), { parent } = record;
  const polls = record.task === null ? " runs" : ` polls ${task(record.task)}`;
  const start = [["chip", record.thread], polls];
  const [whose, began] = root?.task === null ? ["thread", "started"] : ["task", "spawned"];
  const lost = inside === null ? [] : [` was ${began} inside `, strong(named(story, inside)), "."];
  if (parent === null && !card && !record.explicit) {
    const closed = stateOf(story, record).stack !== null;
    const why = closed ? "a closed span on top of its stack" : "an empty span stack";
    const who = whose === "task" ? ` ${task(record.task).replace("t", "T")}` : " The thread";
    return [...start, " with ", (lost.length ? bad : strong)(why), ", so ", what, " has no parent.",
      ...(lost.length ? [who, ...lost] : [])];
  }
  if (card && parent === card.span) {
    const name = strong(named(story, parent));
    const told = [...start, " with ", name, " on top of its stack, so ", what, " is in ", name, "."];
    if (foreign) return [...told, " ", bad(`${task(card.by)} left it there`), " and is not being polled now."];
    return lost.length
      ? [...told, " ", strong(root.name), " itself ", bad("has no parent"), `: its ${whose}`, ...lost] : told;
  }
  const given = parent === null ? [what, " asks for no parent"]
    : [what, " names its parent itself: ", strong(named(story, parent))];
  const although = card ? [", although ", strong(named(story, card.span)), " is current."] : ["."];
  return [...start, "; ", ...given, ...although];
}

function closing(story, { span, index }, name) {
  const still = holders(story, span, index).flatMap(([id, thread]) => [
    " It is still on the stack of ", ["chip", id],
    ...(thread.at(index).current === null ? [": ", bad("nothing is current there")] : []), "."]);
  return ["The last handle to ", name, ", or its last child, is gone: it closes.", ...still];
}

function polling(story, record, who, stack) {
  const start = [who, " polls ", strong(task(record.task)), " again. "];
  if (!stack) return [...start, "Its span stack is empty."];
  const name = strong(named(story, stack.span));
  return isForeign(stack, record.task)
    ? [...start, name, " is ", bad("still on its stack"), `, left there by ${task(stack.by)}.`]
    : [...start, name, " is on its stack."];
}

function pausing(story, record, who, stack) {
  const { held } = futureAt(story, record.task, record.index), kept = (held ?? []).map(([name]) => name).join(" › ");
  const start = [strong(task(record.task)), ` waits for ${waitsFor(record)}. The poll on `, who, " is over"];
  const leaves = stack && stack.by === record.task
    ? [". It ", bad("leaves a span on the stack"), ": ", strong(named(story, stack.span))] : [];
  return [...start, ...leaves, ...(kept ? ["; the future keeps ", strong(kept), " for its next poll."] : ["."])];
}
