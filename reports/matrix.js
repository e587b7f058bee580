// Families by frameworks and routes: counts of the rows that are chosen, folding by group and by framework.

// What a cell looks like and what stands in it; report/html/matrix.py has the same.
function cellLook(counts) {
  const sum = Object.values(counts).reduce((one, other) => one + other, 0),
    answered = sum - (counts.unsupported || 0);
  const wrong = ["new", "changed", "stale", "unrun"].reduce((found, name) => found + (counts[name] || 0), 0);
  const step = (share) => (share <= 0.25 ? 1 : share <= 0.5 ? 2 : share < 0.9 ? 3 : 4);
  if (wrong) return ["m-look", wrong < 1000 ? String(wrong) : wrong < 1e6 ? `${Math.floor(wrong / 1000)}k` : "1M+"];
  if (counts.known) return [`m-known h${step(counts.known / answered)}`, ""];
  return answered ? [`m-pass q${step(answered / sum)}`, ""] : ["m-none", "–"];
}

function cellWords(states, counts) {
  return states
    .filter((name) => counts[name])
    .map((name) => `${counts[name].toLocaleString("en")} ${name}`)
    .join(", ");
}

// `show(rows, values)` counts these rows; `values` are what the filters say, for the cells' links.
function startMatrix(data, fields) {
  const table = document.querySelector(".matrix"),
    heads = [...table.querySelectorAll("thead th[data-framework]")],
    lines = [...table.tBodies[0].rows];
  const unfolded = { lines: new Set(), columns: new Set() },
    states = data.states,
    empty = { lines: new Set(), columns: new Set() };
  const grid = lines.map((line) => [...line.cells].slice(1));

  for (const [kind, headings, name] of [
    ["columns", heads, "framework"],
    ["lines", lines, "group"],
  ]) {
    const whole = (one) => (kind === "columns" ? !one.dataset.route : one.dataset.group && !one.dataset.family);
    const key = (one) => `${one.dataset[name]} ${one.dataset.run || ""}`;
    for (const one of headings) {
      if (!whole(one)) continue;
      const inner = headings.filter((other) => !whole(other) && key(other) === key(one));
      if (!inner.length) continue;
      if (inner.some((other) => other.dataset.hidden === undefined)) unfolded[kind].add(key(one));
      const place = kind === "columns" ? one : one.cells[0],
        button = el(
          "button",
          { type: "button", class: "unfold", "aria-expanded": String(unfolded[kind].has(key(one))) },
          ...place.childNodes,
        );
      button.addEventListener("click", () => {
        const open = !unfolded[kind].has(key(one));
        unfolded[kind][open ? "add" : "delete"](key(one));
        button.setAttribute("aria-expanded", String(open));
        fold();
      });
      place.replaceChildren(button);
    }
  }
  function fold() {
    const shut = (kind, one, name, whole) =>
      empty[kind].has(one) || (!whole && !unfolded[kind].has(`${one.dataset[name]} ${one.dataset.run || ""}`));
    const alone = (line) => !lines.some((one) => one.dataset.group === line.dataset.group && !one.dataset.family);
    lines.forEach((line) => {
      line.hidden = shut("lines", line, "group", !line.dataset.group || !line.dataset.family || alone(line));
    });
    heads.forEach((head, column) => {
      head.hidden = shut("columns", head, "framework", !head.dataset.route);
      for (const cells of grid) cells[column].hidden = head.hidden;
    });
  }
  // For each family the lines that count it, for each route (of a run) the columns.
  const at = (list, fits) => list.flatMap((one, index) => (fits(one.dataset) ? [index] : []));
  const linesOf = fields.family.words.map((family) =>
    at(lines, (of) => !of.group || of.family === family || (!of.family && of.group === data.groups[family])),
  );
  const columnsOf = data.words.run.map((run) =>
    data.words.route.map((route) =>
      at(heads, (of) => of.run === run && (of.route === route || (!of.route && of.framework === route.split("/")[0]))),
    ),
  );

  return function show(rows, values) {
    const tally = new Uint32Array(lines.length * heads.length * states.length),
      order = data.words.state.map((name) => states.indexOf(name));
    const { route, run, state } = data.column,
      { numbers, map } = fields.family;
    for (const row of rows)
      for (const line of linesOf[map[numbers[row]]])
        for (const column of columnsOf[run[row]][route[row]])
          tally[(line * heads.length + column) * states.length + order[state[row]]]++;
    const filled = { lines: new Set(), columns: new Set() };
    lines.forEach((line, i) => {
      heads.forEach((head, j) => {
        const start = (i * heads.length + j) * states.length,
          counts = {};
        states.forEach((name, k) => {
          if (tally[start + k]) counts[name] = tally[start + k];
        });
        const asked = Object.keys(counts).length > 0;
        if (asked) (filled.lines.add(line), filled.columns.add(head));
        draw(grid[i][j], line.dataset, head.dataset, asked ? counts : null, values);
      });
    });
    empty.lines = new Set(lines.filter((line) => !filled.lines.has(line)));
    empty.columns = new Set(heads.filter((head) => !filled.columns.has(head)));
    fold();
  };

  function draw(cell, line, head, counts, values) {
    const key = JSON.stringify([counts, values]);
    if (cell.dataset.key === key) return;
    cell.dataset.key = key;
    if (!counts) return cell.replaceChildren(el("span", { class: "off" }, "not asked"));
    const [look, sign] = cellLook(counts),
      said = cellWords(data.states, counts);
    const more = { route: head.route || "", family: line.family || "", run: head.run };
    if (!head.route) more.framework = head.framework;
    if (line.group && !line.family) more.group = line.group;
    const named = [head.run, head.route || head.framework, line.family || line.group || "all families"].filter(Boolean);
    cell.replaceChildren(
      el(
        "a",
        {
          class: `sq ${look}`,
          href: fragment("rows", { ...values, ...more }),
          title: `${named.join(", ")}: ${said}`,
          "aria-label": said,
        },
        sign,
      ),
    );
  }
}
