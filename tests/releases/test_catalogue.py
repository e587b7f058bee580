"""The releases that are looked at: what each takes to install, and tox's environments made of them."""

from __future__ import annotations

from datetime import date

import pytest

from conformance.corpus.yaml_file import FileError
from conformance.releases.catalogue import NEWEST, of, releases

TEXT = """\
lies:
  install: {"1.0": ["lies=={version}"], "2.0": ["lies-cpu=={version}"]}
  routes: [lies/*]
  python: {"1.0": "3.7", "1.10": "3.10"}
  with: {"1.2": ["numpy<2"]}
  releases:
    1.10.0: "2022-01-27"
    1.2.0: "2019-08-08"
    2.0.1: null
"""


def written(tmp_path, text=TEXT):
    path = tmp_path / "releases.yaml"
    path.write_text(text)
    return path


def test_what_is_true_from_a_version_on_is_true_until_something_else_is(tmp_path):
    found = releases(written(tmp_path))
    assert [each.name for each in found] == ["lies-1.2", "lies-1.10", "lies-2.0"]
    assert [each.python for each in found] == ["3.7", "3.10", "3.10"]
    assert [each.requirements[0] for each in found] == ["lies==1.2.0", "lies==1.10.0", "lies-cpu==2.0.1"]
    assert {each.requirements[1] for each in found} == {"numpy<2"}
    assert [each.labels for each in found] == [("lies",), ("lies",), ("lies", NEWEST)]


def test_two_releases_of_one_minor_version_have_their_whole_version_in_the_name(tmp_path):
    found = releases(written(tmp_path, TEXT.replace("2.0.1: null", "1.2.1: null")))
    assert [each.name for each in found] == ["lies-1.2.0", "lies-1.2.1", "lies-1.10"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"1.10": "3.10"', '"newer": "3.10"', r"releases.yaml:4: 'newer' is no version"),
        ("1.2.0:", "0.9.0:", r"releases.yaml:2: nothing is said of lies 0.9.0"),
        ("routes:", "route:", r"releases.yaml:3: unknown key 'route', did you mean 'routes'"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, old, new, said):
    with pytest.raises(FileError, match=said):
        releases(written(tmp_path, TEXT.replace(old, new)))


def test_a_framework_without_releases_is_told_with_those_that_have_some():
    with pytest.raises(FileError, match="no releases of 'torhc', did you mean 'torch'"):
        of("torhc")


def test_ours_are_many_and_each_has_a_date():
    found = releases()
    assert len(found) >= 60
    assert len({each.name for each in found}) == len(found)
    for each in found:
        assert each.date is not None, each.name
        assert date(2018, 1, 1) < date.fromisoformat(each.date)
