"""PyTorch's convolution operator, watched where it runs: below modules, functions, autograd and compilers.

`aten::_convolution` is what every convolution of PyTorch comes to. A kernel of ours is put before the framework's own
for each device; it looks at the arguments and calls that one. Nothing that a program can see is replaced: no function,
no class, no mode, so scripting, tracing, exporting, compiling and pickling go on as before, in every thread.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

from conformance.exchange import calls

#: All that may be there: to ask which of them are would wake a device that the program does not use.
DEVICES = ("CPU", "CUDA", "XPU", "MPS")

#: Operators that no case can say, by the key of their kernels: their operands are quantised, or packed by a compiler.
UNREADABLE = (
    *((f"quantized::conv_transpose{rank}d", "QuantizedCPU") for rank in (1, 2, 3)),
    ("mkldnn::_convolution_transpose_pointwise", "CPU"),
)

Read = Callable[[], dict[str, Any]]


class _Watched:
    """The kernels of ours that are in place, and who is told; they go with the last who wants to know."""

    def __init__(self) -> None:
        self.told: list[tuple[Callable[[Read], None], Callable[[str], None]]] = []
        self.libraries: list[Any] = []
        self.lock = threading.Lock()


_watched = _Watched()


class Watch:
    """Somebody who is told until `end`."""

    def __init__(self, entry: tuple | None):
        self._entry = entry

    def end(self) -> None:
        """Tell no more; the last one takes the kernels away."""
        if self._entry is None:
            return
        with _watched.lock:
            _watched.told.remove(self._entry)
            if not _watched.told:
                for library in _watched.libraries:
                    library._destroy()
                _watched.libraries.clear()


def watch(tell: Callable[[Read], None], unreadable: Callable[[str], None]) -> Watch:
    """Tell of every transposed convolution that PyTorch runs: `tell` with what reads its numbers, `unreadable` with the
    name of an operator whose numbers cannot be read. Does nothing where PyTorch is not loaded."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "library"):
        return Watch(None)
    entry = (tell, unreadable)
    with _watched.lock:
        if not _watched.told:
            _put_in_place(torch)
        _watched.told.append(entry)
    return Watch(entry)


def _put_in_place(torch: Any) -> None:
    aten = torch.library.Library("aten", "IMPL")
    _watched.libraries.append(aten)
    if not hasattr(torch.library, "get_kernel"):  # before 2.9 an operator that is replaced cannot be called any more
        for device in DEVICES:
            aten.impl("convolution", _before_two_nine(torch), device)
        return
    for device in DEVICES:
        original = torch.library.get_kernel("aten::_convolution", device)
        aten.impl("_convolution", _kernel(original), device, with_keyset=True)
    for name, key in UNREADABLE:
        try:
            original = torch.library.get_kernel(name, key)
        except (RuntimeError, ValueError):  # this build has no such operator, or no such key
            continue
        library = torch.library.Library(name.partition("::")[0], "IMPL")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a kernel is overridden, which is meant
            library.impl(
                name.partition("::")[2], _unreadable(name, original), key, with_keyset=True, allow_override=True
            )
        _watched.libraries.append(library)


def _kernel(original: Any) -> Callable:
    def kernel(keyset: Any, *args: Any) -> Any:
        _tell(*args[:9])
        return original.call_boxed(keyset, *args)

    return kernel


def _before_two_nine(torch: Any) -> Callable:
    def kernel(*args: Any) -> Any:
        _tell(*args)
        cudnn = torch.backends.cudnn
        deterministic = cudnn.deterministic or torch.are_deterministic_algorithms_enabled()
        settings = (cudnn.benchmark, deterministic, cudnn.enabled, cudnn.allow_tf32)
        return torch.ops.aten._convolution.default(*args, *settings)

    return kernel


def _unreadable(name: str, original: Any) -> Callable:
    def kernel(keyset: Any, *args: Any) -> Any:
        for _, unreadable in list(_watched.told):
            unreadable(name)
        return original.call_boxed(keyset, *args)

    return kernel


def _tell(x: Any, w: Any, b: Any, stride: Any, padding: Any, dilation: Any, transposed: bool, extra: Any, groups: int):
    if transposed:
        for tell, _ in list(_watched.told):
            tell(lambda: calls.torch(x, w, b, stride, padding, extra, groups, dilation))


def module() -> str:
    """The dotted name of the nn.Module that calls, as the outermost one names it; its class where it is that one; ""
    where no module calls."""
    nn, found = sys.modules["torch"].nn, []
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "_call_impl" and isinstance(frame.f_locals.get("self"), nn.Module):
            found.append(frame.f_locals["self"])
        frame = frame.f_back
    if not found:
        return ""
    inner, outer = found[0], found[-1]
    return next((name for name, one in outer.named_modules() if one is inner), "") or type(inner).__name__
