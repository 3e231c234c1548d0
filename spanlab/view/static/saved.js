// The end of a saved page's script: once all is drawn, what stands there without it is for paper.
{
  const state = JSON.parse(document.getElementById("state").textContent);
  const place = document.getElementById("live"), still = [...place.childNodes], here = el("div", "screen");
  place.append(here);
  live.render({ model: { get: () => state }, el: here });
  place.append(el("div", "paper", ...still));
}
