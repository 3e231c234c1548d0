// Works every control of a page as a reader would; gives what did not do its part.
(async () => {
  const wrong = [], all = (place, what) => [...place.querySelectorAll(what)];
  async function soon(what, is) {
    for (let n = 0; n < 1200; n += 1) {
      if (is()) return;
      await new Promise((go) => setTimeout(go, 25));
    }
    wrong.push(what);
  }
  for (const card of all(document, "section.sl-lesson[aria-label^=Prediction]")) {
    for (const group of all(card, "[role=radiogroup]")) group.querySelector("[type=radio], [role=radio]").click();
    all(card, "button").find((button) => button.textContent.trim() === "Commit").click();
  }
  const folds = all(document, "details[data-of]");
  await soon("a fold stays locked", () => folds.every((fold) => fold.open));
  await soon("something in a fold is not drawn", () => folds.every((fold) => !fold.querySelector("[data-live]:empty")));
  for (const panel of all(document, "section.sl-wide")) {
    for (const choice of all(panel, "input[type=radio]")) {
      choice.click();
      const name = `${panel.ariaLabel}: ${choice.value}`, needs = /OsThreads/.test(choice.value);
      await soon(`${name} is busy`, () => !panel.classList.contains("busy"));
      await soon(`${name} shows nothing`, () => panel.querySelector(".entry") || needs && /needs Python/.test(panel.textContent));
      if (!choice.checked) wrong.push(`${name} is not chosen`);
    }
  }
  for (const stepper of all(document, ".sl")) {
    const count = () => stepper.querySelector(".sl-count").textContent, before = count();
    stepper.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
    await soon("a stepper stands still", () => count() !== before);
  }
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) wrong.push(`${wide} px are wider than the page`);
  return wrong;
})()
