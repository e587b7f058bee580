// The worker's half in JavaScript: messages in and out, tensors, layouts, refusals. Node 18 or newer, nothing else.
//
// An adapter says what is its own, and calls `serve`:
//
//   serve({
//     name: "mylib",
//     load,      // async () => ({ version, devices, builds, variants }); an error thrown means that it is not here
//     memory,    // words of case.options.memory that routes keep; default: none
//     routes: {
//       conv_transpose: {
//         dtypes, checks, arithmetic, cost, tier, devices, largest, deadline, unasked,   // see docs/adapters.md
//         options,                                  // words of case.options that the route understands
//         lower: (case, checks, dtype) => plan,     // the native call as data, or throws Unsupported
//         run: async (plan, operands, checks, case) => ({ forward: tensor }),
//       },
//     },
//   });
//
// A plan is { call, arguments, source, x, w, y, memory, emulates, define }: x, w and y are layouts as letters, "NHWC",
// "HWOI" or, with an axis for the groups, "GOIHW". Operands { x, w, b, g } come in these layouts, and answers are taken
// in them. Whatever else `lower` puts into a plan reaches `run` and stays here.
//
// A tensor is { dtype: "float32", shape: [2, 3], data: a typed array }. JavaScript has no float16 and no bfloat16: their
// data are the 16 bits of each number, in a Uint16Array. A complex64 has two numbers in its Float32Array.
"use strict";
const fs = require("fs");
const path = require("path");
const { spawnSync } = require("child_process");

const KINDS = {
  float64: ["F64", Float64Array],
  float32: ["F32", Float32Array],
  float16: ["F16", Uint16Array],
  bfloat16: ["BF16", Uint16Array],
  int64: ["I64", BigInt64Array],
  int32: ["I32", Int32Array],
  int16: ["I16", Int16Array],
  int8: ["I8", Int8Array],
  uint64: ["U64", BigUint64Array],
  uint32: ["U32", Uint32Array],
  uint16: ["U16", Uint16Array],
  uint8: ["U8", Uint8Array],
  bool: ["BOOL", Uint8Array],
  complex64: ["C64", Float32Array],
};
const NAMES = Object.fromEntries(Object.entries(KINDS).map(([name, [code]]) => [code, name]));
const SPACE = { 0: "", 1: "W", 2: "HW", 3: "DHW" };
const INPUT = 0, OUTPUT = 3;
const CHILD = "CONVT_WORKER_CHILD";

class Unsupported extends Error {}

const product = (numbers) => numbers.reduce((a, b) => a * b, 1);

// A module of the user's: beside the adapter, in the folder where the command was given, or in NODE_PATH. Throws with
// the command that installs it.
function installed(name, where = name) {
  try {
    return require.resolve(where, { paths: [path.dirname(require.main.filename), process.cwd()] });
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    throw new Error(`no module ${name}: npm install ${name} in the folder of the command, or NODE_PATH says where it is`);
  }
}

function readExactly(size) {
  const buffer = Buffer.alloc(size);
  for (let got = 0; got < size; ) {
    let count;
    try {
      count = fs.readSync(INPUT, buffer, got, size - got, null);
    } catch (error) {
      if (error.code === "EOF") return null;
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // a millisecond
      continue;
    }
    if (count === 0) return null; // the end of the input means stop
    got += count;
  }
  return buffer;
}

function receive() {
  const head = readExactly(8);
  const text = head && readExactly(Number(head.readBigUInt64LE()));
  if (!text) return null;
  const { __metadata__, ...header } = JSON.parse(text.toString("utf8"));
  const payload = readExactly(Math.max(0, ...Object.values(header).map((entry) => entry.data_offsets[1])));
  if (!payload) return null;
  const tensors = {};
  for (const [name, { dtype: code, shape, data_offsets }] of Object.entries(header)) {
    const dtype = NAMES[code];
    const bytes = Uint8Array.from(payload.subarray(...data_offsets)); // a copy, so that it is aligned
    tensors[name] = { dtype, shape, data: new KINDS[dtype][1](bytes.buffer) };
  }
  return { message: JSON.parse(__metadata__.message), tensors };
}

function send(message, tensors = {}) {
  const header = { __metadata__: { message: JSON.stringify(message) } };
  const chunks = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const chunk = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype: KINDS[dtype][0], shape, data_offsets: [offset, offset + chunk.length] };
    chunks.push(chunk);
    offset += chunk.length;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const frame = Buffer.concat([length, text, ...chunks]);
  for (let sent = 0; sent < frame.length; ) {
    try {
      sent += fs.writeSync(OUTPUT, frame, sent);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

// A tensor with its axes in another order, as letters: transpose(x, "NCHW", "NHWC").
function transpose({ dtype, shape, data }, from, to) {
  const axes = [...to].map((letter) => from.indexOf(letter));
  const steps = shape.map((_, axis) => product(shape.slice(axis + 1)));
  const target = axes.map((axis) => shape[axis]);
  const wide = dtype === "complex64" ? 2 : 1;
  const out = new data.constructor(data.length);
  const index = target.map(() => 0);
  for (let flat = 0; flat < out.length; flat += wide) {
    const at = wide * axes.reduce((sum, axis, place) => sum + index[place] * steps[axis], 0);
    for (let part = 0; part < wide; part++) out[flat + part] = data[at + part];
    for (let place = axes.length - 1; place >= 0 && ++index[place] === target[place]; place--) index[place] = 0;
  }
  return { dtype, shape: target, data: out };
}

// A canonical operand in a layout. One of another rank, which a case that must be refused may have, stays as it is.
function arrange(tensor, canonical, layout, groups = 1) {
  if (tensor.shape.length !== canonical.length || layout === canonical) return tensor;
  if (!layout.includes("G")) return transpose(tensor, canonical, layout);
  const [channels, ...rest] = tensor.shape;
  if (groups < 1 || channels % groups) throw new Unsupported("the number of groups is an axis of the kernel");
  return transpose({ ...tensor, shape: [groups, channels / groups, ...rest] }, "G" + canonical, layout);
}

// What `arrange` made, back in the canonical layout.
function restore(tensor, layout, canonical) {
  if (tensor.shape.length !== layout.length || layout === canonical) return tensor;
  if (!layout.includes("G")) return transpose(tensor, layout, canonical);
  const { shape: [groups, channels, ...rest], ...found } = transpose(tensor, layout, "G" + canonical);
  return { ...found, shape: [groups * channels, ...rest] };
}

// What an answer's tensor must be, so that a slip in the adapter is told as one.
function checked(tensor, check) {
  const { dtype, shape, data } = tensor || {};
  if (!KINDS[dtype]) throw new TypeError(`${check} is of dtype ${dtype}, which no message can carry`);
  const count = product(shape) * (dtype === "complex64" ? 2 : 1);
  if (!(data instanceof KINDS[dtype][1]) || data.length !== count)
    throw new TypeError(`${check} of dtype ${dtype} and shape [${shape}] needs ${count} numbers in a ${KINDS[dtype][1].name}`);
  return tensor;
}

const told = (error) => ({
  type: (error && error.name) || "Error",
  text: String((error && error.message) || error).slice(0, 4000),
  trace: String((error && error.stack) || "").slice(-4000),
});

function planned(name, route, c, checks, dtype, memory) {
  const { memory: stored = {}, ...options } = c.options;
  const unknown = Object.keys(options).filter((word) => !(route.options || []).includes(word));
  if (unknown.length) throw new Unsupported(`${name} has no ${unknown.join(" or ")}`);
  for (const [operand, word] of Object.entries(stored))
    if (!memory.includes(word))
      throw new Unsupported(`${name} copies its operands: ${operand} would not be stored as ${word}`);
  const plan = route.lower(c, checks, dtype);
  const x = `NC${SPACE[c.input.length]}`, w = `IO${SPACE[c.input.length]}`;
  const words = JSON.stringify(plan.arguments || {});
  const source = `y = ${plan.call}(x, w, ${c.bias ? "b, " : ""}${words})`;
  return { arguments: {}, source, x, w, y: plan.x || x, ...plan };
}

async function answer(name, route, memory, { message, tensors }) {
  const { case: c, checks } = message;
  let plan, operands;
  const x = `NC${SPACE[c.input.length]}`, w = `IO${SPACE[c.input.length]}`;
  try {
    plan = planned(name, route, c, checks, message.dtype || tensors.x.dtype, memory);
    operands = { ...tensors, x: arrange(tensors.x, x, plan.x), w: arrange(tensors.w, w, plan.w, c.groups) };
    if (tensors.g) operands.g = arrange(tensors.g, x, plan.y);
  } catch (error) {
    if (error instanceof Unsupported) return [{ outcome: "unsupported", reason: error.message }];
    return [{ outcome: "broken", ...told(error) }];
  }
  const { call, source, emulates, define } = plan;
  const said = { call, arguments: plan.arguments, source, emulates, define, memory: plan.memory };
  said.layouts = { x: plan.x, w: plan.w, y: plan.y };
  let results;
  const begin = performance.now();
  try {
    results = await route.run(plan, operands, checks, c);
  } catch (error) {
    if (error instanceof Unsupported) return [{ outcome: "unsupported", reason: error.message }];
    return [{ outcome: "raised", ...told(error), plan: said }];
  }
  const seconds = (performance.now() - begin) / 1000;
  try {
    const layouts = { forward: [plan.y, x], grad_input: [plan.x, x], grad_weight: [plan.w, w] };
    const arrays = {};
    for (const check of checks) {
      const tensor = checked(results[check], check);
      arrays[check] = layouts[check] ? restore(tensor, ...layouts[check]) : tensor;
    }
    return [{ outcome: "returned", seconds, plan: said }, arrays];
  } catch (error) {
    return [{ outcome: "broken", ...told(error) }];
  }
}

// Standard output carries messages only, and libraries print, those in C too. So the worker is a child of this process
// whose standard output is standard error; what was standard output is its file descriptor 3.
function asChild() {
  const { status, signal } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: [0, 2, 2, 1],
    env: { ...process.env, [CHILD]: "1" },
  });
  if (signal) process.kill(process.pid, signal);
  process.exit(status === null ? 1 : status);
}

async function serve({ name, load, routes, memory = [] }) {
  if (!process.env[CHILD]) return asChild();
  delete process.env[CHILD];
  const said = Object.entries(routes).map(([route, { lower, run, options, ...words }]) => ({ name: route, ...words }));
  let hello;
  for (let received; (received = receive()) !== null; ) {
    const { message } = received;
    if (message.do === "hello") {
      try {
        hello = hello || (await load());
        send({ id: message.id, protocol: 1, name, routes: said, ...hello });
      } catch (error) {
        send({ id: message.id, protocol: 1, name, routes: said, absent: told(error).text.split("\n")[0] });
      }
      continue;
    }
    const [reply, arrays] = await answer(name, routes[message.route], memory, received);
    send({ id: message.id, ...reply }, arrays);
  }
  process.exit(0); // whatever timers and threads a library has left
}

module.exports = { serve, Unsupported, installed, product, transpose, arrange, restore };
