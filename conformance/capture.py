"""Record the transposed convolutions that a running model asks for, and write them as a family.

    from conformance.capture import capture

    with capture("my_model.yaml"):
        model(x)

Works with PyTorch, TensorFlow, JAX, and what stands on them (Keras on any of the three, Flax): inside the block the
functions that make transposed convolutions are replaced, in every loaded module that has them by name, by ones that
note their shapes and call on. The framework is the caller's; nothing is imported here, so import it before the block.

Not seen: calls inside code that was compiled or traced before the block (jit, tf.function, torch.compile,
TorchScript), and a bias that is added by another call, except in Keras layers.
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

from conformance.exchange.calls import READERS
from conformance.exchange.writing import Family

#: The class whose `call` names a Keras layer and knows its bias.
KERAS_LAYER = ("keras.src.layers.convolutional.base_conv_transpose", "BaseConvTranspose")

#: Modules of which a caller of the framework is none.
_INSIDE = {"torch", "tensorflow", "keras", "jax", "flax", "conformance", "contextlib"}


@contextmanager
def capture(path: str | Path) -> Iterator[Family]:
    """Write the transposed convolutions that run in the block, of all threads, to the family file `path`.

    Gives the Family that is filled meanwhile; its `notes` say what could not be recorded. The file is written even
    where the block raises. Raises FileError where the name is no good or, at the end, where nothing ran.
    """
    recorder = _Recorder(Family(path, f"the transposed convolutions of {Path(path).stem}", "a running program"))
    restore = _replace(recorder)
    try:
        yield recorder.family
    except BaseException:
        if recorder.family.cases:
            recorder.family.write()
        raise
    else:
        recorder.family.write()
    finally:
        recorder.active = False
        for owner, name, original, ours in restore:
            if owner.__dict__.get(name) is ours:
                setattr(owner, name, original)


class _Recorder:
    """Notes calls. A call made by a call that is being noted is not another one."""

    def __init__(self, family: Family):
        self.family, self.active = family, True
        self._lock, self._thread = threading.Lock(), threading.local()

    def function(self, dotted: str, original: Callable, read: Callable) -> Callable:
        """`original`, which notes each call as `read` understands its arguments."""

        @functools.wraps(original)
        def noting(*args: Any, **keywords: Any) -> Any:
            if not self.active or getattr(self._thread, "inside", False):
                return original(*args, **keywords)
            self._note(dotted, read, args, keywords)
            self._thread.inside = True
            try:
                return original(*args, **keywords)
            finally:
                self._thread.inside = False

        return noting

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

    def _note(self, dotted: str, read: Callable, args: tuple, keywords: dict[str, Any]) -> None:
        layer = getattr(self._thread, "layer", None)
        place = f"layer {layer.name}, {dotted}" if layer is not None else f"{dotted}{_caller()}"
        try:
            numbers = read(*args, **keywords)
        except Exception as error:  # whatever the call is, it is the framework's to judge, not ours
            with self._lock:
                self.family.notes.append(f"left out: {place}: {type(error).__name__}: {error}")
            return
        if layer is not None:
            numbers["bias"] = bool(layer.use_bias)
        with self._lock:
            self.family.add(layer.name if layer is not None else dotted.rpartition(".")[2], place, numbers)


def _replace(recorder: _Recorder) -> list[tuple[Any, str, Any, Any]]:
    """Replace the functions wherever they are named; what was replaced, as (owner, name, original, ours)."""
    swaps: dict[int, tuple[Any, Any]] = {}
    for dotted, read in READERS.items():
        original = _loaded(dotted)
        if original is not None and id(original) not in swaps:
            swaps[id(original)] = original, recorder.function(dotted, original, read)
    replaced = []
    for module in list(sys.modules.values()):
        # vars() would wake modules that load themselves when they are looked at.
        names = object.__getattribute__(module, "__dict__") if isinstance(module, types.ModuleType) else {}
        for name, value in list(names.items()):
            if id(value) in swaps:
                replaced.append((module, name, *swaps[id(value)]))
    layer = _loaded(".".join(KERAS_LAYER))
    if layer is not None:
        replaced.append((layer, "call", layer.call, recorder.layer(layer.call)))
    for owner, name, _, ours in replaced:
        setattr(owner, name, ours)
    return replaced


def _loaded(dotted: str) -> Any:
    """What a dotted name means among the loaded modules, or None."""
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        if (found := sys.modules.get(".".join(parts[:cut]))) is not None:
            for part in parts[cut:]:
                found = getattr(found, part, None)
            return found
    return None


def _caller() -> str:
    """ " at FILE:LINE": the nearest frame that is not the framework's."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _INSIDE:
        frame = frame.f_back
    return f" at {Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame is not None else ""
