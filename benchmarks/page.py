"""How long the page of a large run takes to write, how large it is, and how soon Chromium shows its matrix.

    python benchmarks/page.py 100000
    python benchmarks/page.py 1000000 --divergent 0.01

The run is made up: as many cases, routes, native calls and errors as a real one would have, in the same proportions.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from conformance.case import Case
from conformance.report import findings, html
from conformance.run import run_file
from conformance.run.row import Row

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
ROUTES = [f"{name}/route{number}" for name in ("torch", "tensorflow", "jax", "numpy") for number in range(5)]
FAMILIES = ("stride", "padding", "dilation", "groups", "layout", "rank", "dtype", "bias", "models", "gradient")
HEADER = {
    "suite": "0",
    "corpus": "made-up",
    "adapters": {"torch": {"version": "1", "devices": ["cpu"]}},
    "absent": {},
    "dead": {},
    "platform": "here",
    "cpu": "some",
    "cores": 2,
    "python": "3",
    "argv": ["benchmarks/page.py"],
    "seed": 0,
    "started": "2000-01-01T00:00:00",
    "notes": [],
    "selection": {},
}


def write_run(path: Path, count: int, divergent: float) -> None:
    """A made-up run file of `count` rows."""
    chance, writer = random.Random(0), run_file.Writer(path)
    writer.header(HEADER)
    rows, number = 0, 0
    while rows < count:
        case = _case(chance, number)
        number += 1
        for route in ROUTES:
            for fill in ("exact", "real"):
                if rows < count:
                    writer.row(_row(chance, case, route, fill, divergent), case)
                    rows += 1
    writer.footer({"rows": rows, "seconds": 1.0, "problems": []})
    writer.close()


def _case(chance: random.Random, number: int) -> Case:
    two = [chance.randint(1, 4) for _ in range(8)]
    return Case(
        id=f"{FAMILIES[number % len(FAMILIES)]}/case{number}",
        input=(two[0] + 2, two[1] + 2),
        kernel=(two[2], two[3]),
        in_channels=2,
        out_channels=3,
        batch=2,
        groups=1,
        stride=(two[4], two[5]),
        dilation=(two[6], two[7]),
        padding=((0, 0), (0, 0)),
        output_padding=(0, 0),
        bias=True,
        why="made up",
        where=f"cases/made-up.yaml:{number}",
    )


def _row(chance: random.Random, case: Case, route: str, fill: str, divergent: float) -> Row:
    layouts = {"x": "NCHW", "w": "IOHW", "y": "NCHW"}
    source = f"y = {route.replace('/', '.')}(x, w, b, stride={case.stride}, dilation={case.dilation}, bias={case.bias})"
    plan = {"call": route, "arguments": {}, "source": source, "define": "", "layouts": layouts, "memory": {}}
    detail = {"plan": plan | {"emulates": None}, "bits": f"{chance.getrandbits(48):012x}"}
    words = {"case": case.id, "route": route, "device": "cpu", "dtype": "float32", "check": "forward", "fill": fill}
    dice = chance.random()
    if dice < divergent / 2:
        wrong = [([0, 0, 0, i], chance.randint(-99, 99), chance.randint(-99, 99)) for i in range(20)]
        detail |= {"mismatch": "values", "wrong": 20, "of": 200, "error": 1e6, "wrong_elements": wrong}
        detail["error_map"] = {"shape": [2, 3, 7, 7], "levels": "gICA" * 98}
        cause = f"as if fault {chance.randint(0, 30)} had been planted"
        return Row(**words, outcome="returned", verdict="differ", state="new", cause=cause, detail=detail)
    if dice < divergent:
        cause = f"ValueError: no {chance.randint(0, 400)} is allowed"
        detail |= {"log": "".join(chance.choices("abcdef \n", k=2000)), "trace": cause * 5}
        return Row(**words, outcome="raised", verdict="refuse", state="known", cause=cause, detail=detail)
    if dice < divergent + 0.15:
        return Row(**words, outcome="unsupported", verdict="unsupported", detail={"reason": f"{route} has none"})
    detail |= {"share": chance.random(), "error": chance.random(), "lean": 0.0} if fill == "real" else {}
    return Row(**words, outcome="returned", verdict="pass", seconds=1e-3, detail=detail)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("rows", type=int)
    words.add_argument("--divergent", type=float, default=0.1, help="share of rows that diverge")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file, page = Path(folder, "run.jsonl"), Path(folder, "page.html")
        write_run(file, asked.rows, asked.divergent)
        begin = time.monotonic()
        run = run_file.read(file)
        read, busy = time.monotonic() - begin, time.process_time()
        html.write([findings.report(run)], page)
        wrote, busy = time.monotonic() - begin - read, time.process_time() - busy
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{asked.rows} rows, {asked.divergent:.0%} divergent, run file {file.stat().st_size / 1e6:.0f} MB")
        print(f"read in {read:.1f} s, page written in {wrote:.1f} s ({busy:.1f} s of CPU time)")
        print(f"{most:.1f} GB of memory at most")
        print(f"page {page.stat().st_size / 1e6:.1f} MB")
        _show(page)


def _show(page: Path) -> None:
    from browser import CHROMIUM, Browser

    if CHROMIUM is None:
        print("no Chromium here: the page was not shown")
        return
    with Browser() as browser:
        ready = browser.open(page)
        browser.wait("performance.getEntriesByName('first-contentful-paint').length")  # told a while after it
        painted = browser.js("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        print(f"matrix on the screen after {painted / 1000:.2f} s, filters and table ready after {ready:.2f} s")
        begin = time.monotonic()
        browser.go("#rows&framework=torch&text=stride/")
        print(f"filtered in {time.monotonic() - begin - 0.3:.2f} s: {browser.text('#found')}")
        begin = time.monotonic()
        browser.go("#case=stride/case0")
        browser.wait("document.querySelector('#case svg')")
        print(f"a case drawn in {time.monotonic() - begin - 0.3:.2f} s; console errors: {browser.errors or 'none'}")


if __name__ == "__main__":
    main()
