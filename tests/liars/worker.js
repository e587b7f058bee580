#!/usr/bin/env node
// An adapter in another language: the protocol without any of our code. It is honest (forward, float32 and float64).
"use strict";
const fs = require("fs");

const CODE = { F32: Float32Array, F64: Float64Array };
const NAME = { F32: "float32", F64: "float64" };

function readExactly(size) {
  const buffer = Buffer.alloc(size);
  for (let got = 0; got < size; ) {
    const n = fs.readSync(0, buffer, got, size - got, null);
    if (n === 0) return null; // end of input means stop
    got += n;
  }
  return buffer;
}

function receive() {
  const head = readExactly(8);
  if (head === null) return null;
  const header = JSON.parse(readExactly(Number(head.readBigUInt64LE())).toString("utf8"));
  const message = JSON.parse(header.__metadata__.message);
  delete header.__metadata__;
  const size = Math.max(0, ...Object.values(header).map((entry) => entry.data_offsets[1]));
  const payload = readExactly(size);
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    const bytes = Uint8Array.from(payload.subarray(...data_offsets)); // a copy, so that it is aligned
    tensors[name] = { dtype, shape, data: new CODE[dtype](bytes.buffer) };
  }
  return { message, tensors };
}

function send(message, tensors = {}) {
  const header = { __metadata__: { message: JSON.stringify(message) } };
  const chunks = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const chunk = Buffer.from(data.buffer);
    header[name] = { dtype, shape, data_offsets: [offset, offset + chunk.length] };
    chunks.push(chunk);
    offset += chunk.length;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const frame = Buffer.concat([length, text, ...chunks]);
  for (let sent = 0; sent < frame.length; ) {
    try {
      sent += fs.writeSync(1, frame, sent);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

const product = (numbers) => numbers.reduce((a, b) => a * b, 1);
const strides = (shape) => shape.map((_, axis) => product(shape.slice(axis + 1)));

function* indices(shape) {
  const total = product(shape);
  for (let flat = 0; flat < total; flat++) {
    let rest = flat;
    yield strides(shape).map((step) => { const i = Math.floor(rest / step); rest %= step; return i; });
  }
}

function convTranspose(c, { x, w, b }) {
  const shape = [c.batch, c.out_channels, ...c.output];
  const y = new CODE[x.dtype](product(shape));
  const [xs, ws, ys] = [x.shape, w.shape, shape].map(strides);
  const at = (steps, index) => index.reduce((sum, i, axis) => sum + i * steps[axis], 0);
  const perGroup = c.in_channels / c.groups, filters = c.out_channels / c.groups;
  if (b) for (const index of indices(shape)) y[at(ys, index)] = b.data[index[1]];
  for (const [n, channel, ...pixel] of indices(x.shape))
    for (const [filter, ...tap] of indices(w.shape.slice(1))) {
      const u = pixel.map((i, axis) => i * c.stride[axis] + tap[axis] * c.dilation[axis] - c.padding[axis][0]);
      if (u.some((position, axis) => position < 0 || position >= c.output[axis])) continue;
      const m = Math.floor(channel / perGroup) * filters + filter;
      y[at(ys, [n, m, ...u])] += x.data[at(xs, [n, channel, ...pixel])] * w.data[at(ws, [channel, filter, ...tap])];
    }
  return { dtype: x.dtype, shape, data: y };
}

for (let received; (received = receive()) !== null; ) {
  const { message, tensors } = received;
  if (message.do === "hello")
    send({
      id: message.id, protocol: 1, name: "javascript", version: process.version, devices: ["cpu"],
      routes: [{ name: "loops", dtypes: Object.values(NAME) }],
    });
  else if (message.checks[0] !== "forward")
    send({ id: message.id, outcome: "unsupported", reason: "forward only" });
  else
    try {
      const started = performance.now();
      const y = convTranspose(message.case, tensors);
      send({ id: message.id, outcome: "returned", seconds: (performance.now() - started) / 1000 }, { forward: y });
    } catch (error) {
      send({ id: message.id, outcome: "raised", type: error.name, text: error.message });
    }
}
