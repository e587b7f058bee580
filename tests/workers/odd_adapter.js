// What a worker's half in JavaScript does with tensors, noise and mistakes; asked by test_workers.py.
"use strict";
const fs = require("fs");
const { serve, Unsupported, product } = require("../../workers/convt_worker.js");

const lower = (c) => {
  if (c.convention === "unsupported") throw new Unsupported("said so");
  if (c.convention === "slip") throw new TypeError("a slip of the pen");
  return { call: "odd.call", arguments: { groups: c.groups }, x: "NHWC", w: "GHWOI" };
};

async function run(plan, { x, w, b }, checks, c) {
  console.log("a library prints");
  fs.writeSync(1, "and another one\n");
  if (c.convention === "refused") throw new RangeError("no such thing\nat all");
  if (c.convention === "late") throw new Unsupported("seen late");
  if (c.convention === "nothing") return {};
  if (c.convention === "exit") process.kill(process.pid, "SIGSEGV");
  return { forward: x, grad_input: x, grad_weight: w, grad_bias: { ...w, shape: [product(w.shape)] } };
}

const load = async () => {
  if (process.env.ODD_ABSENT) throw new Error("no module odd\nbecause");
  return { version: "1.2", devices: ["cpu", "other"], builds: { blas: "none" } };
};

serve({ name: "odd", load, routes: { all: { dtypes: ["float32"], checks: ["forward"], options: ["known"], unasked: { groups: "said in the kernel" }, lower, run } } });
