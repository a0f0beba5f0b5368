// What plain pages cannot do: times in the reader's own zone, copying, and no form sent twice by a double click.
function localTimes(part) {
  for (const time of part.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = at.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  }
}
localTimes(document);

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // only https and localhost have one
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.textContent = button.dataset.copied;
  });
}

document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});
// Who comes back by the browser's button finds the form as it was, and may send it.
addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));
