// The end of a saved page's script: once all is drawn, what stands there without it is for paper.
(async () => {
  const packed = Uint8Array.from(atob(document.getElementById("state").textContent), (char) => char.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const state = await new Response(unpacked).json();
  const place = document.getElementById("live"), still = [...place.childNodes], here = el("div", "screen");
  place.append(here);
  live.render({ model: { get: () => state }, el: here });
  place.append(el("div", "paper", ...still));
})();
