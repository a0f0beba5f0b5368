"use strict";
// The list of songs looks again while something in it is on its way.
(() => {
  const EVERY_MS = 3000;
  const look = async () => {
    const old = document.getElementById("songs");
    if (!("active" in old.dataset)) return;
    try {
      const answer = await fetch(location.href, {redirect: "error"});
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("songs");
      if (fresh && !old.contains(document.activeElement)) { old.replaceWith(fresh); localTimes(fresh); }
    } catch { /* the service is away for a moment; the next look will tell */ }
    setTimeout(look, EVERY_MS);
  };
  setTimeout(look, EVERY_MS);
})();
