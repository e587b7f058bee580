#!/usr/bin/env node
// mylib: how it is asked for a transposed convolution. It runs as it is; REPLACE marks what stands in for mylib.
//
// Try it after each change:  convt run --adapter mylib_adapter.js --tier smoke
"use strict";
const { serve, Unsupported, product } = require("./convt_worker.js");

// REPLACE: delete this object. It stands in for mylib, so that the first run shows what a right answer looks like.
const mylib = {
  version: "0",
  // x [N, C, …], w [C, M/g, …], b [M] or undefined → y [N, M, …]; throws where there is no such answer.
  convTranspose(x, w, b, { stride, dilation, padding, outputPadding, groups }) {
    const [batch, channels, ...input] = x.shape, [, filters, ...kernel] = w.shape;
    if (Math.min(...stride, ...dilation, groups) < 1 || Math.min(...outputPadding) < 0 || channels % groups)
      throw new RangeError("stride, dilation and groups are at least 1, and groups divides the channels");
    if (x.shape.length !== stride.length + 2 || w.shape.length !== x.shape.length || kernel.includes(0))
      throw new RangeError(`x [${x.shape}] and w [${w.shape}] do not fit the stride`);
    if (w.shape[0] !== channels || (b && (b.shape.length !== 1 || b.shape[0] !== groups * filters)))
      throw new RangeError(`x [${x.shape}], w [${w.shape}] and b do not fit`);
    if (w.dtype !== x.dtype || (b && b.dtype !== x.dtype)) throw new TypeError("w and b must have the dtype of x");
    const output = input.map((length, a) => {
      const full = length ? (length - 1) * stride[a] + (kernel[a] - 1) * dilation[a] + 1 : 0;
      return full - 2 * padding[a] + outputPadding[a];
    });
    if (Math.min(...output) < 0) throw new RangeError(`the output would be [${output}] long`);
    const shape = [batch, groups * filters, ...output];
    const data = new x.data.constructor(product(shape));
    const at = (lengths, index) => index.reduce((flat, i, axis) => flat * lengths[axis] + i, 0);
    const indices = (lengths, visit) => {
      const index = lengths.map(() => 0);
      for (let left = product(lengths); left > 0; left--) {
        visit(index);
        for (let axis = lengths.length - 1; axis >= 0 && ++index[axis] === lengths[axis]; axis--) index[axis] = 0;
      }
    };
    if (b) indices(shape, (index) => { data[at(shape, index)] = b.data[index[1]]; });
    indices(x.shape, ([n, c, ...pixel]) => {
      const value = x.data[at(x.shape, [n, c, ...pixel])], group = Math.floor((c * groups) / channels);
      indices([filters, ...kernel], ([filter, ...tap]) => {
        const u = pixel.map((i, a) => i * stride[a] + tap[a] * dilation[a] - padding[a]);
        if (u.every((position, a) => position >= 0 && position < output[a]))
          data[at(shape, [n, group * filters + filter, ...u])] += value * w.data[at(w.shape, [c, filter, ...tap])];
      });
    });
    return { dtype: x.dtype, shape, data };
  },
};

// Finds mylib and says its version. An error means that it is not here.
async function load() {
  // REPLACE: require mylib here, by require(installed("mylib")), where `installed` is from convt_worker.js too.
  return { version: mylib.version };
}

// The call for a case, as data. REPLACE the name, the arguments, and what mylib cannot express.
// Layouts that are not [N, C, …] and [C, M/g, …] are named beside the arguments: x: "NHWC", w: "HWOI".
function lower(c) {
  if (c.input_layout || c.kernel_layout) throw new Unsupported("[N, C, …] and [C, M/g, …] only");
  if (c.padding.some(([lo, hi]) => lo !== hi)) throw new Unsupported("padding crops both ends alike");
  if (c.padding.some(([lo]) => lo < 0)) throw new Unsupported("padding is not negative");
  if (c.groups > 0 && c.out_channels % c.groups) throw new Unsupported("the number of output channels is read off w");
  const { stride, dilation, groups, output_padding: outputPadding } = c;
  const padding = c.padding.map(([lo]) => lo);
  return { call: "mylib.convTranspose", arguments: { stride, dilation, padding, outputPadding, groups } };
}

// Makes the call. REPLACE: tensors of mylib are made of x, w and b here, and its answer is taken apart again.
async function run(plan, { x, w, b }) {
  return { forward: mylib.convTranspose(x, w, b, plan.arguments) };
}

// REPLACE the dtypes. checks: ["forward", "grad_input", "grad_weight", "grad_bias"] where `run` can differentiate.
serve({ name: "mylib", load, routes: { conv_transpose: { dtypes: ["float64", "float32"], lower, run } } });
