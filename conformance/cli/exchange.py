"""`convt import` and `convt export`: cases from other people's files, and for other people's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from conformance import plain
from conformance.cli.options import TIER
from conformance.cli.say import say

#: Bytes from which on it is said what the largest imported case takes.
WORTH_A_WORD = 64 * 2**20


@click.command("import")
@click.argument("source", metavar="MODEL.onnx|PROBLEMS|DESCRIPTOR")
@click.option("--output", "-o", type=click.Path(), required=True, help="The case file to write: FAMILY.yaml.")
@click.option("--dim", "dims", multiple=True, metavar="NAME=N", help="The length of an open dimension of a model.")
def import_(source: str, output: str, dims: tuple[str, ...]) -> None:
    """Write a case file: the ConvTranspose nodes of an ONNX model, or oneDNN benchdnn problems (a file, or one).

    \b
    convt import generator.onnx -o generator.yaml --dim batch=1
    convt import mb1ic16oc32_ih14oh28kh4sh2ph1 -o up.yaml
    convt run --cases up.yaml
    """
    from conformance.cli.status import UsageError
    from conformance.exchange import from_benchdnn, from_onnx, kinds
    from conformance.exchange.writing import Family, memory

    lengths = lengths_of(dims)
    path = Path(source)
    if path.exists():
        plain.regular(path)
    what = path.name if path.exists() else source
    family = Family(output, f"the transposed convolutions of {what}", what)
    model = path.exists() and kinds.kind(path) == "onnx"
    if model:
        from_onnx.file(path, lengths, family)
    elif lengths:
        raise UsageError("--dim is for the open dimensions of an ONNX model (MODEL.onnx)")
    elif path.exists():
        from_benchdnn.file(path, family)
    elif path.suffix or "/" in source:
        raise UsageError(f"{source}: no such file")
    else:
        try:
            from_benchdnn.add(source, "a benchdnn problem", family)
        except ValueError as error:
            raise UsageError(f"no such file, and no problem descriptor: {error}") from None
    cases = family.write()
    for note in family.notes:
        say(note, err=True)
    largest = max(cases, key=memory)
    say(f"wrote {output}: {len(cases)} case{'s' * (len(cases) != 1)}; run with: convt run --cases {output}")
    if memory(largest) >= WORTH_A_WORD:
        say(f"the largest, {largest.id}, takes about {memory(largest) / 2**20:.0f} MiB to answer")


def lengths_of(dims: tuple[str, ...]) -> dict[str, int]:
    """The lengths that --dim gives to open dimensions. Raises UsageError."""
    from conformance.cli.status import UsageError

    lengths = {}
    for said in dims:
        name, _, length = said.rpartition("=")
        if not name or not length.isdecimal() or int(length) < 1:
            raise UsageError(f"--dim {said}: expected NAME=N, N at least 1")
        lengths[name] = int(length)
    return lengths


@click.command()
@click.argument("globs", nargs=-1, metavar="[GLOB]...")
@click.option("--output", "-o", type=click.Path(), required=True, help="The folder to write; it must be empty.")
@click.option("--format", "form", type=click.Choice(["npz", "safetensors", "onnx"]), default="npz", show_default=True)
@click.option("--dtype", "dtypes", multiple=True, help="Dtypes instead of those that the cases name.")
@click.option("--check", "checks", multiple=True, help="Checks instead of those that the cases name.")
@click.option("--fill", "fills", multiple=True, help="Only these fills: exact, real, special, given …")
@TIER
@click.option("--cases", "files", multiple=True, type=click.Path(), help="Case files or folders instead of ours.")
@click.option("--seed", type=click.IntRange(min=0, max=2**31), default=0, help="Seed of the operands.")
def export(globs: tuple[str, ...], output: str, form: str, files: tuple[str, ...], **asked: Any) -> None:
    """Write cases with operands and right answers: NumPy archives, safetensors, or ONNX backend tests.

    \b
    convt export 'stride/*' -o answers
    convt export --format onnx --fill exact -o onnx_tests
    """
    from conformance.case import CHECKS, DTYPES, FILLS
    from conformance.cli.status import UsageError
    from conformance.corpus.choose import choose, corpus, tiers
    from conformance.exchange import export

    narrow = tuple(asked[word] for word in ("dtypes", "checks", "fills"))
    for option, said, known in zip(("dtype", "check", "fill"), narrow, (DTYPES, CHECKS, FILLS), strict=True):
        for word in said:
            if word not in known:
                raise UsageError(f"--{option} {word}: there are {', '.join(known)}")
    everything = corpus(files)
    named = {} if files else tiers(everything)
    cases = choose(everything, named, globs, asked["tier"] or ("full" if files else None))
    count, left_out = export.write(output, export.questions(cases, *narrow), form, asked["seed"])
    for reason, number in left_out.items():
        say(f"left out {number}: {reason}", err=True)
    click.echo(f"wrote {count} question{'s' * (count != 1)} and index.json to {output}")
