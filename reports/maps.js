// The map of an answer's errors: which elements are wrong, and how far in units of u·Σ|terms|. One byte an element.

const WRONG = 128,
  ENDLESS = 127,
  SHADES = 6;

// How far a level is, in units: half octaves from 2^-16.
function units(level) {
  const size = 2 ** ((level - 0.5) / 2 - 16);
  if (size >= 1e5) return `10^${Math.round(Math.log10(size))}`;
  return size < 1e-3 ? `10^${Math.round(Math.log10(size))}` : Number(size.toPrecision(2)).toLocaleString("en");
}

// `region`: where the wrong elements are, in words.
function errorMaps(map, check, region) {
  const levels = Uint8Array.from(atob(map.levels), (c) => c.charCodeAt(0)),
    shape = map.shape,
    rank = shape.length;
  const names = axisNames(check, rank),
    steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((one, other) => one * other, 1));
  // Axes of the picture: two of space, which two may be chosen where there are three; channels below each other in 1-D.
  const planes =
    rank > 4
      ? [
          [3, 4],
          [2, 3],
          [2, 4],
        ]
      : [rank > 1 ? [rank - 2, rank - 1] : [0]];
  let plane = planes[0];
  const worst = levels.reduce((best, level, index) => (level >= WRONG && best < 0 ? index : best), -1);
  const chosen = shape.map((length, axis) => (worst < 0 ? 0 : Math.floor(worst / steps[axis]) % length)),
    holder = el("div", { class: "maps" }),
    sliders = el("div", { class: "sliders" });
  const finite = (level) => level & 127 && (level & 127) !== ENDLESS;
  const most = levels.reduce((most, level) => (finite(level) ? Math.max(most, level & 127) : most), 1);
  const least = levels.reduce((least, level) => (finite(level) ? Math.min(least, level & 127) : least), most);
  const shade = (level) => {
    if (level === 0 || level === ENDLESS) return 0; // right: no error, or the NaN or infinity that is expected
    if ((level & 127) === ENDLESS) return SHADES;
    return Math.max(1, Math.ceil((((level & 127) - least + 1) / (most - least + 1)) * (SHADES - 1)));
  };
  const said = (level) => {
    if (level === ENDLESS) return "right: NaN or infinity, as expected";
    const far =
      (level & 127) === ENDLESS ? "not by a finite number" : level & 127 ? `by ${units(level & 127)} units` : "";
    return level >= WRONG ? `wrong${far ? `, ${far}` : ""}` : far ? `within the bound, off ${far}` : "right";
  };

  function controls() {
    const made = [];
    if (planes.length > 1) {
      const select = el(
        "select",
        {},
        planes.map(([one, other]) => el("option", {}, `${names[one]} × ${names[other]}`)),
      );
      select.selectedIndex = planes.indexOf(plane);
      select.addEventListener("change", () => {
        plane = planes[select.selectedIndex];
        controls();
        show();
        sliders.querySelector("select").focus();
      });
      made.push(el("label", { class: "slider" }, "Plane ", select));
    }
    shape.forEach((length, axis) => {
      if (plane.includes(axis)) return;
      const words = el("output", {}, `${chosen[axis]} of 0 to ${length - 1}`),
        slider = el("input", {
          type: "range",
          min: 0,
          max: length - 1,
          value: chosen[axis],
          disabled: length === 1 ? "" : null,
        });
      slider.addEventListener("input", () => {
        chosen[axis] = Number(slider.value);
        words.textContent = `${chosen[axis]} of 0 to ${length - 1}`;
        show();
      });
      made.push(el("label", { class: "slider" }, `${names[axis]} `, slider, words));
    });
    sliders.replaceChildren(...made);
  }
  function show() {
    const [vertical, horizontal] = plane.length > 1 ? plane : [null, plane[0]],
      height = vertical === null ? 1 : shape[vertical],
      width = shape[horizontal];
    const start = shape.reduce((sum, _, axis) => (plane.includes(axis) ? sum : sum + chosen[axis] * steps[axis]), 0);
    const here = [];
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++)
        here.push(levels[start + (vertical === null ? 0 : i * steps[vertical]) + j * steps[horizontal]]);
    const size = Math.max(5, Math.min(CELL, Math.floor(560 / width))),
      wrong = here.filter((level) => level >= WRONG).length;
    const where = shape.flatMap((length, axis) =>
      plane.includes(axis) || length === 1 ? [] : [`${names[axis]} ${chosen[axis]}`],
    );
    const caption = `${wrong} of ${here.length} wrong in ${where.join(", ") || "the answer"}`;
    const drawn = svg("svg", {
      width: width * size + 2,
      height: height * size + 2,
      viewBox: `0 0 ${width * size + 2} ${height * size + 2}`,
      role: "img",
      "aria-label": caption,
      class: "drawn",
    });
    here.forEach((level, index) => {
      const i = Math.floor(index / width),
        j = index % width,
        x = 1 + j * size,
        y = 1 + i * size,
        place = chosen.map((at, axis) => (axis === vertical ? i : axis === horizontal ? j : at));
      drawn.append(
        svg(
          "rect",
          {
            x,
            y,
            width: size - 1,
            height: size - 1,
            class: `cell shade${shade(level)}${level >= WRONG ? " wrong-here" : ""}`,
          },
          svg("title", {}, `[${place.join(", ")}]: ${said(level)}`),
        ),
      );
      if (level >= WRONG) drawn.append(crossAt(x, y, size, shade(level)));
      else if (level === ENDLESS)
        drawn.append(svg("circle", { cx: x + size / 2 - 0.5, cy: y + size / 2 - 0.5, r: size / 7, class: "dot" }));
    });
    holder.replaceChildren(
      el(
        "figure",
        {},
        el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `Map of errors: ${caption}` }, drawn),
        el("figcaption", {}, caption, ". ", ...legend()),
      ),
    );
  }
  // What the shades say, with the unit where it stands.
  function legend() {
    const some = levels.some(finite),
      endless = levels.some((level) => level === WRONG + ENDLESS),
      same = levels.includes(ENDLESS);
    const box = (name) =>
      svg(
        "svg",
        { width: 14, height: 14, "aria-hidden": "true", class: "key" },
        svg("rect", { width: 13, height: 13, class: `cell ${name}` }),
      );
    return [
      ...(some
        ? [
            "Off by ",
            box(`shade${shade(least | WRONG)}`),
            ` ${units(least)}`,
            ...(most > least ? [" to ", box("shade5"), ` ${units(most)}`] : []),
            " units; a unit, u·Σ|x||w|, is what one rounding of the sum may bring. ",
          ]
        : []),
      ...(endless ? [box("shade6"), " NaN or infinity on one side only. "] : []),
      ...(same ? ["A dot: NaN or infinity on both sides, as it must be."] : []),
    ];
  }
  controls();
  show();
  return el(
    "div",
    {},
    region && region !== "some elements" ? el("p", { class: "region" }, "Wrong: ", el("b", {}, region)) : null,
    sliders,
    holder,
  );
}

function crossAt(x, y, size, shade) {
  const arm = size * 0.45;
  return svg("path", {
    d: `M${x + size / 4} ${y + size / 4}l${arm} ${arm}m0 ${-arm}l${-arm} ${arm}`,
    class: shade > 3 ? "cross light" : "cross",
  });
}

// What the axes of an answer to a check are called.
function axisNames(check, rank) {
  const first = { grad_weight: ["input channel", "output channel"], grad_bias: ["channel"] }[check] || [
    "image",
    "channel",
  ];
  return [...first, ...["depth", "row", "column"].slice(3 - Math.max(0, rank - first.length))];
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
