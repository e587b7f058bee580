#!/usr/bin/env node
// TensorFlow.js in a page in Chromium, WebGL by software.   npm install @tensorflow/tfjs @tensorflow/tfjs-backend-wasm
"use strict";
const path = require("path");
const { serve, installed } = require("../workers/convt_worker.js");
const { open } = require("../workers/page.js");
const { answered, route } = require("../workers/tensorflow.js");

let page;

async function load() {
  const [library, wasm] = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"].map((name) => installed(name));
  const folder = library.slice(0, library.lastIndexOf("node_modules") + "node_modules".length);
  page = await open(folder);
  await page.script(path.relative(folder, path.join(path.dirname(library), "tf.min.js")));
  await page.script(path.relative(folder, path.join(path.dirname(wasm), "tf-backend-wasm.min.js")));
  const [version, chromium] = await page.call((files) => {
    tf.wasm.setWasmPaths(files);
    return [tf.version.tfjs, navigator.userAgent.match(/Chrome\/(\S+)/)[1]];
  }, `/${path.relative(folder, path.dirname(wasm))}/`);
  return { version, builds: { chromium } };
}

const ask = (...asked) => page.call(`async (...asked) => (${answered})(tf, ...asked)`, ...asked);

const routes = {
  webgl: route(ask, "webgl"),
  wasm: route(ask, "wasm", ["forward", "grad_input", "grad_bias"]),
};

serve({ name: "tfjs_chromium", load, routes });
