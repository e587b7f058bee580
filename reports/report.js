"use strict";
// Rows lie in the page as compressed columns; they become a table here. The filters live in the URL's fragment, so that
// a view can be sent to somebody: #rows:route=torch/functional@cpu&standing=known&text=stride/
(async () => {
  const SHOWN = 500, SELECTS = ["route", "dtype", "check", "fill", "verdict", "standing"];
  const form = document.getElementById("filters"), found = document.getElementById("found"), table = document.getElementById("table");
  const bytes = Uint8Array.from(atob(document.getElementById("data").textContent), (c) => c.charCodeAt(0));
  if (typeof DecompressionStream === "undefined") { found.textContent = "This browser is too old for the table of all rows."; return; }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const { words, columns } = JSON.parse(await new Response(stream).text());
  const count = columns.case.length;
  const at = (name, row) => words[name][columns[name][row]];
  const route = (row) => at("route", row) + "@" + at("device", row);
  const choices = { route: [...new Set(Array.from({ length: count }, (_, row) => route(row)))].sort() };
  for (const name of SELECTS.slice(1)) choices[name] = [...words[name]].sort();
  const element = (tag, text, more) => Object.assign(document.createElement(tag), { textContent: text }, more);
  const controls = {};
  for (const name of SELECTS) {
    const label = element("label", name), select = element("select", "", { name });
    select.append(element("option", "all", { value: "" }), ...choices[name].map((value) => element("option", value, { value })));
    label.append(select); form.append(label); controls[name] = select;
  }
  const label = element("label", "case, or part of it"), input = element("input", "", { name: "text", type: "search" });
  label.append(input); form.append(label); controls.text = input;

  function read() {
    const [place, query] = decodeURIComponent(location.hash.slice(1)).split(/:(.*)/s);
    if (place !== "rows" || query === undefined) return false;
    const wanted = new URLSearchParams(location.hash.slice(location.hash.indexOf(":") + 1));
    for (const name in controls) controls[name].value = wanted.get(name) || "";
    return true;
  }
  function write() {
    const wanted = new URLSearchParams();
    for (const name in controls) if (controls[name].value) wanted.set(name, controls[name].value);
    history.replaceState(null, "", "#rows:" + wanted);
    show();
  }
  function show() {
    const tests = [];
    if (controls.route.value) tests.push((row) => route(row) === controls.route.value);
    for (const name of SELECTS.slice(1)) {
      const wanted = words[name].indexOf(controls[name].value);
      if (controls[name].value) tests.push((row) => columns[name][row] === wanted);
    }
    const text = controls.text.value.toLowerCase();
    if (text) { const hit = words.case.map((id) => id.toLowerCase().includes(text)); tests.push((row) => hit[columns.case[row]]); }
    const rows = [];
    let total = 0;
    for (let row = 0; row < count; row++) if (tests.every((test) => test(row))) { total++; if (rows.length < SHOWN) rows.push(row); }
    found.textContent = total + " of " + count + " rows" + (total > SHOWN ? ", the first " + SHOWN + " are shown" : "");
    const head = element("thead"), line = element("tr"), body = element("tbody");
    for (const name of ["standing", "case", "route", "dtype", "check", "fill", "verdict"]) line.append(element("th", name, { scope: "col" }));
    head.append(line);
    for (const row of rows) {
      const tr = element("tr");
      const standing = at("standing", row);
      tr.append(element("td", standing, { className: "n s-" + standing }), element("td", at("case", row)), element("td", route(row)));
      for (const name of ["dtype", "check", "fill", "verdict"]) tr.append(element("td", at(name, row)));
      body.append(tr);
    }
    table.replaceChildren(head, body);
  }
  form.addEventListener("input", write);
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => { if (read()) { show(); document.getElementById("rows").scrollIntoView(); } });
  const asked = read();
  show();
  if (asked) document.getElementById("rows").scrollIntoView();
})();
document.addEventListener("click", (event) => {
  if (!event.target.matches("button.copy")) return;
  const text = event.target.nextElementSibling.textContent;
  const done = () => { event.target.textContent = "Copied"; };
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => select(event.target.nextElementSibling));
  else select(event.target.nextElementSibling);
  function select(node) { const range = document.createRange(); range.selectNodeContents(node); getSelection().removeAllRanges(); getSelection().addRange(range); }
});
