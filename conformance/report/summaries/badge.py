"""A badge: a small SVG such as `conv-transpose | 0 new · 368 known`, flat, with a title for those who cannot see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from conformance.report import states
from conformance.report.findings import Report
from conformance.run.run_file import Run

LABEL = "conv-transpose"
GREEN, RED, ORANGE = "#3c8d0d", "#c43d2b", "#b8540b"
#: Width of a character in pixels, and the room beside a text. Every text is set to exactly the width reserved for it.
CHARACTER, BESIDE = 6.4, 6

TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {message}">
  <title>{label}: {message}</title>
  <linearGradient id="shine" x2="0" y2="100%">
    <stop offset="0" stop-color="#bbb" stop-opacity=".1"/>
    <stop offset="1" stop-opacity=".1"/>
  </linearGradient>
  <clipPath id="round"><rect width="{width}" height="20" rx="3"/></clipPath>
  <g clip-path="url(#round)">
    <rect width="{left}" height="20" fill="#555"/>
    <rect x="{left}" width="{right}" height="20" fill="{colour}"/>
    <rect width="{width}" height="20" fill="url(#shine)"/>
  </g>
  <g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" aria-hidden="true">
    <text x="{beside}" y="14" textLength="{label_width}" lengthAdjust="spacingAndGlyphs">{label}</text>
    <text x="{at}" y="14" textLength="{message_width}" lengthAdjust="spacingAndGlyphs">{message}</text>
  </g>
</svg>
"""


def text(reports: Sequence[Report]) -> str:
    """The badge over all runs together: red where something needs a look or a route has no result, orange where a run
    is incomplete."""
    runs = [report.run for report in reports]
    message = _message(runs)
    label_width, message_width = (round(len(each) * CHARACTER) for each in (LABEL, message))
    left, right = label_width + 2 * BESIDE, message_width + 2 * BESIDE
    whole = all(map(states.complete, runs))
    red = whole or any(states.needs_a_look(run) or states.without_result(run) for run in runs)
    colour = GREEN if all(map(states.clean, runs)) else RED if red else ORANGE
    return TEMPLATE.format(
        label=LABEL,
        message=message,
        colour=colour,
        width=left + right,
        left=left,
        right=right,
        beside=BESIDE,
        at=left + BESIDE,
        label_width=label_width,
        message_width=message_width,
    )


def _message(runs: Sequence[Run]) -> str:
    """The number of rows that are new and known, and of whatever else needs a look."""
    found: Counter[str] = Counter()
    for run in runs:
        found.update(states.counts(run.rows))
    parts = [f"{found[name]} {name}" for name in states.STATES[:5] if found[name] or name in ("new", "known")]
    if wrong := sum(len(states.problems(run)) for run in runs):
        parts.append(f"{wrong} ledger")
    parts += ["worse"] if any(map(states.worse, runs)) else []
    begin = [] if all(map(states.complete, runs)) else ["incomplete"]
    begin += ["no result"] if any(map(states.without_result, runs)) else []
    return " · ".join(begin + parts)
