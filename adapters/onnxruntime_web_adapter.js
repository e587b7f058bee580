#!/usr/bin/env node
// onnxruntime-web in Node: ONNX Runtime as WebAssembly.   npm install onnxruntime-web
"use strict";
const { serve, installed } = require("../workers/convt_worker.js");
const { answered, route } = require("../workers/onnx.js");

let ort;

async function load() {
  ort = require(installed("onnxruntime-web"));
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "fatal";
  return { version: ort.env.versions.web };
}

const ask = (provider, bytes, operands) => answered(ort, provider, bytes, operands);

serve({ name: "onnxruntime_web", load, routes: { wasm: route(ask, "wasm") } });
