"""benchdnn's problem descriptors, with the sizes that oneDNN's own rules give."""

from __future__ import annotations

import pytest

from conformance.corpus.yaml_file import FileError
from conformance.exchange.from_benchdnn import add, case, file, parse
from conformance.exchange.writing import Family


def read(descriptor: str, tmp_path):
    family = Family(tmp_path / "problems.yaml", "problems", "a test")
    add(descriptor, "line 1", family)
    assert family.notes == []
    return family.cases[0]


def test_a_square_problem_with_everything_written(tmp_path):
    it = read('g2mb3_ic16oc32_ih14oh30kh4_sh2ph1dh1_n"some:name"', tmp_path)
    assert (it.batch, it.groups, it.in_channels, it.out_channels) == (3, 2, 16, 32)
    assert (it.input, it.kernel, it.stride, it.dilation) == ((14, 14), (4, 4), (2, 2), (2, 2))
    assert it.output == (30, 30)  # 26 + 7 − 1 − 1 − what is left at the end
    assert it.padding == ((1, 2), (1, 2))
    assert it.bias
    assert it.id == "problems/some.name"


@pytest.mark.parametrize(
    ("descriptor", "sizes"),
    [
        ("ic8iw5oc8ow2kw3pw3dw2", ([5], [2])),
        ("ic8ih5iw7oc8oh7ow9kh3kw3", ([5, 7], [7, 9])),
        ("ic8id4oc8kd3", ([4, 4, 4], [6, 6, 6])),
        ("ic8id4ih5iw6oc8kd3kh2kw1", ([4, 5, 6], [6, 6, 6])),
        ("ic8ih4oc8kh3sh2ph1", ([4, 4], [7, 7])),
        ("ic8ih4oc8oh8kh3sh2", ([4, 4], [8, 8])),
        ("mb1_g1oc3ic64_oh1030ih512kh7sh2dh0ph0_ow1030iw512kw7sw2dw0pw0_n", ([512, 512], [1030, 1030])),
    ],
)
def test_axes_and_outputs(descriptor, sizes, tmp_path):
    it = read(descriptor, tmp_path)
    assert ([*it.input], [*it.output]) == sizes


def test_a_padding_that_is_not_written_is_half_of_what_is_left(tmp_path):
    it = read("ic1ih4oc1oh6kh4sh2", tmp_path)  # 10 − 6 = 4
    assert it.padding == ((2, 2), (2, 2))
    it = read("ic1ih4oc1oh7kh4sh2", tmp_path)  # 3: one in front, two behind
    assert it.padding == ((1, 2), (1, 2))


def test_the_batch_is_two_where_it_is_not_written(tmp_path):
    assert read("ic1ih4oc1kh3", tmp_path).batch == 2


@pytest.mark.parametrize(
    ("descriptor", "says"),
    [
        ("ic3", "write the axes"),
        ("ic3oc3id2ih2kd2kh2", "write the axes"),
        ("ic3oc3ih2", "kh must be written"),
        ("ih2kh2oc3", "ic must be written"),
        ("ic3oc3ih0kh2", "ih must be written"),
        ("ic3ic4", "ic is written twice"),
        ("ic3oc3ih4kh3xh2", "'xh2' is no part"),
        ("ic-3", "'ic-3' is no part"),
        ("", "write the axes"),
    ],
)
def test_what_is_no_problem(descriptor, says):
    with pytest.raises(ValueError, match=says):
        case(parse(descriptor)[0], descriptor)


def test_a_batch_file(tmp_path):
    path = tmp_path / "shapes_some"
    options = "--dir=FWD_D\n--dt=bf16 --stag=any --dtag=any "
    path.write_text(f"# a comment\n\n{options}mb28_ic16oc16_id10od10kd3  # chain\nic1ih4oc1kh3nlast\n")
    family = Family(tmp_path / "some.yaml", "some", path.name)
    file(path, family)
    assert [it.id for it in family.cases] == ["some/mb28_ic16oc16_id10od10kd3", "some/last"]
    assert [(it.dtypes, it.bias) for it in family.cases] == [(("bfloat16",), False)] * 2
    assert family.notes == ["skipped, since a case cannot say them: --stag, --dtag"]


def found(tmp_path, text: str, **beside: str) -> Family:
    """The family of a batch file, with other files beside it."""
    for name, content in {"problems": text, **beside}.items():
        (tmp_path / name).write_text(content)
    family = Family(tmp_path / "some.yaml", "some", "problems")
    file(tmp_path / "problems", family)
    return family


def test_a_line_goes_on_behind_a_backslash(tmp_path):
    family = found(
        tmp_path, "--attr-post-ops=, \\\n    sum:0.5, \\\n  relu\n--dir=FWD_D \\\n  --mb=3 \\\nic1ih4oc1kh3\n"
    )
    assert [(it.batch, it.bias) for it in family.cases] == [(3, False)]
    assert family.notes == ["skipped, since a case cannot say them: --attr-post-ops"]


def test_other_files_are_read_with_the_options_so_far(tmp_path):
    first = "--mb=2\n--dir=FWD_B,FWD_D,BWD_D --dt=f32,f16 --batch=shapes\n"
    text = first + "--mb=2 --dir=BWD_WB --dt=f64 --batch=shapes\n--batch=none\n"
    family = found(tmp_path, text, shapes="mb256ic1ih4oc1kh3\n--reset mb7ic1ih5oc1kh3\n")
    first, second = family.cases
    assert first.batch == 2
    assert first.dtypes == ("float32", "float16", "float64")
    assert first.checks == ("forward", "grad_input", "grad_weight", "grad_bias")
    assert first.why == "shapes:1"
    assert (second.batch, second.dtypes, second.checks, second.bias) == (7, ("float32",), ("forward",), True)
    assert family.notes == ["left out: problems:4: there is no file none beside it"]


def test_a_file_that_reads_itself(tmp_path):
    with pytest.raises(FileError, match="is read by itself"):
        found(tmp_path, "--batch=problems\n")


def test_the_gradient_of_a_convolution_is_a_transposed_one(tmp_path):
    family = found(
        tmp_path,
        "--conv --dir=BWD_D g1ic64iw8oc17ow4kw3sw2pw1\n"
        "--dir=FWD_B,BWD_D ic2ih7oc6kh3sh2ph1\n--dir=FWD_B ic2ih9oc6kh3\n--deconv ic3ih2oc4kh2\n",
    )
    first, second, third = family.cases
    assert (first.in_channels, first.out_channels, first.input, first.output) == (17, 64, (4,), (8,))
    assert first.padding == ((1, 0),)
    # the convolution maps 7 to ⌊(7 + 2 − 3)/2⌋ + 1 = 4
    assert (second.in_channels, second.out_channels, second.input, second.output) == (6, 2, (4, 4), (7, 7))
    assert [it.checks for it in family.cases] == [("forward",)] * 3
    assert [it.bias for it in family.cases] == [False, False, True]
    assert (third.in_channels, third.out_channels) == (3, 4)
    assert family.notes == ["left out: problems:3: only --dir=BWD_D of a convolution is a transposed one"]


def test_integers_are_asked_as_floats_and_it_is_said(tmp_path):
    family = found(tmp_path, "--dt=u8:s8:f32,f16:f16:f16 ic1ih4oc1kh3\n--cfg=bf16bf16bf16 ic1ih4oc1kh3\n")
    assert [it.dtypes for it in family.cases] == [("float32", "float16", "bfloat16")]
    assert family.notes == ["asked as float32, since a case has no such operands: u8:s8:f32"]


@pytest.mark.parametrize(("line", "says"), [("--dir=SIDEWAYS", "the directions are FWD_B"), ("--mb=two", "expected n")])
def test_an_option_that_cannot_be_read(line, says, tmp_path):
    with pytest.raises(FileError, match=rf"problems:1: {line}: {says}"):
        found(tmp_path, line)


def test_a_wrong_line_is_named(tmp_path):
    path = tmp_path / "shapes_some"
    path.write_text("ic1ih4oc1kh3\nic1ih4oc1zz3\n")
    with pytest.raises(FileError, match=r"shapes_some:2: ic1ih4oc1zz3: 'zz3'"):
        file(path, Family(tmp_path / "some.yaml", "some", path.name))
