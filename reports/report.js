// Filters, the matrix and the table of all rows, and which view is shown. The address says all of it.

const SHOWN = 500,
  SELECTS = ["framework", "device", "route", "family", "rank", "dtype", "check", "fill", "verdict", "state", "finding"];

// A word of every row that its columns hold only indirectly: [a number for each row's word, the words].
function derived(data) {
  const of = (name, make) => {
    const words = [...new Set(data.words[name].map(make))],
      map = data.words[name].map((word) => words.indexOf(make(word)));
    return { words, numbers: data.column[name], map };
  };
  const found = {
    framework: of("route", (route) => route.split(/[/@]/)[0]),
    device: of("route", (route) => route.split("@").pop()),
    family: of("case", (id) => id.split("/")[0]),
    rank: of("case", (id) => (data.cases[id] ? `${data.cases[id].input.length}-D` : "?")),
    finding: { words: ["none", ...data.findings], numbers: data.column.finding, map: null },
  };
  for (const name of ["route", "dtype", "check", "fill", "verdict", "state"])
    found[name] = { words: data.words[name], numbers: data.column[name], map: null };
  return found;
}

function share(states, counts) {
  const named = states.filter((name) => counts[name]);
  return [
    ...named.map((name) => el("span", { class: `n s-${name}` }, el("b", {}, String(counts[name])), ` ${name}`)),
    el(
      "span",
      { class: "bar", "aria-hidden": "true" },
      named.map((name) => el("i", { class: `s-${name}`, style: `flex:${counts[name]}` })),
    ),
  ];
}

function startFilters(data) {
  const form = document.getElementById("filters"),
    found = document.getElementById("found"),
    holder = document.getElementById("table");
  const fields = derived(data),
    controls = {};
  for (const name of SELECTS) {
    const { words } = fields[name],
      numbered = words.map((word, index) => [word, name === "finding" ? String(index) : word]);
    if (name !== "finding") numbered.sort(([one], [other]) => (one < other ? -1 : 1));
    const select = el(
      "select",
      { name },
      el("option", { value: "" }, "all"),
      numbered.map(([word, value]) => el("option", { value }, word)),
    );
    form.append(el("label", {}, name, select));
    controls[name] = select;
  }
  controls.text = el("input", { name: "text", type: "search" });
  form.append(el("label", {}, "text in case or cause", controls.text), el("button", { type: "reset" }, "Show all"));
  form.addEventListener("input", () => {
    write();
    show();
  });
  form.addEventListener("reset", () =>
    setTimeout(() => {
      write();
      show();
    }),
  );
  form.addEventListener("submit", (event) => event.preventDefault());

  const values = () => Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.value]));
  function write() {
    history.replaceState(null, "", fragment(place(), values()));
  }
  function place() {
    const now = readFragment().place;
    return PLACES.includes(now) ? now : "matrix";
  }

  // Numbers of the rows that pass every filter, worst first as they come.
  function chosen() {
    const tests = [];
    for (const name of SELECTS) {
      if (!controls[name].value) continue;
      const { words, numbers, map } = fields[name];
      const wanted = name === "finding" ? Number(controls[name].value) : words.indexOf(controls[name].value);
      tests.push(map ? (row) => map[numbers[row]] === wanted : (row) => numbers[row] === wanted);
    }
    const text = controls.text.value.toLowerCase();
    if (text) {
      const has = (name) => data.words[name].map((word) => word.toLowerCase().includes(text));
      const cases = has("case"),
        whys = has("why");
      tests.push((row) => cases[data.column.case[row]] || whys[data.column.why[row]]);
    }
    const rows = [];
    for (let row = 0; row < data.count; row++) if (tests.every((test) => test(row))) rows.push(row);
    return rows;
  }

  function show() {
    const rows = chosen();
    const more = rows.length > SHOWN ? `, the first ${SHOWN} of them are listed` : "";
    found.textContent = `${rows.length} of ${data.count} rows${more}`;
    showMatrix(rows);
    showFindings(rows);
    const cells = ["state", "route", "dtype", "check", "fill", "verdict", "why"];
    holder.replaceChildren(
      tableOf(
        "Rows",
        ["case", ...cells],
        rows
          .slice(0, SHOWN)
          .map((row) => [
            el("a", { href: rowFragment(data, row) }, data.at("case", row)),
            el("span", { class: `n s-${data.at("state", row)}` }, data.at("state", row)),
            ...cells.slice(1).map((name) => el("bdi", {}, data.at(name, row))),
          ]),
      ),
    );
  }
  function showMatrix(rows) {
    const { family, route, state } = fields,
      states = state.words.length,
      families = family.words.length;
    const tally = new Uint32Array(route.words.length * families * states);
    for (const row of rows)
      tally[(route.numbers[row] * families + family.map[family.numbers[row]]) * states + state.numbers[row]]++;
    // Counts by state of one cell; of all routes where `from` is -1, of all families where `of` is.
    const counts = (from, of) => {
      const found = {};
      for (let i = from < 0 ? 0 : from; i < (from < 0 ? route.words.length : from + 1); i++)
        for (let j = of < 0 ? 0 : of; j < (of < 0 ? families : of + 1); j++)
          for (let k = 0; k < states; k++) {
            const count = tally[(i * families + j) * states + k];
            if (count) found[state.words[k]] = (found[state.words[k]] || 0) + count;
          }
      return Object.keys(found).length ? found : null;
    };
    const body = document.querySelector(".matrix tbody"),
      order = new Map();
    for (const line of body.rows) {
      const all = counts(route.words.indexOf(line.dataset.route), -1);
      order.set(
        line,
        data.states.slice(0, 5).map((name) => (all || {})[name] || 0),
      );
      line.hidden = !all;
    }
    for (const cell of document.querySelectorAll(".matrix [data-family]")) {
      const of = family.words.indexOf(cell.dataset.family),
        from = route.words.indexOf(cell.parentElement.dataset.route);
      const here = counts(from, of);
      cell.hidden = of >= 0 && !counts(-1, of);
      if (cell.tagName === "TD")
        cell.replaceChildren(
          here
            ? el(
                "a",
                { href: fragment("rows", { ...values(), route: route.words[from], family: cell.dataset.family }) },
                share(data.states, here),
              )
            : el("span", { class: "none" }, "none"),
        );
    }
    const worse = (one, other) => {
      const index = order.get(one).findIndex((count, index) => count !== order.get(other)[index]);
      return index < 0
        ? one.dataset.route < other.dataset.route
          ? -1
          : 1
        : order.get(one)[index] - order.get(other)[index];
    };
    body.append(...[...body.rows].sort(worse));
  }
  function showFindings(rows) {
    const counts = new Map();
    for (const row of rows) counts.set(data.column.finding[row], (counts.get(data.column.finding[row]) || 0) + 1);
    for (const one of document.querySelectorAll(".finding")) one.hidden = !counts.has(Number(one.dataset.finding));
  }
  return {
    show,
    read(wanted) {
      for (const name in controls) controls[name].value = wanted.get(name) || "";
      show();
    },
  };
}

(async () => {
  const found = document.getElementById("found"),
    main = document.querySelector("main"),
    view = document.getElementById("case");
  if (typeof DecompressionStream === "undefined") {
    found.textContent = "This browser is too old for filters, the table of all rows and the drawings.";
    return;
  }
  await new Promise((ready) => requestAnimationFrame(() => setTimeout(ready))); // the matrix is on the screen first
  const data = await readRows(),
    filters = startFilters(data);
  let details = null,
    filtered = null;
  async function go() {
    const { place, wanted } = readFragment(),
      inCase = place === "case";
    if (inCase) {
      details = details || (await unpackJson("details"));
      view.replaceChildren(...caseView(data, details, wanted));
    } else if (["rows", "matrix", "findings"].includes(place) || filtered === null) {
      const asked = [...wanted]
        .filter(([, value]) => value)
        .sort()
        .join("\n");
      if (asked !== filtered) filters.read(wanted);
      filtered = asked;
    }
    const alone = inCase ? view : place === "layouts" ? document.getElementById(place) : null;
    for (const part of main.children) part.hidden = alone ? part !== alone : part === view;
    if (inCase) {
      scrollTo(0, 0);
      view.querySelector("h2").focus({ preventScroll: true });
      view.scrollIntoView();
    } else show(document.getElementById(place === "findings" ? `finding-${wanted.get("finding")}` : place) || document.getElementById(place));
  }
  // What is folded opens for whoever goes there.
  function show(goal) {
    if (!goal) return;
    for (let fold = goal.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    goal.scrollIntoView();
  }
  addEventListener("hashchange", go);
  await go();
  document.documentElement.dataset.ready = "yes";
})();

document.addEventListener("click", (event) => {
  if (!event.target.matches("button.copy")) return;
  const button = event.target,
    node = button.nextElementSibling;
  const mark = () => {
    const range = document.createRange();
    range.selectNodeContents(node);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    button.textContent = "Marked: copy it";
  };
  if (navigator.clipboard)
    navigator.clipboard.writeText(node.textContent).then(() => {
      button.textContent = "Copied";
    }, mark);
  else mark();
});
