// The sentence: what a step is, and why a parent is what it is.

const ENDINGS = { ok: " is done", panicked: " has panicked", cancelled: " is aborted" };
const task = id => (id ? `task ${id}` : "main");
const waitsFor = record => (record.awaits === null ? record.waits_for : task(record.awaits));
const circled = number => (number <= 20 ? String.fromCodePoint(0x245f + number) : `(${number})`);
const future = record => `future ${record.future}${record.name ? ` (${record.name})` : ""}`;
const said = record => record.fields || "(no message)";
const named = (story, span) => (story.spans.has(span) ? story.spans.get(span).name || "(no name)" : "a span");
const strong = text => ["b", text];
const bad = text => ["bad", text];

/** Say what a step is: strings, and pairs of a look and a text. */
export function say(story, at) {
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
    finish: () => [strong(task(record.finished)), ENDINGS[record.outcome],
      ...(record.panic ? [": ", bad(record.panic)] : []), ". ", who, " is free."],
    abort: () => [who, " asks ", strong(task(record.aborted)), " to stop; its next turn drops it."],
    made: () => [who, " makes ", strong(future(record)), ". Nothing of it runs before its first poll."],
    wrapped: () => [strong(future(record)), " carries ", name, " from now on: each poll of it enters the span."],
    given: () => [who, " gives ", strong(future(record)), ` to ${record.to}, which polls it inside its own poll.`],
    first: () => [who, " polls ", strong(future(record)), " for the first time."],
    dropped: () => [who, " drops ", strong(future(record)), " before its end."],
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

function spawning(story, record, who) {
  const { inside } = story.tasks.get(record.spawned).at(record.index);
  const start = [who, " spawns ", strong(task(record.spawned)), record.name ? ` (${record.name})` : ""];
  return inside === null ? [...start, ": it is made and queued."] : [
    ...start, " inside ", strong(named(story, inside)),
    ". The task is queued. Only what its future carries goes with it, and the stack stays here."];
}

/** Whether somebody has asked a task to stop; `0` is main, which nobody can abort. */
const isAborted = (story, { task: id, index }) => Boolean(id && story.tasks.get(id).at(index - 1).asked);

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
