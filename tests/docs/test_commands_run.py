"""Every command that a document names runs, in a short form, in a folder where the files are that it speaks of.

How a command is made short: `shortened` says so for all of them, SHORTER for those that need a word of their own. The
engines of a document are played by NumPy, which is always there; a glob of cases becomes the first case that it names.
"""

from __future__ import annotations

import fnmatch
import importlib.util
import itertools
import os
import re
import shlex
import shutil
import stat
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from commands import CLEAN, FAMILY, LIARS, ROOT, USAGE, Said
from documents import COMMANDS

from conformance.corpus.choose import corpus

#: What stands in a document for the reader's own, and for an engine that may not be installed here.
STANDS_FOR = {
    "CASE": "stride/pointwise",
    "ID": "stride/pointwise",
    "ROUTE": "numpy/scatter",
    "R": "numpy/scatter",
    "GLOB": "threads=*",
    "FILE": "my_cases/few.yaml",
    "F": "page.html",
    "RUN.jsonl": "run.jsonl",
    "torch": "numpy",
    "jax": "numpy",
    "tensorflow": "numpy",
    "torch/*": "numpy/scatter",
    "tensorflow/nn": "numpy/scatter",
    "torch/functional": "numpy/scatter",
    "torch+mkldnn=off/*": "numpy+threads=1/*",
    "onednn=*": "openblas=haswell",
    "torch=old/bin/python": "numpy=old/bin/python",
    "mylib=venv/bin/python": "numpy=venv/bin/python",
    "./mylib": "./my_worker",
    "./half_adapter": "./my_worker",
    "half_adapter.js": "./my_worker",
    "mylib:LD_LIBRARY_PATH=/opt/mylib/lib": "my_worker:LD_LIBRARY_PATH=/opt/mylib/lib",
}


class Shorter(NamedTuple):
    """Words instead of those of the document (None: the document's, made short), and what comes of them."""

    words: str | None = None
    status: int = CLEAN
    says: str = ""


#: What the rules below do not make short enough, or what ends otherwise than clean, by the words of the document.
SHORTER = {
    "convt run --device cuda": Shorter(status=USAGE, says="--device cuda: no framework reports it"),
    "convt run --device cuda --variant all": Shorter(status=USAGE, says="--device cuda: no framework reports it"),
    "convt run --variant all": Shorter("convt run stride/pointwise --variant all --route numpy/scatter"),
    "convt run --metamorphic 'large/*'": Shorter("convt run --metamorphic stride/pointwise --route numpy/scatter"),
    "convt run --metamorphic": Shorter("convt run --metamorphic stride/pointwise --route numpy/scatter"),
    "convt run --tier core": Shorter("convt run stride/pointwise --tier core --route numpy/scatter"),
    "convt run --tier full": Shorter("convt run stride/pointwise --tier full --route numpy/scatter"),
    "convt run --help": Shorter("convt run --help"),
    "convt run --resume reports/run.jsonl": Shorter(
        "convt run --resume reports/run.jsonl --adapter mylib_adapter.py", says="0 new"
    ),
    "convt mutants": Shorter("convt mutants 'groups/*' --mutant kernel-flipped", says="as if the kernel were flipped"),
    "convt mutants --mutant kernel-flipped": Shorter("convt mutants 'groups/*' --mutant kernel-flipped"),
    "convt mutants --mutant '*'": Shorter("convt mutants 'gradient/*' --mutant 'kernel-flipped*'"),
    "convt mutants 'stride/*'": Shorter("convt mutants 'stride/*' --mutant kernel-flipped"),
    "convt mutants --tier smoke": Shorter("convt mutants 'groups/*' --tier smoke --mutant kernel-flipped"),
    "convt mutants --cases my_cases/": Shorter("convt mutants --cases my_cases/ --mutant kernel-flipped"),
    "convt cases lint": Shorter("convt cases lint 'groups/*'"),
    "convt cases lint --cases my_cases/": Shorter(says="0 problems"),
    "convt cases cover cases/cover.yaml": Shorter("convt cases cover my_cases/few.yaml"),
    "convt report history": Shorter("convt report history -o versions.html"),
    "convt report -o F": Shorter("convt report run.jsonl -o page.html"),
    # What makes environments asks a package index: of it, what is looked at before.
    "convt bisect dtype/pointwise --route torch/functional --dtype float16 --check forward --from 1.12": Shorter(
        "convt bisect dtype/pointwise --route torch/functional --dtype float16 --check forward --from 99",
        USAGE,
        "fewer than two releases from 99",
    ),
    "convt bisect --script repeat.py --adapter tensorflow --from 2.4 --to 2.12": Shorter(
        status=USAGE, says="--script repeat.py: no such file"
    ),
    "convt env NAME": Shorter("convt env numpyy", USAGE, "did you mean numpy?"),
    "convt history add reports/*-[0-9]*.jsonl": Shorter("convt history add reports/torch-1.8.jsonl"),
    "convt run --adapter adapters/tfjs_adapter.js": Shorter("convt run stride/pointwise --adapter ./my_worker"),
    "convt history ranges --write": Shorter("convt history ranges --known my_ledger --write"),
}
#: Run files that documents speak of.
COPIES = ("main", "branch", "1", "2", "3", "one", "two", "old", "new", "monday", "tuesday")
COPIES += ("reports/run", "reports/padding", "reports/torch-1.8")


def shortened(command: str) -> list[str]:
    """The words after `convt`, made short. Raises nothing: what is wrong shows when they are run."""
    words = shlex.split(command.split(" | ")[0].replace("[--", "--").replace("]", "") if "[--" in command else command)
    words = words[1 : words.index("|")] if "|" in words else words[1:]
    words = [STANDS_FOR.get(word, word) for word in words]
    return [*words, "--help"] if _is_mention(words) else _less(words)


def _is_mention(words: list[str]) -> bool:
    """Nothing but verbs that want more, as where a text speaks of `convt port`."""
    return " ".join(words) in {
        "port",
        "fuzz",
        "show",
        "import",
        "history",
        "bisect",
        "cases show",
        "cases cover",
        "diagnose",
        "diff",
        "report",
    }


def _less(words: list[str]) -> list[str]:
    """The same command, asking little."""
    verb, words, more = words[0], list(words), []
    for at, word in enumerate(words):
        if words[at - 1] == "--random":
            words[at] = "5"
        elif words[at - 1] == "--for":
            words[at] = "1s"
        elif words[at - 1] == "--at-least":
            words[at] = "0.3"
        elif verb in ("run", "export") and re.fullmatch(r"[\w*-]+/\*", word) and words[at - 1] not in ("--route",):
            words[at] = next(case.id for case in corpus((), (word,), None) if fnmatch.fnmatchcase(case.id, word))
    named = {"--adapter", "--route"} & set(words)
    if verb in ("run", "fuzz") and not named:
        more += ["--route", "numpy/scatter"]
    if verb == "adapters" and not named:
        more += ["--adapter", "numpy"]
    if verb == "show" and "--route" not in words:
        more += ["--route", "mylib/conv_transpose" if "--adapter" in words else "numpy/scatter"]
    if verb == "port" and "--to" not in words:
        more += ["--to", "numpy"]
    if verb == "run" and not {"--tier", "--cases", "--random", "--resume"} & set(words) and not _globs(words):
        more += ["stride/pointwise"]
    if verb == "run" and not {"--output", "-o", "--resume"} & set(words):
        more += ["--output", "here.jsonl"]
    return [*words, *more]


def _globs(words: list[str]) -> bool:
    return any(
        "/" in word and words[at] not in ("--adapter", "--route", "--python") for at, word in enumerate(words[1:])
    )


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> Path:
    """A folder with all files that the documents speak of."""
    folder = tmp_path_factory.mktemp("scene")
    here = Path.cwd()
    os.chdir(folder)
    try:
        assert Said("new-adapter", "mylib").status == CLEAN
        for name in ("my_cases", "tests/cases", "reports", "my_ledger", "old/bin", "venv/bin"):
            Path(name).mkdir(parents=True)
        for name in ("generator.yaml", "my_model.yaml", "captured.yaml", "my_cases/few.yaml", "tests/cases/few.yaml"):
            Path(name).write_text(FAMILY, encoding="utf-8")
        for name in ("my_adapter.py", "tests/mylib_adapter.py"):
            shutil.copy("mylib_adapter.py", name)
        Path("tests/liars").symlink_to(LIARS)
        Path("adapters").symlink_to(ROOT / "adapters")
        interpreter = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n'
        worker = f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} mylib_adapter.py\n"
        for name, text in (("old/bin/python", interpreter), ("venv/bin/python", interpreter), ("my_worker", worker)):
            Path(name).write_text(text, encoding="utf-8")
            Path(name).chmod(Path(name).stat().st_mode | stat.S_IXUSR)
        words = ["--adapter", "mylib_adapter.py", "--output", "run.jsonl"]
        assert Said("run", "stride/pointwise", *words).status == CLEAN
        for name in COPIES:
            shutil.copy("run.jsonl", f"{name}.jsonl")
        assert Said("history", "add", "run.jsonl").status == CLEAN
        if importlib.util.find_spec("onnx"):
            assert Said("export", "stride/pointwise", "--format", "onnx", "-o", "exported").status == CLEAN
            shutil.copy(next(Path("exported").rglob("*.onnx")), "generator.onnx")
            shutil.rmtree("exported")
    finally:
        os.chdir(here)
    return folder


def _written(words: list[str]) -> list[Path]:
    """The files that a command is told to write."""
    options = ("-o", "--output", "--json", "--junitxml", "--markdown", "--badge", "--report")
    return [Path(file) for option, file in itertools.pairwise(words) if option in options and file != "-"]


@pytest.mark.parametrize("command", sorted({command for _, command in COMMANDS}))
def test_every_command_runs(command, scene, tmp_path, monkeypatch):
    if "onnx" in command and not importlib.util.find_spec("onnx"):
        pytest.skip("it needs onnx")
    shutil.copytree(scene, tmp_path / "here", symlinks=True)
    monkeypatch.chdir(tmp_path / "here")
    short = SHORTER.get(command, Shorter())
    words = shlex.split(short.words)[1:] if short.words else shortened(command)
    for path in _written(words):
        path.unlink(missing_ok=True)
    if words[0] == "new-adapter":
        Path("mylib_adapter.py").unlink()
    said = Said(*words)
    assert said.status == short.status, f"convt {shlex.join(words)}\n{said.both[-2000:]}"
    assert short.says in said.both
    for path in _written(words):
        assert path.exists() or short.status == USAGE, path


def test_no_way_to_make_a_command_short_is_left_over():
    assert set(SHORTER) <= {command for _, command in COMMANDS}
