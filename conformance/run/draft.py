"""Findings → rules of the ledger for a person to finish: one for each, with its condition; why and link are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from conformance.corpus.conditions import ALWAYS, Condition, Property
from conformance.run.blame import common
from conformance.run.diagnose import Finding
from conformance.run.rules import UNFINISHED


def draft(findings: Sequence[Finding]) -> str:
    """YAML that the ledger refuses until why and link are written. A refusal that hides another stands before it."""
    written = [_rule(finding) for finding in _ordered(findings)]
    return "\n".join(
        yaml.safe_dump([rule], default_flow_style=None, sort_keys=False, allow_unicode=True, width=112)
        for rule in written
    )


def _rule(finding: Finding) -> dict[str, Any]:
    what = finding.what
    rule: dict[str, Any] = {"routes": sorted({route.partition("@")[0] for route in finding.routes})}
    when = whole(finding)
    if when is None:
        rule["cases"] = sorted({row.case for row in finding.rows})
    else:
        rule["when"] = when.data()
    rule["verdict"] = what.verdict
    if what.fault is not None:
        rule["fault"] = what.fault
    elif what.verdict == "accept":
        rule["cause"] = "answered with shape"
    else:
        rule["cause"] = common([row.cause or "" for row in finding.rows]) or what.text
    return rule | {"kind": "bug", "link": UNFINISHED, "why": UNFINISHED}


def whole(finding: Finding) -> Condition | None:
    """The condition with what it takes for granted: what is invalid. None where no condition was found."""
    if finding.when is None:
        return None
    if finding.what.verdict == "accept":
        invalid = Property("invalid", (finding.what.text,))
        return Condition(tuple((invalid, *atoms) for atoms in finding.when.alternatives))
    if finding.when == ALWAYS:
        return Condition(((Property("expect", ("answer",)),),))
    return finding.when


def _ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Those before others whose conditions hold on their rows too: a framework stops at the first check it makes."""
    left, ordered = list(findings), []
    while left:
        free = next((one for one in left if not any(_hides(other, one) for other in left if other is not one)), left[0])
        left.remove(free)
        ordered.append(free)
    return ordered


def _hides(one: Finding, other: Finding) -> bool:
    """Whether rows of `one` meet the condition of `other`, which they do not show: `one` happens first."""
    if one.table is not other.table or other.when is None or not set(one.routes) & set(other.routes):
        return False
    return bool(one.table.meets(other.when)[one.evidence.positive].any())
