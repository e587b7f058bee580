"""`convt bisect`: which release of a framework changed an answer."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from conformance.cli.options import SEED
from conformance.cli.say import say
from conformance.cli.status import CLEAN, FINDINGS, INCOMPLETE, UsageError

#: Numbers that vary from release to release in one message, such as a line of a source file.
NUMBERS = re.compile(r"[\w./]+\.(?:cpp|cc|cu|h|py):\d+|0x[0-9a-f]+")
#: Seconds that a script of the user's own may take.
LONGEST = 600


@click.command()
@click.argument("case_id", metavar="[CASE]", required=False)
@click.option("--route", help="The route that is asked.")
@click.option("--script", type=click.Path(), metavar="FILE", help="Ask this program instead: exit status 0 or 1.")
@click.option("--adapter", "framework", help="The framework, where a script is asked.")
@click.option("--from", "first", metavar="VERSION", help="The oldest release. Default: the first that is known.")
@click.option("--to", "last", metavar="VERSION", help="The newest release. Default: the last that is known.")
@click.option("--dtype", "dtypes", multiple=True, help="Only this dtype.")
@click.option("--check", "checks", multiple=True, help="Only this check.")
@click.option("--fill", "fills", multiple=True, help="Only this fill.")
@click.option("--folder", default="history", show_default=True, type=click.Path(), help="The history that keeps it.")
@click.option("--anew", is_flag=True, help="Ask releases again whose answers are kept.")
@SEED
@click.pass_context
def bisect(ctx: click.Context, **asked: Any) -> None:
    """Which release of a framework changed an answer. Makes an environment for each release that has to be asked, with
    uv, and removes it. Exits 0 where the answer never changed, 1 where the release is found, 3 where too few could be
    asked.

    \b
    convt bisect dtype/pointwise --route torch/functional --dtype float16
    convt bisect 'special/strided' --route jax/conv_transpose --from 0.4.30
    convt bisect --script repeat.py --adapter torch --from 1.8 --to 2.0
    """
    ctx.exit(_bisect(asked))


def _bisect(asked: dict[str, Any]) -> int:
    from conformance.releases import catalogue
    from conformance.releases.halving import Found, halve
    from conformance.report.versions import bisected

    framework, question = _question(asked)
    chosen = _between(catalogue.of(framework), asked["first"], asked["last"])
    kept = bisected.read(asked["folder"]).get(f"{framework}: {question}")
    found = bisected.Bisected(framework=framework, question=question)
    if kept is not None and not asked["anew"]:
        found.answers = kept.answers
    say(f"{question}: {len(chosen)} releases of {framework}, {chosen[0].version} to {chosen[-1].version}")
    ask = _script if asked["script"] else _case
    result = halve(range(len(chosen)), partial(_step, chosen, found, partial(ask, asked)))
    if isinstance(result, Found):
        found.before, found.first = chosen[result.before].version, chosen[result.after].version
    bisected.keep(asked["folder"], found)
    if result is None:
        say("too few releases could be asked")
        return INCOMPLETE
    if not isinstance(result, Found):
        says = next(answer.says for answer in found.answers.values() if answer.same == result)
        say(f"the answer never changed: {says}")
        return CLEAN
    before, after = chosen[result.before], chosen[result.after]
    say(f"\n{framework} {after.version}{_of(after)} is the first that answers otherwise:")
    say(f"  {before.version}: {found.answers[before.version].says}")
    say(f"  {after.version}: {found.answers[after.version].says}")
    if result.between:
        names = ", ".join(chosen[place].version for place in result.between)
        say(f"  not asked, since they could not be: {names}")
    return FINDINGS


def _question(asked: dict[str, Any]) -> tuple[str, str]:
    """(framework, what is asked in words). Raises UsageError where the words do not make one."""
    from conformance.run.variants import framework_of

    if bool(asked["case_id"]) == bool(asked["script"]):
        raise UsageError("bisect asks a case, or a program by --script: name one of them")
    if asked["script"]:
        if not asked["framework"]:
            raise UsageError("--script: say by --adapter whose releases are meant")
        if not Path(asked["script"]).is_file():
            raise UsageError(f"--script {asked['script']}: no such file")
        text = Path(asked["script"]).read_bytes()
        return asked["framework"], f"script {Path(asked['script']).name} ({hashlib.sha256(text).hexdigest()[:8]})"
    if not asked["route"]:
        raise UsageError("--route: say which route is asked, as in --route torch/functional")
    words = [word for name in ("dtypes", "checks", "fills") for word in asked[name]]
    return framework_of(asked["route"]), " ".join([asked["case_id"], asked["route"], *words])


def _between(releases: Sequence, first: str | None, last: str | None) -> Sequence:
    """The releases from one version to another. Raises UsageError where there are fewer than two."""
    from packaging.version import InvalidVersion, Version

    try:
        low, high = Version(first or releases[0].version), Version(last or releases[-1].version)
    except InvalidVersion as error:
        raise UsageError(f"--from, --to: {error}: write one like 1.8") from None
    found = [each for each in releases if low <= Version(each.version) and (last is None or _upto(each.version, high))]
    if len(found) < 2:
        known = ", ".join(each.version for each in releases)
        raise UsageError(f"fewer than two releases from {low} to {high}; known are {known}")
    return found


def _upto(version: str, high) -> bool:
    """Whether a version is not newer: 1.8 means any of 1.8."""
    from packaging.version import Version

    return Version(version).release[: len(high.release)] <= high.release


def _step(chosen: Sequence, found, ask: Callable, place: int) -> str | None:
    """What one release answers, as answers are compared; printed, and kept."""
    from conformance.releases.environment import environment
    from conformance.releases.installing import NotMade

    release = chosen[place]
    if release.version in found.answers:
        say(f"  {release.version}{_of(release)}: {found.answers[release.version].says} (kept)")
        return found.answers[release.version].same
    try:
        with environment(release) as python:
            found.answers[release.version] = ask(release, python)
    except NotMade as error:
        found.failed[release.version] = str(error)
        say(f"  {release.version}{_of(release)}: not asked: {error}")
        return None
    say(f"  {release.version}{_of(release)}: {found.answers[release.version].says}")
    return found.answers[release.version].same


def _of(release) -> str:
    return f" ({release.date})" if release.date else ""


def _case(asked: dict[str, Any], release, python: Path):
    """The rows of a case, as one answer. Raises NotMade where the framework does not come up."""
    from conformance.cli.show import ask
    from conformance.releases.installing import NotMade
    from conformance.report.versions.bisected import Answer
    from conformance.run.programs import ProgramError

    words = {"adapters": (release.framework,), "pythons": (f"{release.framework}={python}",), "files": ()}
    try:
        rows = ask(asked | words).rows
    except (ProgramError, UsageError) as error:
        raise NotMade(f"{release.name}: {error}") from None
    said = {}
    for row in rows:
        cause = (row.cause or row.detail.get("reason") or "").split("\n")[0]
        said.setdefault((row.verdict, NUMBERS.sub("#", cause)), []).append(row)
    told = [f"{verdict}{f': {cause[:160]}' if cause else ''}" for verdict, cause in said]
    same = sorted(
        f"{row.dtype} {row.check} {row.fill} {verdict}" for (verdict, _), mine in said.items() for row in mine
    )
    return Answer("; ".join(same), "; ".join(sorted(told)))


def _script(asked: dict[str, Any], release, python: Path):
    """What a program of the user's says: exit status 0 or 1. Raises NotMade for any other."""
    from conformance.releases.installing import NotMade
    from conformance.report.versions.bisected import Answer

    try:
        done = subprocess.run([python, asked["script"]], capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        raise NotMade(f"{release.name}: the script did not end in {LONGEST} s") from None
    last = (done.stdout.strip() or done.stderr.strip() or "nothing").split("\n")[-1][:160]
    if done.returncode not in (0, 1):
        raise NotMade(f"{release.name}: exit status {done.returncode}, which is neither 0 nor 1: {last}")
    return Answer(f"exit status {done.returncode}", f"exit status {done.returncode}: {last}")
