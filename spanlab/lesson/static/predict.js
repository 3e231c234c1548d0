// The question of predict(), and what happened. All words go in as text, never as HTML.

const NOT_SURE = "not sure";
const SIGNS = { hit: ["✓", "right"], miss: ["✗", "wrong"], unsure: ["?", "not sure"] };

function question(box, model, redraw) {
  const state = model.get("state");
  const parts = ["in span", "on thread"].slice(0, state.lines[0].choices.length);
  const own = ownName();
  const one = parts.length === 1 ? " one" : "";
  box.append(el("div", "head", el("b", "", "Predict"), el("span", "dim", ` · ${state.title}`)));
  const titles = ["", "message", ...parts].map((title) => el("span", "", title));
  box.append(has(el("div", `row titles${one}`, ...titles), { "aria-hidden": true }));

  const groups = []; // one for each thing to choose, in reading order
  state.lines.forEach((line, row) => {
    const cells = el("div", `row${one}`, el("span", "num", `${line.number}`), el("span", "message", line.message));
    parts.forEach((part, at) => {
      const group = el("div", "group");
      const about = `line ${line.number}, ${line.message}: ${part}`;
      has(group, { role: "radiogroup", "aria-label": about, "data-part": part });
      const inputs = line.choices[at].map((label) => {
        const input = radio(`${own}-${row}-${at}`, label, () => choose(line.key, at, label));
        const kind = label === NOT_SURE ? " unsure" : at || label === "no span" ? "" : " path";
        group.append(el("label", `option${kind}`, input, el("span", "", label)));
        return input;
      });
      groups.push({ key: line.key, at, inputs });
      cells.append(group);
    });
    box.append(cells);
  });

  const count = has(el("span", "dim"), { role: "status" }), problem = has(el("div", "problem"), { role: "alert" });
  const commit = el("button", "", "Commit"), again = el("button", "quiet", "Start over");
  box.append(el("div", "foot", count, el("span", "", commit, again)), problem);

  const chosen = ({ key, at }) => model.get("said").answers?.[key]?.[at] ?? "";
  function say(said) {
    model.set("said", { ...model.get("said"), ...said });
    model.save_changes();
    redraw();
  }
  function choose(key, at, label) {
    if (model.get("said").committed) return;
    const answers = { ...model.get("said").answers };
    const pair = [...(answers[key] ?? ["", ""])];
    pair[at] = label;
    say({ answers: { ...answers, [key]: pair } });
  }
  const open = () => groups.filter((group) => !chosen(group));
  const focus = (group) => (group.inputs.find((input) => input.checked) ?? group.inputs[0]).focus();

  commit.addEventListener("click", () => {
    if (open().length) {
      const [first] = open();
      const line = state.lines.find(({ key }) => key === first.key);
      problem.textContent = `Not yet: ${open().length} still open, first line ${line.number}, ${parts[first.at]}. “not sure” is an answer too.`;
      problem.hidden = false;
      focus(first);
      return;
    }
    say({ committed: true });
    again.focus();
  });
  again.addEventListener("click", () => {
    const answers = Object.fromEntries(state.lines.map((line) => [line.key, ["", ""]]));
    say({ committed: false, answers });
    focus(groups[0]);
  });
  box.addEventListener("keydown", (event) => {
    const group = groups.find(({ inputs }) => inputs.includes(event.target));
    if (!group || event.ctrlKey || event.metaKey || event.altKey) return;
    const pick = group.inputs[Number(event.key) - 1];
    if (pick && !pick.disabled) {
      pick.focus();
      pick.click();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const next = groups[groups.indexOf(group) + 1] ?? open()[0];
      next ? focus(next) : commit.focus();
    }
  });

  return function update() {
    const { committed } = model.get("said");
    const { error, after } = model.get("state");
    for (const group of groups) {
      for (const input of group.inputs) {
        input.checked = input.value === chosen(group);
        input.disabled = Boolean(committed);
      }
    }
    const left = open().length;
    const keys = "keys: ← → or 1–9 choose, Enter goes on";
    count.textContent = !committed
      ? `${groups.length - left} of ${groups.length} answered${left ? ` · ${keys}` : ""}`
      : after ?? "Committed, and your answers are kept. Go on to the next cell; what says “Locked” opens when it is run again.";
    commit.hidden = Boolean(committed);
    commit.setAttribute("aria-disabled", String(left > 0));
    again.hidden = !committed;
    problem.textContent = error;
    problem.hidden = !error;
  };
}

function happened(result) {
  if (result.locked) return el("div", "result", el("div", "head dim", result.locked));
  const head = el("div", "head", el("b", "", "What happened"), el("span", "dim", ` · ${result.summary}`));
  const rows = result.rows.map((row) => {
    const worst = ["miss", "unsure", "hit"].find((mark) => row.marks.includes(mark));
    const [sign, meaning] = SIGNS[worst] ?? ["", "not asked"];
    const shown = has(el("span", "", sign), { "aria-hidden": true });
    const line = el("div", "line", el("span", `sign ${worst ?? ""}`, shown, el("span", "aside", `${meaning}: line`)),
      el("span", "num", row.number ? `${row.number}` : "–"), el("span", "message", row.message), place(row));
    const notes = row.notes.map(([idea, text]) => el("div", "note",
      idea ? el("span", "idea", el("span", "dim", "You may have thought: "), ...words(idea)) : null, ...words(text)));
    return has(el("div", "", line, ...notes), { role: "listitem" });
  });
  return el("div", "result", has(head, { role: "status" }), has(el("div", "", ...rows), { role: "list" }));
}

function place(row) {
  if (!row.number) return el("span", "place", "not printed");
  const spans = row.spans === "no span" ? ["no span"] : ["in ", el("code", "", row.spans)];
  const said = row.you.filter((each) => each).map((each) => (each === NOT_SURE ? each : el("s", "", each)));
  const listed = said.flatMap((each, at) => (at ? [", ", each] : [each]));
  const thread = row.thread ? [el("span", `chip h${row.hue % 6}`, `ThreadId(${row.thread})`), " "] : [];
  return el("span", "place", ...thread, ...spans, ...(said.length ? [" ", el("span", "you", "you said ", ...listed)] : []));
}

function render({ model, el: root }) {
  const box = section("sl-lesson", "Prediction");
  root.replaceChildren(box);
  let asked = "";
  let shown = "";
  let update = () => {};
  let result = null;

  function draw() {
    const state = model.get("state");
    const now = JSON.stringify([state.title, state.lines]);
    if (now !== asked) {
      [asked, shown, result] = [now, "", null];
      box.replaceChildren();
      box.setAttribute("aria-label", state.lines ? "Prediction" : "What happened");
      update = state.lines ? question(box, model, () => update()) : () => {};
    }
    update();
    const news = JSON.stringify(state.result ?? null);
    if (news !== shown) {
      shown = news;
      const fresh = state.result ? happened(state.result) : null;
      result?.remove();
      if (fresh) box.append(fresh);
      result = fresh;
    }
  }
  model.on("change:state", draw);
  model.on("change:said", draw);
  draw();
  return () => {
    model.off("change:state", draw);
    model.off("change:said", draw);
  };
}

// --- where no Python answers: what was sent along knows all that could be said ---

/** What happened, for these answers: each line has its marks for each. */
function judged({ rows, tail }, answers) {
  const marked = rows.map(({ key, by, ...row }) => {
    const said = by[(answers[key] ?? []).filter((part) => part).join("\n")];
    return said ? { ...row, marks: said[0], you: said[1], notes: said[2] } : row;
  });
  const marks = marked.flatMap((row) => row.marks), many = (kind) => marks.filter((mark) => mark === kind).length;
  const unsure = many("unsure") ? [`${many("unsure")} not sure`] : [];
  return { summary: [`${many("hit")} of ${marks.length} right`, ...unsure, ...tail].join(" · "), rows: marked };
}

/** A question tells the whole page of its commit; what happened, which is `of` it, listens. */
function alone(one) {
  const said = (globalThis.spanlab ??= {}).said ??= {}, asked = one.of;
  if (asked === undefined) {
    return modelOf({ ...one, state: { ...one.state, after: one.after } }, (model) => {
      const { committed, answers } = model.get("said");
      said[one.question] = committed ? answers : null;
      dispatchEvent(new CustomEvent("spanlab-said", { detail: one.question }));
    });
  }
  const model = modelOf(one), look = () => {
    model.set("state", { result: said[asked] ? judged(one.marks, said[asked]) : one.state.result });
  };
  if (one.marks) addEventListener("spanlab-said", ({ detail }) => { if (detail === asked) look(); });
  if (one.marks && said[asked]) look();
  return model;
}

export default { render, alone };
