"use strict";
// Times of the pages, which are UTC, as the clock on the wall here shows them.
const localTimes = (from = document) => from.querySelectorAll("time[datetime]").forEach((each) => {
  const at = new Date(each.dateTime);
  each.title = each.dateTime;
  each.textContent = at.toLocaleString(document.documentElement.lang, {dateStyle: "medium", timeStyle: "short"});
});
localTimes();
