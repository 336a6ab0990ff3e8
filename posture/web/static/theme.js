// Runs before the page is drawn, so that it never flashes in the other colours.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("has-js");
  try {
    const chosen = localStorage.getItem("posture-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // A browser that keeps nothing follows the system.
  }
})();
