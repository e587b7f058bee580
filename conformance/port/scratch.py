"""Statements that no adapter has, asked in a worker like any route: a source's own call, a composition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from conformance.port.speech import SPEECH, differentiated
from conformance.run import programs
from conformance.run.worker import Program, environment

#: An adapter that borrows another one's arrays.
TEMPLATE = """\
import importlib.util

from conformance.adapter import Plan, Route, serve

spec = importlib.util.spec_from_file_location("base", {base!r})
base = importlib.util.module_from_spec(spec)
spec.loader.exec_module(base)
PLANS = {plans!r}


def lower(name):
    return lambda case, checks: Plan(**PLANS[name][checks[0]])


def load():
    framework = base.load()
    for name in {names!r}:
        framework.names[name] = importlib.import_module(name)
    for name in {inside!r}:
        importlib.import_module(name)
    return framework


routes = [Route(name, lower(name), checks=tuple(plans)) for name, plans in PLANS.items()]
serve({name!r}, routes, load, base.put, base.get)
"""


class Statements(NamedTuple):
    """`body` in a framework, from x, w, b in the given layouts (letters) to y."""

    framework: str
    body: str
    x: str
    w: str


def name(framework: str) -> str:
    """What the worker of a framework's statements is called."""
    return f"{framework}-statements"


def program(framework: str, statements: Mapping[str, Statements], folder: Path) -> Program | None:
    """A program with a route for each of a framework's statements, written into a folder. None where nothing is known
    of the framework's arrays."""
    speech = SPEECH.get(framework)
    known = programs.known()
    if speech is None or speech.adapter not in known or framework == "numpy":
        return None
    plans: dict[str, dict[str, dict[str, Any]]] = {}
    for route, said in statements.items():
        plans[route] = {}
        for check in ("forward", "grad_input", "grad_weight", "grad_bias"):
            body = differentiated(speech, said.body, check)
            if body is not None and (check != "grad_bias" or "b" in said.body):
                call = "jax" if speech.adapter == "jax" else "tf" if speech.adapter == "tensorflow" else speech.adapter
                plans[route][check] = {"call": call, "body": body, "x": said.x, "w": said.w}
    inside: Sequence[str] = ("flax.linen", "flax.nnx") if framework == "flax" else ()
    text = TEMPLATE.format(
        base=str(known[speech.adapter]), plans=plans, names=speech.names, inside=inside, name=name(framework)
    )
    path = folder / f"{framework}_statements.py"
    path.write_text(text, encoding="utf-8")
    return Program(name(framework), path, environment=environment(1))
