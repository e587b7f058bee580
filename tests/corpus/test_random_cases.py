"""Random configurations: valid, varied, and found again by their names."""

from __future__ import annotations

from conformance.corpus.random_cases import drawn, named


def test_a_name_finds_the_same_case_again():
    cases = list(drawn(7, 50))
    assert [named(case.id) for case in cases] == cases
    assert list(drawn(7, 20)) == cases[:20]
    assert len({case.id for case in [*cases, *drawn(8, 50)]}) == 100
    assert named("stride/s2") is None
    assert named("random/7") is None


def test_they_are_valid_and_varied():
    cases = list(drawn(0, 400))
    assert [case.id for case in cases if case.problem() is not None or min(case.output) < 1] == []
    assert {case.rank for case in cases} == {1, 2, 3}
    assert {case.groups for case in cases} == {1, 2, 3}
    assert {len(case.checks) for case in cases} == {1, 4}
    for what in (
        lambda case: any(lo > extent - 1 for (lo, _), extent in zip(case.padding, case.extent, strict=True)),
        lambda case: any(lo != hi for lo, hi in case.padding),
        lambda case: any(op >= s for op, s in zip(case.output_padding, case.stride, strict=True)),
        lambda case: max(case.stride) > 1 and max(case.dilation) > 1,
        lambda case: any(s > extent for s, extent in zip(case.stride, case.extent, strict=True)),
        lambda case: case.in_channels > 16,
        lambda case: case.batch == 0,
    ):
        assert any(what(case) for case in cases)
