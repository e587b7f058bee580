"""Whether the suite is clean on other machines: the core of the corpus under every variant of every framework here.

    python benchmarks/places.py                          all variants, some minutes each
    python benchmarks/places.py 'torch+onednn=*'         some of them
    python benchmarks/places.py --tier smoke 'numpy+*'   in seconds

A variant plays another machine: oneDNN, ATen, XLA and OpenBLAS are told to use less than this CPU has. For each: rows,
those that pass, are known, new (or changed) or stale (0 and 0 are right), and the rules met that name a place. Exit
status 1 where something is new or stale.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from conformance.corpus.choose import choose, corpus, tiers
from conformance.corpus.globs import matches
from conformance.report.states import NEEDS_A_LOOK, counts
from conformance.run import programs
from conformance.run.questions import Narrow, select
from conformance.run.row import Row
from conformance.run.session import Session
from conformance.run.variants import variant_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workers", nargs="*", default=["*"], metavar="GLOB", help="framework+variant")
    parser.add_argument("--tier", default="core", choices=("smoke", "core", "full"))
    asked = parser.parse_args()
    session = Session.open(programs.choose((), (), {}, 1))
    offered = [f"{name}+{variant}" for name, hello in session.hellos.items() for variant in hello["variants"]]
    session.close()
    offered += [f"{name}+threads=2" for name in session.hellos]
    wanted = [worker for worker in sorted(offered) if any(matches(worker, glob) for glob in asked.workers)]
    if not wanted:
        parser.error(f"no variant is called so; there are {', '.join(sorted(offered))}")
    print(
        f"{'variant':28} {'rows':>6} {'pass':>6} {'known':>6} {'new':>5} {'stale':>5} {'s':>5}  rules that name a place"
    )
    look = 0
    for worker in wanted:
        begin = time.monotonic()
        rows, placed = ask(worker, asked.tier)
        found = counts(rows)
        new, stale = found["new"] + found["changed"], found["stale"]
        look += new + stale
        met = ", ".join(f"{where} ({count})" for where, count in sorted(placed.items())) or "none"
        seconds = time.monotonic() - begin
        counted = f"{len(rows):6} {found['pass']:6} {found['known']:6} {new:5} {stale:5}"
        print(f"{worker:28} {counted} {seconds:5.0f}  {met}", flush=True)
        for row in [row for row in rows if row.state in NEEDS_A_LOOK][:5]:
            print(f"    {row.state}: {row.key}: {row.verdict}: {(row.cause or '')[:120]}")
    return 1 if look else 0


def ask(worker: str, tier: str) -> tuple[list[Row], Counter[str]]:
    """The rows of a variant, and how many of them each rule speaks of that names a place."""
    everything = corpus((), (), tier)
    named = tiers(everything)
    routes = (f"{worker}/*",)
    session = Session.open(programs.choose((), routes, {}, 1), under=[variant_of(worker)])
    try:
        narrow = Narrow(routes, tiers=named)
        rows = list(session.rows(select(choose(everything, named, (), tier), session.hellos, narrow)))
    finally:
        session.close()
    of_place = {rule.where: rule.where.rpartition("/")[2] for rule in session.ledger.rules if rule.place}
    spoken = (row.detail["ledger"]["where"] for row in rows if row.detail.get("ledger"))
    return rows, Counter(of_place[where] for where in spoken if where in of_place)


if __name__ == "__main__":
    sys.exit(main())
