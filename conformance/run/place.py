"""Where a row was computed, as far as that may change the answer: machine, instruction sets, the level of oneDNN.

    place: {cpu: avx512_bf16}                  # the CPU has these instructions
    place: {onednn: {other_than: avx512_core}} # oneDNN may not use AVX-512, because of the CPU or because of a setting
    place: {tensorflow_onednn: "off"}          # TensorFlow's operations do not come to oneDNN
    place: {variant: mkldnn=off}               # under this variant of the framework, see variants.py
    place: {gpu: h100}                         # a word of what the adapter tells of its device: gpu, driver, cudnn

The same versions of a framework answer otherwise on another CPU, since its libraries choose their code by what the CPU
has. oneDNN is told by ONEDNN_MAX_CPU_ISA to use less than that, so that one machine can play others.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Place = dict[str, frozenset[str]]

VECTORS = re.compile("sse4|avx|amx|fma|f16c|asimd|sve|sme|bf16|i8mm")

#: What a rule may name.
BUILDS = ("gpu", "driver", "cudnn")
NAMES = ("cpu", "machine", "onednn", "system", "tensorflow_onednn", "variant", *BUILDS)

#: What a machine has on which the ledger's rules were found; of others they are not known to tell everything.
SEEN: Place = {"machine": frozenset({"x86_64", "amd64"}), "system": frozenset({"linux"}), "cpu": frozenset({"avx2"})}

#: Variables of the environment that change what the frameworks' libraries compute.
SETTINGS = re.compile(
    "(ONEDNN|DNNL|ATEN|XLA|TF|TORCH|JAX|NPY|OPENBLAS|MKL|OMP|CUDA|CUDNN|CUBLAS|NVIDIA|KMP|BLIS|VECLIB|ROCM|MIOPEN)_.*"
)

#: oneDNN's levels from the lowest, and the instructions that each needs beyond the one before it.
LEVELS: tuple[tuple[str, frozenset[str]], ...] = (
    ("sse41", frozenset({"sse4_1"})),
    ("avx", frozenset({"avx"})),
    ("avx2", frozenset({"avx2"})),
    ("avx512_core", frozenset({"avx512f", "avx512bw", "avx512vl", "avx512dq"})),
    ("avx512_core_vnni", frozenset({"avx512_vnni"})),
    ("avx512_core_bf16", frozenset({"avx512_bf16"})),
    ("avx512_core_fp16", frozenset({"avx512_fp16"})),
    ("avx512_core_amx", frozenset({"amx_tile", "amx_int8", "amx_bf16"})),
)

#: Versions of TensorFlow whose operations come to oneDNN only where a setting says so.
BEFORE_ONEDNN = re.compile(r"1\.|2\.[0-8]\.")

#: From version 2.9 TensorFlow uses oneDNN on Linux where the CPU has one of these, unless a setting says otherwise.
NEURAL = frozenset({"avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"})


def here(environment: Mapping[str, str] = os.environ) -> Place:
    """The place of this machine under the settings of a worker's environment."""
    flags = cpu_flags()
    return {
        "cpu": flags,
        "machine": frozenset({platform.machine().lower()}),
        "onednn": onednn(flags, environment),
        "system": frozenset({platform.system().lower()}),
        "tensorflow_onednn": tensorflow_onednn(flags, environment),
    }


def of_worker(program_environment: Mapping[str, str], hello: Mapping[str, Any], variant: str) -> Place:
    """The place of a worker: this machine under its environment, with what its adapter tells of the libraries."""
    builds = hello["builds"]
    told = {name: frozenset({builds[name].lower(), *builds[name].lower().split()}) for name in BUILDS if name in builds}
    environment = os.environ | program_environment
    if hello["name"] == "tensorflow" and BEFORE_ONEDNN.match(hello["version"]):
        environment = {"TF_ENABLE_ONEDNN_OPTS": "0"} | environment
    return here(environment) | told | {"variant": frozenset({variant} - {""})}


def unseen(place: Place) -> str | None:
    """What kind of machine a place is on, in words, where the ledger has never seen one of its kind; else None."""
    if all(place.get(word, frozenset()) & found for word, found in SEEN.items()):
        return None
    found = [*sorted(place.get("machine", ())), *sorted(place.get("system", ()))]
    return " ".join(found if place.get("cpu", frozenset()) & SEEN["cpu"] else [*found, "without AVX2"])


def settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables of an environment that change what is computed."""
    return {name: value for name, value in sorted(environment.items()) if SETTINGS.fullmatch(name)}


def cpu_flags(path: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """The CPU's vector and matrix instructions as Linux names them; nothing where they are not told."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    found = (line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features")))
    return frozenset(name for name in next(found, ()) if VECTORS.match(name))


def onednn(flags: frozenset[str], environment: Mapping[str, str]) -> frozenset[str]:
    """All levels that oneDNN may use, by the CPU and by ONEDNN_MAX_CPU_ISA (DNNL_MAX_CPU_ISA before version 2.2)."""
    cap = (environment.get("ONEDNN_MAX_CPU_ISA") or environment.get("DNNL_MAX_CPU_ISA") or "all").lower()
    reached = set()
    for level, needs in LEVELS:
        if not needs <= flags:
            break
        reached.add(level)
        if level == cap:
            break
    return frozenset(reached)


def tensorflow_onednn(flags: frozenset[str], environment: Mapping[str, str]) -> frozenset[str]:
    """Whether TensorFlow's operations come to oneDNN: `on` or `off`, by the CPU and by TF_ENABLE_ONEDNN_OPTS."""
    said = environment.get("TF_ENABLE_ONEDNN_OPTS", "").lower()
    on = said in ("1", "true") if said in ("0", "1", "false", "true") else bool(flags & NEURAL)
    return frozenset({"on" if on else "off"})
