// The end of the stepper's script in an output: it takes the place of the figure beside it.
const box = document.currentScript.parentElement, here = el("div");
for (const part of box.querySelectorAll("figure")) part.hidden = true;
box.append(here);
render({ model: { get: () => ({ trace: sent }) }, el: here });
