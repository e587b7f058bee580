"""`convt port`: a layer of one framework said in others, with the proof."""

from __future__ import annotations

import json as json_text
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.status import CLEAN, FINDINGS, UsageError

if TYPE_CHECKING:
    from conformance.port.layer import Layer
    from conformance.port.source import Shapes
    from conformance.port.target import Ported, Source


@click.command()
@click.argument("said", nargs=-1, required=True, metavar="LAYER|FAMILY.yaml|MODEL.onnx|CASE...")
@click.option("--to", "targets", multiple=True, metavar="NAME[,NAME]", help="Frameworks. Default: all that are here.")
@click.option("--input", "lengths", metavar="N,N", help="Spatial lengths of the input, as in --input 5,4.")
@click.option("--batch", type=click.IntRange(min=1), default=1, help="Images in the input: 1.")
@click.option("--channels", type=click.IntRange(min=1), help="Channels of the input, where the call does not say them.")
@click.option("--weight", metavar="N,N,…", help="Shape of the kernel, where the call does not say it.")
@click.option("--dim", "dims", multiple=True, metavar="NAME=N", help="The length of an open dimension of a model.")
@click.option("--output", "-o", type=click.Path(), help="Write a module for the one framework, and a test beside it.")
@click.option("--adapter", "adapters", multiple=True, help="Only this adapter: a name, or the path of a program.")
@click.option("--python", "pythons", multiple=True, metavar="NAME=PATH", help="The interpreter that runs an adapter.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def port(ctx: click.Context, said: tuple[str, ...], output: str | None, as_json: bool, **asked: Any) -> None:
    """Say layers of one framework in others, and prove it: both answer the same questions, bit for bit alike.

    A layer is a call as text, which is read and never run; or the cases of a file or of the corpus. Exits 1 where a
    layer cannot be said.

    \b
    convt port 'torch.nn.ConvTranspose2d(8, 6, 3, stride=2)' --input 5,4
    convt port 'keras.layers.Conv2DTranspose(6, 3, strides=2)' --input 5,4 --channels 8 --to torch
    convt port generator.onnx --to tensorflow -o generator_tf.py
    """
    from conformance.port import module
    from conformance.port.literal import LayerError
    from conformance.port.speech import SPEECH
    from conformance.port.target import Porter, chosen

    targets = [name for each in asked["targets"] for name in each.split(",") if name]
    try:
        layers = list(_layers(said, _shapes(asked), asked["dims"]))
    except LayerError as error:
        raise UsageError(str(error)) from None
    if output and (len(targets) != 1 or targets[0] not in SPEECH):
        raise UsageError(f"--output {output}: a module is for one framework: name it by --to, of {', '.join(SPEECH)}")
    if output and Path(output).suffix != ".py":
        raise UsageError(f"--output {output}: the name of a module ends in .py")
    with Porter(chosen(targets, asked["adapters"], asked["pythons"])) as porter:
        for name in targets:
            if name in porter.missing:
                raise UsageError(f"--to {name}: it cannot be asked: {porter.missing[name]}")
        # Who ports has the source, and NumPy is no framework for layers.
        own = {layer.framework for layer in layers} | {"numpy"} if not asked["adapters"] else set()
        frameworks = targets or [name for name in porter.frameworks if name not in own]
        if not frameworks:
            raise UsageError("no framework is here to port to: install one, or name its interpreter by --python")
        sources = porter.source(layers)
        ported = porter.ports(layers, frameworks)
        versions = porter.frameworks
    if as_json:
        click.echo(json_text.dumps(_data(ported, layers, sources), indent=2))
    else:
        for line in _told(ported, layers, sources, versions):
            click.echo(line)
    impossible = [each for each in ported if each.plan is None]
    if output and not impossible:
        for path in module.write(ported, Path(output)):
            click.echo(f"wrote {path}")
    elif output:
        click.echo(f"{output} was not written: {len(impossible)} of {len(ported)} cannot be said", err=True)
    ctx.exit(FINDINGS if impossible or any(each.equal < each.asked for each in sources) else CLEAN)


def _numbers(said: str | None, option: str) -> tuple[int, ...]:
    words = said.replace("x", ",").split(",") if said else []
    if not all(word.strip().isdigit() for word in words):
        raise UsageError(f"{option} {said}: expected numbers with commas, as in 5,4")
    return tuple(int(word) for word in words)


def _shapes(asked: dict[str, Any]) -> Shapes:
    from conformance.port.source import Shapes

    lengths, weight = _numbers(asked["lengths"], "--input"), _numbers(asked["weight"], "--weight")
    return Shapes(lengths, asked["batch"], asked["channels"], weight)


def _layers(said: Sequence[str], shapes: Shapes, dims: tuple[str, ...]) -> Iterator[Layer]:
    """The layers of the words of a command. Raises LayerError, FileError and UsageError."""
    from conformance.port import literal, source

    for number, word in enumerate(said):
        path = Path(word)
        if "(" in word:
            name = "layer" if len(said) == 1 else f"layer_{number + 1}"
            yield source.read(literal.parse(word), shapes, name)
        elif path.suffix == ".onnx":
            yield from _of_model(path, dims)
        else:
            yield from _of_cases(word)


def _of_model(path: Path, dims: tuple[str, ...]) -> Iterator[Layer]:
    import tempfile

    from conformance.cli.exchange import lengths_of
    from conformance.exchange import from_onnx
    from conformance.exchange.writing import Family
    from conformance.port.layer import of_case

    if not path.exists():
        raise UsageError(f"{path}: no such file")
    with tempfile.TemporaryDirectory() as folder:
        family = Family(Path(folder) / "model.yaml", f"the transposed convolutions of {path.name}", path.name)
        from_onnx.file(path, lengths_of(dims), family)
    for note in family.notes:
        click.echo(note, err=True)
    if not family.cases:
        raise UsageError(f"{path}: no transposed convolution was found")
    for case in family.cases:
        yield of_case(case, "onnx")


def _of_cases(word: str) -> Iterator[Layer]:
    from conformance.corpus import globs, spelled
    from conformance.corpus.choose import corpus
    from conformance.corpus.load import load
    from conformance.port.layer import of_case
    from conformance.port.literal import LayerError

    if word.endswith((".yaml", ".yml")):
        cases = load(word)
    elif (named := spelled.named(word)) is not None:
        cases = [named]
    else:
        cases = globs.select(corpus((), [word]), [word])
    for case in cases:
        if case.expect == "refuse" or case.problem():
            raise LayerError(f"{case.id} has no answer, so there is nothing to port")
        yield of_case(case)


def _told(
    ported: Sequence[Ported], layers: Sequence[Layer], sources: Sequence[Source], versions: dict[str, str]
) -> Iterator[str]:
    """What was found, in lines: a table where there are several layers, then each layer in each framework."""
    count = len(ported) // len(layers)
    if len(layers) > 1:
        yield from _table(ported, layers, count)
    for index, (layer, source) in enumerate(zip(layers, sources, strict=True)):
        case = layer.case
        name = f"{layer.name}: " if len(layers) > 1 else ""
        yield f"{name}{layer.says}: {list(case.x_shape)} → {list(case.y_shape)}"
        yield f"  {_source(layer, source)}"
        for each in ported[index * count : (index + 1) * count]:
            yield ""
            yield from _one(each, versions[each.framework])
        yield ""
    ways = Counter(each.way for each in ported)
    said = {"native": "by a single call", "composition": "by a composition", "impossible": "not at all"}
    yield "; ".join(f"{ways[way]} {words}" for way, words in said.items() if ways[way])


def _table(ported: Sequence[Ported], layers: Sequence[Layer], count: int) -> Iterator[str]:
    names = [each.framework for each in ported[:count]]
    width = max(len(layer.name) for layer in layers)
    yield "  ".join([" " * width, *(f"{name:<11}" for name in names)]).rstrip()
    for index, layer in enumerate(layers):
        ways = (f"{each.way:<{max(11, len(each.framework))}}" for each in ported[index * count : (index + 1) * count])
        yield "  ".join([f"{layer.name:<{width}}", *ways]).rstrip()
    yield ""


def _source(layer: Layer, source: Source) -> str:
    if source.why:
        return f"the source: {source.why}"
    if source.wrong:
        return f"the source itself answers otherwise in {source.asked - source.equal} of {source.asked}: {source.wrong}"
    return f"the source, {layer.framework}, was run beside the ports: right in {source.equal} questions"


def _one(ported: Ported, version: str) -> Iterator[str]:
    """A layer in one framework."""
    from conformance.port.module import kernel
    from conformance.port.speech import SPEECH

    head = f"  {ported.framework} {version.partition('+')[0]}"
    if ported.plan is None:
        yield f"{head}: cannot be said"
        yield from (f"    {reason}" for reason in ported.reasons)
        return
    how = f"a composition: {', then '.join(ported.steps)}" if ported.steps else "one call"
    yield f"{head}: {how}; equal in {ported.equal} questions, forward and gradients, bit for bit"
    layouts = ported.plan["layouts"]
    yield f"    # x {layouts['x']}, w {layouts['w']}; {_stored(ported)}"
    if ported.framework in SPEECH:
        yield from (f"    {line}" for line in kernel(ported.layer, ported))
    yield from (f"    {line}".rstrip() for line in ported.plan["source"].splitlines())
    for reason in ported.reasons if ported.steps else ():
        yield f"    no single call: {reason}"
    for caveat in ported.caveats:
        yield f"    caveat: {caveat}"


def _stored(ported: Ported) -> str:
    """How the source's kernel gets into the target."""
    layer, target = ported.layer, (ported.plan or {})["layouts"]["w"]
    moved = f"from {layer.kernel} to {target}" if layer.kernel != target else f"as it is, {target}"
    return f"the kernel goes {moved}{', turned round' if layer.flipped else ', not turned round'}"


def _data(ported: Sequence[Ported], layers: Sequence[Layer], sources: Sequence[Source]) -> list[dict[str, Any]]:
    """The same as data."""
    count = len(ported) // len(layers)
    return [
        {
            "layer": layer.says,
            "name": layer.name,
            "case": layer.case.id,
            "kernel": layer.kernel,
            "flipped": layer.flipped,
            "source": {"equal": source.equal, "asked": source.asked, "why": source.why, "wrong": source.wrong},
            "ports": [
                {
                    "framework": each.framework,
                    "way": each.way,
                    "steps": each.steps,
                    "equal": each.equal,
                    "asked": each.asked,
                    "source": (each.plan or {}).get("source"),
                    "layouts": (each.plan or {}).get("layouts"),
                    "reasons": each.reasons,
                    "caveats": each.caveats,
                }
                for each in ported[index * count : (index + 1) * count]
            ],
        }
        for index, (layer, source) in enumerate(zip(layers, sources, strict=True))
    ]
