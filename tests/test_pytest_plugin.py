"""Case files as pytest items: what passes, fails, is known, stale or skipped, and that pytest's own options work."""

from __future__ import annotations

import functools
import importlib
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree
from pathlib import Path

import pytest
from commands import LIARS, ROOT, interruptible

# pytester forgets what a session imports, and NumPy cannot be imported twice.
importlib.import_module("conformance.pytest_plugin.items")


FAMILY = """\
why: two cases for pytest
base: {batch: 1, in_channels: 2, out_channels: 2, input: [3, 4], kernel: [2, 3], stride: [2, 1], fills: [exact]}
cases:
  - id: first
    why: plain
  - id: second
    why: padded
    padding: [[1, 0], [0, 1]]
"""
ENTRY = """\
- routes: lies/*
  cases: few/*
  verdict: differ
  cause: flipped
  kind: bug
  link: https://example.org/flipped
  why: It convolves.
"""


pytest_plugins = ["pytester"]


@pytest.fixture
def room(pytester, monkeypatch) -> Path:
    """A project with one case file, an honest adapter and no known divergences."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # some plugins take seconds to import
    tmp_path = pytester.path
    (tmp_path / "few.yaml").write_text(FAMILY, encoding="utf-8")
    (tmp_path / "known").mkdir()
    honest = f"import runpy\nrunpy.run_path({str(LIARS / 'truth.py')!r})['lie']()\n"
    (tmp_path / "honest.py").write_text(honest, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return tmp_path


class Asked:
    """What pytest said in the room, run in this process."""

    def __init__(self, pytester: pytest.Pytester, adapter: str | Path, *words: str):
        result = pytester.runpytest_inprocess(*options(adapter), *words)
        self.returncode, self.stdout, self.stderr = int(result.ret), result.stdout.str(), result.stderr.str()


@pytest.fixture
def asked(pytester):
    return functools.partial(Asked, pytester)


def options(adapter: str | Path) -> list[str]:
    # One word each: pytest takes the value of an option that it does not know yet for a path to be collected.
    return ["-p", "conformance.pytest_plugin", f"--convt-adapter={adapter}", "--convt-known=known"]


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)} | more


def counts(done: Asked) -> str:
    """`2 passed`, without the time."""
    last = next(line for line in reversed(done.stdout.splitlines()) if " in " in line)
    return re.sub(r" in .*", "", last.strip("= "))


def test_right_answers_pass_and_the_framework_is_named(room, asked):
    done = asked("honest.py", "-v")
    assert done.returncode == 0, done.stdout
    assert "few.yaml::first[lies/route] PASSED" in done.stdout
    assert "few.yaml::second[lies/route] PASSED" in done.stdout
    assert "convt: lies 1.0" in done.stdout


def test_a_wrong_answer_fails_with_the_paragraph_and_without_our_own_stack(room, asked):
    done = asked(LIARS / "flipped.py")
    assert done.returncode == 1
    assert counts(done) == "2 failed"
    assert "few/first lies/route@cpu float32 forward exact: differ (new)" in done.stdout
    assert "as if the kernel were flipped" in done.stdout
    assert "first wrong at [" in done.stdout
    assert "truth.conv_transpose(x, w, b, stride=(2, 1)" in done.stdout
    assert "pytest_plugin.py" not in done.stdout


def test_a_known_divergence_is_expected_with_its_link(room, asked):
    (room / "known" / "lies.yaml").write_text(ENTRY, encoding="utf-8")
    done = asked(LIARS / "flipped.py", "-rx")
    assert done.returncode == 0
    assert counts(done) == "2 xfailed"
    assert re.search(r"XFAIL few.yaml::first\[lies/route\].*https://example.org/flipped", done.stdout)


def test_a_divergence_that_is_gone_fails(room, asked):
    (room / "known" / "lies.yaml").write_text(ENTRY, encoding="utf-8")
    done = asked("honest.py")
    assert counts(done) == "2 failed"
    assert "pass (stale)" in done.stdout
    assert "known/lies.yaml:1" in done.stdout


def test_a_divergence_of_another_kind_fails(room, asked):
    (room / "known" / "lies.yaml").write_text(ENTRY.replace("flipped\n", "shifted\n", 1), encoding="utf-8")
    done = asked(LIARS / "flipped.py")
    assert counts(done) == "2 failed"
    assert "differ (changed)" in done.stdout


def test_what_an_adapter_cannot_say_is_skipped_with_its_reason(room, asked):
    (room / "few.yaml").write_text(FAMILY.replace("why: padded", "dtypes: [bfloat16]"), encoding="utf-8")
    done = asked("honest.py", "-rs")
    assert counts(done) == "1 passed, 1 skipped"
    assert re.search(r"SKIPPED .*lies/route does not offer bfloat16", done.stdout)


def test_a_crash_fails_and_the_rest_goes_on(room, asked):
    (room / "few.yaml").write_text(FAMILY + "    kernel: [2, 2]\n", encoding="utf-8")
    done = asked(LIARS / "crash.py")  # it dies on kernels of 2 by 3
    assert counts(done) == "1 failed, 1 passed"
    assert "SIGSEGV" in done.stdout


def test_items_can_be_chosen_and_a_run_stopped_early(room, asked):
    assert counts(asked("honest.py", "-k", "second")) == "1 passed, 1 deselected"
    assert counts(asked("honest.py", "few.yaml::second[lies/route]")) == "1 passed"
    assert "1 failed" in counts(asked(LIARS / "flipped.py", "-x")).split(", ")
    assert counts(asked("honest.py", "--convt-route", "lies/r*")) == "2 passed"


def test_the_last_failures_are_asked_again(room, asked):
    (room / "few.yaml").write_text(FAMILY + "    kernel: [1, 1]\n", encoding="utf-8")  # which no flip changes
    assert counts(asked(LIARS / "flipped.py")) == "1 failed, 1 passed"
    again = asked(LIARS / "flipped.py", "--lf", "-v")
    assert counts(again).startswith("1 failed")
    assert "second" not in again.stdout


def test_junit_has_an_entry_for_each_item(room, asked):
    asked(LIARS / "flipped.py", "--junitxml", "out.xml")
    items = xml.etree.ElementTree.parse(room / "out.xml").getroot().findall(".//testcase")
    assert [item.get("name") for item in items] == ["first[lies/route]", "second[lies/route]"]
    assert all("kernel were flipped" in item.find("failure").text for item in items)


def test_under_xdist_each_item_is_asked_once_and_the_framework_is_named(room, asked):
    done = asked("honest.py", "-p", "xdist", "-n", "2", "-v")
    assert counts(done) == "2 passed"
    assert done.stdout.count("PASSED") == 2
    assert "convt: lies 1.0" in done.stdout


def test_an_error_in_a_case_file_is_a_collection_error_with_its_line(room, asked):
    (room / "few.yaml").write_text(FAMILY.replace("padding:", "pading:"), encoding="utf-8")
    (room / "more.yaml").write_text(FAMILY, encoding="utf-8")
    done = asked("honest.py", "--continue-on-collection-errors")
    assert "few.yaml:8: unknown key 'pading', did you mean 'padding'" in done.stdout
    assert counts(done) == "2 passed, 1 error"
    assert "Traceback" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--convt-adapter=missing.py"], "missing.py: no such adapter and no such file"),
        (["--convt-python=honest"], "expected NAME=PATH"),
    ],
)
def test_an_adapter_that_is_not_there_is_an_error_in_one_sentence(words, says, room, asked):
    done = asked("honest.py", *words)
    assert done.returncode != 0
    assert says in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout
    assert "passed" not in done.stdout


def test_an_adapter_that_is_dead_fails_by_itself(room, asked):
    done = asked("honest.py", f"--convt-adapter={LIARS / 'dies_at_hello.py'}")
    assert "adapter dies_at_hello is dead: it ended before it said hello; its last output: libeverything" in done.stdout
    assert counts(done) == "1 failed, 2 passed"


def test_two_rules_that_contradict_each_other_are_said_without_a_stack(room, asked):
    (room / "known" / "lies.yaml").write_text(ENTRY + ENTRY.replace("flipped\n", "shifted\n", 1), encoding="utf-8")
    done = asked("honest.py")
    assert "known/lies.yaml:1 and known/lies.yaml:8 contradict each other on few/first" in done.stdout
    assert "pytest_plugin.py" not in done.stdout


def test_ctrl_c_leaves_no_worker_behind(room):
    (room / "slow.py").write_text(
        f"import os, pathlib, runpy, time\ntruth = runpy.run_path({str(LIARS / 'truth.py')!r})\n"
        "def lower(case, checks):\n"
        "    pathlib.Path('pid.new').write_text(str(os.getpid()))\n"
        "    os.rename('pid.new', 'pid')\n"
        "    time.sleep(60)\n"
        "truth['lie'](lower=lower)\n",
        encoding="utf-8",
    )
    running = interruptible(
        [sys.executable, "-m", "pytest", *options("slow.py")],
        cwd=room,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    end = time.monotonic() + 30
    while not (room / "pid").exists() and time.monotonic() < end:
        time.sleep(0.02)
    worker = int((room / "pid").read_text())
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=20)
    assert running.returncode == 2, out  # pytest's own status for an interruption
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_a_project_without_case_files_starts_no_worker(room, asked):
    (room / "few.yaml").write_text("services:\n  web: {image: x}\n", encoding="utf-8")
    (room / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")
    done = asked(LIARS / "dies_at_hello.py")
    assert done.returncode == 0
    assert counts(done) == "1 passed"
    assert "convt" not in done.stdout


@pytest.fixture
def bare(room) -> Path:
    """Where nothing but NumPy is installed."""
    for name in ("torch", "tensorflow", "jax"):
        (room / "bare" / name).mkdir(parents=True)
        said = f"raise ModuleNotFoundError('No module named {name}', name='{name}')\n"
        (room / "bare" / name / "__init__.py").write_text(said, encoding="utf-8")
    return room / "bare"


def listed(bare: Path, *words: str) -> subprocess.CompletedProcess:
    """What pytest would ask in our own repository; nothing is written there."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=environment(PYTHONPATH=f"{ROOT}{os.pathsep}{bare}"),
    )


def test_the_folder_of_our_corpus_means_its_smoke_tier_and_a_file_all_of_it(bare):
    smoke = listed(bare, "cases")
    assert smoke.returncode == 0, smoke.stdout
    items = [line for line in smoke.stdout.splitlines() if "::" in line]
    assert any("gradient.yaml::output-padding-dilated[numpy/scatter]" in item for item in items)
    assert not any("stride.yaml::pointwise-dense[" in item for item in items)
    assert {re.search(r"\[(\w+)/\w+\]$", item)[1] for item in items} == {"numpy"}
    for name in ("torch", "tensorflow", "jax"):
        assert re.search(rf"^convt: {name} absent: ", smoke.stdout, re.M)
    every = len([line for line in listed(bare, "cases", "--convt-tier", "full").stdout.splitlines() if "::" in line])
    assert every > 5 * len(items)
    named = listed(bare, "cases/stride.yaml")
    assert "stride.yaml::pointwise-dense[numpy/scatter]" in named.stdout
    said = listed(bare, "cases/bias.yaml", "--convt-tier", "tiny").stdout
    assert "there are smoke, traced, compiled, core, full" in said


# Installed: pytest loads it everywhere, and it does nothing until it is asked


@pytest.fixture
def installed(room, monkeypatch) -> Path:
    """A foreign project, where the suite is installed: its entry points are those of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (points,) = re.findall(r'\[project\.entry-points\.pytest11\]\n"([\w.]+)" = "([\w.]+)"\n', text)
    info = room / "site" / "suite-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: suite\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[pytest11]\n{} = {}\n".format(*points), encoding="utf-8")
    (room / "mine").mkdir()
    (room / "mine" / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")
    return room


def foreign(room: Path, *words: str) -> subprocess.CompletedProcess:
    """pytest with the plugins that are installed, in a folder of the project."""
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{room / 'site'}",
        "PYTEST_ADDOPTS": "-p no:hypothesis",
    }
    environment.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD", None)
    done = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    return subprocess.run(done, cwd=room / "mine", capture_output=True, text=True, check=False, env=environment)


def test_installed_it_leaves_a_project_alone(installed):
    (installed / "mine" / "few.yaml").write_text(FAMILY, encoding="utf-8")
    code = (
        "import pytest, sys; pytest.main(['-q']); "
        "print(*(set(sys.modules) & {'numpy', 'msgspec', 'conformance.pytest_plugin', 'conformance.run.session'}))"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{installed / 'site'}"}
    environment.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD", None)
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=installed / "mine", capture_output=True, text=True, check=True, env=environment)
    assert "1 passed" in done.stdout
    assert done.stdout.splitlines()[-1] == "conformance.pytest_plugin"


def test_installed_it_asks_our_corpus_from_any_folder(installed):
    done = foreign(installed, "--convt", "stride/point*", "--convt-adapter", "../honest.py", "-v")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "convt/stride.yaml::pointwise[lies/route] PASSED" in done.stdout
    assert "test_own" not in done.stdout
    assert "3 passed" in done.stdout
    both = foreign(installed, "test_own.py", "--convt", "stride/pointwise", "--convt-adapter", "../honest.py")
    assert "2 passed" in both.stdout
    twice = foreign(installed, "-p", "conformance.pytest_plugin", "..", "--convt-adapter", "../honest.py")
    assert "3 passed" in twice.stdout  # two cases of few.yaml and the test beside it


def test_a_pattern_that_means_no_case_is_one_sentence(room, asked):
    done = asked("honest.py", "--convt", "strid/*")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no case is called 'strid/*', did you mean 'stride/*'" in done.stderr


def test_cases_of_the_corpus_are_chosen_under_xdist_too(room, asked):
    done = asked(
        "honest.py", "--convt", "stride/point*", "--convt-tier", "core", "-p", "xdist", "-n", "2", "-k", "dense"
    )
    assert counts(done) == "1 passed"


def test_a_route_that_answers_nothing_fails(room, asked):
    done = asked(LIARS / "modest.py")
    assert counts(done) == "2 skipped"
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "convt: no result: lies/route answered none of its 2 cases" in done.stdout
    under_xdist = asked(LIARS / "modest.py", "-p", "xdist", "-n", "2")
    assert under_xdist.returncode == pytest.ExitCode.TESTS_FAILED
    assert "convt: no result: lies/route answered none of its 2 cases" in under_xdist.stdout
