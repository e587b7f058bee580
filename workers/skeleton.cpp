// mylib: how it is asked for a transposed convolution. It runs as it is; REPLACE marks what stands in for mylib.
//
// REPLACE the command that compiles it: add what mylib needs, such as -lmylib.
//
//   g++ -O2 -std=c++17 mylib_adapter.cpp -o mylib_adapter
//   convt run --adapter ./mylib_adapter --tier smoke
#include <stdexcept>

#include "convt_worker.hpp"

using convt::Numbers, convt::Tensor, convt::Unsupported;

// REPLACE: delete this namespace. It stands in for mylib, so that the first run shows what a right answer looks like.
namespace mylib {

// The next index of an array of such lengths, the last axis fastest; false after the last.
static bool next(Numbers& index, const Numbers& lengths) {
  for (size_t axis = index.size(); axis-- > 0;) {
    if (++index[axis] < lengths[axis]) return true;
    index[axis] = 0;
  }
  return false;
}

static int64_t at(const Numbers& index, const Numbers& lengths) {
  int64_t flat = 0;
  for (size_t axis = 0; axis < lengths.size(); ++axis) flat = flat * lengths[axis] + index[axis];
  return flat;
}

// x [N, C, …], w [C, M/g, …], b [M] or nullptr → y [N, M, …]; throws where there is no such answer.
template <class T>
Tensor conv_transpose(const Tensor& x, const Tensor& w, const Tensor* b, const Numbers& stride, const Numbers& dilation,
                      const Numbers& padding, const Numbers& output_padding, int64_t groups) {
  size_t rank = stride.size();
  if (x.shape.size() != rank + 2 || w.shape.size() != rank + 2 || w.shape[0] != x.shape[1])
    throw std::invalid_argument("x and w do not fit");
  if (x.dtype != w.dtype || (b && b->dtype != x.dtype)) throw std::invalid_argument("w and b must have the dtype of x");
  if (groups < 1 || x.shape[1] % groups) throw std::invalid_argument("groups must divide the channels");
  int64_t filters = w.shape[1], per_group = x.shape[1] / groups;
  if (b && b->shape != Numbers{groups * filters}) throw std::invalid_argument("b has a number for each output channel");
  Numbers shape{x.shape[0], groups * filters};
  for (size_t a = 0; a < rank; ++a) {
    if (stride[a] < 1 || dilation[a] < 1 || output_padding[a] < 0 || w.shape[a + 2] < 1)
      throw std::invalid_argument("stride, dilation and kernel are at least 1, output padding at least 0");
    int64_t length = x.shape[a + 2];
    double full = length ? (length - 1.0) * stride[a] + (w.shape[a + 2] - 1.0) * dilation[a] + 1 : 0;
    double output = full - 2.0 * padding[a] + output_padding[a];
    if (output < 0 || output > 1e9) throw std::length_error("the output would be of no length, or of no sensible one");
    shape.push_back(int64_t(output));
  }
  Tensor y(x.dtype, shape);
  Numbers p(rank + 2, 0);
  if (b && y.size())
    do y.data<T>()[at(p, shape)] = b->data<T>()[p[1]];
    while (next(p, shape));
  if (!x.size() || !w.size()) return y;
  Numbers i(rank + 2, 0);
  do {
    Numbers k(rank + 2, 0), taps = w.shape;
    taps[0] = 1;  // the channel is that of x
    do {
      Numbers from = k, to{i[0], i[1] / per_group * filters + k[1]};
      from[0] = i[1];
      bool inside = true;
      for (size_t a = 0; a < rank; ++a) {
        to.push_back(i[a + 2] * stride[a] + k[a + 2] * dilation[a] - padding[a]);
        inside = inside && to.back() >= 0 && to.back() < shape[a + 2];
      }
      if (inside) y.data<T>()[at(to, shape)] += x.data<T>()[at(i, x.shape)] * w.data<T>()[at(from, w.shape)];
    } while (next(k, taps));
  } while (next(i, x.shape));
  return y;
}

}  // namespace mylib

// The call for a case, as data. REPLACE the name, the arguments, and what mylib cannot express.
// Layouts that are not [N, C, …] and [C, M/g, …] are named: plan.x = "NHWC", plan.w = "HWOI".
static convt::Plan lower(const convt::Case& c) {
  if (!c.input_layout.empty() || !c.kernel_layout.empty()) throw Unsupported("[N, C, ...] and [C, M/g, ...] only");
  Numbers padding;
  for (auto [lo, hi] : c.padding) {
    if (lo != hi) throw Unsupported("padding crops both ends alike");
    if (lo < 0) throw Unsupported("padding is not negative");
    padding.push_back(lo);
  }
  if (c.groups > 0 && c.out_channels % c.groups) throw Unsupported("the number of output channels is read off w");
  convt::Plan plan;
  plan.call = "mylib::conv_transpose";
  plan.arguments = {{"stride", c.stride}, {"dilation", c.dilation}, {"padding", padding},
                    {"output_padding", c.output_padding}, {"groups", c.groups}};
  return plan;
}

// Makes the call. REPLACE: tensors of mylib are made of the operands here, and its answer is taken apart again.
static void run(const convt::Plan& plan, const convt::Case& c, convt::Tensors& operands, convt::Tensors& results) {
  auto call = c.dtype == "float64" ? mylib::conv_transpose<double> : mylib::conv_transpose<float>;
  const Tensor* b = operands.count("b") ? &operands["b"] : nullptr;
  auto& said = plan.arguments;
  results["forward"] = call(operands["x"], operands["w"], b, said.at("stride").numbers(), said.at("dilation").numbers(),
                            said.at("padding").numbers(), said.at("output_padding").numbers(), c.groups);
}

int main() {
  convt::Route route{"conv_transpose", lower, run};
  // REPLACE the dtypes. checks: forward, grad_input, grad_weight, grad_bias, where `run` can differentiate.
  route.dtypes = {"float64", "float32"};
  return convt::serve("mylib", "0", {route});  // REPLACE the version by what mylib says of itself
}
