// A page in Chromium in which a library computes: started, spoken to by its pipe for debugging, and ended with the worker.
"use strict";
const fs = require("fs");
const http = require("http");
const os = require("os");
const path = require("path");
const { spawn } = require("child_process");

const NAMES = [process.env.CONVT_CHROMIUM, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const KINDS = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

// WebGL by software, so that any machine answers, and answers alike.
const OPTIONS = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking"];

function browser() {
  for (const name of NAMES.filter(Boolean))
    for (const folder of ["", ...(process.env.PATH || "").split(path.delimiter)]) {
      const file = path.join(folder, name);
      if (path.isAbsolute(file) && fs.existsSync(file)) return file;
    }
  throw new Error("no Chromium on the PATH: install it (Debian: apt-get install chromium), or name it in CONVT_CHROMIUM");
}

// Serves the files of a folder to the page, and an empty page of its own; the address.
function serveFiles(folder) {
  const server = http.createServer((request, response) => {
    const name = path.join(folder, path.normalize(new URL(request.url, "http://page").pathname));
    if (request.url === "/") return response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>convt</title>");
    if (!fs.existsSync(name)) return response.writeHead(404).end();
    return response.writeHead(200, { "content-type": KINDS[path.extname(name)] || "text/plain" }).end(fs.readFileSync(name));
  });
  return new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(`http://127.0.0.1:${server.address().port}/`)));
}

// Starts a browser and opens a page that can load the files of a folder. Gives `call(f, ...given)`, which calls a
// function in the page: it must use nothing but what it is given and what is global there. Arrays of numbers travel as
// their bytes.
async function open(folder) {
  const address = await serveFiles(folder);
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "convt-chromium-"));
  const child = spawn(browser(), [...OPTIONS, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  process.on("exit", () => {
    child.kill("SIGKILL");
    fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  const waiting = new Map();
  let left = "", number = 0;
  const ended = (why) => waiting.forEach(({ reject }) => reject(new Error(why)));
  child.on("error", (error) => ended(`the browser cannot be started: ${error.message}`));
  child.on("exit", (status, signal) => {
    // The page's process took the browser with it: what was asked has no answer.
    if (waiting.size) process.kill(process.pid, signal || "SIGABRT");
  });
  child.stdio[4].setEncoding("utf8").on("data", (text) => {
    const parts = (left + text).split("\0");
    left = parts.pop();
    for (const { id, result, error, method } of parts.map((part) => JSON.parse(part))) {
      if (method === "Inspector.targetCrashed" || method === "Target.targetCrashed") process.kill(process.pid, "SIGABRT");
      const asked = waiting.get(id);
      waiting.delete(id);
      if (asked) error ? asked.reject(new Error(error.message)) : asked.resolve(result);
    }
  });
  const ask = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      waiting.set(++number, { resolve, reject });
      child.stdio[3].write(JSON.stringify({ id: number, method, params, sessionId }) + "\0");
    });
  const { targetId } = await ask("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await ask("Target.attachToTarget", { targetId, flatten: true });
  await ask("Target.setDiscoverTargets", { discover: true });
  await ask("Page.navigate", { url: address }, sessionId);
  const evaluate = async (expression) => {
    const said = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await ask("Runtime.evaluate", said, sessionId);
    if (!exceptionDetails) return result.value;
    const text = (exceptionDetails.exception && exceptionDetails.exception.description) || exceptionDetails.text;
    throw Object.assign(new Error(text.split("\n    at ")[0].replace(/^Error: /, "")), { name: "PageError" });
  };
  await evaluate("new Promise((loaded) => (document.readyState === 'complete' ? loaded() : onload = loaded))");
  await evaluate(`packed = ${packed}; unpacked = ${unpacked}; 0`);
  return {
    call: async (f, ...given) => {
      const words = given.map((each) => JSON.stringify(packed(each))).join(", ");
      return unpacked(await evaluate(`(async () => packed(await (${f})(...unpacked([${words}]))))()`));
    },
    script: (name) =>
      evaluate(`new Promise((loaded, failed) => document.head.append(Object.assign(document.createElement("script"),
        { src: ${JSON.stringify("/" + name)}, onload: () => loaded(), onerror: () => failed(new Error("no ${name}")) })))`),
  };
}

// Data with arrays of numbers in it as JSON can carry it. Both run in the page, too.
function packed(value) {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return { kind: value.constructor.name.replace("Buffer", "Uint8Array"), bytes: btoa(text) };
  }
  if (Array.isArray(value)) return value.map(packed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, packed(each)]));
}

function unpacked(value) {
  if (Array.isArray(value)) return value.map(unpacked);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.bytes !== "string") return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, unpacked(each)]));
  const bytes = Uint8Array.from(atob(value.bytes), (character) => character.charCodeAt(0));
  return new globalThis[value.kind](bytes.buffer);
}

module.exports = { open };
