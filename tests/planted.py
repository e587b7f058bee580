"""The 23 faults by which other projects' tests were compared, and the mutant of each."""

from __future__ import annotations

#: The 23 faults against which the tests of ten other projects were measured.
PLANTED = {
    "kernel flipped": "kernel-flipped",
    "kernel H/W transposed": "kernel-axes-transposed",
    "C/M swapped when equal": "channels-swapped",
    "input channels reversed": "input-channels-reversed",
    "batch 0 reused": "batch-0-reused",
    "stride of axis 0 for all": "stride-of-axis-0",
    "dilation of axis 0 for all": "dilation-of-axis-0",
    "pad from undilated kernel": "padding-from-undilated-kernel",
    "pad begin/end swapped": "padding-ends-swapped",
    "pad end := begin": "padding-end-is-begin",
    "pad axes swapped": "padding-axes-swapped",
    "pad clamped to d(k-1)": "padding-clamped",
    "output_padding at begin": "output-padding-at-begin",
    "output_padding zero-filled": "output-padding-zero-filled",
    "output_padding axes swapped": "output-padding-axes-swapped",
    "no bias in output_padding area": "output-padding-without-bias",
    "bias dropped": "bias-dropped",
    "group 0 weights reused": "group-0-kernel",
    "group 0 bias reused": "group-0-bias",
    "groups interleaved (in)": "groups-interleaved",
    "groups shuffled (out)": "groups-shuffled",
    "uncovered gap not zero": "gap-not-zero",
    "no bias in gap": "gap-without-bias",
}
