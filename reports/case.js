// One case on one route: what was asked, drawn; what was answered, and where it is wrong; how every route writes it.

const QUESTION = ["dtype", "check", "fill"];

// The view of the row that `wanted` names, or of the case's worst row where it names none.
function caseView(data, details, wanted) {
  const id = wanted.get("case"),
    mine = rowsOf(data, id);
  const back = el(
    "p",
    {},
    el("a", { href: fragment("rows", { q: `case "${id}"` }) }, "All rows of this case"),
    " · ",
    el("a", { href: "#matrix" }, "Back to all routes"),
  );
  if (!mine.length)
    return [el("h2", { tabindex: "-1" }, "No such case in this run"), el("p", {}, el("bdi", {}, id)), back];
  const row =
    mine.find((row) =>
      ["route", "run", ...QUESTION].every((name) => !wanted.get(name) || data.at(name, row) === wanted.get(name)),
    ) ?? mine[0];
  const same = mine.filter((other) =>
    [...QUESTION, "run"].every((name) => data.column[name][other] === data.column[name][row]),
  );
  const numbers = data.cases[id],
    told = details.told[row] || {};
  return [
    el("h2", { tabindex: "-1" }, "Case ", el("bdi", {}, id)),
    numbers && el("p", { class: "why" }, numbers.why, " ", el("small", {}, numbers.where)),
    back,
    ...verdictOf(data, row, told),
    chooser(data, mine, row),
    ...part("What is wrong", wrongs(data.at("check", row), told)),
    data.column.finding[row] && !details.told[row] && el("p", {}, "This page had no room for more about this row."),
    ...part(
      "The configuration",
      numbers ? configuration(numbers) : [el("p", {}, "The run file holds no numbers for this case.")],
    ),
    ...part("How every route writes it, and what it answered", routes(data, details, same, row, numbers)),
    ...part("Repeat it", repeat(data, row, told)),
  ].filter((child) => child instanceof Node);
}

function rowsOf(data, id) {
  const number = data.words.case.indexOf(id),
    found = [];
  if (number >= 0)
    data.column.case.forEach((value, row) => {
      if (value === number) found.push(row);
    });
  return found;
}

function part(title, content) {
  return content.length ? [el("h3", {}, title), ...content] : [];
}

function verdictOf(data, row, told) {
  const state = data.at("state", row),
    verdict = data.at("verdict", row),
    finding = data.column.finding[row];
  return [
    el(
      "p",
      { class: "verdict" },
      el("span", { class: `n s-${state}` }, state),
      " ",
      el("b", {}, data.at("route", row)),
      ` ${QUESTION.map((name) => data.at(name, row)).join(" ")}: `,
      el("bdi", {}, told.sentence || `${verdict}${data.at("why", row) ? ": " + data.at("why", row) : ""}`),
      told.seconds ? ` (${(told.seconds * 1000).toPrecision(2)} ms in the framework)` : "",
    ),
    finding
      ? el("p", {}, "Finding: ", el("a", { href: fragment("findings", { finding }) }, data.findings[finding - 1]))
      : null,
  ];
}

// A list of all rows of the case; choosing one shows it.
function chooser(data, mine, row) {
  const name = (other) =>
    ["state", "route", ...QUESTION, "run"]
      .map((name) => data.at(name, other))
      .join("  ")
      .trim();
  const select = el("select");
  const show = () => {
    location.hash = rowFragment(data, mine[select.selectedIndex]);
  };
  for (const other of mine) select.append(el("option", { selected: other === row ? "" : null }, name(other)));
  return el(
    "p",
    { class: "chooser" },
    el("label", {}, `One of ${mine.length} rows of this case: `, select),
    " ",
    el("button", { type: "button", onclick: show }, "Show it"),
  );
}

function rowFragment(data, row) {
  const values = {};
  for (const name of ["case", "route", ...QUESTION, "run"]) values[name] = data.at(name, row);
  return fragment("", values);
}

function wrongs(check, told) {
  const found = [];
  if (told.mismatch === "shape") found.push(shapes(told.expected_shape, told.returned_shape));
  if (told.mismatch === "dtype")
    found.push(el("p", {}, `Expected ${told.expected_dtype}, returned ${told.returned_dtype}.`));
  if (told.count) found.push(el("p", {}, `${told.count}.`));
  if (told.causes && told.causes.length > 1) found.push(el("p", {}, "Equally: " + told.causes.slice(1).join("; ")));
  if (told.again) found.push(el("p", {}, `First: ${told.again.first}. Asked again: ${told.again.second}.`));
  if (told.stamp) {
    const { input, channel, at, expected, returned } = told.stamp;
    found.push(
      el(
        "p",
        {},
        `What one impulse at ${list(input)} of the input's first channel makes of a kernel numbered 1, 2, 3, …, ` +
          `in output channel ${channel} from ${list(at)} on:`,
      ),
      el(
        "div",
        { class: "beside" },
        stampTable("expected", expected, expected),
        stampTable("returned", returned, expected),
      ),
    );
  }
  if (told.error_map) found.push(errorMaps(told.error_map, check));
  if (told.wrong_elements)
    found.push(
      tableOf(
        "First wrong elements",
        ["index", "expected", "returned", "returned − expected"],
        told.wrong_elements.map(([index, right, got]) => [
          `[${index.join(", ")}]`,
          String(right),
          String(got),
          typeof right === "number" && typeof got === "number" ? String(Number((got - right).toPrecision(6))) : "–",
        ]),
      ),
      el(
        "p",
        {},
        told.wrong > told.wrong_elements.length
          ? `The first ${told.wrong_elements.length} of ${told.wrong}.`
          : "These are all.",
      ),
    );
  if (told.trace) found.push(copyable("Trace", told.trace, false));
  if (told.log) found.push(copyable("End of the worker's log", told.log, false));
  return found;
}

// Two shapes, axis by axis; what differs is marked by a sign, not by its colour alone.
function shapes(expected, returned) {
  const length = Math.max(expected.length, returned.length);
  const axes = Array.from({ length }, (_, axis) => ["batch", "channels"][axis] || `axis ${axis - 2}`);
  const line = (title, shape) => [
    title,
    ...axes.map((_, axis) =>
      expected[axis] === returned[axis]
        ? String(shape[axis])
        : el("b", { class: "wrong" }, `${shape[axis] ?? "none"} ≠`),
    ),
  ];
  return tableOf("Shapes", ["shape", ...axes], [line("expected", expected), line("returned", returned)]);
}

function configuration(numbers) {
  const rank = numbers.input.length,
    names = ["", "W", "HW", "DHW"][rank] || "",
    axes = numbers.input.map((_, axis) => axisOf(numbers, axis));
  const kept = numbers.shapes || {};
  const x = kept.x || [numbers.batch, numbers.in_channels, ...numbers.input];
  const w = kept.w || [
    numbers.in_channels,
    Math.floor(numbers.out_channels / Math.max(numbers.groups, 1)),
    ...numbers.kernel,
  ];
  const b = numbers.bias ? `b ${list(kept.b || [numbers.out_channels])}` : "no bias";
  const y = [numbers.batch, numbers.out_channels, ...axes.map((axis) => axis.output)];
  const found = [el("p", {}, `x ${list(x)}, w ${list(w)}, ${b}, groups ${numbers.groups} → y ${list(y)}`)];
  for (const name of ["convention", "output_size", "input_layout", "kernel_layout", "options"])
    if (numbers[name])
      found.push(
        el("p", {}, `${name}: ${typeof numbers[name] === "string" ? numbers[name] : JSON.stringify(numbers[name])}`),
      );
  if (numbers.refuse) found.push(el("p", {}, "This question must be refused: ", el("bdi", {}, numbers.refuse)));
  if (rank)
    found.push(
      tableOf(
        "Arithmetic of the output's lengths",
        ["axis", "kernel's extent (K − 1)·e + 1", "full length (I − 1)·s + K_e", "output F − lo − hi + op"],
        axes.map((axis, index) => [
          names[index],
          `(${axis.kernel} − 1)·${axis.dilation} + 1 = ${axis.extent}`,
          `(${axis.input} − 1)·${axis.stride} + ${axis.extent} = ${axis.full}`,
          `${axis.full} − ${axis.lo} − ${axis.hi} + ${axis.extra} = ${axis.output}`,
        ]),
      ),
    );
  if (!axes.every(drawable))
    return [
      ...found,
      el("p", {}, "Nothing to draw: these numbers describe no transposed convolution, or an empty one."),
    ];
  if (rank > 1)
    found.push(plane(axes[rank - 2], axes[rank - 1], `${names[rank - 2]} and ${names[rank - 1]}`, numbers.bias));
  axes.forEach((axis, index) => found.push(stairs(axis, names[index], numbers.bias)));
  return found;
}

function list(shape) {
  return `[${shape.join(", ")}]`;
}

function repeat(data, row, told) {
  const id = data.at("case", row).replaceAll("'", "'\\''"),
    related = data.at("fill", row) === "related"; // a relation between answers is no question that can be shown
  const verb = related ? "run --metamorphic" : "show",
    narrow = related ? ` --dtype ${data.at("dtype", row)} --check ${data.at("check", row)}` : "";
  const command = `convt ${verb} '${id}' ${data.given[data.at("route", row)]}${narrow}`;
  const found = [];
  if (told.script) found.push(copyable("Script that repeats it", told.script, true));
  found.push(copyable("In words; with --script as a script", command, true));
  if (told.ledger) {
    const { kind, why, where, link } = told.ledger,
      safe = /^https?:\/\//.test(link || "");
    found.push(
      el(
        "p",
        { class: "ledger" },
        `${kind}: `,
        el("bdi", {}, why),
        " ",
        safe ? el("a", { href: link, rel: "noreferrer" }, link) : el("bdi", {}, link || ""),
        " ",
        el("small", {}, where),
      ),
    );
  }
  return found;
}

function copyable(title, text, button) {
  return el(
    "div",
    {},
    el("h4", {}, title),
    button ? el("button", { type: "button", class: "copy", "aria-label": `Copy: ${title}` }, "Copy") : null,
    el("pre", { tabindex: "0" }, el("code", {}, text)),
  );
}
