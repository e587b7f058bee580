// Drawings of a configuration, to scale: one cell of the output is CELL wide everywhere.

const CELL = 22,
  DRAWN = 48,
  STAIRS = 16;

// One axis of a case as numbers, positions counted in the full length: the output is [from, from + output).
function axisOf(numbers, axis) {
  const input = numbers.input[axis],
    kernel = numbers.kernel[axis],
    stride = numbers.stride[axis],
    dilation = numbers.dilation[axis];
  const [lo, hi] = numbers.padding[axis],
    extra = numbers.output_padding[axis];
  const extent = (kernel - 1) * dilation + 1,
    full = input > 0 ? (input - 1) * stride + extent : 0;
  const output = full - lo - hi + extra,
    reached = new Map();
  const taps = (i) => Array.from({ length: Math.max(kernel, 0) }, (_, k) => i * stride + k * dilation);
  for (let i = 0; i < Math.min(input, 4 * DRAWN); i++)
    for (const at of taps(i)) reached.set(at, (reached.get(at) || 0) + 1);
  const first = Math.min(0, lo),
    last = Math.max(full, lo + Math.max(output, 0));
  // What a position is: cropped away, in the output, or in the output by output padding only.
  const kind = (at) => (at < lo || at >= lo + output ? "cropped" : at >= full - hi ? "extra" : "kept");
  return { input, kernel, stride, dilation, lo, hi, extra, extent, full, output, reached, taps, first, last, kind };
}

// Whether an axis can be drawn: valid numbers, and of a size that fits.
function drawable(axis) {
  return axis.input > 0 && axis.kernel > 0 && axis.stride > 0 && axis.dilation > 0 && axis.extra >= 0;
}

// Each input element on a line of its own with the positions that it stamps; below, the output and what is cropped.
function stairs(axis, name, bias) {
  const lines = Math.min(axis.input, STAIRS),
    last = Math.min(axis.last, axis.first + DRAWN);
  const left = 76,
    width = left + (last - axis.first) * CELL + 8,
    height = (lines + 1) * CELL + 14;
  const x = (at) => left + (at - axis.first) * CELL;
  const said =
    `Axis ${name}: each of ${axis.input} input elements stamps ${axis.kernel} taps, ${axis.dilation} apart, ` +
    `${axis.stride} after the one before; ` +
    `${axis.lo} and ${axis.hi} are cropped, ${axis.extra} added; ${axis.output} are left.`;
  const picture = svg("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": said,
    class: "drawn",
  });
  for (let i = 0; i < lines; i++) {
    picture.append(svg("text", { x: 0, y: (i + 0.7) * CELL }, `input ${i}`));
    for (const [tap, at] of axis.taps(i).entries()) {
      if (at >= last) continue;
      picture.append(
        svg("rect", { x: x(at), y: i * CELL + 1, width: CELL - 1, height: CELL - 2, class: "tap " + axis.kind(at) }),
        svg("text", { x: x(at) + CELL / 2, y: (i + 0.7) * CELL, class: "mid" }, `k${tap}`),
      );
    }
  }
  const y = lines * CELL + 10;
  picture.append(svg("text", { x: 0, y: y + 0.7 * CELL }, "output"));
  for (let at = axis.first; at < last; at++)
    picture.append(
      ...cell(
        x(at),
        y,
        axis.kind(at),
        axis.reached.get(at) || 0,
        axis.kind(at) === "cropped" ? "" : at - axis.lo,
        bias,
      ),
    );
  return el(
    "figure",
    {},
    el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `Drawing of axis ${name}` }, picture),
    el("figcaption", {}, said + (axis.last > last || axis.input > lines ? " Only its beginning is drawn." : "")),
  );
}

// One position of the output: what it is, how many terms reach it, its index.
function cell(x, y, kind, terms, index, bias) {
  const empty = kind !== "cropped" && terms === 0;
  const what = { cropped: "cropped", kept: `output ${index}`, extra: `output ${index}, added by output padding` }[kind];
  const drawn = [
    svg(
      "rect",
      { x, y, width: CELL - 1, height: CELL - 1, class: `cell ${kind}${empty ? " bare" : ""}` },
      svg("title", {}, `${what}: ${empty ? `no tap reaches it, ${bias ? "the bias only" : "0"}` : `${terms} taps`}`),
    ),
  ];
  if (kind === "cropped")
    drawn.push(
      svg("path", {
        d: `M${x + 4} ${y + 4}l${CELL - 9} ${CELL - 9}m0 ${9 - CELL}l${9 - CELL} ${CELL - 9}`,
        class: "cross",
      }),
    );
  else
    drawn.push(svg("text", { x: x + CELL / 2, y: y + 0.7 * CELL, class: "mid" }, empty && bias ? "b" : String(terms)));
  return drawn;
}

// Two axes at once; a slider moves over the input and shows where that element stamps.
function plane(vertical, horizontal, names, bias) {
  const rows = Math.min(vertical.last, vertical.first + DRAWN),
    columns = Math.min(horizontal.last, horizontal.first + DRAWN);
  const width = (columns - horizontal.first) * CELL + 8,
    height = (rows - vertical.first) * CELL + 8;
  const x = (at) => 4 + (at - horizontal.first) * CELL,
    y = (at) => 4 + (at - vertical.first) * CELL;
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", class: "drawn" });
  for (let i = vertical.first; i < rows; i++)
    for (let j = horizontal.first; j < columns; j++) {
      const kinds = [vertical.kind(i), horizontal.kind(j)];
      const kind = kinds.includes("cropped") ? "cropped" : kinds.includes("extra") ? "extra" : "kept";
      picture.append(
        ...cell(
          x(j),
          y(i),
          kind,
          (vertical.reached.get(i) || 0) * (horizontal.reached.get(j) || 0),
          `${i - vertical.lo}, ${j - horizontal.lo}`,
          bias,
        ),
      );
    }
  const stamp = svg("g", { class: "stamp" });
  picture.append(stamp);
  const source = svg("svg", {
    width: horizontal.input * CELL + 8,
    height: vertical.input * CELL + 8,
    "aria-hidden": "true",
    class: "drawn",
  });
  for (let i = 0; i < Math.min(vertical.input, DRAWN); i++)
    for (let j = 0; j < Math.min(horizontal.input, DRAWN); j++) {
      source.append(
        svg("rect", { x: 4 + j * CELL, y: 4 + i * CELL, width: CELL - 1, height: CELL - 1, class: "cell" }),
      );
    }
  const mark = svg("g", { class: "stamp" }, svg("rect", { width: CELL - 4, height: CELL - 4 }));
  source.append(mark);
  const slider = el("input", { type: "range", min: 0, max: vertical.input * horizontal.input - 1, value: 0 });
  const words = el("output", {});
  const show = () => {
    const i = Math.floor(slider.value / horizontal.input),
      j = slider.value % horizontal.input;
    const start = [i * vertical.stride - vertical.lo, j * horizontal.stride - horizontal.lo];
    words.textContent = `input [${i}, ${j}]`;
    slider.setAttribute("aria-valuetext", words.textContent);
    mark.setAttribute("transform", `translate(${5.5 + j * CELL} ${5.5 + i * CELL})`);
    stamp.replaceChildren(
      ...vertical
        .taps(i)
        .filter((at) => at < rows)
        .flatMap((at) =>
          horizontal
            .taps(j)
            .filter((to) => to < columns)
            .map((to) => svg("rect", { x: x(to) + 1.5, y: y(at) + 1.5, width: CELL - 4, height: CELL - 4 })),
        ),
    );
    picture.setAttribute(
      "aria-label",
      `Axes ${names}: the stamp of ${words.textContent} starts at [${start.join(", ")}] of the output.`,
    );
  };
  slider.addEventListener("input", show);
  show();
  const cut = rows < vertical.last || columns < horizontal.last ? " Only its beginning is drawn." : "";
  return el(
    "figure",
    {},
    el("label", { class: "slider" }, "Outlined: one input element, and where it stamps ", slider, words),
    el(
      "div",
      { class: "wide beside", tabindex: "0", role: "region", "aria-label": `Drawing of axes ${names}` },
      el("div", {}, "input", source),
      el("div", {}, "full length, and the output in it", picture),
    ),
    el(
      "figcaption",
      {},
      `Axes ${names}. A number: how many (input element, kernel tap) pairs add up there, for each input channel. ` +
        `${bias ? "b: none, only the bias. " : ""}Crossed: cropped by padding. Dashed: added by output padding.${cut}`,
    ),
  );
}
