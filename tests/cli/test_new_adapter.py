"""`convt new-adapter`: what it writes runs at once, and is right."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest
from commands import CLEAN, INCOMPLETE, USAGE, Said

from conformance.run import run_file


@pytest.mark.parametrize("globs", [["--tier", "smoke"], ["invalid/*", "empty/*"]])
def test_the_skeleton_runs_as_it_is(globs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrote = Said("new-adapter", "mylib")
    assert wrote.status == CLEAN, wrote.err
    assert "convt run --adapter mylib_adapter.py --tier smoke" in wrote.out
    said = Said("run", *globs, "--adapter", "mylib_adapter.py", "-o", "run.jsonl")
    assert said.status == CLEAN, said.out + said.err
    verdicts = [row.verdict for row in run_file.read("run.jsonl").rows]
    assert set(verdicts) == {"pass", "unsupported"}
    assert verdicts.count("pass") >= 50


@pytest.mark.parametrize(
    ("language", "needs", "files", "program"),
    [
        ("js", "node", ["convt_worker.js", "mylib_adapter.js"], "mylib_adapter.js"),
        ("cpp", "g++", ["convt_worker.hpp", "mylib_adapter.cpp"], "./mylib_adapter"),
    ],
)
def test_the_skeletons_of_other_languages_run_as_they_are(language, needs, files, program, tmp_path, monkeypatch):
    if shutil.which(needs) is None:
        pytest.skip(f"needs {needs}")
    monkeypatch.chdir(tmp_path)
    wrote = Said("new-adapter", "mylib", "--language", language)
    assert wrote.status == CLEAN, wrote.err
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    *compile_it, run_it = map(shlex.split, wrote.out.splitlines()[1:])
    for command in compile_it:
        subprocess.run(command, check=True, timeout=120)
    assert run_it == ["convt", "run", "--adapter", program, "--tier", "smoke"]
    for number, globs in enumerate((["--tier", "smoke"], ["invalid/*", "empty/*"])):
        said = Said("run", "--adapter", program, *globs, "-o", f"run{number}.jsonl")
        assert said.status == CLEAN, said.out + said.err
        verdicts = [row.verdict for row in run_file.read(f"run{number}.jsonl").rows]
        assert set(verdicts) == {"pass", "unsupported"}
        assert verdicts.count("pass") >= 50


def test_a_second_adapter_shares_the_worker_unless_it_is_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Said("new-adapter", "one", "--language", "js").status == CLEAN
    assert Said("new-adapter", "two", "--language", "js").status == CLEAN
    (tmp_path / "convt_worker.js").write_text("another\n", encoding="utf-8")
    said = Said("new-adapter", "three", "--language", "js")
    assert said.status == USAGE
    assert "convt_worker.js exists, of another version than this suite's: delete it first" in said.err
    assert not (tmp_path / "three_adapter.js").exists()


def test_a_source_in_cpp_is_to_be_compiled_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Said("new-adapter", "mylib", "--language", "cpp")
    said = Said("run", "--adapter", "mylib_adapter.cpp")
    assert said.status == USAGE
    assert "compile it, and name the program that comes out: g++ -O2 -std=c++17 mylib_adapter.cpp" in said.err


def test_the_library_takes_the_place_of_the_function(tmp_path, monkeypatch):
    """What REPLACE says of `load`, done: the library beside the adapter is asked."""
    monkeypatch.chdir(tmp_path)
    Said("new-adapter", "other", "-o", "tests/of_other.py")
    text = (tmp_path / "tests" / "of_other.py").read_text(encoding="utf-8")
    assert "mylib" not in text
    assert "convt run --adapter of_other.py" in text
    assert text.count("REPLACE") >= 5
    stand_in = "other = types.SimpleNamespace(conv_transpose=conv_transpose)"
    assert stand_in in text
    (tmp_path / "tests" / "of_other.py").write_text(text.replace(stand_in, "import other"), encoding="utf-8")
    (tmp_path / "tests" / "other.py").write_text("", encoding="utf-8")
    said = Said("run", "stride/pointwise", "--adapter", "tests/of_other.py", "-o", "run.jsonl")
    assert said.status == INCOMPLETE
    assert "version 0 has no other.conv_transpose: correct the call" in said.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["my-lib"], "NAME my-lib: expected the name under which Python imports the library"),
        (["class"], "NAME class: expected"),
        (["numpy"], "NAME numpy: there is an adapter of that name; run it by: convt run --adapter numpy"),
        (["mylib", "-o", "adapter.txt"], "--output adapter.txt: an adapter in Python ends in .py"),
        (["mylib", "-o", "there.py"], "there.py exists"),
        (["mylib", "--language", "js", "-o", "a.py"], "--output a.py: an adapter in JavaScript ends in .js"),
        (["mylib", "--language", "cpp", "-o", "a.cc"], "--output a.cc: an adapter in C++ ends in .cpp"),
    ],
)
def test_what_cannot_be_written_is_said(words, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.py").touch()
    said = Said("new-adapter", *words)
    assert said.status == USAGE
    assert says in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["there.py"]
