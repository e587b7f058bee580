// How every route writes a question: its native call, and the way of the kernel from IOHW into the layout that it reads.

// Each route on this question: state, answer, native call, and the kernel's way into its layout.
function routes(data, details, same, row, numbers) {
  const bits = (details.told[row] || {}).bits;
  const said = (other) => {
    if (other === row) return "this one";
    const agrees = bits && data.at("verdict", other) === "differ" && (details.told[other] || {}).bits === bits;
    return agrees ? "the same wrong answer, bit for bit" : data.answers[data.at("verdict", other)];
  };
  const others = same.filter((other) => other !== row),
    silent = others.filter((other) => !data.column.plan[other]);
  const article = (other) => {
    const plan = details.plans[data.column.plan[other] - 1],
      state = data.at("state", other),
      why = data.at("why", other);
    return el(
      "article",
      { class: "call" + (other === row ? " chosen" : "") },
      el(
        "h4",
        {},
        other === row ? data.at("route", other) : el("a", { href: rowFragment(data, other) }, data.at("route", other)),
      ),
      el("p", {}, el("span", { class: `n s-${state}` }, state), ` ${said(other)}`, why ? ": " : "", el("bdi", {}, why)),
      plan ? el("pre", { tabindex: "0" }, el("code", {}, plan.source)) : el("p", { class: "none" }, "no native call"),
      plan && plan.emulates ? el("p", {}, "Emulates: " + plan.emulates) : null,
      plan && numbers ? way("kernel", "IO", plan, "w", numbers) : null,
      plan && numbers ? way("input", "NC", plan, "x", numbers) : null,
    );
  };
  const left = details.left_out ? " (or this page had no room for it)" : "";
  return [
    el("div", { class: "calls" }, [row, ...others.filter((other) => data.column.plan[other])].map(article)),
    silent.length
      ? el(
          "details",
          {},
          el("summary", {}, `No native call${left}: ${silent.map((other) => data.at("route", other)).join(", ")}`),
          el(
            "ul",
            {},
            silent.map((other) =>
              el(
                "li",
                {},
                el("a", { href: rowFragment(data, other) }, data.at("route", other)),
                ` ${said(other)}`,
                data.at("why", other) ? ": " : "",
                el("bdi", {}, data.at("why", other)),
              ),
            ),
          ),
        )
      : null,
  ].filter(Boolean);
}

// The permutation of an operand from the canonical layout to the one that a call reads; null where it is none, and for
// an input that stays as it is.
function way(title, two, plan, operand, numbers) {
  const to = plan.layouts[operand] || "",
    space = [...to].filter((letter) => "DHW".includes(letter)).join(""),
    grouped = to.includes("G"),
    from = (grouped ? "G" : "") + two + space;
  if ([...to].sort().join() !== [...from].sort().join()) return null;
  if (to === from && operand !== "w") return null;
  const inputs = grouped ? [numbers.groups, numbers.in_channels / numbers.groups] : [numbers.in_channels];
  const lengths =
    operand === "w"
      ? [...inputs, numbers.out_channels / numbers.groups, ...numbers.kernel]
      : [numbers.batch, numbers.in_channels, ...numbers.input];
  const sizes = Object.fromEntries([...from].map((letter, index) => [letter, lengths[index]]));
  const axes = [...to].map((letter) => from.indexOf(letter)).join(", ");
  const start = grouped ? `${operand}.reshape(${lengths.join(", ")})` : operand;
  const before = grouped ? `The ${title} gets an axis for the groups and ` : `The ${title} `;
  const moves = to === from ? start : `numpy.transpose(${start}, (${axes}))`;
  return el(
    "details",
    { open: operand === "w" ? "" : null },
    el(
      "summary",
      {},
      to === two + space
        ? `The ${title} stays ${from}: no axis moves`
        : `${before}goes from ${two + space} to ${to}: ${moves}`,
    ),
    permutation(from, to, sizes),
    operand === "w" && to !== from && !grouped ? el("p", {}, forgotten(from, to, sizes)) : null,
  );
}

// A permutation as letters on two lines, equal letters connected.
function permutation(from, to, sizes) {
  const step = 44,
    width = from.length * step + 8,
    height = 104;
  const x = (index) => 4 + index * step + step / 2;
  const said = [...to].map((letter, axis) => `axis ${axis} is ${letter}, axis ${from.indexOf(letter)} before`);
  const picture = svg("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    class: "drawn",
    "aria-label": `${from} to ${to}: ${said.join("; ")}`,
  });
  [...from].forEach((letter, index) => {
    const other = to.indexOf(letter);
    picture.append(
      svg("line", { x1: x(index), y1: 36, x2: x(other), y2: 66, class: index === other ? "wire" : "wire moved" }),
      svg("text", { x: x(index), y: 14, class: "mid size" }, String(sizes[letter] ?? "")),
      svg("text", { x: x(index), y: 32, class: "mid letter" }, letter),
      svg("text", { x: x(other), y: 82, class: "mid letter" }, letter),
      svg("text", { x: x(other), y: 98, class: "mid size" }, String(sizes[letter] ?? "")),
    );
  });
  return picture;
}

// What comes of a kernel that is handed over as it is: `sizes` by letter, `from` how it is stored, `to` how it is read.
function forgotten(from, to, sizes) {
  const read = {};
  [...to].forEach((letter, index) => {
    read[letter] = sizes[from[index]];
  });
  const order = (letters) => [...letters].filter((letter) => sizes[letter] > 1).join("");
  if (order(from) === order(to) && [...to].every((letter) => read[letter] === sizes[letter]))
    return "Forgotten here: harmless, only axes of length 1 move.";
  if ([...to].every((letter) => read[letter] === sizes[letter]))
    return "Forgotten here: every size stays the same, nothing complains, and the values are silently wrong.";
  if (read.I !== sizes.I)
    return `Forgotten here: the call reads ${read.I} input channels where there are ${sizes.I}, and refuses.`;
  const other = [...to]
    .filter((letter) => read[letter] !== sizes[letter])
    .map((letter) => `${letter} = ${read[letter]} instead of ${sizes[letter]}`);
  const outcome = "another output shape, or an error where the shape is given";
  return `Forgotten here: the channels fit, but ${other.join(", ")}: ${outcome}.`;
}
