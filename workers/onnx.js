// ONNX Runtime in JavaScript, natively and as WebAssembly, in Node and in a page: a model of one ConvTranspose for each
// case, written as a protocol buffer by hand.
"use strict";
const { Unsupported } = require("./convt_worker.js");

const AUTO_PAD = { onnx_valid: "VALID", onnx_same_upper: "SAME_UPPER", onnx_same_lower: "SAME_LOWER" };
const OUTPUT_SHAPE = { onnx_output_shape: "NOTSET", onnx_output_shape_upper: "SAME_UPPER" };
const WORDS = ["padding", "output_size", ...Object.keys(AUTO_PAD), ...Object.keys(OUTPUT_SHAPE)];
const KINDS = { float32: 1 };

function varint(number) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(number));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

// A field of a protocol buffer: an integer, or anything else with its length.
function field(number, value) {
  if (typeof value === "number") return Buffer.concat([varint(number << 3), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

const join = (parts) => Buffer.concat(parts);

function attribute([name, value]) {
  if (typeof value === "string") return join([field(1, name), field(4, value), field(20, 3)]);
  if (typeof value === "number") return join([field(1, name), field(3, value), field(20, 2)]);
  return join([field(1, name), ...value.map((number) => field(8, number)), field(20, 7)]);
}

function described(name, dtype, lengths) {
  const shape = join(lengths.map((length) => field(1, length === null ? "" : field(1, length))));
  return join([field(1, name), field(2, field(1, join([field(1, KINDS[dtype]), field(2, shape)])))]);
}

// A model of one ConvTranspose as bytes. shapes: those of its inputs, by name.
function model(dtype, shapes, attributes) {
  const names = Object.keys(shapes);
  const node = [...names.map((name) => field(1, name)), field(2, "y"), field(4, "ConvTranspose")];
  node.push(...Object.entries(attributes).map((each) => field(5, attribute(each))));
  const graph = [field(1, join(node)), field(2, "graph")];
  graph.push(...names.map((name) => field(11, described(name, dtype, shapes[name]))));
  graph.push(field(12, described("y", dtype, shapes.x.map(() => null))));
  return join([field(1, 8), field(7, join(graph)), field(8, join([field(1, ""), field(2, 11)]))]);
}

function attributesOf(c) {
  if (/C$/.test(c.input_layout || "") || /[OI]$/.test(c.kernel_layout || "")) throw new Unsupported("channels come first");
  const said = { kernel_shape: c.kernel, strides: c.stride, dilations: c.dilation, group: c.groups };
  const word = c.options.padding || c.padding;
  const sized = c.convention in OUTPUT_SHAPE;
  const size = sized ? c.output_size : c.options.output_size;
  if (typeof word === "string") said.auto_pad = word === "SAME" ? "SAME_UPPER" : word;
  else if (c.convention in AUTO_PAD) said.auto_pad = AUTO_PAD[c.convention];
  else if (sized) said.auto_pad = OUTPUT_SHAPE[c.convention];
  else if (!size) said.pads = [...word.map(([lo]) => lo), ...word.map(([, hi]) => hi)];
  if (size) said.output_shape = size;
  else if (c.output_padding.some(Boolean) && !sized) said.output_padding = c.output_padding;
  return said;
}

function lower(c, checks, dtype) {
  const shapes = {
    x: [c.batch, c.in_channels, ...c.input],
    w: [c.in_channels, Math.floor(c.out_channels / Math.max(c.groups, 1)), ...c.kernel],
    ...(c.bias ? { b: [c.out_channels] } : {}),
    ...c.shapes,
  };
  const said = attributesOf(c);
  const source = `session = await ort.InferenceSession.create(model(${JSON.stringify({ dtype, shapes, ...said })}))
({ y } = await session.run({ ${Object.keys(shapes).join(", ")} }))`;
  return { call: "ort.InferenceSession", arguments: said, source, dtype, shapes };
}

// Where the runtime is: it makes a session of a model, and gives back the one answer. It runs in a page, too, so it uses
// nothing but what it is given.
async function answered(ort, provider, bytes, operands) {
  const options = { executionProviders: [provider], logSeverityLevel: 4, intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await ort.InferenceSession.create(bytes, options);
  try {
    const feeds = {};
    for (const [name, { dtype, shape, data }] of Object.entries(operands)) {
      feeds[name] = new ort.Tensor(dtype, data, shape);
    }
    const { y } = await session.run(feeds);
    return { forward: { dtype: y.type, shape: [...y.dims], data: y.data.slice() } };
  } finally {
    await session.release();
  }
}

// A route by an execution provider. `ask(provider, bytes, operands)` is `answered` where the runtime is.
const route = (ask, provider) => ({
  dtypes: ["float32"],
  options: WORDS,
  lower,
  run: (plan, operands) => ask(provider, new Uint8Array(model(plan.dtype, plan.shapes, plan.arguments)), operands),
});

module.exports = { answered, route };
