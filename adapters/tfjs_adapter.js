#!/usr/bin/env node
// TensorFlow.js in Node.   npm install @tensorflow/tfjs @tensorflow/tfjs-backend-wasm
"use strict";
const path = require("path");
const { serve, installed } = require("../workers/convt_worker.js");
const { answered, route } = require("../workers/tensorflow.js");

let tf;

async function load() {
  tf = require(installed("@tensorflow/tfjs"));
  const wasm = installed("@tensorflow/tfjs-backend-wasm");
  require(wasm).setWasmPaths(`${path.dirname(wasm)}/`);
  return { version: tf.version.tfjs };
}

const ask = (...asked) => answered(tf, ...asked);

// The backend wasm has no kernel for the gradient of the filter.
const routes = { cpu: route(ask, "cpu"), wasm: route(ask, "wasm", ["forward", "grad_input", "grad_bias"]) };

serve({ name: "tfjs", load, routes });
