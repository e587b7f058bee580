// Maps of an answer's errors: which elements are wrong, and how far in units of u·Σ|terms|. One byte an element.

const WRONG = 128,
  ENDLESS = 127,
  SHADES = 6;

// How far a level is, in units: half octaves from 2^-16.
function units(level) {
  return level === ENDLESS
    ? "infinite or no number"
    : `about ${(2 ** ((level - 0.5) / 2 - 16)).toPrecision(2)} u·Σ|x||w|`;
}

function errorMaps(map, check) {
  const levels = Uint8Array.from(atob(map.levels), (c) => c.charCodeAt(0)),
    shape = map.shape;
  const flat = shape.length > 3 ? 2 : 1; // axes of one picture: two of space, or one
  const height = flat === 2 ? shape[shape.length - 2] : 1,
    width = shape[shape.length - 1] || 1;
  const outer = shape.slice(0, shape.length - flat);
  const names = check === "grad_weight" ? ["input channel", "output channel", "depth"] : ["batch", "channel", "depth"];
  const chosen = outer.map(() => 0),
    holder = el("div", { class: "maps" });
  const controls = outer.map((length, index) => {
    const words = el("output", {}),
      slider = el("input", { type: "range", min: 0, max: length - 1, value: 0, disabled: length === 1 ? "" : null });
    slider.addEventListener("input", () => {
      chosen[index] = Number(slider.value);
      show();
    });
    return { words, label: el("label", { class: "slider" }, `${names[index] || "axis " + index} `, slider, words) };
  });
  const size = Math.max(4, Math.min(CELL, Math.floor(640 / width)));
  const most = levels.reduce((most, level) => ((level & 127) === ENDLESS ? most : Math.max(most, level & 127)), 1);
  const least = levels.reduce((least, level) => (level & 127 ? Math.min(least, level & 127) : least), most);
  const shade = (level) =>
    level === 0
      ? 0
      : level === ENDLESS
        ? SHADES
        : Math.max(1, Math.ceil(((level - least + 1) / (most - least + 1)) * (SHADES - 1)));

  const far = levels.some((level) => level & 127 && (level & 127) !== ENDLESS)
    ? `How far, in units of u·Σ|x||w|: from ${units(least)} (faintest) to ${units(most)} (strongest)`
    : "How far: infinitely, or by no number";

  function slice() {
    const start = chosen.reduce((at, index, axis) => at * outer[axis] + index, 0) * height * width;
    return levels.subarray(start, start + height * width);
  }
  function show() {
    const here = slice(),
      wrong = here.reduce((count, level) => count + (level >= WRONG), 0);
    controls.forEach((control, index) => {
      control.words.textContent = `${chosen[index]} (0 to ${outer[index] - 1})`;
    });
    const where = outer.map((_, index) => `${names[index]} ${chosen[index]}`).join(", ");
    holder.replaceChildren(
      picture(
        here,
        `Which are wrong: ${wrong} of ${here.length} in ${where || "all"}`,
        (level) => (level >= WRONG ? "cell wrong-here" : "cell right-here"),
        (level) => (level >= WRONG ? "wrong" : "right"),
        true,
      ),
      picture(
        here,
        far,
        (level) => `cell shade${shade(level & 127)}`,
        (level) => (level & 127 ? units(level & 127) : "no error"),
        false,
      ),
    );
  }
  function picture(here, said, style, words, crossed) {
    const drawn = svg("svg", {
      width: width * size + 2,
      height: height * size + 2,
      viewBox: `0 0 ${width * size + 2} ${height * size + 2}`,
      role: "img",
      "aria-label": said,
      class: "drawn",
    });
    const arm = size * 0.45;
    here.forEach((level, index) => {
      const x = 1 + (index % width) * size,
        y = 1 + Math.floor(index / width) * size;
      drawn.append(
        svg(
          "rect",
          { x, y, width: size - 1, height: size - 1, class: style(level) },
          svg("title", {}, `[${[...chosen, Math.floor(index / width), index % width].join(", ")}]: ${words(level)}`),
        ),
      );
      if (crossed && level >= WRONG)
        drawn.append(
          svg("path", {
            d: `M${x + size / 4} ${y + size / 4}l${arm} ${arm}m0 ${-arm}l${-arm} ${arm}`,
            class: "cross",
          }),
        );
    });
    return el(
      "figure",
      {},
      el("figcaption", {}, said),
      el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": said }, drawn),
    );
  }
  show();
  return el(
    "div",
    {},
    el(
      "div",
      { class: "sliders" },
      controls.map((control) => control.label),
    ),
    holder,
  );
}

// What an impulse makes, beside what it should make: numbers as a table, a deeper array as one table an index.
// What is not as in `other` bears a sign.
function stampTable(title, values, other) {
  const depth = (value) => (Array.isArray(value) ? 1 + depth(value[0]) : 0);
  if (depth(values) > 2)
    return el(
      "div",
      {},
      values.map((part, index) => stampTable(`${title}, depth ${index}`, part, other[index])),
    );
  const [lines, others] = depth(values) === 2 ? [values, other] : [[values], [other]];
  const body = lines.map((line, i) =>
    el(
      "tr",
      {},
      line.map((value, j) =>
        el(
          "td",
          { class: "number" },
          value === others[i][j] ? String(value) : el("b", { class: "wrong" }, `${value} ≠`),
        ),
      ),
    ),
  );
  return el(
    "div",
    { class: "wide", tabindex: "0", role: "region", "aria-label": title },
    el("table", {}, el("caption", {}, title), el("tbody", {}, body)),
  );
}
