"use strict";
// The search field hides the lines, of any table of rules, that do not have all of its words.
const search = document.querySelector("#search");
const lines = [...document.querySelectorAll("tr[data-rule]")].map(line => [line, line.textContent.toLowerCase()]);
const found = document.querySelector("#found");
search.closest("form").hidden = false;
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const [line, text] of lines) {
    line.hidden = !words.every(word => text.includes(word));
    shown += !line.hidden;
  }
  for (const box of document.querySelectorAll("details.steady")) box.open = words.length > 0;
  found.textContent = words.length ? `${shown} of ${lines.length} lines` : "";
});
search.closest("form").addEventListener("submit", event => event.preventDefault());
