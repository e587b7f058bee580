"""The generated parts of documents: `python docs/generated.py` writes them anew from what the code says.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`; NAME is a key of PARTS. A test compares.
"""

from __future__ import annotations

import inspect
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from packaging.version import Version

from conformance import adapter, folder
from conformance.case import DTYPES, Case
from conformance.corpus.choose import corpus
from conformance.corpus.conditions import ALWAYS
from conformance.corpus.conventions import CONVENTIONS, Axis
from conformance.oracle.operands import make_operands, terms
from conformance.run.ledger import Ledger
from conformance.run.programs import SUFFIX
from conformance.run.rules import Rule

ROOT = Path(__file__).resolve().parent.parent
SPECIFICATION = ROOT / "docs" / "specification.md"
#: The documents that have generated parts.
DOCUMENTS = (ROOT / "README.md", SPECIFICATION)
PART = re.compile(r"<!-- generated: (?P<name>[\w-]+) -->\n(?P<text>.*?)<!-- end -->\n", re.DOTALL)

#: (K_e, s) of the worked conventions, for an input of length 3: overlap, even extent, K_e < s, and no stride.
AXES = [(3, 2), (4, 2), (2, 3), (1, 3), (4, 1)]

KERNELS = {
    "IOHW": "PyTorch, ONNX; this document",
    "HWOI": "TensorFlow, Keras",
    "OHWI": "TensorFlow Lite",
    "HWIO": "JAX, by default",
}


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def conventions() -> str:
    """Each convention: its formula and source, as conventions.py states them, and its numbers on worked axes."""
    return "\n".join(_convention(name) for name in CONVENTIONS)


def _convention(name: str) -> str:
    chosen, rows = CONVENTIONS[name], []
    formula, _, source = inspect.getdoc(chosen.solve).partition("Source: ")
    padding = (1, 1) if chosen.padded else (0, 0)
    for extent, stride in AXES:
        axis = Axis(3, extent, stride, padding)
        natural = axis.full - sum(padding)
        for size in chosen.solve(axis._replace(size=natural)).legal:
            solved = chosen.solve(axis._replace(size=size))
            rows.append([str(number) for number in (extent, stride, size, *solved[:3])])
    stated = "stated by the case" if chosen.padded else "given by the convention"
    needed = "is stated" if chosen.sized else "follows"
    head = ["K_e", "s", "size", "lo", "hi", "op"]
    with_padding = ", padding (1, 1)" if chosen.padded else ""
    return (
        f"#### `{name}`\n\n{formula.strip()}\n\nThe output size {needed}; the padding is {stated}.\n"
        f"Source: {source.strip()}\n\nFor I = 3{with_padding}:\n\n{table(head, rows)}"
    )


def permutations() -> str:
    """numpy.transpose's argument from each kernel layout to each other."""
    rows = [[f"`{source}`", *(_axes(source, target) for target in KERNELS), used] for source, used in KERNELS.items()]
    return table(["from \\ to", *(f"`{target}`" for target in KERNELS), "read by"], rows)


def _axes(source: str, target: str) -> str:
    return "–" if source == target else ", ".join(map(str, adapter.permutation(source, target)))


def magnitudes() -> str:
    """How many values an exact operand may take, for a short and a long sum in each dtype."""
    rows = []
    for channels, kernel in ((1, (3,)), (4, (3, 3)), (64, (3, 3)), (512, (3, 3))):
        rank = len(kernel)
        case = Case(
            id="specification/sum",
            input=(5,) * rank,
            kernel=kernel,
            in_channels=channels,
            out_channels=1,
            batch=1,
            groups=1,
            stride=(1,) * rank,
            dilation=(1,) * rank,
            padding=((0, 0),) * rank,
            output_padding=(0,) * rank,
            bias=False,
        )
        cells = [_choices(case, dtype) for dtype in DTYPES]
        rows.append([str(terms(case, "forward")), *cells])
    return table(["n", *(f"{dtype}: |S|, 2/|S|" for dtype in DTYPES)], rows)


def _choices(case: Case, dtype: str) -> str:
    operands = make_operands(case, "forward", dtype, "exact")
    thinned = " (thinned)" if (operands.arrays["w"] == 0).any() else ""
    return f"{operands.choices}, {2 / operands.choices:.2g}{thinned}"


def calls() -> str:
    """The native call of each framework for the reference case, as the adapters lower it."""
    case = Case(
        id="specification/reference",
        input=(3, 4),
        kernel=(3, 2),
        in_channels=2,
        out_channels=5,
        batch=1,
        groups=1,
        stride=(2, 1),
        dilation=(1, 1),
        padding=((1, 1), (0, 0)),
        output_padding=(1, 0),
        bias=False,
    )
    parts, seen = [], set()
    for path in sorted(folder("adapters").glob(f"*{SUFFIX}.py")):
        name = path.stem.removesuffix(SUFFIX)
        for route in _routes(path):
            try:
                plan = route.lower(adapter.Case(case.question()), ("forward",)).data(case.rank)
            except adapter.Unsupported as why:
                parts.append(f"`{name}/{route.name}`: not expressible, {why}\n")
                continue
            if (name, plan["call"]) in seen:
                continue
            seen.add((name, plan["call"]))
            layouts = plan["layouts"]
            source = _formatted(plan["source"])
            parts.append(f"`{name}/{route.name}`: x as {layouts['x']}, w as {layouts['w']}\n\n```python\n{source}```\n")
    return "\n".join(parts)


def _formatted(source: str) -> str:
    """As the project's formatter writes it, which also looks at the Python blocks of documents."""
    command = [sys.executable, "-m", "ruff", "format", "--config", "pyproject.toml", "-"]
    return subprocess.run(command, input=source, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _routes(path: Path) -> list[adapter.Route]:
    """An adapter's routes: it is run as a program that finds another `serve`; no framework is imported for that."""
    offered: list[adapter.Route] = []
    serve, adapter.serve = adapter.serve, lambda name, routes, *rest, **more: offered.extend(routes)
    try:
        runpy.run_path(str(path), run_name="__main__")
    finally:
        adapter.serve = serve
    return offered


def reference_versions() -> dict[str, str]:
    """Framework → the version that the reference matrix pins, by the names that routes use."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pins = re.search(r"^matrix = \[(.*?)\]", text, re.MULTILINE | re.DOTALL).group(1)
    return {name.split("-")[0]: version for name, version in re.findall(r'"([\w-]+)==([^"]+)"', pins)}


def ledger(current: bool = True) -> str:
    """The known divergences of the reference versions, or of other versions: when, why, and how the rows diverge."""
    rows: dict[tuple, set[str]] = {}
    for rule in Ledger.load(folder("cases") / "known").rules:
        framework = rule.routes[0].partition("/")[0]
        if _is_current(rule, framework) != current:
            continue
        when = str(rule.when) if rule.when != ALWAYS else ", ".join(rule.cases)
        where = [f"{framework} {rule.versions}".strip(), when, " ".join(rule.why.split())]
        link = f"[{_short(rule.link)}]({rule.link})"
        key = (*(text.replace("*", "\\*").replace("|", "\\|") for text in where), rule.kind, link)
        rows.setdefault(key, set()).update(rule.verdicts)
    head = ["framework", "when", "why", "kind", "link", "verdict"]
    return table(head, [[*key, ", ".join(sorted(verdicts))] for key, verdicts in rows.items()])


def _is_current(rule: Rule, framework: str) -> bool:
    pinned = reference_versions().get(framework)
    return pinned is None or rule.versions.contains(Version(pinned))


def _short(link: str) -> str:
    """`owner/name#1` for an issue, else the host."""
    issue = re.fullmatch(r"https://github\.com/(.+?)/(?:issues|pull)/(\d+)", link)
    return f"{issue[1].split('/')[1]}#{issue[2]}" if issue else link.split("/")[2]


def misstatements() -> str:
    """Statements in print that the corpus runs and refutes."""
    claims = {}
    for case in corpus():
        if case.claim and case.claim.known == "refuted":
            said = claims.setdefault((case.claim.number, case.claim.says), [])
            said += [case.claim.note] if case.claim.note and case.claim.note not in said else []
    rows = [[says, "; ".join(notes), f"{number}"] for (number, says), notes in sorted(claims.items())]
    return table(["what is printed", "what holds", "claim"], rows)


def engines() -> str:
    """What the adapters of the project offer, without starting an engine."""
    rows, pinned = [], reference_versions()
    for path in sorted(folder("adapters").glob(f"*{SUFFIX}.py")):
        name, routes = path.stem.removesuffix(SUFFIX), _routes(path)
        checks = {check for route in routes for check in route.checks}
        asked = "forward, gradients" if len(checks) > 1 else "forward"
        rows.append([name, ", ".join(route.name for route in routes), asked, pinned.get(name, "as installed")])
    for path in sorted(path for path in folder("adapters").glob(f"*{SUFFIX}.*") if path.suffix != ".py"):
        what = re.search(r"^// (.+?)\.(?: |$)", path.read_text(encoding="utf-8"), re.MULTILINE)
        file = f"[{path.name}](adapters/{path.name})"
        rows.append([path.stem.removesuffix(SUFFIX), f"{what[1]}: {file}", "as it says", "as installed"])
    return table(["engine", "routes", "is asked", "reference version"], rows)


PARTS: dict[str, Callable[[], str]] = {
    "conventions": conventions,
    "permutations": permutations,
    "magnitudes": magnitudes,
    "calls": calls,
    "ledger": ledger,
    "ledger-other-versions": lambda: ledger(current=False),
    "misstatements": misstatements,
    "engines": engines,
}


def regenerated(text: str) -> str:
    """The document with every part as the code says it now. Raises KeyError for a part that nobody generates."""
    return PART.sub(lambda part: f"<!-- generated: {part['name']} -->\n\n{PARTS[part['name']]()}\n<!-- end -->\n", text)


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(regenerated(document.read_text(encoding="utf-8")), encoding="utf-8")
