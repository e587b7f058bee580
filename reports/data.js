"use strict";
// What the page holds: rows as columns of numbers into lists of words, cases, native calls; elements; the fragment.

const PLACES = ["rows", "matrix", "findings", "case"];

// Bytes of one compressed part of the page.
async function unpack(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

async function unpackJson(id) {
  return JSON.parse(new TextDecoder().decode(await unpack(id)));
}

// All rows: `column.case[row]` is a number into `words.case`; `at("case", row)` is the word. `findings`, in which a row's
// number counts from 1, `states` from the worst on, `answers` in words by verdict, `given`: a route's options to paste.
async function readRows() {
  const { columns, ...data } = await unpackJson("words");
  const numbers = new Uint32Array(await unpack("numbers")),
    column = {};
  columns.forEach((name, index) => {
    column[name] = numbers.subarray(index * data.count, (index + 1) * data.count);
  });
  return { ...data, column, at: (name, row) => data.words[name][column[name][row]] };
}

// An element with attributes and children; texts stay texts, whatever is in them.
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  return dress(made, attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function dress(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

// A table from rows of cells, each a text or a node; the first cell of a row names it. Scrolls sideways by keyboard.
function tableOf(label, head, lines) {
  const top = el(
    "tr",
    {},
    head.map((text) => el("th", { scope: "col" }, text)),
  );
  const body = lines.map((line) =>
    el(
      "tr",
      {},
      line.map((cell, index) => (index ? el("td", {}, cell) : el("th", { scope: "row" }, cell))),
    ),
  );
  const table = el("table", {}, el("thead", {}, top), el("tbody", {}, body));
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label }, table);
}

// The view in the page's address: #rows&route=torch/functional@cpu&state=known, #case=stride/one&route=…, #layouts.
function readFragment() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const place = [...wanted.keys()][0] || "";
  return { place, wanted };
}

function fragment(place, values) {
  const wanted = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value) wanted.set(name, value);
  return "#" + [place, wanted.toString()].filter(Boolean).join("&");
}
