// Before the first paint, so that the page never flashes in the other theme.
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* storage may be off */ }
  if (chosen) document.documentElement.dataset.theme = chosen;
})();
