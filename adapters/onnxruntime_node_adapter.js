#!/usr/bin/env node
// onnxruntime-node: ONNX Runtime's native build for JavaScript.   npm install --ignore-scripts onnxruntime-node
"use strict";
const { serve, installed } = require("../workers/convt_worker.js");
const { answered, route } = require("../workers/onnx.js");

let ort;

async function load() {
  ort = require(installed("onnxruntime-node"));
  return { version: ort.env.versions.node };
}

const ask = (provider, bytes, operands) => answered(ort, provider, bytes, operands);

serve({ name: "onnxruntime_node", load, routes: { cpu: route(ask, "cpu") } });
