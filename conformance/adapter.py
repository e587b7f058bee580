"""The worker's half: Plan, Unsupported, serve. An adapter imports this module and its framework, nothing else of ours.

Standard library and NumPy only, Python 3.7 or newer: the interpreter that answers may be a framework's own old
environment, without this project installed. The parent runs this file as a program with the adapter's path as its
argument; it then offers itself as the module ``conformance.adapter``, so nothing needs to be on the path.

Protocol: standard input and output carry messages, each one safetensors buffer (8-byte little-endian length, JSON
header, raw little-endian C-order tensors) whose ``__metadata__`` holds the message as JSON under "message". The real
standard output is put aside before the adapter runs; what it or its framework prints goes to standard error, the log.
"""

import os
import sys

if __name__ == "__main__":
    # Run as a program, Python puts this file's folder first on the path; it holds modules (html.py) that hide others.
    _here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _here]

import collections
import faulthandler
import importlib.util
import json
import linecache
import re
import runpy
import signal
import struct
import time
import traceback
import types

import numpy as np

PROTOCOL = 1

#: The environment's variable that names the variant which a process is to be.
VARIANT = "CONVT_VARIANT"

#: NumPy has no bfloat16: such tensors travel, and reach an adapter's `put`, as the 16 bits of each number.
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "U16": "<u2",
    "U32": "<u4",
    "U64": "<u8",
    "BOOL": "|b1",
    "C64": "<c8",
}
NAMES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "bool": "BOOL",
    "complex64": "C64",
}

#: Canonical layouts by rank: batch, channels, depth, height, width; kernels input channels, output channels per group.
CANONICAL = {"x": {1: "NCW", 2: "NCHW", 3: "NCDHW"}, "w": {1: "IOW", 2: "IOHW", 3: "IODHW"}}

#: How operands may be stored in memory: see memory.stored.
MEMORY = ("contiguous", "transposed", "channels_last", "reversed", "sliced", "expanded", "readonly", "misaligned")

#: Seconds of an answer that is timed once more, beside the yardstick; after more, what is slow is plain.
LONG = (0.1, 10.0)

#: The name of each check's result in a plan's body.
RESULTS = {"forward": "y", "grad_input": "dx", "grad_weight": "dw", "grad_bias": "db"}


class Unsupported(Exception):
    """Raised by `lower`: this framework cannot express the case. The text says what it lacks."""


class Case(types.SimpleNamespace):
    """The numbers of a question, lists as tuples: batch, in_channels, out_channels, groups, input, kernel, stride,
    dilation, padding ((lo, hi) per axis), output_padding, output, bias, convention, output_size, input_layout,
    kernel_layout, options, shapes (of operands that are not what the other numbers ask for); and rank, and memory
    ({operand: a word of MEMORY}, which travels as an option, since a route that does not know it must not answer);
    and dtype, in which the route is asked."""

    def __init__(self, numbers, dtype="float32"):
        super().__init__(**{key: _tuples(value) for key, value in numbers.items()})
        self.dtype = dtype
        self.rank = len(self.input)
        self.options = dict(self.options)
        self.memory = self.options.pop("memory", {})

    @property
    def extent(self):
        """The kernel's extent (K − 1)·dilation + 1 per axis."""
        return tuple((k - 1) * e + 1 for k, e in zip(self.kernel, self.dilation))

    @property
    def full(self):
        """The full length (I − 1)·stride + extent per axis, before anything is cropped."""
        return tuple((i - 1) * s + k if i else 0 for i, s, k in zip(self.input, self.stride, self.extent))

    @property
    def crop(self):
        """(begin, end) per axis: what is cut from the full length. Output padding is a smaller cut at the end, and a
        negative number extends; these two numbers alone determine the answer."""
        return tuple((lo, hi - op) for (lo, hi), op in zip(self.padding, self.output_padding))

    @property
    def operand_shapes(self):
        """{"x": shape, "w": shape, and "b": shape where there is a bias}, canonical, as the operands come."""
        shapes = {
            "x": (self.batch, self.in_channels, *self.input),
            "w": (self.in_channels, self.out_channels // max(self.groups, 1), *self.kernel),
        }
        if self.bias:
            shapes["b"] = (self.out_channels,)
        return dict(shapes, **self.shapes)


class Plan:
    """The native call that a route makes for a case, as data: what the report prints is what ran.

    call       dotted name of the framework's function
    arguments  its keyword arguments, plain data
    body       Python statements from x, w, b (and g, the upstream gradient) to y (and dx, dw, db); the words
               ``**arguments`` stand for the arguments. Of a case with the option `foretell` it also makes `foretold`
               and `stored`: {name of the result: (shape, strides or None)}, what the framework says of an answer before
               it computes it, and what the answer has
    prepare    statements before them that need no operands, such as what is compiled: run once and kept, so that the
               next operands do not compile it again
    build      statements after those that see w and b, for engines that keep the kernel inside a model: kept as long
               as the same w and b are asked. The time of both is told apart from the body's
    x, w       the layouts that the call reads, as letters ("NHWC", "HWOI"); None is the canonical one. A kernel whose
               layout has a G ("GOIHW") has an axis for the groups, and I and O count one group's channels
    y          the layout of its answer; None is that of x
    memory     {"x": letters, "w": letters}: how the operands are stored in memory, where that differs from the layout
    emulates   what is composed, where the framework has no single call for the case
    define     source text of functions that the body uses, for the printed script
    needs      what else must be there, in words that `Framework.lacks` may name, or the call itself where some versions
               lack it
    yardstick  an expression of the names of the body: the framework's forward convolution of the same size. It is
               timed where an answer took long
    """

    def __init__(
        self,
        call,
        arguments=None,
        body=None,
        prepare="",
        build="",
        x=None,
        w=None,
        y=None,
        memory=None,
        emulates=None,
        define="",
        needs=(),
        yardstick="",
    ):
        self.call = call
        self.arguments = arguments or {}
        self.body = body or "y = %s(x, w, b, **arguments)" % call
        self.prepare, self.build = prepare, build
        self.x, self.w, self.y = x, w, y or x
        self.memory = memory or {}
        self.emulates = emulates
        self.define = define
        self.needs, self.yardstick = tuple(needs), yardstick

    def data(self, rank):
        """The plan as JSON data, with every layout spelled out and `source`, the statements as they read in full."""
        words = ", ".join("%s=%r" % item for item in self.arguments.items())
        source = "\n".join(filter(None, [self.prepare, self.build, self.body])).replace("**arguments", words)
        if re.search(r"\barguments\b(?!=)", source):
            source = "arguments = %r\n%s" % (self.arguments, source)
        return {
            "call": self.call,
            "arguments": self.arguments,
            "source": source.replace("(, ", "(").replace(", )", ")"),
            "layouts": {
                "x": self.x or CANONICAL["x"][rank],
                "w": self.w or CANONICAL["w"][rank],
                "y": self.y or CANONICAL["x"][rank],
            },
            "memory": self.memory,
            "emulates": self.emulates,
            "define": self.define,
        }


class Route:
    """One way through a framework.

    lower(case, checks) makes the Plan or raises Unsupported; it must not import the framework.
    dtypes and checks: what the route can be asked. arithmetic: per dtype the declared accumulator, e.g.
    {"float16": {"accumulator": "float32"}}; a dtype that is missing accumulates in itself, float16 and bfloat16 in
    float32.
    cost: seconds that each new case costs, roughly, where a compiler makes that much; 0 for the others.
    tier: the part of the corpus on which a costly route runs unless it is asked for everywhere; None for all.
    options: the words of case.options that the route understands.
    devices: some of the framework's, or None for all.
    unasked: what the route cannot be asked about in a question that must be refused, because it reads it elsewhere or
    adds it by itself: {part of the question: why}, such as {"out_channels": "it is read off the kernel"}. The parts
    are those of the word `invalid` of the ledger's conditions.
    needs: dotted names, such as "torch.compile", that some versions lack: there the route is not offered.
    largest: multiply-adds of the largest case that the route takes; None for any.
    """

    def __init__(
        self,
        name,
        lower,
        dtypes=("float32",),
        checks=("forward",),
        arithmetic=None,
        cost=0.0,
        tier=None,
        options=(),
        devices=None,
        unasked=None,
        needs=(),
        largest=None,
    ):
        self.name, self.lower, self.dtypes, self.checks = name, lower, tuple(dtypes), tuple(checks)
        self.arithmetic, self.cost, self.tier = arithmetic or {}, cost, tier
        self.options, self.devices, self.unasked, self.needs = tuple(options), devices, unasked or {}, tuple(needs)
        self.largest = largest


class Framework:
    """What `load` returns: the version, the names that plan bodies use ({"torch": torch}) and the devices found.

    A plan that needs a word in `lacks` is unsupported, not a failure. One whose `call` does not exist is broken, since
    that may be a slip of the pen or a function that a new version has dropped; unless its route or the plan itself says
    that it `needs` what not every version has.

    builds    {"onednn": "3.7.1", "gpu": "…"}: what else decides how it computes; rules may name it as a place
    variants  {"onednn=avx2": Variant(…)}: settings under which the same framework computes otherwise
    """

    def __init__(self, version, names, devices=("cpu",), lacks=(), builds=None, variants=None):
        self.version, self.names, self.devices, self.lacks = version, names, tuple(devices), tuple(lacks)
        self.builds, self.variants = builds or {}, variants or {}


class Script:
    """How a script that repeats an answer is written in the framework's own words.

    imports: the lines that import it, under the names that plan bodies use
    put: an expression that makes the framework's tensor of the NumPy array {array}; bfloat16: the same for numbers that
    come as float32 and must be bfloat16
    get: an expression that makes a NumPy array of dtype {wide} of the tensor {y}
    """

    def __init__(self, imports, put="{array}", bfloat16="{array}", get="np.asarray({y}, dtype=np.{wide})"):
        self.imports, self.put, self.bfloat16, self.get = imports, put, bfloat16, get


class Variant:
    """A setting: variables of the environment, read when a process starts, and statements that are executed once the
    framework is loaded ("torch.backends.mkldnn.enabled = False"); they may use the names of `Framework`."""

    def __init__(self, environment=None, setup=""):
        self.environment, self.setup = environment or {}, setup

    def data(self):
        return {"environment": self.environment, "setup": self.setup}


def permutation(source, target):
    """The axes argument of numpy.transpose that takes an array from layout `source` to layout `target` (letters).

    permutation("IOHW", "HWOI") == (2, 3, 1, 0)
    """
    return tuple(source.index(letter) for letter in target)


def arrange(array, canonical, layout, memory=None, groups=1):
    """`array` (canonical layout) seen in `layout`, its bytes in the order of `memory` (default: of `layout`).

    A layout with a G gets an axis of so many groups, of the input channels. An operand of another rank, which an
    invalid case may have, is handed over as it is. Raises Unsupported where the channels make no such groups.
    """
    if array.ndim != len(canonical):
        return array
    if "G" in layout:
        if groups < 1 or len(array) % groups:
            raise Unsupported("the number of groups is an axis of the kernel")
        canonical = "G" + canonical
        array = array.reshape((groups, len(array) // groups, *array.shape[1:]))
    memory = memory or layout
    stored = np.ascontiguousarray(array.transpose(permutation(canonical, memory)))
    return stored.transpose(permutation(memory, layout))


def restore(array, layout, canonical):
    """What `arrange` made of an array, back in the canonical layout."""
    if not layout or array.ndim != len(layout):
        return array
    array = array.transpose(permutation(layout, "G" * ("G" in layout) + canonical))
    return array.reshape((-1, *array.shape[2:])) if "G" in layout else array


def given(array, dtype, device):
    """`put` of an engine that takes NumPy's arrays."""
    return array


def taken(tensor):
    """`get` of an engine that answers with NumPy's arrays, or with what NumPy makes arrays of."""
    array = np.asarray(tensor)
    return str(array.dtype), array


def serve(name, routes, load, put=given, get=taken, memory=(), script=None, release=None):
    """Answer messages until the end of input.

    name   the framework's name, the first half of every route's name
    load   imports the framework and returns a Framework; raises ImportError where it is not installed
    put    put(array, dtype, device) makes the framework's tensor; bfloat16 comes as uint16 bits
    get    get(tensor) returns (array, dtype name); bfloat16 goes as uint16 bits
    memory words of MEMORY that `put` keeps on the CPU; an adapter that copies its operands keeps none
    script a Script: how a script that repeats an answer is written
    release release(device) gives back the memory of a device, other than a CPU's, that an answer took
    """
    worker = _Worker(name, {route.name: route for route in routes}, load, put, get, memory, script)
    source, sink = os.fdopen(0, "rb", closefd=False), _put_aside_stdout()
    while True:
        received = read_message(source)
        if received is None:
            return
        message, tensors = received
        reply, arrays = worker.answer(message, tensors)
        reply["id"] = message.get("id")
        sink.write(pack(reply, arrays))
        sink.flush()
        device = message.get("device", "cpu")
        if release and not device.startswith("cpu"):
            release(device)


def read_message(stream):
    """The next (message, {name: (dtype name, array)}) of a binary stream, or None at its end."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    header = json.loads(stream.read(struct.unpack("<Q", head)[0]).decode("utf-8"))
    message = json.loads(header.pop("__metadata__")["message"])
    size = max([entry["data_offsets"][1] for entry in header.values()] + [0])
    payload = bytearray(stream.read(size))
    return message, unpack(header, payload)


def unpack(header, payload):
    """{name: (dtype name, array)} from a safetensors header without its metadata. Raises ValueError on a bad tensor."""
    names = {code: name for name, code in NAMES.items()}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        shape, dtype, count = entry["shape"], DTYPES[entry["dtype"]], 1
        for length in shape:
            count *= length
        array = np.frombuffer(payload, dtype, count, begin) if end > begin else np.zeros(shape, dtype)
        if array.nbytes != end - begin:
            raise ValueError("tensor %s: %d bytes for shape %s" % (name, end - begin, shape))
        tensors[name] = (names[entry["dtype"]], array.reshape(shape))
    return tensors


def pack(message, tensors=None, dumps=json.dumps):
    """One message as bytes; tensors: {name: (dtype name, array)}. `dumps`: JSON text of data."""
    header, chunks, offset = {"__metadata__": {"message": dumps(message)}}, [], 0
    for name, (dtype, array) in (tensors or {}).items():
        chunk = np.ascontiguousarray(array).tobytes()
        offsets = [offset, offset + len(chunk)]
        header[name] = {"dtype": NAMES[dtype], "shape": list(array.shape), "data_offsets": offsets}
        chunks.append(chunk)
        offset += len(chunk)
    text = dumps(header).encode("utf-8")
    return b"".join([struct.pack("<Q", len(text)), text, *chunks])


class _Worker:
    def __init__(self, name, routes, load, put, get, memory, script):
        self.name, self.routes, self.load, self.put, self.get, self.memory = name, routes, load, put, get, memory
        self.script = script
        self.framework = None
        self.code = {}  # source text → code
        self.kept = collections.OrderedDict()  # what it was made of → names

    def answer(self, message, tensors):
        try:
            return getattr(self, "_" + message["do"])(message, tensors)
        except Unsupported as why:
            return {"outcome": "unsupported", "reason": str(why)}, {}
        except Exception as error:  # the adapter's own fault: whatever the framework raised was caught where it ran
            return dict(_raised(error), outcome="broken"), {}

    def _hello(self, message, tensors):
        hello = {
            "protocol": PROTOCOL,
            "name": self.name,
            "python": sys.version.split()[0],
            "numpy": np.__version__,
        }
        offered, lacking = list(self.routes.values()), {}
        try:
            framework = self._framework()
        except ImportError as error:
            return dict(hello, absent=str(error), routes=[self._describe(route) for route in offered]), {}
        for route in offered:
            missing = [name for name in route.needs if not _has(framework, name)]
            if missing:
                lacking[route.name] = "version %s has no %s" % (framework.version, " and no ".join(missing))
        variants = {name: variant.data() for name, variant in framework.variants.items()}
        found = {"devices": framework.devices, "builds": framework.builds, "variants": variants, "lacking": lacking}
        found["routes"] = [self._describe(route) for route in offered if route.name not in lacking]
        found["script"] = vars(self.script) if self.script else None
        return dict(hello, version=framework.version, **found), {}

    @staticmethod
    def _describe(route):
        return {
            "name": route.name,
            "dtypes": route.dtypes,
            "checks": route.checks,
            "arithmetic": route.arithmetic,
            "cost": route.cost,
            "tier": route.tier,
            "devices": route.devices,
            "unasked": route.unasked,
            "largest": route.largest,
        }

    def _plan(self, message, tensors):
        return {"outcome": "planned", "plan": self._lower(message)[0].data(len(message["case"]["input"]))}, {}

    def _lower(self, message):
        route, case = self.routes[message["route"]], Case(message["case"], message.get("dtype", "float32"))
        unknown = sorted(set(case.options) - set(route.options))
        if unknown:
            raise Unsupported("%s/%s has no %s" % (self.name, route.name, " or ".join(unknown)))
        for operand, word in case.memory.items():
            if word not in self.memory:
                raise Unsupported("%s copies its operands: %s would not be stored as %s" % (self.name, operand, word))
        return route.lower(case, tuple(message["checks"])), case

    def _run(self, message, tensors):
        plan, case = self._lower(message)
        framework = self._framework()
        _insist(plan, framework)
        arrays, rank = {}, case.rank
        for operand, layout in (("x", plan.x), ("w", plan.w), ("b", None), ("g", plan.y)):
            if operand in tensors:
                dtype, array = tensors[operand]
                if operand != "b":
                    canonical = CANONICAL["w" if operand == "w" else "x"].get(rank, "")
                    layout = layout or canonical
                    array = arrange(array, canonical, layout, plan.memory.get(operand), case.groups)
                if operand in case.memory:
                    array = _stored(array, case.memory[operand], message["device"])
                arrays[operand] = (array, dtype, message["device"])
        try:  # a framework may raise when it is handed an operand, too, or only when its answer is fetched
            operands = dict({"b": None}, **{name: self.put(*given) for name, given in arrays.items()})
            begin = time.perf_counter()
            kept = self._prepared(plan, framework, operands, message, tensors)
            built = time.perf_counter()
            names = dict(kept, **operands)
            exec(self._code(plan.body), names)
            results = {check: self.get(names[RESULTS[check]]) for check in message["checks"]}
            seconds = time.perf_counter() - built
        except Exception as error:
            return dict(_raised(error), outcome="raised", plan=plan.data(rank)), {}
        reply = {"outcome": "returned", "seconds": seconds, "plan": plan.data(rank)}
        if "foretold" in names:
            told = ((check, RESULTS[check]) for check in message["checks"])
            reply["foretold"] = {check: (names["foretold"][result], names["stored"][result]) for check, result in told}
        if plan.yardstick and LONG[0] < seconds < LONG[1]:
            again = self._timed(plan.body, names, [RESULTS[check] for check in message["checks"]])
            reply["seconds"] = seconds if again is None else min(seconds, again)
            reply["forward_seconds"] = self._timed("forward = " + plan.yardstick, names, ["forward"])
        layouts = {"forward": plan.y, "grad_input": plan.x, "grad_weight": plan.w, "grad_bias": None}
        arrays = {}
        for check, (dtype, array) in results.items():
            if dtype not in NAMES:
                raise TypeError("the answer is of dtype %s, which no message can carry" % dtype)
            canonical = CANONICAL["w" if check == "grad_weight" else "x"].get(rank, "")
            arrays[check] = (dtype, restore(array, layouts[check], canonical))
        if plan.prepare or plan.build:
            reply["build_seconds"] = built - begin
        return reply, arrays

    def _timed(self, statements, names, results):
        """Seconds that statements and the fetching of what they make take, of two goes the shorter: the first may load
        or compile what it needs. None where they raise: they are no question, and there is nothing to judge."""
        took = []
        try:
            while len(took) < 2 and sum(took) < 1.0:
                begin = time.perf_counter()
                exec(self._code(statements), names)
                for result in results:
                    self.get(names[result])
                took.append(time.perf_counter() - begin)
        except Exception as error:
            print("not timed:", error, file=sys.stderr)
        return min(took) if took else None

    def _prepared(self, plan, framework, operands, message, tensors):
        """What a plan's body finds: the framework's names, the arguments, and what `prepare` and `build` make, kept a
        while; what `build` makes as long as kernel and bias are the same.

        What is kept serves one question only, with other operands. Compilers remember by code object which shapes they
        have seen, and how often: questions that share one would answer for each other. So the code is compiled anew.
        """
        names = dict(framework.names, arguments=plan.arguments, __name__="__main__")
        steps = [(source, seen) for source, seen in ((plan.prepare, ()), (plan.build, ("w", "b"))) if source]
        asked = _asked(message, tensors) if steps else None
        for source, seen in steps:
            key = (plan.prepare, source, asked, *_contents(tensors, seen))
            made = self.kept.pop(key, None)
            if made is None:
                made = dict(names, **{name: operands.get(name) for name in seen})
                exec(_compiled(source), made)
            names = self.kept[key] = made
            if len(self.kept) > 16:
                self.kept.popitem(last=False)
        return names

    def _code(self, source):
        if source not in self.code:
            self.code[source] = _compiled(source)
        return self.code[source]

    def _framework(self):
        if self.framework is None:
            self.framework = self.load()
            variant = self.framework.variants.get(os.environ.get(VARIANT))
            if variant:
                exec(variant.setup, dict(self.framework.names))
        return self.framework


def _compiled(source):
    """Code whose source can be read, as some frameworks do."""
    name = "<plan %d>" % len(linecache.cache)
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    return compile(source, name, "exec")


def _contents(tensors, names):
    """What tells some operands from others."""
    given = [(name, *tensors[name]) for name in names if name in tensors]
    return tuple((name, dtype, array.shape, array.tobytes()) for name, dtype, array in given)


def _asked(message, tensors):
    """A question without what its operands hold, as text that can be compared."""
    dtypes = {name: dtype for name, (dtype, _) in tensors.items()}
    return json.dumps([{word: said for word, said in message.items() if word != "id"}, dtypes], sort_keys=True)


def _stored(array, word, device):
    from conformance import memory  # not above: run as a program, this module offers it only then

    if device != "cpu" and word not in memory.DENSE:
        raise Unsupported("a copy to the device would not be stored as %s" % word)
    return memory.stored(array, word)


def _insist(plan, framework):
    """Raise Unsupported where this version of the framework lacks something that the plan says it needs, and NameError
    where it lacks the call without a word on that."""
    for word in plan.needs:
        if word in framework.lacks:
            raise Unsupported("version %s has no %s" % (framework.version, word))
    if not _has(framework, plan.call):
        lacking = "version %s has no %s" % (framework.version, plan.call)
        if plan.call in plan.needs:
            raise Unsupported(lacking)
        hint = "correct the call; where only some versions have it, say so: Route(…, needs=[%r])"
        raise NameError("%s: %s" % (lacking, hint % plan.call))


def _has(framework, name):
    """Whether a dotted name leads to something, by attributes or by modules that are still to be imported."""
    first, _, rest = name.partition(".")
    if first not in framework.names:
        return False
    value = framework.names[first]
    for part in filter(None, rest.split(".")):
        if not hasattr(value, part):
            try:
                value = importlib.import_module("%s.%s" % (value.__name__, part))
                continue
            except (ImportError, AttributeError):
                return False
        value = getattr(value, part)
    return True


def _raised(error):
    return {
        "type": type(error).__name__,
        "text": str(error)[:4000],
        "trace": traceback.format_exc()[-4000:],
    }


def _tuples(value):
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return value


def _put_aside_stdout():
    """The real standard output as a binary file; from the first call on, file descriptor 1 is standard error."""
    global _stdout
    if _stdout is None:
        sys.stdout.flush()
        _stdout = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
    return _stdout


_stdout = None


def _beside(path):
    """The adapter's folder, which is on the path of any script. Not where it is part of a package, whose modules may
    hide others, and not where packages are installed, perhaps for another interpreter."""
    folder = os.path.dirname(os.path.abspath(path))
    packaged = os.path.exists(os.path.join(folder, "__init__.py"))
    installed = os.path.basename(folder) in ("site-packages", "dist-packages")
    return [] if packaged or installed else [folder]


def _main():
    """Run the adapter named on the command line, with this module as its ``conformance.adapter``."""
    path = sys.argv[1]
    _put_aside_stdout()
    faulthandler.enable()
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1)  # the parent asks a silent worker where it is
    package = types.ModuleType("conformance")
    package.__path__ = []
    package.adapter = sys.modules["__main__"]
    sys.modules["conformance"] = package
    sys.modules["conformance.adapter"] = sys.modules["__main__"]
    for name in ("memory", "lowering"):
        beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
        spec = importlib.util.spec_from_file_location("conformance." + name, beside)
        module = sys.modules["conformance." + name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        setattr(package, name, module)
    sys.argv[:] = sys.argv[1:]
    sys.path[:0] = _beside(path)
    runpy.run_path(path, run_name="__main__")


if __name__ == "__main__":
    _main()
