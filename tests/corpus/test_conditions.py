"""Entries that stand for many cases: conditions, covering arrays and the file that keeps them."""

from __future__ import annotations

import itertools

import pytest
from commands import FINDINGS, USAGE, Said

from conformance.corpus.load import load_family
from conformance.corpus.yaml_file import FileError

HEAD = """\
why: for a test
base: {input: [4], kernel: 3, in_channels: 6, out_channels: 6}
cases:
  - id: s{stride}-k{kernel}
    why: because
    axes:
      stride: [1, 2, 3]
      kernel: [1, 2, 3, 4]
"""
COVERING = """\
why: for a test
base: {input: [2], in_channels: 6, out_channels: 6}
cases:
  - id: k{kernel}p{padding}g{groups}c{in_channels}-{bias}
    why: because
    axes:
      kernel: [1, 2, 3]
      padding: [0, 1, 2]
      groups: [1, 2, 3]
      in_channels: [4, 6]
      bias: [false, true]
    covering: %s
"""


@pytest.fixture
def family(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text):
        (tmp_path / "many.yaml").write_text(text)
        return tmp_path / "many.yaml"

    return write


@pytest.mark.parametrize(
    ("where", "meant"),
    [
        ("kernel: {below: stride}", lambda s, k: k < s),
        ("kernel: {at_most: stride}", lambda s, k: k <= s),
        ("kernel: {above: stride}", lambda s, k: k > s),
        ("kernel: {at_least: 2, below: 4}", lambda s, k: 2 <= k < 4),
        ("kernel: {multiple_of: stride}", lambda s, k: k % s == 0),
        ("kernel: {other_than: [stride]}", lambda s, k: k != s),
        ("stride: {above: [kernel, 2]}", lambda s, k: s > k or s > 2),
        ("output: {at_least: 9}", lambda s, k: 3 * s + k >= 9),
        ("kernel: {above: 1}\n      stride: {above: 1}", lambda s, k: k > 1 and s > 1),
    ],
)
def test_conditions_choose_of_the_product(family, where, meant):
    cases = load_family(family(f"{HEAD}    where:\n      {where}\n"))
    product = itertools.product([1, 2, 3], [1, 2, 3, 4])
    assert [(case.stride[0], case.kernel[0]) for case in cases] == [pair for pair in product if meant(*pair)]


def test_conditions_hold_on_every_axis(family):
    text = HEAD.replace("input: [4]", "input: [4, 4]").replace("kernel: [1, 2, 3, 4]", "kernel: [[1, 3], [3, 3]]")
    cases = load_family(family(f"{text}    where: {{kernel: {{above: stride}}}}\n"))
    assert [(case.stride[0], case.kernel) for case in cases] == [(1, (3, 3)), (2, (3, 3))]


@pytest.mark.parametrize(
    ("line", "gist"),
    [
        ("where: {kernel: {under: 2}}", "unknown key 'under'"),
        ("where: {kernal: {below: 2}}", "unknown key 'kernal', did you mean 'kernel'"),
        ("where: {kernel: {below: strid}}", "there is no number 'strid', did you mean 'stride'"),
        ("where: {kernel: {below: 1.5}}", "expected"),
        ("where: 3", "expected a mapping"),
        ("where: [{kernel: 1}, {kernel: 2}]", "write one mapping"),
        ("where: {check: forward}", "unknown key 'check'"),
        ("covering: 0", ">= 1"),
        ("covering: {core: 2, full: some}", "there is no 'some'"),
        ("covering: {core: 2, full: 2}", "it must be above core: write 3"),
        ("covering: {full: 2}", "core"),
        ("covring: 2", "unknown key 'covring', did you mean 'covering'"),
        ("covering: 2", "not written yet: write it with `convt cases cover many.yaml`"),
    ],
)
def test_mistakes_have_their_line(family, line, gist):
    with pytest.raises(FileError) as caught:
        load_family(family(f"{HEAD}    {line}\n"))
    assert gist in str(caught.value)
    assert str(caught.value).startswith("many.yaml:9: ")


def possible(strength):
    """Brute force: what any `strength` of the five axes may be together."""
    axes = {"kernel": [1, 2, 3], "padding": [0, 1, 2], "groups": [1, 2, 3], "in_channels": [4, 6]}
    axes["bias"] = [False, True]
    rows = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    rows = [row for row in rows if 1 + row["kernel"] >= 2 * row["padding"] and row["in_channels"] % row["groups"] == 0]
    return {frozenset(few) for row in rows for few in itertools.combinations(row.items(), strength)}, len(rows)


def shown(cases, strength):
    rows = [
        {word: getattr(case, word) for word in ("groups", "in_channels", "bias")}
        | {"kernel": case.kernel[0], "padding": case.padding[0][0]}
        for case in cases
    ]
    return {frozenset(few) for row in rows for few in itertools.combinations(row.items(), strength)}


def test_an_array_covers_what_has_an_answer(family):
    path = family(COVERING % 2)
    assert Said("cases", "cover", "many.yaml").status == 0
    cases = load_family(path)
    combinations, rows = possible(2)
    assert shown(cases, 2) == combinations
    assert len(cases) < rows
    assert {case.tier for case in cases} == {"core"}


def test_tiers_of_an_array(family):
    path = family(COVERING % "{core: 2, full: 3}")
    assert Said("cases", "cover", "many.yaml").status == 0
    cases = load_family(path)
    assert shown([case for case in cases if case.tier == "core"], 2) == possible(2)[0]
    assert shown(cases, 3) == possible(3)[0]
    core = load_family(path, lambda family: False)
    assert [case.id for case in core] == [case.id for case in cases if case.tier == "core"]
    assert core.unread == {"many"}
    assert not cases.unread


def test_all_the_rest_is_in_the_full_tier(family):
    path = family(COVERING % "{core: 2, full: all}")
    assert Said("cases", "cover", "many.yaml").status == 0
    cases = load_family(path)
    assert len({case.id for case in cases}) == len(cases) == possible(1)[1]


def test_other_axes_need_another_array(family):
    family(COVERING % 2)
    Said("cases", "cover", "many.yaml")
    path = family((COVERING % 2).replace("kernel: [1, 2, 3]", "kernel: [1, 2, 4]"))
    with pytest.raises(FileError, match=r"many\.yaml:12: the covering array is of other axes: write it with"):
        load_family(path)


def test_lint_counts_what_an_array_covers(family, tmp_path):
    family(COVERING % 2)
    Said("cases", "cover", "many.yaml")
    lock = tmp_path / "many.lock.json"
    lines = lock.read_text().splitlines(keepends=True)
    lock.write_text("".join(lines[:4] + lines[5:]))
    said = Said("cases", "lint", "--cases", "many.yaml")
    assert said.status == FINDINGS
    assert "many.yaml:4: " in said.out
    assert "combinations that are in no case: " in said.out
    lock.write_text("{}garbage")
    said = Said("cases", "lint", "--cases", "many.yaml")
    assert said.status == USAGE
    assert "many.lock.json: is no file of covering arrays" in said.err
