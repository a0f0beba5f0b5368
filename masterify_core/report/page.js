"use strict";
(() => {
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  const at = (id) => document.getElementById(id);
  const press = (button, on) => button.setAttribute("aria-pressed", String(on));

  const languages = all("[data-language]");
  const speak = (language) => {
    document.documentElement.lang = language;
    languages.forEach((each) => press(each, each.dataset.language === language));
  };
  languages.forEach((each) => each.addEventListener("click", () => speak(each.dataset.language)));
  if ((navigator.language || "").toLowerCase().startsWith("ko")) speak("ko");

  const tabs = all("[data-tab]");
  const show = (number) => {
    tabs.forEach((each) => press(each, each.dataset.tab === number));
    all(".tab").forEach((each) => { each.hidden = each.dataset.of !== number; });
  };
  tabs.forEach((each) => each.addEventListener("click", () => show(each.dataset.tab)));
  if (tabs.length) show("0");
  all(".scroll").forEach((each) => { if (each.scrollWidth > each.clientWidth) each.tabIndex = 0; });

  const player = at("player");
  if (!player) return;
  startPlayer(player, async (number) => {
    const text = atob(at("sound" + number).textContent.trim());
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer;
  });
})();
