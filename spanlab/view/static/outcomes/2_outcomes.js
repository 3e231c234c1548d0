// What `explore` found: the page as Python made it; a click on a bar opens its schedule in the stepper.

function outcomes({ model, el: outside }) {
  const { html, traces, orders, told } = model.get("state"), pageOf = el("div"), below = el("div");
  let stop = () => {};
  pageOf.innerHTML = html;  // escaped, word by word, where it was made
  if (orders.length > 1) pageOf.querySelector(".bars").after(ordersPane({ orders, told }));
  outside.append(pageOf, below);

  function open(bar) {
    stop();
    below.replaceChildren();
    for (const other of bars) other.setAttribute("aria-expanded", other === bar);
    const trace = { get: () => ({ trace: traces[bar.dataset.outcome] }) };
    stop = render({ model: trace, el: below });
  }
  const bars = [...pageOf.querySelectorAll("[data-outcome]")].filter((bar) => bar.dataset.outcome in traces);
  for (const bar of bars) {
    has(bar, { role: "button", tabindex: 0, "aria-expanded": false, "data-lm-suppress-shortcuts": true });
    bar.addEventListener("click", () => open(bar));
    bar.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(bar);
    });
  }
  return () => stop();
}

export default { render: outcomes };
