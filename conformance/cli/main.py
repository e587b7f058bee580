"""The command `convt`. Each verb reads its arguments, asks the module that knows, and prints; imports happen inside the
verbs, so that `convt --help` answers at once."""

from __future__ import annotations

import os
import pkgutil
import traceback
from pathlib import Path
from typing import Any

import click

from conformance import __version__
from conformance.cli import streams
from conformance.cli.cases import cases
from conformance.cli.grouped import Grouped
from conformance.cli.options import ENVIRONMENT, SEED, TIER, demands, narrowing, outputs
from conformance.cli.say import say
from conformance.cli.status import CLEAN, INCOMPLETE, USAGE, UsageError

#: A variable of the environment: whether a fault of this program is printed with all its lines.
TRACEBACK = "CONVT_TRACEBACK"

#: Verbs that live in modules of their own.
ELSEWHERE = {
    "import": "conformance.cli.exchange:import_",
    "export": "conformance.cli.exchange:export",
    "port": "conformance.cli.port:port",
    "report": "conformance.cli.report:report",
    "diff": "conformance.cli.report:diff",
    "diagnose": "conformance.cli.rules:diagnose",
    "bisect": "conformance.cli.bisect:bisect",
    "history": "conformance.cli.history:history",
    "known": "conformance.cli.rules:known",
    "env": "conformance.cli.env:env",
    "fuzz": "conformance.cli.fuzz:fuzz",
    "new-adapter": "conformance.cli.new_adapter:new_adapter",
}


#: The options of `convt run`, as --help tells them.
RUN = {
    "Which cases": ("--tier", "--cases", "--random", "--seed", "--metamorphic"),
    "Of what": ("--route", "--adapter", "--python", "--env", "--device", "--variant", "--threads"),
    "Which rows": ("--dtype", "--check", "--fill", "--everywhere", "--repeat"),
    "What is known, and what fails": ("--known", "--at-least", "--baseline", "--fail-on", "--claims"),
    "What is written": ("--output", "--report", "--junitxml", "--json", "--markdown", "--badge", "--format"),
    "How it runs": ("--jobs", "--deadline", "--slow-factor", "--narrow", "--no-narrow", "--resume"),
}


class _Group(click.Group):
    """Turns the project's own errors into one sentence and exit status 2; imports verbs when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return pkgutil.resolve_name(ELSEWHERE[name]) if name in ELSEWHERE else super().get_command(ctx, name)

    def main(self, *words: Any, **more: Any) -> Any:
        streams.ready()
        return super().main(*words, **more)

    def invoke(self, ctx: click.Context) -> Any:
        from conformance.corpus.yaml_file import FileError
        from conformance.run.programs import ProgramError
        from conformance.run.run_file import RunFileError

        try:
            return super().invoke(ctx)
        except (ProgramError, RunFileError, FileError, UsageError) as error:
            say(f"convt: {error}", err=True)
            ctx.exit(USAGE)
        except click.UsageError as error:
            verb = error.ctx.command_path if error.ctx else "convt"
            say(f"convt: {error.format_message()} (see {verb} --help)", err=True)
            ctx.exit(USAGE)
        except KeyboardInterrupt:
            click.echo("convt: interrupted before anything was finished", err=True)
            ctx.exit(INCOMPLETE)
        except BrokenPipeError:  # the reader of a pipe has seen enough
            streams.quiet()
            ctx.exit(CLEAN)
        except OSError as error:
            streams.quiet()  # it may be the one that is full
            say(f"convt: {error.filename or 'standard output'}: {error.strerror or error}", err=True)
            ctx.exit(USAGE)
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            say(f"convt: {_our_fault(error)}", err=True)
            ctx.exit(INCOMPLETE)


def _our_fault(error: Exception) -> str:
    """A mistake of this program in one sentence: not the user's, and no finding either."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    ours = Path(__file__).parent.parent
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if Path(frame.filename).is_relative_to(ours)] or frames
    place = f"{Path(inside[-1].filename).name}:{inside[-1].lineno}"
    what = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return f"this is a fault of convt, at {place}: {what}; please report it, with the lines that {TRACEBACK}=1 adds"


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="convt")
def main() -> None:
    """Conformance of transposed convolution: cases are data, frameworks are programs, the truth is arithmetic.

    \b
    convt run                                  the core of the corpus on every framework that is installed
    convt run 'stride/*' --route 'torch/*'     some cases, some routes
    convt show CASE --route torch/functional   one answer in words
    """


@main.command(cls=Grouped, groups=RUN)
@click.argument("globs", nargs=-1, metavar="[GLOB]...")
@click.option("--route", "routes", multiple=True, help="Routes: torch/*, */vjp, torch/functional@cuda.")
@click.option("--device", "devices", multiple=True, help="Devices: cpu, cuda, all. Default: all.")
@click.option("--dtype", "dtypes", multiple=True, help="Dtypes instead of those that the cases name.")
@click.option("--check", "checks", multiple=True, help="Checks instead of those that the cases name.")
@click.option("--fill", "fills", multiple=True, help="Only these fills: exact, real, given.")
@click.option("--metamorphic", is_flag=True, help="Relations that need no oracle; --check names some.")
@TIER
@click.option("--everywhere", is_flag=True, help="Run costly compilers on every case, not only on their tier.")
@click.option("--adapter", "adapters", multiple=True, help="Only this adapter: a name, or the path of a program.")
@click.option("--python", "pythons", multiple=True, metavar="NAME=PATH", help="The interpreter that runs an adapter.")
@ENVIRONMENT
@click.option("--cases", "files", multiple=True, type=click.Path(), help="Case files or folders instead of ours.")
@click.option("--random", type=click.IntRange(min=1), metavar="N", help="N random valid configurations instead.")
@click.option("--known", type=click.Path(), help="Folder of known divergences instead of ours.")
@click.option("--output", "-o", type=click.Path(), help="Run file to write. Default: reports/run-TIME.jsonl.")
@click.option("--report", type=click.Path(), help="HTML page to write. Default: beside the run file.")
@outputs
@click.option("--resume", type=click.Path(), help="Go on with an incomplete run file, as it was started.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="Workers at once. Default: one for each core.")
@click.option("--threads", default="1", show_default=True, help="Threads of one worker; 1,2 adds --variant threads=2.")
@click.option("--variant", "variants", multiple=True, metavar="GLOB", help="Beside it under settings: onednn=*, all.")
@click.option("--repeat", type=click.IntRange(min=1), default=1, metavar="N", help="Ask N times: other bits are flaky.")
@click.option("--deadline", type=click.FloatRange(0, min_open=True), default=120.0, help="Seconds for one answer: 120.")
@click.option("--slow-factor", type=click.FloatRange(1), default=20.0, help="Times the usual that make a remark: 20.")
@narrowing
@SEED
@demands
@click.option("--claims", is_flag=True, help="Tell what documents claim and dispute of other adapters than ours, too.")
@click.pass_context
def run(ctx: click.Context, **asked: Any) -> None:
    """Run cases on routes; write a run file and a page. Exits 0 clean, 1 findings, 2 wrong usage, 3 no whole result.

    \b
    convt run 'output_padding/*' --route 'torch/*'
    convt run --adapter my_adapter.py --tier smoke
    convt run --adapter torch --python torch=old-venv/bin/python
    """
    from conformance.cli import run

    if asked["resume"]:
        # Programs are named again, so that a run file starts none by itself. An empty list of globs counts as typed to
        # some versions of click.
        others = {*run.ASKED, "output"} - {"adapters", "pythons", "environments"}
        typed = (word for word in (*run.ASKED, "output") if ctx.get_parameter_source(word).name == "COMMANDLINE")
        said = [word for word in typed if word in others and asked[word] not in ((), None)]
        if said:
            raise UsageError(f"--resume goes on as the run was started: leave out what else was asked ({said[0]})")
    ctx.exit(run.run(asked))


@main.command()
@click.argument("case_id", metavar="CASE")
@click.option("--route", help="The route to explain. Default: all, a line each.")
@click.option("--run", "run_path", type=click.Path(), help="Take the rows from this run file instead of asking anew.")
@click.option("--script", is_flag=True, help="Print only the script that repeats the answer.")
@click.option("--adapter", "adapters", multiple=True, help="Only this adapter: a name, or the path of a program.")
@click.option("--python", "pythons", multiple=True, metavar="NAME=PATH", help="The interpreter that runs an adapter.")
@ENVIRONMENT
@click.option("--cases", "files", multiple=True, type=click.Path(), help="Case files or folders instead of ours.")
@click.option("--dtype", "dtypes", multiple=True, help="Only this dtype.")
@click.option("--check", "checks", multiple=True, help="Only this check.")
@click.option("--fill", "fills", multiple=True, help="Only this fill.")
@SEED
@click.pass_context
def show(ctx: click.Context, **asked: Any) -> None:
    """Explain one case on one route in words, or print a script that repeats it. Exits 1 where an answer is wrong.

    A glob that means several cases, or a case without a route, is told in a line each.

    \b
    convt show 'stride/*' --route torch/functional
    convt show 'stride/s[2,1]-k[2,3]' --route torch/functional
    convt show claims/c12-same-ones --route tensorflow/nn --script > repeat.py
    """
    from conformance.cli import show

    ctx.exit(show.show(asked))


main.add_command(cases)


@main.command()
@click.option("--adapter", "named", multiple=True, help="Only this adapter: a name, or the path of a program.")
@click.option("--python", "pythons", multiple=True, metavar="NAME=PATH", help="The interpreter that runs an adapter.")
@ENVIRONMENT
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def adapters(named: tuple[str, ...], pythons: tuple[str, ...], environments: tuple[str, ...], as_json: bool) -> None:
    """Which frameworks are here, and what each route offers.

    \b
    convt adapters --python torch=old-venv/bin/python
    """
    from conformance.cli import run
    from conformance.run import programs

    everyone = named or tuple(programs.known())
    run.adapters(programs.choose(everyone, (), programs.pairs(pythons), 1, programs.settings(environments)), as_json)


@main.command()
@click.argument("globs", nargs=-1, metavar="[GLOB]...")
@click.option("--mutant", multiple=True, metavar="GLOB", help="These mutants, and the smallest case that shows each.")
@TIER
@click.option("--run", "run_path", type=click.Path(), help="Score what each route of this run file answered.")
@click.option("--cases", "files", multiple=True, type=click.Path(), help="Case files or folders instead of ours.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@SEED
@click.pass_context
def mutants(ctx: click.Context, **asked: Any) -> None:
    """Which of the planted faults the cases show; exits 1 where one survives.

    \b
    convt mutants                              the whole corpus, family by family
    convt mutants 'stride/*' --mutant '*'      the smallest case of a family that shows each mutant
    """
    from conformance.cli import mutants

    ctx.exit(mutants.mutants(asked))


if __name__ == "__main__":
    main()
