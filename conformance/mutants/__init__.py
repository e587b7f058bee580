"""Named wrong answers: which of them a case shows, and what a wrong answer looks like.

A case that no mutant fails shows nothing; a wrong answer that a mutant gives bit for bit has its cause. Kinds of faults
that have no counterpart here are those without a wrong number: crashes, missing validation, time, and answers that
change from call to call; they are outcomes and verdicts. A scale that quantisation folds into the wrong axis is no part
of the operator; its nearest relatives are the exchanged channels, and kernels quantised along the wrong axis.

    kernel, padding, edges      which tap, which stride, which end; what overlaps and gaps hold
    channels, layouts           which channel, group, image; buffers read in another layout
    gradients                   what a backward does wrong by itself
    sizes                       formulas for the output length
    arithmetic                  too few bits
    special                     NaN and infinity
    triggers                    faults that only some numbers set off
    diagnosis, score            an answer → its causes; cases → which faults they show
"""

from __future__ import annotations

from conformance.mutants.catalogue import MUTANTS, applicable, kills
from conformance.mutants.diagnosis import Cause, causes
from conformance.mutants.mutant import Mutant, Rewrite, features
from conformance.mutants.score import Score, score, table

__all__ = [
    "MUTANTS",
    "Cause",
    "Mutant",
    "Rewrite",
    "Score",
    "applicable",
    "causes",
    "features",
    "kills",
    "score",
    "table",
]
