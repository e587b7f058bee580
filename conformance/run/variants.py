"""Variants: settings under which the same framework computes otherwise, each in worker processes of its own.

    torch+onednn=avx2/functional      the route torch/functional under the variant onednn=avx2

An adapter names its variants in its hello. `threads=N` is one that every adapter has, since the order of sums may
depend on it. A variant's rows stand beside the framework's own: they are of the same framework to the ledger, whose
rules may name the place, and of routes of their own to everybody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from conformance.adapter import VARIANT
from conformance.corpus.globs import matches
from conformance.run.worker import Program, environment

THREADS = re.compile(r"threads=([1-9]\d{0,3})")


def worker_of(route: str) -> str:
    """Who answers a route: the framework with its variant, `torch+onednn=avx2`."""
    return route.partition("/")[0]


def framework_of(route: str) -> str:
    """The framework of a route or worker, whatever the variant: `torch`."""
    return worker_of(route).partition("+")[0]


def variant_of(route: str) -> str:
    """The variant of a route or worker; empty for the framework as it is."""
    return worker_of(route).partition("+")[2]


def plain(route: str) -> str:
    """The route without its variant: `torch/functional`."""
    worker, slash, name = route.partition("/")
    return worker.partition("+")[0] + slash + name


def is_meant(route: str, pattern: str) -> bool:
    """Whether a glob of routes means a route: under its whole name, or without its variant."""
    return matches(route, pattern) or matches(plain(route), pattern)


def programs(program: Program, hello: Mapping[str, Any], patterns: Sequence[str]) -> Iterator[tuple[str, Program]]:
    """(worker's name, program) of each variant of a framework that a pattern names; `all` names every one."""
    offered: dict[str, dict[str, str]] = {name: said["environment"] for name, said in hello["variants"].items()}
    counts = {match[1] for pattern in patterns if (match := THREADS.fullmatch(pattern))}
    offered |= {f"threads={count}": environment(int(count)) for count in sorted(counts | {"2"}, key=int)}
    for name, settings in offered.items():
        if any(pattern == "all" or matches(name, pattern) for pattern in patterns):
            worker = f"{hello['name']}+{name}"
            settings = program.environment | settings | {VARIANT: name}
            yield worker, replace(program, name=worker, environment=settings)


def setting(route: str, header: Mapping[str, Any]) -> dict[str, Any] | None:
    """The setting that makes the variant of a route: `environment` and the statements `setup`, as the header of a run
    tells them; None for a framework as it is."""
    variant = variant_of(route)
    if match := THREADS.fullmatch(variant):
        return {"environment": environment(int(match[1])), "setup": ""}
    offered = header["adapters"].get(worker_of(route), {}).get("variants", {})
    return {"environment": {}, "setup": ""} | offered[variant] if variant in offered else None


def unmet(patterns: Iterable[str], workers: Iterable[str]) -> list[str]:
    """The patterns that name no variant of any worker."""
    found = {variant_of(worker) for worker in workers} - {""}
    return [
        pattern for pattern in patterns if not (found if pattern == "all" else any(matches(n, pattern) for n in found))
    ]
