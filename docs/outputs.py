"""Documents whose output is real: what stands below a program or a command is what it printed.

    python docs/outputs.py                    run the programs of all such documents and write their output anew
    python docs/outputs.py --check [NAME]     exit 1 where a document says something else

In such a document the blocks of `python` are run in their order, as one program; a block of `text` right below one is
what it printed, or the message of the AssertionError that it raised. A block of `console` begins with `$ convt …`, and
goes on with what that printed. A block below a comment `<!-- needs: torch, jax 0.10 -->` is left alone where something
of that is not installed, or in another version. A block with a further word behind its language (`python adapter`) is
not run. How many questions and rows there were is no difference, since cases come and go, and neither is how fast it
went. Commands find the folder `tests` as in a checkout.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
#: A number of questions or rows.
COUNT = re.compile(r"\d[\d,]*(?= (?:of \d+ |further )?(?:questions?|rows)\b)|(?<=of )\d+(?= questions)")
#: The documents.
DOCUMENTS = ("library.md", "porting.md", "start/backend.md", "start/model.md")
#: A line of the table of routes, whose numbers and widths change from day to day, and the time of a run.
ROUTE = re.compile(r"^(\S+/\S+|route)((?: +[\w·%.+-]+)+(?:/s)?(?: +[\w%.·+-]+)*) *$", re.MULTILINE)
TIME = re.compile(r"(?<=rows) in \d+ s:|\b\d+ (?=pass|unsupported|rows)")
BLOCK = re.compile(
    r"(?:<!-- needs: (?P<needs>[\w., ]+) -->\n\n)?^```(?P<language>python|console)\n(?P<code>.*?)^```$"
    r"(?:\n\n```text\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)


def text(name: str) -> str:
    """The document with the output of today."""
    names: dict[str, object] = {"__name__": "document"}
    document = (FOLDER / name).read_text(encoding="utf-8")
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as room:
        os.chdir(room)
        Path("tests").symlink_to(FOLDER.parent / "tests")
        try:
            return BLOCK.sub(lambda block: _block(block, names), document)
        finally:
            os.chdir(here)


def alike(text: str) -> str:
    """A document without what may differ from day to day."""
    lines = ROUTE.sub(lambda line: f"{line[1]} …" if line[1] != "route" else " ".join(line[0].split()), text)
    return TIME.sub("…", COUNT.sub("…", lines))


def missing(name: str) -> list[str]:
    """What a document needs and is not installed here."""
    document = (FOLDER / name).read_text(encoding="utf-8")
    return sorted({word for block in BLOCK.finditer(document) for word in _missing(block)})


def _missing(block: re.Match[str]) -> list[str]:
    """What a block needs and is not installed: `torch`, or in a version, `torch 2.13`."""
    return [word for word in (block["needs"] or "").split(", ") if word and not _there(*word.split())]


def _there(name: str, version: str = "") -> bool:
    for package in (name, f"{name}-cpu"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return f"{importlib.metadata.version(package)}.".startswith(f"{version}." if version else "")
    return not version and importlib.util.find_spec(name) is not None


def _block(block: re.Match[str], names: dict[str, object]) -> str:
    if _missing(block):
        return block[0]
    if block["language"] == "console":
        command = block["code"].partition("\n")[0]
        return block[0].replace(block["code"], f"{command}\n{_told(command)}")
    said = _printed(block["code"], names)
    if block["output"] is None:
        if said:
            raise SystemExit(f"a program prints and there is no block for it: {said[:200]}")
        return block[0]
    begin, end = (place - block.start() for place in block.span("output"))
    return block[0][:begin] + said + block[0][end:]


def _printed(code: str, names: dict[str, object]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(code, "the document", "exec"), names)
        except AssertionError as error:
            print(f"{type(error).__name__}: {error}")
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _told(command: str) -> str:
    words = shlex.split(command.removeprefix("$ convt"))
    run = [sys.executable, "-c", "from conformance.cli.main import main; main()", *words]
    path = {"PYTHONPATH": f"{FOLDER.parent}:{os.environ.get('PYTHONPATH', '')}", "COLUMNS": "116"}
    done = subprocess.run(run, capture_output=True, text=True, env=os.environ | path)
    return "".join(f"{line.rstrip()}\n" for line in (done.stdout + done.stderr).splitlines())


def main(arguments: list[str]) -> int:
    named = [word for word in arguments if not word.startswith("-")] or list(DOCUMENTS)
    stale = 0
    for name in named:
        path = FOLDER / name
        new = text(name)
        if "--check" not in arguments:
            path.write_text(new, encoding="utf-8")
        elif alike(new) != alike(path.read_text(encoding="utf-8")):
            stale += 1
            print(f"docs/{name}: a program prints something else now; run: python docs/outputs.py")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
