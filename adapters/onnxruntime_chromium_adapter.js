#!/usr/bin/env node
// onnxruntime-web in a page in Chromium.   npm install onnxruntime-web
"use strict";
const path = require("path");
const { serve, installed } = require("../workers/convt_worker.js");
const { answered, route } = require("../workers/onnx.js");
const { open } = require("../workers/page.js");

let page;

async function load() {
  const folder = path.dirname(installed("onnxruntime-web"));
  page = await open(folder);
  await page.script("ort.all.min.js");
  const [version, chromium] = await page.call(() => {
    ort.env.wasm.wasmPaths = "/";
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = "fatal";
    return [ort.env.versions.web, navigator.userAgent.match(/Chrome\/(\S+)/)[1]];
  });
  return { version, builds: { chromium } };
}

const ask = (...asked) => page.call(`async (...asked) => (${answered})(ort, ...asked)`, ...asked);

serve({ name: "onnxruntime_chromium", load, routes: { wasm: route(ask, "wasm"), webgl: route(ask, "webgl") } });
