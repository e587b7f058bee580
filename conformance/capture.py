"""Record the transposed convolutions that a running model asks for, and write them as a family.

    from conformance.capture import capture

    with capture("my_model.yaml"):
        model(x)

Works with PyTorch, TensorFlow, JAX, and what stands on them (Keras on any of the three, Flax, Haiku, Equinox). The
framework is the caller's; nothing is imported here, so import it before the block. The program runs as it would
without.

PyTorch: the operator itself is watched, below everything that calls it: modules, functions, autocast, vmap, compiled,
exported, traced and scripted code, in all threads. Not seen: what inductor fuses when it freezes weights, and older
releases than 2.9 do not show what torch.jit.trace made. Quantised operators are noted, not recorded.

TensorFlow and JAX: the functions that make transposed convolutions are replaced, in every loaded module that has them
by name, by ones that note their shapes and call on. So code that jit or tf.function traced before the block is not
seen. A convolution of JAX is a transposed one where its input is dilated, or a layer called ConvTranspose makes it. A
bias that is added by another call is part of the case in Keras layers only.
"""

from __future__ import annotations

import functools
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.exchange import torch_operator
from conformance.exchange.calls import READERS, NotOne
from conformance.exchange.writing import Family

#: The class whose `call` names a Keras layer and knows its bias.
KERAS_LAYER = ("keras.src.layers.convolutional.base_conv_transpose", "BaseConvTranspose")

#: Packages of which a caller of the framework is none.
_INSIDE = {"torch", "tensorflow", "keras", "jax", "flax", "haiku", "equinox", "conformance", "contextlib", "functools"}

#: What may have hidden all that ran.
UNSEEN = "no transposed convolution was found; what jit or tf.function traced before the block is not seen"


@contextmanager
def capture(path: str | Path) -> Iterator[Family]:
    """Write the transposed convolutions that run in the block, of all threads, to the family file `path`.

    Gives the Family that is filled meanwhile; its `notes` say what could not be recorded. The file is written even
    where the block raises. Raises FileError where the name is no good or taken or, at the end, where nothing ran.
    """
    recorder = _Recorder(Family(path, f"the transposed convolutions of {Path(path).stem}", "a running program"))
    swaps = _replace(recorder)
    watched = torch_operator.watch(recorder.operator, recorder.quantised)
    try:
        yield recorder.family
    except BaseException:
        if recorder.family.cases:
            recorder.family.write()
        raise
    else:
        recorder.family.notes += [UNSEEN] * (not recorder.family.cases and not recorder.family.notes)
        recorder.family.write()
    finally:
        recorder.active = False
        watched.end()
        _restore(swaps)


class _Recorder:
    """Notes calls. A call made by a call that is being noted is not another one."""

    def __init__(self, family: Family):
        self.family, self.active = family, True
        self._lock, self._thread = threading.Lock(), threading.local()

    def function(self, dotted: str, original: Callable, read: Callable) -> Callable:
        """`original`, which notes each call as `read` understands its arguments."""

        @functools.wraps(original)
        def noting(*args: Any, **keywords: Any) -> Any:
            if not self.active or getattr(self._thread, "inside", False) or _of_a_gradient():
                return original(*args, **keywords)
            self._note(dotted, functools.partial(read, *args, **keywords))
            self._thread.inside = True
            try:
                return original(*args, **keywords)
            finally:
                self._thread.inside = False

        return noting

    def operator(self, read: Callable[[], dict[str, Any]]) -> None:
        """Note a call of PyTorch's operator."""
        if self.active and not getattr(self._thread, "inside", False):
            module = torch_operator.module()
            self._note("torch convolution", read, module)

    def quantised(self, name: str) -> None:
        """Note that there was a call that no case can say."""
        if self.active:
            said = f"left out: {name}{_caller()}: its operands are quantised or packed"
            with self._lock:
                self.family.notes += [] if said in self.family.notes else [said]

    def layer(self, original: Callable) -> Callable:
        """A Keras layer's `call`, which says whose the next call is."""

        @functools.wraps(original)
        def call(layer: Any, *args: Any, **keywords: Any) -> Any:
            self._thread.layer = layer
            try:
                return original(layer, *args, **keywords)
            finally:
                self._thread.layer = None

        return call

    def _note(self, dotted: str, read: Callable[[], dict[str, Any]], module: str = "") -> None:
        layer = getattr(self._thread, "layer", None)
        place = f"layer {layer.name}, {dotted}" if layer is not None else f"{dotted}{_caller()}"
        place = f"module {module}, {place}" if module else place
        try:
            numbers = read()
        except NotOne:
            return
        except Exception as error:  # whatever the call is, it is the framework's to judge, not ours
            with self._lock:
                self.family.notes.append(f"left out: {place}: {error}")
            return
        if layer is not None:
            numbers["bias"] = bool(layer.use_bias)
        name = layer.name if layer is not None else module or dotted.rpartition(".")[2].replace(" ", ".")
        with self._lock:
            self.family.add(name, place, numbers)


#: (owner, name, original, ours)
Swaps = list[tuple[Any, str, Any, Any]]


def _replace(recorder: _Recorder) -> Swaps:
    """Replace the functions wherever they are named."""
    ours: dict[int, tuple[Any, Any]] = {}
    for dotted, read in READERS.items():
        original = _loaded(dotted)
        if original is not None and id(original) not in ours:
            noting = recorder.function(dotted, original, read)
            if dotted.startswith("tensorflow."):  # nothing of it is to be rewritten as a graph
                noting = sys.modules["tensorflow"].autograph.experimental.do_not_convert(noting)
            ours[id(original)] = original, noting
    swaps = _exchange(ours)
    layer = _loaded(".".join(KERAS_LAYER))
    if layer is not None:
        swaps.append((layer, "call", layer.call, recorder.layer(layer.call)))
        layer.call = swaps[-1][3]
    return swaps


def _restore(swaps: Swaps) -> None:
    """Undo it, also in modules that were imported meanwhile; what somebody else replaced stays as it is."""
    for owner, name, original, ours in swaps:
        if owner.__dict__.get(name) is ours:
            setattr(owner, name, original)
    _exchange({id(ours): (ours, original) for _, _, original, ours in swaps})


def _exchange(values: dict[int, tuple[Any, Any]]) -> Swaps:
    """Give every module that has one of the `values` the other one."""
    found = []
    for module in list(sys.modules.values()):
        # vars() would wake modules that load themselves when they are looked at.
        names = object.__getattribute__(module, "__dict__") if isinstance(module, types.ModuleType) else {}
        found += [(module, name, *values[id(value)]) for name, value in list(names.items()) if id(value) in values]
    for owner, name, _, new in found:
        setattr(owner, name, new)
    return found


def _loaded(dotted: str) -> Any:
    """What a dotted name means among the loaded modules, or None."""
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        if (found := sys.modules.get(".".join(parts[:cut]))) is not None:
            for part in parts[cut:]:
                found = getattr(found, part, None)
            return found
    return None


def _of_a_gradient() -> bool:
    """Whether the caller of a replaced function is one of the framework's own rules: JAX writes the gradient of every
    convolution as one with a dilated input."""
    caller = sys._getframe(2)
    return caller.f_globals.get("__name__", "").startswith("jax._src") and "transpose" in caller.f_code.co_name


def _caller() -> str:
    """ " at FILE:LINE": the nearest frame that is not the framework's, nor what AutoGraph made of the program."""
    frame, converted = sys._getframe(1), ""
    while frame is not None:
        file, package = frame.f_code.co_filename, frame.f_globals.get("__name__", "").partition(".")[0]
        if Path(file).name.startswith("__autograph_generated_file"):
            converted = converted or f" in {frame.f_code.co_name.removeprefix('tf__')}, called"
        elif package not in _INSIDE and not file.startswith("<"):
            return f"{converted} at {Path(file).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
