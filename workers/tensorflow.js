// TensorFlow.js in Node and in a page: tf.conv2dTranspose(x, w, [N, H, W, M], stride, padding) and tf.conv3dTranspose.
"use strict";
const { Unsupported } = require("./convt_worker.js");

const SPACE = { 2: "HW", 3: "DHW" };
const OVER = { grad_input: "x", grad_weight: "w", grad_bias: "b" };

// The word or the pairs for the padding, beside the output's size that is always told.
function paddingOf(c) {
  const word = c.options.padding;
  if (typeof word === "string") return word.toLowerCase();
  if (c.convention === "tensorflow_same" || c.convention === "tensorflow_valid") return c.convention.slice(11);
  const crop = c.padding.map(([lo, hi], a) => [lo, hi - c.output_padding[a]]);
  const full = c.input.map((length, a) => (length ? (length - 1) * c.stride[a] + c.kernel[a] : 0));
  if (crop.every(([lo, hi], a) => lo === 0 && hi <= 0 && -hi < c.stride[a])) return "valid";
  const half = full.map((length, a) => Math.floor(Math.max(length - c.output[a], 0) / 2));
  if (crop.every(([lo], a) => lo === half[a] && Math.ceil(c.output[a] / c.stride[a]) === c.input[a])) return "same";
  if (c.input.length === 3) throw new Unsupported("in 3-D the padding is SAME or VALID");
  return [[0, 0], ...(word || c.padding), [0, 0]];
}

function lower(c, checks) {
  const rank = c.input.length;
  if (rank === 1) throw new Unsupported("there is no conv1dTranspose");
  if (c.groups !== 1) throw new Unsupported("no groups");
  if (c.dilation.some((e) => e !== 1)) throw new Unsupported("no dilation");
  const x = `N${SPACE[rank]}C`, w = `${SPACE[rank]}OI`;
  const channels = (letters) => (letters || x).replace(/[DHW]+/, "…");
  if (channels(c.input_layout) !== "N…C" || (c.kernel_layout || w) !== w) throw new Unsupported(`${x} and ${w} only`);
  if (c.options.padding && !c.options.output_size) throw new Unsupported("the output's size must be told");
  const size = c.options.output_size || c.output;
  const said = { outputShape: [c.batch, ...size, c.out_channels], strides: c.stride, pad: paddingOf(c) };
  const call = `tf.conv${rank}dTranspose`;
  const words = Object.values(said).map((value) => JSON.stringify(value)).join(", ");
  const value = `${call}(x, w, ${words})${c.bias ? ".add(b)" : ""}`;
  const over = checks.map((check) => OVER[check]).join(", ");
  const gradients = `[${over.replace(/\b(?=\w)/g, "d")}] = tf.grads((${over}) => ${value})([${over}], g)`;
  return { call, arguments: said, source: checks.includes("forward") ? `y = ${value}` : gradients, x, w };
}

// Where the library is: it makes tensors, calls it, and takes the answers apart. It runs in a page, too, so it uses
// nothing but what it is given.
async function answered(tf, backend, rank, said, operands, checks) {
  if (!(await tf.setBackend(backend))) throw new Error(`there is no backend ${backend} here`);
  const call = rank === 2 ? tf.conv2dTranspose : tf.conv3dTranspose;
  const wanted = tf.tidy(() => {
    const tensors = {};
    for (const [name, { dtype, shape, data }] of Object.entries(operands)) tensors[name] = tf.tensor(data, shape, dtype);
    const value = ({ x, w, b }) => {
      const y = call(x, w, said.outputShape, said.strides, said.pad);
      return b ? tf.add(y, b) : y;
    };
    if (checks.includes("forward")) return { forward: value(tensors) };
    const over = checks.map((check) => ({ grad_input: "x", grad_weight: "w", grad_bias: "b" })[check]);
    const beside = (given) => Object.fromEntries(given.map((tensor, place) => [over[place], tensor]));
    const found = tf.grads((...given) => value({ ...tensors, ...beside(given) }))(over.map((name) => tensors[name]), tensors.g);
    return Object.fromEntries(found.map((tensor, place) => [checks[place], tensor]));
  });
  const found = {};
  for (const check of checks) {
    const { dtype, shape } = wanted[check];
    found[check] = { dtype, shape, data: Float32Array.from(await wanted[check].data()) };
  }
  tf.dispose(wanted);
  return found;
}

// A route by a backend. `ask(backend, rank, said, operands, checks)` is `answered` where the library is.
const route = (ask, backend, checks = ["forward", "grad_input", "grad_weight", "grad_bias"]) => ({
  checks,
  options: ["padding", "output_size"],
  arithmetic: { float32: { bias: "separate" } },
  unasked: { "shape of b": "the bias is added by a second call" },
  lower,
  run: (plan, operands, asked, c) => ask(backend, c.input.length, plan.arguments, operands, asked),
});

module.exports = { answered, route };
