// The worker's half in C++17: messages in and out, tensors, layouts, refusals. POSIX and the standard library, no more.
//
// An adapter says what is its own, and calls `convt::serve`:
//
//   convt::Plan lower(const convt::Case& c);      // throws convt::Unsupported
//   void run(const convt::Plan&, const convt::Case&, convt::Tensors& operands, convt::Tensors& results);
//   int main() {
//     convt::Route route{"conv_transpose", lower, run};
//     route.dtypes = {"float32", "float64"};
//     return convt::serve("mylib", "1.0", {route});
//   }
//
// A plan is the native call as data. Operands x, w, b, g come in the layouts x, w and y that it names, as letters,
// "NHWC", "HWOI" or, with an axis for the groups, "GOIHW"; answers are taken in them, under the names of the checks.
// An exception of `run` is the framework's refusal; one of `lower` is a fault of the adapter.
#pragma once
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>
#if defined(__GNUG__)
#include <cxxabi.h>
#endif

namespace convt {

using Numbers = std::vector<int64_t>;
using Checks = std::vector<std::string>;

// What a framework cannot express; thrown by `lower`, or by `run` where it is only seen there.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// JSON: null, a truth value, a number, a text, a list or a mapping.
class Json {
 public:
  using List = std::vector<Json>;
  using Map = std::map<std::string, Json>;

  Json() = default;
  Json(bool value) : kind_(Kind::truth), integer_(value) {}
  Json(int value) : Json(int64_t(value)) {}
  Json(int64_t value) : kind_(Kind::integer), integer_(value) {}
  Json(double value) : kind_(Kind::real), real_(value) {}
  Json(const char* value) : kind_(Kind::text), text_(value) {}
  Json(std::string value) : kind_(Kind::text), text_(std::move(value)) {}
  Json(List value) : kind_(Kind::list), list_(std::move(value)) {}
  Json(Map value) : kind_(Kind::map), map_(std::move(value)) {}
  template <class T>
  Json(const std::vector<T>& values) : kind_(Kind::list), list_(values.begin(), values.end()) {}
  template <class T>
  Json(const std::map<std::string, T>& values) : kind_(Kind::map), map_(values.begin(), values.end()) {}

  bool null() const { return kind_ == Kind::null; }
  bool is_text() const { return kind_ == Kind::text; }
  bool truth() const { return expect(Kind::truth).integer_ != 0; }
  int64_t integer() const { return expect(Kind::integer).integer_; }
  const std::string& text() const { return expect(Kind::text).text_; }
  const List& list() const { return expect(Kind::list).list_; }
  const Map& map() const { return expect(Kind::map).map_; }
  bool has(const std::string& key) const { return map().count(key) > 0; }
  const Json& operator[](const std::string& key) const { return map().at(key); }

  Numbers numbers() const {
    Numbers found;
    for (auto& each : list()) found.push_back(each.integer());
    return found;
  }

  std::string dump() const {
    switch (kind_) {
      case Kind::null: return "null";
      case Kind::truth: return integer_ ? "true" : "false";
      case Kind::integer: return std::to_string(integer_);
      case Kind::real: {
        char text[32];
        return std::string(text, std::to_chars(text, text + sizeof text, real_).ptr);
      }
      case Kind::text: return quoted(text_);
      case Kind::list: {
        std::string out;
        for (auto& each : list_) out += (out.empty() ? "" : ", ") + each.dump();
        return "[" + out + "]";
      }
      case Kind::map: break;
    }
    std::string out;
    for (auto& [key, value] : map_) out += (out.empty() ? "" : ", ") + quoted(key) + ": " + value.dump();
    return "{" + out + "}";
  }

  static Json parse(const std::string& text) {
    const char *at = text.data(), *end = at + text.size();
    return value(at, end);
  }

 private:
  enum class Kind { null, truth, integer, real, text, list, map };

  const Json& expect(Kind kind) const {
    if (kind_ != kind) throw std::runtime_error("JSON of another kind than was expected: " + dump().substr(0, 80));
    return *this;
  }

  // Bytes that are no ASCII become question marks, as what a library says of an error may be of any encoding.
  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (unsigned char byte : text) {
      if (byte == '"' || byte == '\\') out += {'\\', char(byte)};
      else if (byte == '\n') out += "\\n";
      else if (byte < 0x20) out += ' ';
      else out += byte < 0x80 ? char(byte) : '?';
    }
    return out + '"';
  }

  static void skip(const char*& at, const char* end) {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) ++at;
  }

  static bool take(const char*& at, const char* end, char mark) {
    skip(at, end);
    if (at == end || *at != mark) return false;
    ++at;
    return true;
  }

  static void insist(const char*& at, const char* end, char mark) {
    if (!take(at, end, mark)) throw std::runtime_error(std::string("JSON without the ") + mark + " that must be there");
  }

  static Json value(const char*& at, const char* end) {
    skip(at, end);
    if (take(at, end, '{')) {
      Map found;
      if (take(at, end, '}')) return found;
      do {
        skip(at, end);
        std::string key = string(at, end);
        insist(at, end, ':');
        found[key] = value(at, end);
      } while (take(at, end, ','));
      insist(at, end, '}');
      return found;
    }
    if (take(at, end, '[')) {
      List found;
      if (take(at, end, ']')) return found;
      do found.push_back(value(at, end));
      while (take(at, end, ','));
      insist(at, end, ']');
      return found;
    }
    if (at < end && *at == '"') return string(at, end);
    for (auto& [word, meant] : {std::pair<std::string, Json>{"null", {}}, {"true", true}, {"false", false}})
      if (size_t(end - at) >= word.size() && std::equal(word.begin(), word.end(), at)) {
        at += word.size();
        return meant;
      }
    int64_t whole = 0;
    double real = 0;
    auto number = std::from_chars(at, end, whole);
    bool is_whole = number.ptr != at && (number.ptr == end || !std::strchr(".eE", *number.ptr));
    if (number.ec == std::errc::result_out_of_range) whole = *at == '-' ? INT64_MIN : INT64_MAX;
    if (!is_whole) number.ptr = at + length_of_real(at, end, real);
    if (number.ptr == at) throw std::runtime_error("JSON with a value that is none");
    at = number.ptr;
    return is_whole ? Json(whole) : Json(real);
  }

  static size_t length_of_real(const char* at, const char* end, double& real) {
    std::string text(at, std::find_if(at, end, [](char c) { return !c || !std::strchr("+-.0123456789eE", c); }));
    char* after = nullptr;
    real = std::strtod(text.c_str(), &after);
    return size_t(after - text.c_str());
  }

  static std::string string(const char*& at, const char* end) {
    insist(at, end, '"');
    std::string out;
    while (at < end && *at != '"') {
      if (*at != '\\') {
        out += *at++;
        continue;
      }
      if (end - at < 2) break;
      char mark = at[1];
      at += 2;
      if (mark == 'u' && end - at >= 4) {
        append(out, unsigned(std::stoul(std::string(at, at + 4), nullptr, 16)));
        at += 4;
      } else {
        static const std::string marks = "bfnrt", meant = "\b\f\n\r\t";
        size_t which = marks.find(mark);
        out += which == std::string::npos ? mark : meant[which];
      }
    }
    insist(at, end, '"');
    return out;
  }

  // UTF-8 of a code unit; halves of a pair come as they are, since nothing in the protocol has them.
  static void append(std::string& out, unsigned code) {
    if (code < 0x80) out += char(code);
    else if (code < 0x800) out += {char(0xC0 | code >> 6), char(0x80 | (code & 0x3F))};
    else out += {char(0xE0 | code >> 12), char(0x80 | (code >> 6 & 0x3F)), char(0x80 | (code & 0x3F))};
  }

  Kind kind_ = Kind::null;
  int64_t integer_ = 0;
  double real_ = 0;
  std::string text_;
  List list_;
  Map map_;
};

inline int64_t product(const Numbers& numbers) {
  int64_t found = 1;
  for (auto each : numbers) found *= each;
  return found;
}

// Elements from one index to the next, along each axis of a row-major array.
inline Numbers steps(const Numbers& shape) {
  Numbers found(shape.size(), 1);
  for (size_t axis = shape.size(); axis-- > 1;) found[axis - 1] = found[axis] * shape[axis];
  return found;
}

// (name, name in a message, bytes of an element)
struct Kind {
  const char *name, *code;
  size_t width;
};
inline const Kind kinds[] = {{"float64", "F64", 8}, {"float32", "F32", 4}, {"float16", "F16", 2}, {"bfloat16", "BF16", 2},
                             {"int64", "I64", 8},   {"int32", "I32", 4},   {"int16", "I16", 2},   {"int8", "I8", 1},
                             {"uint64", "U64", 8},  {"uint32", "U32", 4},  {"uint16", "U16", 2},  {"uint8", "U8", 1},
                             {"bool", "BOOL", 1},   {"complex64", "C64", 8}};

// The kind of which `word` is the name, or the code. Throws std::invalid_argument for what no message can carry.
inline const Kind& kind(const std::string& word) {
  for (auto& each : kinds)
    if (word == each.name || word == each.code) return each;
  throw std::invalid_argument("there is no dtype " + word);
}

// Numbers of a dtype, in row-major order. C++17 has no float16 and no bfloat16: they are 2 bytes each.
struct Tensor {
  std::string dtype;
  Numbers shape;
  std::vector<char> bytes;

  Tensor() = default;
  // A tensor of zeros. Throws std::bad_alloc or std::length_error where there is no room for it.
  Tensor(std::string dtype_, Numbers shape_) : dtype(std::move(dtype_)), shape(std::move(shape_)) {
    double count = double(kind(dtype).width);
    for (auto length : shape) count *= double(length);
    if (!(count >= 0 && count < 9e15)) throw std::length_error("no array has so many elements");
    bytes.resize(size_t(size()) * kind(dtype).width);
  }
  int64_t size() const { return product(shape); }
  template <class T>
  T* data() { return reinterpret_cast<T*>(bytes.data()); }
  template <class T>
  const T* data() const { return reinterpret_cast<const T*>(bytes.data()); }
};
using Tensors = std::map<std::string, Tensor>;

// A tensor with its axes in another order, as letters: transpose(x, "NCHW", "NHWC").
inline Tensor transpose(const Tensor& tensor, const std::string& from, const std::string& to) {
  Numbers shape, step, all = steps(tensor.shape), index(to.size(), 0);
  for (char letter : to) {
    shape.push_back(tensor.shape[from.find(letter)]);
    step.push_back(all[from.find(letter)]);
  }
  Tensor out(tensor.dtype, shape);
  size_t width = kind(tensor.dtype).width;
  int64_t at = 0, count = out.size();
  for (int64_t flat = 0; flat < count; ++flat) {
    std::memcpy(&out.bytes[size_t(flat) * width], &tensor.bytes[size_t(at) * width], width);
    for (size_t axis = to.size(); axis-- > 0;) {
      at += step[axis];
      if (++index[axis] < shape[axis]) break;
      at -= step[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

// A canonical operand in a layout. One of another rank, which a case that must be refused may have, stays as it is.
inline Tensor arrange(Tensor tensor, std::string canonical, const std::string& layout, int64_t groups = 1) {
  if (tensor.shape.size() != canonical.size() || layout == canonical) return tensor;
  if (layout.find('G') != std::string::npos) {
    if (groups < 1 || tensor.shape[0] % groups) throw Unsupported("the number of groups is an axis of the kernel");
    tensor.shape[0] /= groups;
    tensor.shape.insert(tensor.shape.begin(), groups);
    canonical.insert(0, 1, 'G');
  }
  return transpose(tensor, canonical, layout);
}

// What `arrange` made, back in the canonical layout.
inline Tensor restore(Tensor tensor, const std::string& layout, std::string canonical) {
  if (tensor.shape.size() != layout.size() || layout == canonical) return tensor;
  bool grouped = layout.find('G') != std::string::npos;
  if (grouped) canonical.insert(0, 1, 'G');
  tensor = transpose(tensor, layout, canonical);
  if (grouped) {
    tensor.shape[1] *= tensor.shape[0];
    tensor.shape.erase(tensor.shape.begin());
  }
  return tensor;
}

// A tensor behind other strides: `data` is its first element, `strides` are in elements and may be negative or zero.
struct Stored {
  std::vector<char> bytes;
  char* data = nullptr;
  Numbers strides;
};

// `tensor` with its memory as a word of case.options.memory says; docs/adapters.md and conformance/memory.py tell what
// each means. For adapters that pass strides on, which name the words that they keep in `Settings`.
inline Stored stored(const Tensor& tensor, const std::string& word) {
  size_t rank = tensor.shape.size(), width = kind(tensor.dtype).width;
  Stored out;
  int64_t first = 0;
  size_t count = size_t(tensor.size());
  out.strides = steps(tensor.shape);
  if (word == "transposed" || word == "channels_last") {
    std::vector<size_t> order;  // from the slowest axis to the fastest
    for (size_t axis = 0; axis < rank; ++axis) order.push_back(axis);
    if (word == "transposed") std::reverse(order.begin(), order.end());
    else if (rank > 1) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
    int64_t step = 1;
    for (size_t place = rank; place-- > 0;) {
      out.strides[order[place]] = step;
      step *= tensor.shape[order[place]];
    }
  } else if (word == "reversed") {
    first = std::max<int64_t>(tensor.size() - 1, 0);
    for (auto& stride : out.strides) stride = -stride;
  } else if (word == "sliced") {
    Numbers wide;
    for (auto length : tensor.shape) wide.push_back(2 * length + 1);
    count = size_t(product(wide));
    out.strides = steps(wide);
    for (auto& stride : out.strides) {
      first += stride;
      stride *= 2;
    }
  } else if (word == "expanded") {
    out.strides[0] = 0;
  } else if (word != "contiguous" && word != "misaligned") {
    throw Unsupported("no operand is stored as " + word);
  }
  out.bytes.assign((count + 1) * width, 0x7F);
  out.data = out.bytes.data() + size_t(first) * width + (word == "misaligned" ? 1 : 0);
  Numbers index(rank, 0);
  for (int64_t flat = 0; flat < tensor.size(); ++flat) {
    int64_t at = 0;
    for (size_t axis = 0; axis < rank; ++axis) at += index[axis] * out.strides[axis];
    std::memcpy(out.data + at * int64_t(width), &tensor.bytes[size_t(flat) * width], width);
    for (size_t axis = rank; axis-- > 0 && ++index[axis] == tensor.shape[axis];) index[axis] = 0;
  }
  return out;
}

// The numbers of a question; docs/adapters.md has the table. A text that is not there is empty. `dtype` and `checks`: in
// which dtype it is asked, and what.
struct Case {
  int64_t batch, in_channels, out_channels, groups;
  Numbers input, kernel, stride, dilation, output_padding, output;
  std::vector<std::pair<int64_t, int64_t>> padding;
  bool bias;
  std::string convention, input_layout, kernel_layout, dtype;
  Checks checks;
  std::optional<Numbers> output_size;
  Json::Map options, shapes;
  std::map<std::string, std::string> memory;

  Case(const Json& said, std::string dtype_, Checks checks_) : dtype(std::move(dtype_)), checks(std::move(checks_)) {
    batch = said["batch"].integer();
    in_channels = said["in_channels"].integer();
    out_channels = said["out_channels"].integer();
    groups = said["groups"].integer();
    input = said["input"].numbers();
    kernel = said["kernel"].numbers();
    stride = said["stride"].numbers();
    dilation = said["dilation"].numbers();
    output_padding = said["output_padding"].numbers();
    output = said["output"].numbers();
    for (auto& pair : said["padding"].list()) padding.emplace_back(pair.list()[0].integer(), pair.list()[1].integer());
    bias = said["bias"].truth();
    for (auto [name, text] : {std::pair{"convention", &convention}, {"input_layout", &input_layout},
                              {"kernel_layout", &kernel_layout}})
      if (!said[name].null()) *text = said[name].text();
    if (!said["output_size"].null()) output_size = said["output_size"].numbers();
    options = said["options"].map();
    shapes = said["shapes"].map();
    if (options.count("memory")) {
      for (auto& [operand, word] : options["memory"].map()) memory[operand] = word.text();
      options.erase("memory");
    }
  }
  size_t rank() const { return input.size(); }
};

// The native call of a case, as data: what the report prints.
struct Plan {
  std::string call;
  Json::Map arguments;
  std::string source;        // default: the call with its arguments
  std::string x, w, y;       // layouts; default: canonical, y as x
  std::string emulates, define;
};

struct Route {
  std::string name;
  std::function<Plan(const Case&)> lower;
  std::function<void(const Plan&, const Case&, Tensors& operands, Tensors& results)> run;
  std::vector<std::string> dtypes = {"float32"};
  Checks checks = {"forward"};
  std::vector<std::string> options = {};  // words of case.options that it understands
  Json::Map words = {};                   // whatever else a hello says of a route: arithmetic, largest, unasked …
};

// What a hello says beside names, version and routes; and the words of memory that the routes keep.
struct Settings {
  std::vector<std::string> devices = {"cpu"};
  std::map<std::string, std::string> builds = {};
  std::vector<std::string> memory = {};
};

namespace inside {

inline int output = 1;  // the file descriptor for messages

// Whether so many bytes came before the end of the input.
inline bool read(char* at, size_t size) {
  while (size) {
    ssize_t got = ::read(0, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= size_t(got);
  }
  return true;
}

inline void write(const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    ssize_t put = ::write(output, bytes.data() + sent, bytes.size() - sent);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) _exit(1);  // nobody listens any more
    sent += size_t(put);
  }
}

inline bool receive(Json& message, Tensors& tensors) {
  unsigned char head[8];
  uint64_t length = 0;
  if (!read(reinterpret_cast<char*>(head), 8)) return false;
  for (int byte = 8; byte-- > 0;) length = length << 8 | head[byte];
  std::string text(length, ' ');
  if (!read(text.data(), length)) return false;
  Json::Map header = Json::parse(text).map();
  message = Json::parse(header.at("__metadata__")["message"].text());
  header.erase("__metadata__");
  int64_t size = 0;
  for (auto& [name, entry] : header) size = std::max(size, entry["data_offsets"].list()[1].integer());
  std::string payload(size_t(size), '\0');
  if (!read(payload.data(), payload.size())) return false;
  tensors.clear();
  for (auto& [name, entry] : header) {
    Numbers offsets = entry["data_offsets"].numbers();
    Tensor& tensor = tensors[name];
    tensor.dtype = kind(entry["dtype"].text()).name;
    tensor.shape = entry["shape"].numbers();
    tensor.bytes.assign(payload.begin() + offsets[0], payload.begin() + offsets[1]);
  }
  return true;
}

inline void send(Json::Map message, const Tensors& tensors = {}) {
  Json::Map header{{"__metadata__", Json::Map{{"message", Json(std::move(message)).dump()}}}};
  std::string body;
  for (auto& [name, tensor] : tensors) {
    Numbers offsets{int64_t(body.size()), int64_t(body.size() + tensor.bytes.size())};
    header[name] = Json::Map{{"dtype", kind(tensor.dtype).code}, {"shape", tensor.shape}, {"data_offsets", offsets}};
    body.append(tensor.bytes.begin(), tensor.bytes.end());
  }
  std::string text = Json(header).dump(), head(8, '\0');
  for (int byte = 0; byte < 8; ++byte) head[size_t(byte)] = char(text.size() >> 8 * byte & 0xFF);
  write(head + text + body);
}

inline Json::Map told(const char* outcome, const std::exception& error) {
  std::string type = typeid(error).name();
#if defined(__GNUG__)
  std::unique_ptr<char, decltype(&std::free)> plain(abi::__cxa_demangle(type.c_str(), nullptr, nullptr, nullptr), std::free);
  if (plain) type = plain.get();
#endif
  return {{"outcome", outcome}, {"type", type}, {"text", std::string(error.what()).substr(0, 4000)}, {"trace", ""}};
}

inline Json::Map said(const Plan& plan) {
  Json::Map layouts{{"x", plan.x}, {"w", plan.w}, {"y", plan.y}};
  Json::Map found{{"call", plan.call}, {"arguments", plan.arguments}, {"source", plan.source}, {"layouts", layouts}};
  found["define"] = plan.define;
  if (!plan.emulates.empty()) found["emulates"] = plan.emulates;
  return found;
}

inline bool one_of(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

inline std::string space(size_t rank) { return rank < 4 ? std::string("DHW").substr(3 - rank) : ""; }

// What an answer's tensor must be, so that a slip in the adapter is told as one.
inline const Tensor& checked(const Tensors& results, const std::string& check) {
  auto found = results.find(check);
  if (found == results.end()) throw std::logic_error("the adapter made no " + check);
  const Tensor& tensor = found->second;
  if (tensor.bytes.size() != size_t(tensor.size()) * kind(tensor.dtype).width)
    throw std::logic_error(check + " has bytes for another shape");
  return tensor;
}

inline void answer(Json::Map& reply, Tensors& arrays, const std::string& name, const Route& route,
                   const Settings& settings, const Json& message, Tensors& operands) {
  Checks checks;
  for (auto& each : message["checks"].list()) checks.push_back(each.text());
  Case c(message["case"], message.has("dtype") ? message["dtype"].text() : operands.at("x").dtype, checks);
  for (auto& [word, value] : c.options)
    if (!one_of(route.options, word)) throw Unsupported(name + "/" + route.name + " has no " + word);
  for (auto& [operand, word] : c.memory)
    if (!one_of(settings.memory, word))
      throw Unsupported(name + " copies its operands: " + operand + " would not be stored as " + word);
  Plan plan = route.lower(c);
  const std::string x = "NC" + space(c.rank()), w = "IO" + space(c.rank());
  if (plan.x.empty()) plan.x = x;
  if (plan.w.empty()) plan.w = w;
  if (plan.y.empty()) plan.y = plan.x;
  if (plan.source.empty()) {
    for (auto& [word, value] : plan.arguments) plan.source += ", " + word + " = " + value.dump();
    plan.source = "y = " + plan.call + "(x, w" + (c.bias ? ", b" : "") + plan.source + ");";
  }
  operands["x"] = arrange(std::move(operands["x"]), x, plan.x);
  operands["w"] = arrange(std::move(operands["w"]), w, plan.w, c.groups);
  if (operands.count("g")) operands["g"] = arrange(std::move(operands["g"]), x, plan.y);
  Tensors results;
  auto begin = std::chrono::steady_clock::now();
  try {
    route.run(plan, c, operands, results);
  } catch (const Unsupported&) {
    throw;
  } catch (const std::exception& error) {
    reply = told("raised", error);
  } catch (...) {
    reply = {{"outcome", "raised"}, {"type", "unknown"}, {"text", "what was thrown is no std::exception"}, {"trace", ""}};
  }
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  if (reply.empty()) {
    for (auto& check : checks) {
      Tensor tensor = checked(results, check);
      if (check == "forward") tensor = restore(std::move(tensor), plan.y, x);
      if (check == "grad_input") tensor = restore(std::move(tensor), plan.x, x);
      if (check == "grad_weight") tensor = restore(std::move(tensor), plan.w, w);
      arrays[check] = std::move(tensor);
    }
    reply = {{"outcome", "returned"}, {"seconds", seconds.count()}};
  }
  reply["plan"] = said(plan);
}

}  // namespace inside

// Answer messages until the end of the input; the exit status.
inline int serve(const std::string& name, const std::string& version, const std::vector<Route>& routes,
                 const Settings& settings = {}) {
  inside::output = ::dup(1);
  ::dup2(2, 1);  // whatever a library prints is a log
  Json::List offered;
  for (auto& route : routes) {
    Json::Map words = route.words;
    words.insert({{"name", route.name}, {"dtypes", route.dtypes}, {"checks", route.checks}});
    offered.push_back(words);
  }
  Json message;
  Tensors operands;
  while (inside::receive(message, operands)) {
    Json::Map reply;
    Tensors arrays;
    if (message["do"].text() == "hello") {
      reply = {{"protocol", 1}, {"name", name}, {"version", version}, {"devices", settings.devices},
               {"builds", settings.builds}, {"routes", offered}};
    } else {
      try {
        auto asked = std::find_if(routes.begin(), routes.end(),
                                  [&](const Route& route) { return route.name == message["route"].text(); });
        if (asked == routes.end()) throw std::out_of_range("there is no such route");
        inside::answer(reply, arrays, name, *asked, settings, message, operands);
      } catch (const Unsupported& why) {
        reply = {{"outcome", "unsupported"}, {"reason", why.what()}};
      } catch (const std::exception& error) {  // the adapter's own fault: what the framework threw was caught there
        reply = inside::told("broken", error);
        arrays.clear();
      }
    }
    reply["id"] = message["id"];
    inside::send(std::move(reply), arrays);
  }
  return 0;
}

}  // namespace convt
