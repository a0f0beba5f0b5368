"use strict";
// How a song goes on, told by the server; if that cannot be listened to, the page is loaded again now and then.
(() => {
  const AGAIN_MS = 3000;
  const box = document.getElementById("progress");
  const words = document.getElementById("progress-words"), bar = document.getElementById("progress-bar");
  const badge = document.querySelector(".facts .badge");
  const stages = JSON.parse(box.dataset.stages);
  const later = () => setTimeout(() => location.reload(), AGAIN_MS);
  if (!window.EventSource) { later(); return; }
  const line = new EventSource(box.dataset.events);
  line.addEventListener("progress", (event) => {
    const now = JSON.parse(event.data);
    if (now.status !== badge.dataset.status) { line.close(); location.reload(); return; }  // other things can be done now
    bar.value = now.progress;
    const said = stages[now.stage] ?? words.textContent;
    if (words.textContent !== said) words.textContent = said;
  });
  line.addEventListener("end", () => { line.close(); bar.value = 100; location.reload(); });
  line.addEventListener("error", () => { if (line.readyState === EventSource.CLOSED) later(); });
})();
