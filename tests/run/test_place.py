"""Where a row was computed: the CPU's instructions, and what oneDNN may use of them."""

from __future__ import annotations

import pytest

from conformance.run.place import BUILDS, NAMES, cpu_flags, here, of_worker, onednn, tensorflow_onednn

AVX2 = frozenset({"sse4_1", "avx", "avx2"})
AVX512 = AVX2 | {"avx512f", "avx512bw", "avx512vl", "avx512dq"}
BF16 = AVX512 | {"avx512_vnni", "avx512_bf16"}
UP_TO_AVX2 = {"sse41", "avx", "avx2"}
UP_TO_AVX512 = UP_TO_AVX2 | {"avx512_core"}


@pytest.mark.parametrize(
    ("flags", "cap", "levels"),
    [
        (frozenset(), None, set()),
        (frozenset({"sse4_1"}), None, {"sse41"}),
        (AVX2, None, UP_TO_AVX2),
        (AVX2 | {"avx512f"}, None, UP_TO_AVX2),
        (AVX512 | {"avx512_bf16"}, None, UP_TO_AVX512),
        (BF16, None, UP_TO_AVX512 | {"avx512_core_vnni", "avx512_core_bf16"}),
        (BF16, "DEFAULT", UP_TO_AVX512 | {"avx512_core_vnni", "avx512_core_bf16"}),
        (BF16, "AVX512_CORE", UP_TO_AVX512),
        (BF16, "avx2", UP_TO_AVX2),
        (BF16, "SSE41", {"sse41"}),
        (AVX2, "AVX512_CORE", UP_TO_AVX2),
    ],
)
def test_onednn_has_the_levels_of_the_cpu_up_to_the_one_that_is_set(flags, cap, levels):
    for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):
        assert onednn(flags, {name: cap} if cap else {}) == levels


def test_the_newer_name_of_the_setting_counts():
    assert onednn(AVX2, {"ONEDNN_MAX_CPU_ISA": "AVX", "DNNL_MAX_CPU_ISA": "SSE41"}) == {"sse41", "avx"}


@pytest.mark.parametrize(
    ("flags", "setting", "used"),
    [
        (AVX512, None, "off"),
        (BF16, None, "on"),
        (AVX2 | {"avx_vnni"}, None, "on"),
        (BF16, "0", "off"),
        (BF16, "false", "off"),
        (AVX2, "1", "on"),
        (AVX2, "True", "on"),
        (BF16, "perhaps", "on"),
    ],
)
def test_tensorflow_uses_onednn_by_the_cpu_unless_it_is_told(flags, setting, used):
    assert tensorflow_onednn(flags, {"TF_ENABLE_ONEDNN_OPTS": setting} if setting else {}) == {used}


def test_the_flags_are_read_once_and_only_those_that_name_vectors(tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text("processor : 0\nflags : fpu sse4_1 avx2 vme\n\nprocessor : 1\nflags : avx512f\n", encoding="utf-8")
    assert cpu_flags(path) == {"sse4_1", "avx2"}
    path.write_text("Features : fp asimd sve\n", encoding="utf-8")
    assert cpu_flags(path) == {"asimd", "sve"}
    assert cpu_flags(tmp_path / "none") == frozenset()


def test_a_place_has_a_word_set_for_each_name_and_heeds_the_environment():
    place = here({"ONEDNN_MAX_CPU_ISA": "SSE41"})
    assert set(place) == set(NAMES) - {"variant", *BUILDS}, "the rest is told by the worker"
    assert place["onednn"] <= {"sse41"}
    assert len(place["machine"]) == len(place["system"]) == 1
    assert place["cpu"] == here({})["cpu"]


@pytest.mark.parametrize(("version", "used"), [("1.15.5", "off"), ("2.8.4", "off"), ("2.9.3", "on"), ("2.21.0", "on")])
def test_tensorflow_comes_to_onednn_by_itself_from_2_9_on(version, used, monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setattr("conformance.run.place.cpu_flags", lambda: frozenset({"avx512_vnni"}))
    hello = {"name": "tensorflow", "version": version, "builds": {}}
    assert of_worker({}, hello, "")["tensorflow_onednn"] == {used}
    assert of_worker({"TF_ENABLE_ONEDNN_OPTS": "1"}, hello, "")["tensorflow_onednn"] == {"on"}
