// What the worker's half in C++ does with tensors, noise and mistakes; asked by test_workers.py.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>

#include "../../workers/convt_worker.hpp"

static convt::Plan lower(const convt::Case& c) {
  if (c.convention == "unsupported") throw convt::Unsupported("said so");
  if (c.convention == "slip") throw std::logic_error("a slip of the pen");
  convt::Plan plan;
  plan.call = "odd.call";
  plan.arguments = {{"groups", c.groups}};
  plan.x = "NHWC";
  plan.w = "GHWOI";
  return plan;
}

static void run(const convt::Plan&, const convt::Case& c, convt::Tensors& operands, convt::Tensors& results) {
  std::cout << "a library prints\n" << std::flush;
  std::printf("and another one\n");
  std::fflush(stdout);
  if (c.convention == "refused") throw std::range_error("no such thing\nat \xff\"all\"");
  if (c.convention == "late") throw convt::Unsupported("seen late");
  if (c.convention == "thrown") throw 3;
  if (c.convention == "nothing") return;
  if (c.convention == "exit") std::raise(SIGSEGV);
  convt::Tensor flat = operands["w"];
  if (c.memory.count("w")) {  // read back through the strides: as it is stored, the values are the same
    convt::Stored there = convt::stored(operands["w"], c.memory.at("w"));
    size_t width = convt::kind(flat.dtype).width;
    convt::Numbers index(flat.shape.size(), 0);
    for (int64_t at = 0; at < flat.size(); ++at) {
      int64_t offset = 0;
      for (size_t axis = 0; axis < index.size(); ++axis) offset += index[axis] * there.strides[axis];
      std::memcpy(&flat.bytes[size_t(at) * width], there.data + offset * int64_t(width), width);
      for (size_t axis = index.size(); axis-- > 0 && ++index[axis] == flat.shape[axis];) index[axis] = 0;
    }
  }
  flat.shape = {flat.size()};
  results = {{"forward", operands["x"]}, {"grad_input", operands["x"]}, {"grad_weight", operands["w"]}, {"grad_bias", flat}};
}

int main() {
  convt::Route route{"all", lower, run};
  route.options = {"known"};
  route.words = {{"unasked", convt::Json::Map{{"groups", "said in the kernel"}}}};
  convt::Settings settings{{"cpu", "other"}, {{"blas", "none"}}, {"transposed", "channels_last", "reversed", "sliced", "misaligned"}};
  return convt::serve("odd", "1.2", {route}, settings);
}
