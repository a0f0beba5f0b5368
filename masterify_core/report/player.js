"use strict";
// Plays several sounds in step and lets one of them be heard: the player of every page that compares sounds.
// `bytesOf(number)` answers a promise of the encoded sound of a button. The element tells what happens: `moved` (s into
// the excerpt), `chosen` (which sound; null while it is hidden), `failed` (a sound could not be had).
const startPlayer = (player, bytesOf) => {
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  const at = (id) => document.getElementById(id);
  const press = (button, on) => button.setAttribute("aria-pressed", String(on));
  const pressed = (button) => button.getAttribute("aria-pressed") === "true";
  const tell = (what, detail) => player.dispatchEvent(new CustomEvent(what, {detail}));
  player.hidden = false;
  const FADE_S = 0.012, SEEK_S = 2;
  const length = Number(player.dataset.seconds);
  const buttons = all("[data-track]", player);
  const [play, loop, matched, blind, prefer, again] =
    ["play", "loop", "matched", "blind", "prefer", "again"].map(at);
  const [seek, from, to, clock, said] = ["seek", "from", "to", "clock", "said"].map(at);
  let context, buffers, gains = [], sources = [], begun = 0, offset = 0, chosen = 0;
  let order = buttons.map((_, number) => number);  // which sound each button plays
  const liked = buttons.map(() => 0);
  const abouts = all("[data-about]");  // what is told of a sound while it is chosen

  const decoded = async (number) => context.decodeAudioData(await bytesOf(number));
  const ready = async () => {
    context ??= new AudioContext();
    if (!buffers) {
      play.setAttribute("aria-busy", "true");
      buffers = Promise.all(buttons.map((_, number) => decoded(number)));
      buffers.then((all) => { player.dataset.ready = all.map((each) => each.duration.toFixed(2)).join(" "); })
        .catch(() => { buffers = undefined; tell("failed"); })  // the next press tries again
        .finally(() => play.removeAttribute("aria-busy"));
    }
    return buffers;
  };
  const gain = (number) => {
    if (number !== order[chosen]) return 0;
    return pressed(matched) ? 1 : 10 ** (Number(buttons[number].dataset.gainDb) / 20);
  };
  const mix = () => gains.forEach((each, number) => {
    each.gain.cancelScheduledValues(context.currentTime);
    each.gain.setTargetAtTime(gain(number), context.currentTime, FADE_S / 3);
  });
  const bounds = () => pressed(loop) ? [Number(from.value), Math.max(Number(to.value), Number(from.value) + 0.5)] : [0, length];
  const place = () => {
    if (!sources.length) return offset;
    const [first, last] = bounds();
    let now = offset + Math.max(0, context.currentTime - begun);
    if (now >= last) now = first + (now - first) % (last - first);
    return now;
  };
  const stop = () => {
    offset = place();
    sources.forEach((each) => { each.onended = null; each.stop(); });
    sources = [];
    press(play, false);
  };
  const start = async (where) => {
    const sounds = await ready().catch(() => null);
    if (!sounds) return;
    if (context.state === "suspended") await context.resume();
    sources.forEach((each) => each.stop());
    const [first, last] = bounds();
    offset = where >= first && where < last ? where : first;
    begun = context.currentTime + 0.02;
    gains = [];
    sources = sounds.map((sound, number) => {
      const source = new AudioBufferSourceNode(context, {buffer: sound, loop: true, loopStart: first, loopEnd: last});
      const level = new GainNode(context, {gain: gain(number)});
      source.connect(level).connect(context.destination);
      source.start(begun, offset);
      gains.push(level);
      return source;
    });
    press(play, true);
    requestAnimationFrame(tick);
  };
  const tick = () => {
    const now = place();
    seek.value = now;
    tell("moved", now);
    clock.textContent = Math.floor(now / 60) + ":" + String(Math.floor(now % 60)).padStart(2, "0");
    if (sources.length) requestAnimationFrame(tick);
  };
  const go = (where) => {
    if (sources.length) start(where); else { offset = where; tick(); }
  };
  const choose = (number) => {
    if (number < 0 || number >= buttons.length) return;
    chosen = number;
    buttons.forEach((each, which) => press(each, which === number));
    abouts.forEach((each) => { each.hidden = player.dataset.blind === "true" || Number(each.dataset.about) !== order[number]; });
    tell("chosen", player.dataset.blind === "true" ? null : order[number]);
    if (context) mix();
  };
  const cover = (on) => {
    player.dataset.blind = String(on);  // names beside the buttons hide, too
    if (on) for (let k = order.length - 1; k > 0; k--) {
      const other = Math.floor(Math.random() * (k + 1));
      [order[k], order[other]] = [order[other], order[k]];
    } else order = order.map((_, number) => number);
    buttons.forEach((each) => {
      each.querySelector(".name").hidden = on;
      each.querySelector(".covered").hidden = !on;
      each.querySelector(".count").hidden = on;
    });
    prefer.hidden = !on;
    again.hidden = true;
    said.textContent = "";
    choose(on ? 0 : chosen);
  };
  const reveal = () => {
    const best = order[chosen];
    liked[best] += 1;
    cover(false);
    choose(best);
    buttons.forEach((each, number) => { each.querySelector(".count").textContent = "★ " + liked[number]; });
    said.replaceChildren("★ ", buttons[best].querySelector(".name").cloneNode(true));
    again.hidden = !pressed(blind);
  };

  buttons.forEach((each, number) => each.addEventListener("click", () => choose(number)));
  play.addEventListener("click", () => sources.length ? stop() : start(offset));
  seek.addEventListener("input", () => go(Number(seek.value)));
  [from, to].forEach((each) => each.addEventListener("change", () => go(place())));
  loop.addEventListener("click", () => { const now = place(); press(loop, !pressed(loop)); go(now); });
  matched.addEventListener("click", () => { press(matched, !pressed(matched)); if (context) mix(); });
  blind.addEventListener("click", () => { press(blind, !pressed(blind)); cover(pressed(blind)); });
  prefer.addEventListener("click", reveal);
  again.addEventListener("click", () => cover(true));
  choose(0);
  const keys = {
    " ": () => play.click(), l: () => loop.click(), m: () => matched.click(), b: () => blind.click(),
    p: () => { if (!prefer.hidden) prefer.click(); }, x: () => choose((chosen + 1) % buttons.length), z: () => choose((chosen + buttons.length - 1) % buttons.length),
    ArrowLeft: () => go(Math.max(0, place() - SEEK_S)), ArrowRight: () => go(Math.min(length, place() + SEEK_S)),
    "[": () => { from.value = place(); go(place()); }, "]": () => { to.value = place(); go(place()); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target instanceof Element ? event.target.tagName : "";
    if (["TEXTAREA", "SELECT"].includes(on) || (on === "INPUT" && event.target.type !== "range")) return;
    if (on === "INPUT" && event.key.startsWith("Arrow")) return;
    if (event.key === " " && ["BUTTON", "SUMMARY", "A"].includes(on)) return;
    const act = /^[0-9]$/.test(event.key) ? () => choose((Number(event.key) + 9) % 10) : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  return {go, bounds};
};
