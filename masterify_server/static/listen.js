"use strict";
// The player of a song's page: asks for the table of sounds until a worker has made it, draws, and starts `player.js`.
(() => {
  const AGAIN_MS = [300, 300, 400, 500, 700, 1000], PATIENT_MS = 5000, SOON_MS = 60000, LONGEST_MS = 1200000;
  const at = (id) => document.getElementById(id);
  const box = at("listen"), state = at("listen-state"), player = at("player"), wave = at("wave");
  const say = box.dataset, svg = (query) => wave.querySelector(query);
  const clock = (s) => Math.floor(s / 60) + ":" + String(Math.floor(s % 60)).padStart(2, "0");

  const path = (outline) => {
    const top = 1000, columns = outline.map((high) => Math.min(high, top) / top * 49);
    const x = (column) => column * 600 / outline.length;
    const upper = columns.map((h, k) => `L${x(k).toFixed(1)} ${(50 - h).toFixed(1)}`).join("");
    const lower = columns.map((h, k) => `L${x(k).toFixed(1)} ${(50 + h).toFixed(1)}`).reverse().join("");
    return `M0 50${upper}L600 50${lower}Z`;
  };
  const listen = (table) => {
    const places = player.querySelector(".tracks");
    table.sounds.forEach((sound, number) => {
      const button = at("track").content.firstElementChild.cloneNode(true);
      button.dataset.track = number;
      button.dataset.gainDb = sound.own_gain_db;
      button.querySelector("kbd").textContent = number < 10 ? (number + 1) % 10 : "·";
      button.querySelector(".name").textContent = sound.title;
      button.querySelector(".covered").textContent = String.fromCharCode(65 + number);
      places.append(button);
    });
    player.dataset.seconds = table.length_s;
    ["seek", "from", "to"].forEach((id) => { at(id).max = table.length_s; });
    at("to").value = table.length_s;
    const original = table.sounds.find((each) => each.name === "original");
    const about = say.loudest.replace("[seconds]", Number(table.length_s.toFixed(1))).replace("[at]", clock(table.start_s));
    const calm = () => { state.textContent = original ? about : about + " " + say.alone; };
    calm();
    const x = (s) => s * 600 / table.song_s;
    svg(".window").setAttribute("x", x(table.start_s));
    svg(".window").setAttribute("width", x(table.length_s));
    if (original) svg(".was").setAttribute("d", path(original.outline));
    wave.removeAttribute("hidden");
    at("legend").hidden = !original;

    player.addEventListener("chosen", (event) => {
      const sound = table.sounds[event.detail];  // none while it is covered: its shape would tell
      const shown = sound && sound.name !== "original";
      svg(".now").setAttribute("d", shown ? path(sound.outline) : "");
      at("legend-now").textContent = shown ? sound.title : "";
      document.querySelector(".key.now").hidden = !shown;
    });
    player.addEventListener("moved", (event) => {
      const place = x(table.start_s + event.detail), [from, to] = heard.bounds();
      svg(".loop").setAttribute("x", x(table.start_s + from));
      svg(".loop").setAttribute("width", x(to - from));
      svg(".head").setAttribute("x1", place);
      svg(".head").setAttribute("x2", place);
    });
    player.addEventListener("failed", () => { state.textContent = say.failed; });
    const fetched = async (number) => {
      state.textContent = say.loading;
      const answer = await fetch(table.sounds[number].address);
      if (!answer.ok) throw new Error(String(answer.status));
      const bytes = await answer.arrayBuffer();
      calm();
      return bytes;
    };
    const heard = startPlayer(player, fetched);
    wave.addEventListener("click", (event) => {
      const edges = wave.getBoundingClientRect();
      const s = (event.clientX - edges.left) / edges.width * table.song_s - table.start_s;
      if (s >= 0 && s < table.length_s) heard.go(s);
    });
  };

  const begun = Date.now();
  const ask = async (times = 0) => {
    let table = {state: "making"};
    try {
      const answer = await fetch(say.table, {redirect: "error"});
      if (answer.ok) table = await answer.json();
    } catch { /* away for a moment */ }
    if (table.state === "ready") { listen(table); return; }
    if (table.state !== "making") { state.textContent = say[table.state]; return; }
    state.textContent = say.making;
    const waited = Date.now() - begun;  // longer if every worker is busy with long songs
    if (waited > LONGEST_MS) { state.textContent = say.failed; return; }
    setTimeout(() => ask(times + 1), waited > SOON_MS ? PATIENT_MS : AGAIN_MS[Math.min(times, AGAIN_MS.length - 1)]);
  };
  ask();
})();
