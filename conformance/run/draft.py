"""What a run found → rules of the ledger for a person to finish: one for each, with its condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from conformance.plain import harmless
from conformance.run.blame import common
from conformance.run.diagnose import diagnose, stored
from conformance.run.row import Diagnosed, Row
from conformance.run.rules import UNFINISHED
from conformance.run.run_file import Run


def draft(run: Run) -> str:
    """YAML that the ledger refuses until why and link are written. The diagnoses are those of the run; where it has
    none, they are found from its rows."""
    found = run.diagnoses
    if not found:
        found = [stored(each, run.cases) for each in diagnose(run.rows, run.cases, seed=run.header.get("seed", 0))]
    rows = {row.key: row for row in run.rows}
    written = [_plain(_rule(each, [rows[key] for key in each.rows if key in rows])) for each in found]
    return "\n".join(
        yaml.safe_dump([rule], default_flow_style=None, sort_keys=False, allow_unicode=True, width=112)
        for rule in written
    )


def _plain(value: Any) -> Any:
    """A rule without characters that the ledger's own reader refuses: a run file may hold any."""
    if isinstance(value, dict):
        return {_plain(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return harmless(value) if isinstance(value, str) else value


def _rule(found: Diagnosed, rows: Sequence[Row]) -> dict[str, Any]:
    rule: dict[str, Any] = {"routes": sorted({route.partition("@")[0] for route in found.routes})}
    if found.condition is None:
        rule["cases"] = sorted({row.case for row in rows})
    else:
        rule["when"] = found.condition
    rule["verdict"] = found.verdict
    if found.fault is not None:
        rule["fault"] = found.fault
    elif found.verdict == "accept":
        rule["cause"] = "answered with shape"
    else:
        rule["cause"] = common([row.cause or "" for row in rows]) or found.says
    if "which is not declared" in found.says:  # rounding shows where the numbers let it
        rule |= {"cause": "beyond what rounding can do", "sometimes": True}
    return rule | {"kind": "bug", "link": UNFINISHED, "why": UNFINISHED}
