// One case on one route: what was asked, drawn; what was answered, and where it is wrong; how every route writes it.

const QUESTION = ["dtype", "check", "fill"];

// The view of the row that `wanted` names, or of the case's worst row where it names none.
function caseView(data, details, wanted) {
  const id = wanted.get("case"),
    mine = rowsOf(data, id);
  const back = el(
    "p",
    { class: "back" },
    el("a", { href: "#matrix" }, "← All routes"),
    " · ",
    el("a", { href: fragment("rows", { q: `case "${id}"` }) }, "All rows of this case"),
    ...["Native calls", "Script"].flatMap((name) => [
      " · ",
      el("button", { type: "button", class: "jump", onclick: () => jump(name) }, name),
    ]),
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
  const check = data.at("check", row);
  return [
    el("h2", { tabindex: "-1" }, "Case ", el("bdi", {}, id)),
    numbers &&
      el(
        "p",
        {},
        numbers.says,
        numbers.why ? el("span", { class: "why" }, ` ${numbers.why}`) : null,
        " ",
        el("small", {}, numbers.where),
      ),
    back,
    ...verdictOf(data, row, told),
    el(
      "div",
      { class: "pictures" },
      numbers
        ? el("section", { "aria-label": "The configuration" }, el("h3", {}, "The configuration"), ...pictured(numbers))
        : null,
      told.error_map
        ? el(
            "section",
            { "aria-label": "Where it is wrong" },
            el("h3", {}, "Where it is wrong"),
            errorMaps(told.error_map, check, told.region),
          )
        : null,
    ),
    chooser(data, mine, row),
    ...part("What is wrong", wrongs(told)),
    data.column.finding[row] && !details.told[row] && el("p", {}, "This page had no room for more about this row."),
    ...part("Sizes", numbers ? configuration(numbers) : [el("p", {}, "The run file holds no numbers for this case.")]),
    ...part("Native calls", routes(data, details, same, row, numbers)),
    ...part("Script", repeat(data, row, told)),
  ].filter((child) => child instanceof Node);
}

// To a part of the view by its heading; the focus goes with it.
function jump(title) {
  const heading = [...document.querySelectorAll("#case h3")].find((one) => one.textContent === title);
  heading.tabIndex = -1;
  heading.focus();
  heading.scrollIntoView();
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

function wrongs(told) {
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
  if (told.wrong_elements)
    found.push(
      el(
        "details",
        { open: told.wrong_elements.length < 7 ? "" : null },
        el(
          "summary",
          {},
          told.wrong > told.wrong_elements.length
            ? `The first ${told.wrong_elements.length} of ${told.wrong} wrong elements`
            : `All ${told.wrong} wrong elements`,
        ),
        tableOf(
          "Wrong elements",
          ["index", "expected", "returned", "returned − expected"],
          told.wrong_elements.map(([index, right, got]) => [
            `[${index.join(", ")}]`,
            String(right),
            String(got),
            typeof right === "number" && typeof got === "number" ? String(Number((got - right).toPrecision(6))) : "–",
          ]),
        ),
      ),
    );
  if (told.trace) found.push(copyable("Trace", told.trace, false));
  if (told.log)
    found.push(
      el(
        "details",
        {},
        el("summary", {}, "End of the worker's log"),
        el("pre", { tabindex: "0" }, el("code", {}, told.log)),
      ),
    );
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
  if (rank > 1 && axes.every(drawable))
    found.push(
      el(
        "details",
        {},
        el("summary", {}, "Axis by axis: what each input element stamps"),
        ...axes.map((axis, index) => stairs(axis, names[index], numbers.bias)),
      ),
    );
  return found;
}

// The drawing of a configuration; of three axes the two that are chosen.
function pictured(numbers) {
  const rank = numbers.input.length,
    names = ["", "W", "HW", "DHW"][rank] || "",
    axes = numbers.input.map((_, axis) => axisOf(numbers, axis));
  if (!axes.length || !axes.every(drawable))
    return [el("p", {}, "Nothing to draw: these numbers describe no transposed convolution, or an empty one.")];
  if (rank === 1) return [stairs(axes[0], names[0], numbers.bias)];
  const draw = (one, other) => plane(axes[one], axes[other], `${names[one]} and ${names[other]}`, numbers.bias);
  if (rank === 2) return [draw(0, 1)];
  const pairs = [
      [1, 2],
      [0, 1],
      [0, 2],
    ],
    holder = el("div", {}, draw(1, 2));
  const select = el(
    "select",
    { onchange: () => holder.replaceChildren(draw(...pairs[select.selectedIndex])) },
    pairs.map(([one, other]) => el("option", {}, `${names[one]} × ${names[other]}`)),
  );
  return [el("label", { class: "slider" }, "Plane of axes ", select), holder];
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
  else found.push(el("p", {}, "No script in this page: add --script to the command."));
  found.push(copyable("In words", command, true));
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
