"use strict";
// Sending a song: by drop or by choice, with what is known beforehand said at once, and with its progress shown.
(() => {
  const at = (id) => document.getElementById(id);
  const form = at("send"), file = at("file"), drop = at("drop"), picked = at("picked"), wrong = at("wrong");
  const sending = at("sending"), words = at("sending-words"), bar = at("sending-bar");
  const say = form.dataset, most = Number(say.mostBytes);
  let under_way = null;

  const complain = (text) => { wrong.textContent = text; wrong.hidden = !text; if (text) wrong.focus(); };
  const size = (bytes) => bytes < 2 ** 20 ? Math.ceil(bytes / 1024) + " kB" : (bytes / 2 ** 20).toFixed(1) + " MB";
  const fits = (input) => !input.files[0] || input.files[0].size <= most;
  const look = (note = "") => {
    const song = file.files[0];
    picked.textContent = song ? [size(song.size), note].filter(Boolean).join(" · ") : "";
    complain(fits(file) ? "" : say.tooLarge);
  };
  const show = (busy) => {
    sending.hidden = !busy;
    at("go").disabled = busy;
    form.toggleAttribute("inert", busy);
    if (busy) { bar.removeAttribute("value"); at("stop").focus(); }
  };

  document.querySelectorAll(".script").forEach((each) => { each.hidden = false; });
  file.addEventListener("change", () => look());
  let inside = 0;
  drop.addEventListener("dragenter", () => { inside += 1; drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => { inside -= 1; if (!inside) drop.classList.remove("over"); });
  // What is dropped beside the field must not replace the page.
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", (event) => event.preventDefault());
  drop.addEventListener("drop", (event) => {
    inside = 0;
    drop.classList.remove("over");
    const files = event.dataTransfer.files;
    if (!files.length || under_way) return;
    const first = new DataTransfer();
    first.items.add(files[0]);
    file.files = first.files;
    look(files.length > 1 ? say.one : "");
  });

  const answered = (request) => {
    under_way = null;
    let told = null;
    try { told = JSON.parse(request.responseText); } catch { /* a page: the session or its token is over */ }
    if (request.status === 201 && told) { location.assign(told.address); return; }
    show(false);
    if (told?.form_id) form.elements.form_id.value = told.form_id;
    complain(told?.words ?? say.stale);
  };
  const failed = (text) => { under_way = null; show(false); complain(text); };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (under_way) return;
    if (!file.files.length) { complain(say.noFile); return; }
    if (!fits(file) || !fits(at("reference_file"))) { complain(say.tooLarge); return; }
    if (!form.querySelector("[name^=platform_]:checked")) { complain(say.noPlatform); return; }
    complain("");
    const request = under_way = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRF-Token", say.csrf);
    request.upload.addEventListener("progress", (now) => {
      const percent = Math.floor(100 * now.loaded / now.total);
      bar.value = percent;
      words.textContent = say.onWay.replace("[percent]", percent);
    });
    request.upload.addEventListener("load", () => { bar.removeAttribute("value"); words.textContent = say.checking; });
    request.addEventListener("load", () => answered(request));
    request.addEventListener("error", () => failed(say.lost));
    request.addEventListener("abort", () => failed(say.stopped));
    words.textContent = say.onWay.replace("[percent]", 0);
    request.send(new FormData(form));
    show(true);
  });
  at("stop").addEventListener("click", () => under_way?.abort());
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });  // its form is used up
})();
