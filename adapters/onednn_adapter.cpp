// oneDNN 2: deconvolution, forward and both backward primitives, in plain layouts and in those that it chooses.
// Debian 12: apt-get install libdnnl-dev
//
//   g++ -O2 -std=c++17 adapters/onednn_adapter.cpp -ldnnl -o onednn_adapter
//   convt run --adapter ./onednn_adapter --tier smoke
#include <dnnl.hpp>

#include "../workers/convt_worker.hpp"

using convt::Case, convt::Numbers, convt::Plan, convt::Tensor, convt::Tensors;
using dnnl::memory, dnnl::prop_kind;

static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);

static Plan lower(const Case& c) {
  static const std::string spaces[] = {"W", "HW", "DHW"};
  const std::string space = spaces[c.rank() - 1];
  if (!c.input_layout.empty() && c.input_layout != "NC" + space) throw convt::Unsupported("channels come first");
  if (!c.kernel_layout.empty() && c.kernel_layout != "IO" + space) throw convt::Unsupported("channels come first");
  if (!c.shapes.empty()) throw convt::Unsupported("shapes are said in descriptors, not read off operands");
  if (c.groups < 1 || c.out_channels % c.groups) throw convt::Unsupported("the number of groups is an axis of the kernel");
  Numbers dilation, lo, hi;
  for (auto each : c.dilation) dilation.push_back(each - 1);
  for (auto [begin, end] : c.padding) {
    lo.push_back(begin);
    hi.push_back(end);
  }
  Plan plan;
  plan.call = "dnnl::deconvolution_forward";
  plan.arguments = {{"dst", c.output}, {"strides", c.stride}, {"dilates", dilation}, {"padding_l", lo}, {"padding_r", hi}};
  plan.w = "GOI" + space;
  return plan;
}

static memory::desc described(const Numbers& shape, const std::string& dtype, bool any = false) {
  if (dtype != "float32" && dtype != "bfloat16") throw std::invalid_argument("no " + dtype);
  auto type = dtype == "float32" ? memory::data_type::f32 : memory::data_type::bf16;
  return any ? memory::desc(shape, type, memory::format_tag::any) : memory::desc(shape, type, convt::steps(shape));
}

// What a call is made of: descriptors, and how memory goes from the layouts that are given to those that are asked for.
struct Call {
  const Case& c;
  Tensors &operands, &results;
  bool any;
  dnnl::stream stream{cpu};
  Numbers stride, dilation, lo, hi, dst, bias;
  memory::desc x, w, b, y;

  Call(const Plan& plan, const Case& c_, Tensors& operands_, Tensors& results_, bool any_)
      : c(c_), operands(operands_), results(results_), any(any_), bias{c_.out_channels} {
    stride = plan.arguments.at("strides").numbers();
    dilation = plan.arguments.at("dilates").numbers();
    lo = plan.arguments.at("padding_l").numbers();
    hi = plan.arguments.at("padding_r").numbers();
    dst = {c.batch, c.out_channels};
    dst.insert(dst.end(), c.output.begin(), c.output.end());
    x = described(operands["x"].shape, operands["x"].dtype, any);
    w = described(operands["w"].shape, operands["w"].dtype, any);
    y = described(dst, operands["x"].dtype, any);
    if (c.bias) b = described(bias, operands.count("b") ? operands["b"].dtype : operands["x"].dtype);
  }

  auto forward(prop_kind kind) {
    auto direct = dnnl::algorithm::deconvolution_direct;
    using Description = dnnl::deconvolution_forward::desc;
    auto said = c.bias ? Description(kind, direct, x, w, b, y, stride, dilation, lo, hi)
                       : Description(kind, direct, x, w, y, stride, dilation, lo, hi);
    return dnnl::deconvolution_forward::primitive_desc(said, cpu);
  }

  memory given(const std::string& name, const memory::desc& wanted) {
    Tensor& tensor = operands.at(name);
    memory mine(described(tensor.shape, tensor.dtype), cpu, tensor.bytes.data());
    if (mine.get_desc() == wanted) return mine;
    memory other(wanted, cpu);
    dnnl::reorder(mine, other).execute(stream, mine, other);
    return other;
  }

  void answer(const std::string& check, memory found, const Numbers& shape) {
    Tensor tensor(operands["x"].dtype, shape);
    memory mine(described(shape, tensor.dtype), cpu, tensor.bytes.data());
    dnnl::reorder(found, mine).execute(stream, found, mine);
    stream.wait();
    results[check] = std::move(tensor);
  }

  void forward() {
    auto said = forward(prop_kind::forward_inference);
    memory found(said.dst_desc(), cpu);
    std::unordered_map<int, memory> with{{DNNL_ARG_SRC, given("x", said.src_desc())},
                                         {DNNL_ARG_WEIGHTS, given("w", said.weights_desc())},
                                         {DNNL_ARG_DST, found}};
    if (c.bias) with[DNNL_ARG_BIAS] = given("b", said.bias_desc());
    dnnl::deconvolution_forward(said).execute(stream, with);
    answer("forward", found, dst);
  }

  void grad_input() {
    using Primitive = dnnl::deconvolution_backward_data;
    Primitive::desc description(dnnl::algorithm::deconvolution_direct, x, w, y, stride, dilation, lo, hi);
    Primitive::primitive_desc said(description, cpu, forward(prop_kind::forward_training));
    memory found(said.diff_src_desc(), cpu);
    Primitive(said).execute(stream, {{DNNL_ARG_DIFF_DST, given("g", said.diff_dst_desc())},
                                     {DNNL_ARG_WEIGHTS, given("w", said.weights_desc())},
                                     {DNNL_ARG_DIFF_SRC, found}});
    answer("grad_input", found, operands["x"].shape);
  }

  void grad_weights(bool of_bias) {
    using Primitive = dnnl::deconvolution_backward_weights;
    auto direct = dnnl::algorithm::deconvolution_direct;
    auto description = c.bias ? Primitive::desc(direct, x, w, b, y, stride, dilation, lo, hi)
                              : Primitive::desc(direct, x, w, y, stride, dilation, lo, hi);
    Primitive::primitive_desc said(description, cpu, forward(prop_kind::forward_training));
    memory found(said.diff_weights_desc(), cpu);
    std::unordered_map<int, memory> with{{DNNL_ARG_SRC, given("x", said.src_desc())},
                                         {DNNL_ARG_DIFF_DST, given("g", said.diff_dst_desc())},
                                         {DNNL_ARG_DIFF_WEIGHTS, found}};
    memory found_bias;
    if (c.bias) with[DNNL_ARG_DIFF_BIAS] = found_bias = memory(said.diff_bias_desc(), cpu);
    Primitive(said).execute(stream, with);
    if (of_bias) answer("grad_bias", found_bias, bias);
    else answer("grad_weight", found, operands["w"].shape);
  }
};

static convt::Route route(const std::string& name, bool any) {
  auto run = [any](const Plan& plan, const Case& c, Tensors& operands, Tensors& results) {
    Call call(plan, c, operands, results, any);
    for (auto& check : c.checks) {
      if (check == "forward") call.forward();
      else if (check == "grad_input") call.grad_input();
      else call.grad_weights(check == "grad_bias");
    }
  };
  convt::Route found{name, lower, run};
  found.dtypes = {"float32", "bfloat16"};
  found.checks = {"forward", "grad_input", "grad_weight", "grad_bias"};
  return found;
}

int main() {
  auto said = dnnl::version();
  std::string version = std::to_string(said->major) + "." + std::to_string(said->minor) + "." + std::to_string(said->patch);
  return convt::serve("onednn", version, {route("plain", false), route("any", true)});
}
