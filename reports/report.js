// The search box, the filters, the table of all rows, and which view is shown. The address says all of it.

const PAGE = 50,
  SELECTS = ["framework", "device", "route", "family", "rank", "dtype", "check", "fill", "verdict", "state", "finding"],
  HIDDEN = ["group", "run"]; // fields that only links and the search box name

// A word of every row that its columns hold only indirectly: [a number for each row's word, the words].
function derived(data) {
  const of = (name, make) => {
    const made = data.words[name].map(make),
      words = [...new Set(made)],
      place = new Map(words.map((word, index) => [word, index]));
    return { words, numbers: data.column[name], map: made.map((word) => place.get(word)) };
  };
  const found = {
    framework: of("route", (route) => route.split("/")[0]),
    device: of("route", (route) => route.split("@").pop()),
    family: of("case", (id) => id.split("/")[0]),
    group: of("case", (id) => data.groups[id.split("/")[0]]),
    rank: of("case", (id) => (data.cases[id] ? `${data.cases[id].input.length}-D` : "?")),
    finding: { words: ["none", ...data.findings], numbers: data.column.finding, map: null },
  };
  for (const name of ["case", "route", "dtype", "check", "fill", "verdict", "state", "run"])
    found[name] = { words: data.words[name], numbers: data.column[name], map: null };
  return found;
}

function startFilters(data) {
  const form = document.getElementById("filters"),
    found = document.getElementById("found"),
    holder = document.getElementById("table");
  const fields = derived(data),
    controls = {},
    showMatrix = startMatrix(data, fields);
  let conditions = null, // unpacked at the first search
    read = null,
    page = 0;
  const every = Uint32Array.from({ length: data.count }, (_, row) => row);

  const search = el("input", {
    name: "q",
    id: "search",
    type: "search",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": "offers",
    placeholder: "stride = 3, groups > 1, float16",
  });
  controls.q = search;
  const more = el("div", { class: "selects" });
  for (const name of SELECTS) {
    const { words } = fields[name],
      numbered = [...new Set(words)].map((word, index) => [word, name === "finding" ? String(index) : word]);
    if (name !== "finding") numbered.sort(([one], [other]) => (one < other ? -1 : 1));
    const select = el(
      "select",
      { name },
      el("option", { value: "" }, "all"),
      numbered.map(([word, value]) => el("option", { value }, word)),
    );
    more.append(el("label", {}, name, select));
    controls[name] = select;
  }
  for (const name of HIDDEN) controls[name] = { value: "" };
  const offers = el("ul", { id: "offers", role: "listbox", "aria-label": "Completions", hidden: "" });
  form.append(
    el(
      "div",
      { class: "search" },
      el("label", { for: "search" }, "Show rows with"),
      el("div", { class: "box" }, search, offers),
      el("button", { type: "reset" }, "Show all"),
    ),
    el("details", { class: "chosen" }, el("summary", {}, "More filters"), more),
  );
  const refresh = async () => {
    page = 0;
    write();
    await show();
  };
  form.addEventListener("input", (event) => {
    if (event.target === search) for (const name of HIDDEN) controls[name].value = "";
    refresh();
  });
  form.addEventListener("reset", () =>
    setTimeout(() => {
      for (const name of HIDDEN) controls[name].value = "";
      refresh();
    }),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  const values = () => Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.value]));
  const write = () => history.replaceState(null, "", fragment(place(), values()));
  function place() {
    const now = readFragment().place;
    return PLACES.includes(now) ? now : "matrix";
  }
  async function ready() {
    conditions = conditions || (await unpackJson("conditions"));
    read = read || reader(data, fields, conditions);
  }

  // Numbers of the rows that pass every filter, worst first as they come.
  function chosen(without = "", asked = controls.q.value) {
    const tests = [];
    for (const name of [...SELECTS, ...HIDDEN]) {
      if (!controls[name].value || name === without) continue;
      const { words, numbers, map } = fields[name];
      const wanted = name === "finding" ? Number(controls[name].value) : words.indexOf(controls[name].value);
      tests.push(map ? (row) => map[numbers[row]] === wanted : (row) => numbers[row] === wanted);
    }
    if (asked.trim() && without !== "q") tests.push(read(asked).test);
    return tests.length ? every.filter((row) => tests.every((test) => test(row))) : every;
  }

  async function show() {
    if (controls.q.value.trim() && !read) await ready();
    const rows = chosen(),
      named = [...SELECTS, ...HIDDEN].filter((name) => controls[name].value);
    const said = controls.q.value.trim() ? read(controls.q.value).said : "",
      all = [
        said,
        ...named.map(
          (name) =>
            `${name} = ${name === "finding" ? data.findings[controls[name].value - 1] || "none" : controls[name].value}`,
        ),
      ].filter(Boolean);
    form.querySelector(".chosen summary").textContent = named.length
      ? `More filters: ${named.join(", ")}`
      : "More filters";
    found.replaceChildren(
      `${rows.length.toLocaleString("en")} of ${data.count.toLocaleString("en")} rows${all.length ? `: ${all.join(" and ")}` : ""}`,
      ...(rows.length && all.length
        ? [". Matrix, findings and rows show these only. ", el("a", { href: fragment("rows", values()) }, "List them")]
        : []),
    );
    const back = document.getElementById("back");
    back.hidden = rows.length > 0;
    if (!rows.length) back.replaceChildren(...waysBack(named));
    showMatrix(rows, values());
    showFindings(rows);
    list(rows);
  }
  // What to leave out so that rows are found again.
  function waysBack(named) {
    const leave = (name) =>
      el(
        "button",
        {
          type: "button",
          onclick: () => {
            controls[name].value = "";
            refresh();
          },
        },
        `Without ${name === "q" ? "the search" : name}: ${chosen(name).length.toLocaleString("en")} rows`,
      );
    const one = (text) =>
      el(
        "button",
        {
          type: "button",
          onclick: () => {
            controls.q.value = text;
            refresh();
          },
        },
        `Only “${text}”: ${chosen("", text).length.toLocaleString("en")} rows`,
      );
    const terms = splitAt(controls.q.value, /^(?:,\s*| and )/);
    return [
      el("p", {}, "No row is so."),
      el(
        "p",
        {},
        ...(terms.length > 1 ? terms.map(one) : []),
        " ",
        ...["q", ...named].filter((name) => controls[name].value).map(leave),
        " ",
        el("button", { type: "button", onclick: () => form.reset() }, "Show all rows"),
      ),
    ];
  }
  function list(rows) {
    const cells = [
        "state",
        "route",
        "dtype",
        "check",
        "fill",
        "verdict",
        "why",
        ...(data.words.run.length > 1 ? ["run"] : []),
      ],
      last = Math.max(0, Math.ceil(rows.length / PAGE) - 1);
    const turn = (to) => {
      page = to;
      list(rows);
      document.getElementById("rows").scrollIntoView();
    };
    const from = page * PAGE,
      button = (text, to, off) =>
        el("button", { type: "button", onclick: () => turn(to), disabled: off ? "" : null }, text);
    const pages = () =>
      el(
        "p",
        { class: "pages" },
        button("First", 0, page === 0),
        button(`Previous ${PAGE}`, page - 1, page === 0),
        el(
          "span",
          {},
          rows.length
            ? `${(from + 1).toLocaleString("en")} to ${Math.min(from + PAGE, rows.length).toLocaleString("en")} of ${rows.length.toLocaleString("en")}`
            : "none",
        ),
        button(`Next ${PAGE}`, page + 1, page >= last),
        button("Last", last, page >= last),
      );
    holder.replaceChildren(
      pages(),
      tableOf(
        "Rows",
        ["case", ...cells],
        [...rows.slice(from, from + PAGE)].map((row) => [
          el("a", { href: rowFragment(data, row) }, data.at("case", row)),
          el("span", { class: `n s-${data.at("state", row)}` }, data.at("state", row)),
          ...cells.slice(1).map((name) => el("bdi", {}, data.at(name, row))),
        ]),
      ),
      ...(rows.length > PAGE ? [pages()] : []),
    );
  }
  function showFindings(rows) {
    const numbers = new Set();
    for (const row of rows) numbers.add(data.column.finding[row]);
    for (const one of document.querySelectorAll(".finding")) one.hidden = !numbers.has(Number(one.dataset.finding));
  }

  startOffers(search, offers, {
    words: async () => {
      await ready();
      return vocabulary(data, fields, conditions);
    },
    count: (text) => chosen("", text).length,
    chosen: refresh,
  });
  return {
    agree: (wanted) =>
      !wanted.get("text") && Object.entries(values()).every(([name, value]) => value === (wanted.get(name) || "")),
    read(wanted) {
      for (const name in controls) controls[name].value = wanted.get(name) || "";
      if (wanted.get("text"))
        controls.q.value = [controls.q.value, `"${wanted.get("text")}"`].filter(Boolean).join(", ");
      page = 0;
      return show();
    },
  };
}

// Completions of the last term of a search, each with the number of rows that it leaves. Arrows choose, Enter takes.
function startOffers(search, offers, { words, count, chosen }) {
  let listed = null,
    active = -1;
  const close = () => {
    offers.hidden = true;
    active = -1;
    search.setAttribute("aria-expanded", "false");
    search.removeAttribute("aria-activedescendant");
  };
  const cut = () => {
    const at = Math.max(search.value.lastIndexOf(","), search.value.lastIndexOf(" and ") + 4);
    return search.value.lastIndexOf(",") < 0 && !search.value.includes(" and ")
      ? ["", search.value]
      : [search.value.slice(0, at + 1), search.value.slice(at + 1)];
  };
  const take = (word) => {
    const [before] = cut();
    search.value = `${before}${before ? " " : ""}${word}`.replace(/\s+/g, " ");
    close();
    chosen();
  };
  async function open() {
    listed = listed || (await words());
    const [before, last] = cut(),
      typed = last.trim().toLowerCase();
    if (!typed) return close();
    const begins = (word) => word.startsWith(typed) || word.split(" ").slice(1).join(" ").startsWith(typed);
    const fits = [
      ...listed.filter((word) => begins(word.toLowerCase())),
      ...listed.filter((word) => !begins(word.toLowerCase()) && word.toLowerCase().includes(typed)),
    ];
    const counted = fits
      .slice(0, 24)
      .map((word) => [word, count(`${before} ${word}`)])
      .filter(([, rows]) => rows)
      .slice(0, 8);
    if (!counted.length || (counted.length === 1 && counted[0][0].toLowerCase() === typed)) return close();
    offers.replaceChildren(
      ...counted.map(([word, rows], index) => {
        const option = el(
          "li",
          { role: "option", id: `offer-${index}`, "aria-selected": "false" },
          el("span", {}, word),
          el("small", {}, `${rows.toLocaleString("en")} rows`),
        );
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          take(word);
        });
        option.dataset.word = word;
        return option;
      }),
    );
    offers.hidden = false;
    active = -1;
    search.setAttribute("aria-expanded", "true");
  }
  search.addEventListener("input", open);
  search.addEventListener("blur", close);
  search.addEventListener("keydown", (event) => {
    const options = [...offers.children];
    if (event.key === "Escape" && !offers.hidden) return (event.preventDefault(), close());
    if (event.key === "Enter" && active >= 0) return (event.preventDefault(), take(options[active].dataset.word));
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (offers.hidden) return open();
    active =
      (active +
        (event.key === "ArrowDown" ? 1 : options.length - 1) +
        (active < 0 && event.key === "ArrowUp" ? 1 : 0)) %
      options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === active)));
    search.setAttribute("aria-activedescendant", `offer-${active}`);
  });
}

(async () => {
  const found = document.getElementById("found"),
    main = document.querySelector("main"),
    view = document.getElementById("case");
  if (typeof DecompressionStream === "undefined") {
    found.textContent = "This browser is too old for filters, the table of all rows and the drawings.";
    return;
  }
  await new Promise((ready) => requestAnimationFrame(() => setTimeout(ready))); // the findings are on the screen first
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
      if (filtered === null || !filters.agree(wanted)) await filters.read(wanted);
      filtered = true;
    }
    for (const part of main.children) part.hidden = inCase ? part !== view : part === view;
    document.querySelector("header").classList.toggle("small", inCase);
    if (inCase) {
      scrollTo(0, 0);
      view.querySelector("h2").focus({ preventScroll: true });
      view.scrollIntoView();
    } else
      show(
        document.getElementById(
          place === "findings" && wanted.get("finding") ? `finding-${wanted.get("finding")}` : place,
        ) || document.getElementById(place),
      );
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
