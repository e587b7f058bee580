"""The atlas: which engine answers which question how. `python docs/atlas.py` writes docs/atlas/ anew.

Nothing is run for it. For each question it takes the cases of the core corpus that ask it (float32, forward, unless the
question is about something else), lets each adapter express them, and looks up in the ledger what is known of those it
expresses. The default run of the suite is what makes this true: it asks exactly these cases of these routes, and fails
where an answer is other than expressed here.
"""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from conformance import adapter, folder
from conformance.case import DTYPES, Case
from conformance.corpus.choose import choose, corpus, tiers
from conformance.run.ledger import Ledger
from conformance.run.programs import SUFFIX
from conformance.run.row import DIVERGENT, Key
from conformance.run.rules import Rule

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "atlas"
#: Reasons and rules that a page shows for one route.
SHOWN = 4


def _neighbour(name: str):
    spec = importlib.util.spec_from_file_location(f"atlas_{name}", ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


drawings, generated = _neighbour("drawings"), _neighbour("generated")


def along(test: Callable[..., bool]) -> Callable[[Case], bool]:
    """Whether an axis of the case meets a test of (stride, dilation, padding, output padding, kernel)."""
    return lambda case: any(map(test, case.stride, case.dilation, case.padding, case.output_padding, case.kernel))


#: What an ordinary case is without. A question is about those of its own name, and cases with others do not count.
SPECIAL = {
    "dilation": along(lambda s, e, p, op, k: e > 1),
    "output padding": along(lambda s, e, p, op, k: op > 0),
    "large output padding": along(lambda s, e, p, op, k: op >= max(s, e)),
    "asymmetric": along(lambda s, e, p, op, k: p[0] != p[1]),
    "negative": along(lambda s, e, p, op, k: min(p) < 0),
    "beyond": along(lambda s, e, p, op, k: max(p) > (k - 1) * e),
    "short kernel": along(lambda s, e, p, op, k: (k - 1) * e + 1 < s),
    "groups": lambda case: case.groups > 1,
    "empty": lambda case: (
        0 in (case.batch, case.in_channels, case.out_channels, *case.input, *case.kernel, *case.output)
    ),
    "convention": lambda case: bool(case.convention),
    "layout": lambda case: bool(case.input_layout or case.kernel_layout),
    "large": lambda case: case.size > 10**6 or max(case.stride + case.dilation) > 1000,
}


class Question(NamedTuple):
    """`asks`: whether a case asks it, which may be special in no other ways than `special`."""

    title: str
    asks: Callable[[Case], bool]
    special: tuple[str, ...] = ()
    dtype: str = "float32"
    check: str = "forward"

    def is_asked(self, case: Case) -> bool:
        return self.asks(case) and all(name in self.special or not test(case) for name, test in SPECIAL.items())


def special(*names: str) -> Callable[[Case], bool]:
    """Whether a case is special in all these ways."""
    return lambda case: all(SPECIAL[name](case) for name in names)


STRIDE = along(lambda s, e, p, op, k: s > 1)
QUESTIONS = {
    "stride": Question("A stride above 1", STRIDE),
    "padding": Question("Padding", along(lambda s, e, p, op, k: p[0] > 0)),
    "bias": Question("A bias", lambda case: case.bias),
    "dilation": Question("Dilation", special("dilation"), ("dilation",)),
    "dilation-and-stride": Question(
        "Dilation with a stride", along(lambda s, e, p, op, k: e > 1 and s > 1), ("dilation",)
    ),
    "output-padding": Question("Output padding", special("output padding"), ("output padding",)),
    "dilation-and-output-padding": Question(
        "Dilation with output padding", special("dilation", "output padding"), ("dilation", "output padding")
    ),
    "output-padding-beyond-stride": Question(
        "Output padding not below stride or dilation",
        special("large output padding"),
        ("dilation", "output padding", "large output padding"),
    ),
    "asymmetric-padding": Question("Padding that differs at both ends", special("asymmetric"), ("asymmetric",)),
    "negative-padding": Question("Negative padding", special("negative"), ("negative", "asymmetric")),
    "padding-beyond-kernel": Question("Padding beyond the kernel", special("beyond"), ("beyond", "short kernel")),
    "kernel-below-stride": Question("A kernel shorter than the stride", special("short kernel"), ("short kernel",)),
    "groups": Question("Groups", special("groups"), ("groups",)),
    "depthwise": Question("Depthwise", lambda case: 1 < case.groups == case.in_channels, ("groups",)),
    "groups-and-dilation": Question(
        "Groups with dilation", special("groups", "dilation"), ("groups", "dilation", "output padding")
    ),
    "same": Question("Padding SAME", lambda case: "same" in str(case.convention), ("convention", "asymmetric")),
    "one-axis": Question("One spatial axis", lambda case: case.rank == 1),
    "three-axes": Question("Three spatial axes", lambda case: case.rank == 3),
    "batch-0": Question("A batch of 0", lambda case: case.batch == 0, ("empty",)),
    "input-gradient": Question("The gradient of the input", STRIDE, check="grad_input"),
    "kernel-gradient": Question("The gradient of the kernel", STRIDE, check="grad_weight"),
    **{dtype: Question(dtype, STRIDE, dtype=dtype) for dtype in DTYPES if dtype != "float32"},
}


class Answer(NamedTuple):
    """How one route answers a question: cases asked, rightly answered; why others are not; a call of the smallest. A
    rule that holds sometimes makes no answer wrong, and is told."""

    asked: int
    right: int
    reasons: Counter[str]
    rules: dict[int, Rule]
    wrong: int
    call: tuple[Case, str] | None

    def word(self) -> str:
        if self.right == self.asked:
            return "yes"
        if self.right:
            return "partly"
        return "wrong" if self.wrong else "no"


def routes() -> Iterator[tuple[str, adapter.Route]]:
    """(engine, route) of all adapters of the project; no engine is started."""
    for path in sorted(folder("adapters").glob(f"*{SUFFIX}.py")):
        for route in generated._routes(path):
            yield path.stem.removesuffix(SUFFIX), route


def answers(cases: list[Case], ledger: Ledger) -> dict[str, dict[str, Answer]]:
    """Question → engine/route → answer."""
    versions = generated.reference_versions()
    asked = {
        name: sorted(filter(question.is_asked, cases), key=lambda case: (case.size, case.id))
        for name, question in QUESTIONS.items()
    }
    found: dict[str, dict[str, Answer]] = defaultdict(dict)
    for engine, route in routes():
        for name, question in QUESTIONS.items():
            # Without a pinned version, one that is newer than any range has an end for.
            version = versions.get(engine, "9999")
            found[name][f"{engine}/{route.name}"] = answer(
                f"{engine}/{route.name}", version, route, question, asked[name], ledger
            )
    return found


def answer(
    name: str, version: str, route: adapter.Route, question: Question, cases: list[Case], ledger: Ledger
) -> Answer:
    reasons: Counter[str] = Counter()
    rules: dict[int, Rule] = {}
    right = wrong = 0
    call = None
    for case in cases:
        if reason := _lacking(route, question):
            reasons[reason] += 1
            continue
        try:
            plan = route.lower(adapter.Case(case.question()), (question.check,)).data(case.rank)
        except adapter.Unsupported as why:
            reasons[str(why)] += 1
            continue
        key = Key(case.id, name, "cpu", question.dtype, question.check, "exact")
        known = [rule for rule in ledger.speaking(key, case, version) if rule.verdicts & DIVERGENT]
        rules |= {rule.order: rule for rule in known}
        if any(not rule.sometimes for rule in known):
            wrong += 1
        else:
            right += 1
            call = call or (case, plan["source"])
    return Answer(len(cases), right, reasons, rules, wrong, call)


def _lacking(route: adapter.Route, question: Question) -> str | None:
    if question.dtype not in route.dtypes:
        return f"does not offer {question.dtype}"
    return None if question.check in route.checks else f"does not offer {question.check}"


def pages() -> dict[str, str]:
    """File → text, of the whole atlas."""
    everything = corpus()
    cases = [case for case in choose(everything, tiers(everything)) if _plain(case)]
    ledger = Ledger.load(folder("cases") / "known")
    found = answers(cases, ledger)
    made = {"index.md": _index(found)}
    for name in QUESTIONS:
        made |= _question(name, found[name], cases)
    for engine in sorted({route.partition("/")[0] for route in found["stride"]}):
        made |= _engine(engine, found, ledger, cases)
    return made


def _plain(case: Case) -> bool:
    return case.expect != "refuse" and not case.dispute and not case.options and not case.claim


HEAD = "<!-- written by docs/atlas.py -->\n\n"


def _index(found: dict[str, dict[str, Answer]]) -> str:
    engines = sorted({route.partition("/")[0] for route in found["stride"]})
    rows = []
    for name, question in QUESTIONS.items():
        cells = [_best([a for route, a in found[name].items() if route.startswith(f"{engine}/")]) for engine in engines]
        rows.append([f"[{question.title}]({name}.md)", *cells])
    versions = generated.reference_versions()
    heads = [f"[{engine}]({engine}.md) {versions.get(engine, '')}".strip() for engine in engines]
    return (
        f"# Atlas: which engine supports what\n\n{HEAD}Does X support dilation with output padding? Each line is a "
        "question; its page has the calls, and what goes wrong where.\n\n"
        f"{generated.table(['', *heads], rows)}\n"
        "A route of the engine answers the cases of the core corpus that ask it, and are ordinary otherwise, all "
        "rightly (**yes**), some (**partly**) or none: **wrong**, the call is there and the answer wrong or refused; "
        "**no**, it cannot be expressed. On the CPU, in the version that is named; [others](../versions.md).\n\n"
        "The [adapters](../adapters.md) say what can be expressed, the [ledger](../rules.md) what goes wrong; the "
        "default run asks all of it and fails where it is otherwise. `convt known 'torch/*'` prints the rules.\n"
    )


def _best(mine: list[Answer]) -> str:
    best = max(mine, key=lambda answer: (answer.right, answer.wrong))
    return f"**{best.word()}**" if best.word() != "partly" else f"partly, {best.right} of {best.asked}"


def _question(name: str, found: dict[str, Answer], cases: list[Case]) -> dict[str, str]:
    question = QUESTIONS[name]
    head = ["route", "answer", "right", "wrong or refused", "not expressible"]
    rows = [
        [f"`{route}`", a.word(), str(a.right), str(a.wrong), str(sum(a.reasons.values()))] for route, a in found.items()
    ]
    what = "the forward pass" if question.check == "forward" else question.check
    asked = next(iter(found.values())).asked
    parts = [
        f"# {question.title}: which engine supports it\n\n{HEAD}{asked} cases of the core corpus ask it and are"
        f" ordinary otherwise; here in {question.dtype}, {what}, with operands whose sums are exact.\n"
    ]
    drawn = {}
    if example := _example(question, cases):
        case, axis = example
        numbers = (case.input[axis], case.kernel[axis], case.stride[axis], case.dilation[axis], *case.padding[axis])
        drawn[f"{name}.svg"] = drawings.axis(*numbers, case.output_padding[axis])
        parts.append(f"![One axis of {case.id}]({name}.svg)\n")
    parts.append(generated.table(head, rows))
    for route, a in found.items():
        parts.append(f"## {route}\n\n{_told(a)}")
    return {f"{name}.md": "\n".join(parts), **drawn}


def _example(question: Question, cases: list[Case]) -> tuple[Case, int] | None:
    """The smallest case of a question with an axis that is no larger than a page, and that axis: the busiest one."""
    for case in sorted(filter(question.is_asked, cases), key=lambda case: (case.size, case.id)):
        for axis in sorted(range(case.rank), key=lambda axis: _busy(case, axis), reverse=True):
            alone = case.output[axis] <= 24 and 2 <= case.input[axis] <= 6 and case.kernel[axis] <= 5
            if alone and case.size > 1:
                return case, axis
    return None


def _busy(case: Case, axis: int) -> int:
    odd = [case.stride[axis] > 1, case.dilation[axis] > 1, case.output_padding[axis] > 0, any(case.padding[axis])]
    return sum(odd)


def _told(a: Answer) -> str:
    parts = []
    if a.call:
        case, source = a.call
        parts.append(f"The call, for `{case.id}`:\n\n```text\n{source.strip()}\n```\n")
    for rule in list(a.rules.values())[:SHOWN]:
        parts.append(f"- {_rule(rule)}\n")
    if len(a.rules) > SHOWN:
        parts.append(f"- and {len(a.rules) - SHOWN} more rules\n")
    for reason, count in a.reasons.most_common(SHOWN):
        parts.append(f"- not expressible in {count} of {a.asked}: {_escaped(reason)}\n")
    return "\n".join(parts) if a.call else "".join(parts)


def _rule(rule: Rule) -> str:
    why = " ".join(rule.why.split())
    return f"{rule.kind}: {_escaped(str(rule))}. {_escaped(why)} ([{generated._short(rule.link)}]({rule.link}))"


def _escaped(text: str) -> str:
    return text.replace("*", "\\*").replace("<", "&lt;").replace("_", "\\_")


def _engine(engine: str, found: dict[str, dict[str, Answer]], ledger: Ledger, cases: list[Case]) -> dict[str, str]:
    mine = [route for route in found["stride"] if route.startswith(f"{engine}/")]
    rows = [
        [f"[{question.title}]({name}.md)", *(found[name][route].word() for route in mine)]
        for name, question in QUESTIONS.items()
    ]
    rules = [
        rule for rule in ledger.rules if any(glob.partition("/")[0].partition("+")[0] == engine for glob in rule.routes)
    ]
    parts = [
        f"# {engine}: what it supports\n\n{HEAD}{generated.table(['', *(r.partition('/')[2] for r in mine)], rows)}",
        f"## What is known\n\n{len(rules)} rules of the ledger.\n" if rules else "No divergence is known.\n",
    ]
    drawn: dict[str, str] = {}
    for kind in ("bug", "not-implemented", "precision", "by-design"):
        those = [rule for rule in rules if rule.kind == kind]
        if those:
            parts.append(f"### {kind}\n")
        for rule in those:
            picture = _picture(rule, cases)
            if picture:
                drawn[picture[0]] = picture[1]
            shown = f"\n\n    ![where it shows]({picture[0]})\n" if picture else "\n"
            parts.append(f"- {_rule(rule)}{shown}")
    return {f"{engine}.md": "\n".join(parts), **drawn}


def _picture(rule: Rule, cases: list[Case]) -> tuple[str, str] | None:
    """The busiest axis of the smallest case of which a rule speaks, if it is about the numbers of an axis."""
    meant = Question("", lambda case: bool(rule.on(case).alternatives), tuple(SPECIAL))
    example = _example(meant, cases)
    if not example or not _busy(*example):
        return None
    case, axis = example
    numbers = (case.input[axis], case.kernel[axis], case.stride[axis], case.dilation[axis], *case.padding[axis])
    numbers = (*numbers, case.output_padding[axis])
    return f"axis-{'-'.join(map(str, numbers))}.svg", drawings.axis(*numbers)


def main(arguments: list[str]) -> int:
    new = pages()
    old = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.*")}
    if "--check" in arguments:
        return int(new != old)
    FOLDER.mkdir(exist_ok=True)
    for name in old.keys() - new.keys():
        (FOLDER / name).unlink()
    for name, text in new.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
