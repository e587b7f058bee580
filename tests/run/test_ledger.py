"""Known divergences: what a rule makes of a row, what it makes of another rule, and what is refused in the files."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable
from pathlib import Path

import pytest
import runs
from msgspec.structs import replace

from conformance.case import Case, Dispute, Reading
from conformance.corpus.conditions import Condition
from conformance.corpus.random_cases import numbered
from conformance.corpus.yaml_file import FileError
from conformance.run import infer
from conformance.run.ledger import Ledger
from conformance.run.row import Row

RULE = {
    "routes": "torch/*",
    "when": {"kernel": {"above": 1}},
    "verdict": "differ",
    "cause": "kernel were flipped",
    "kind": "bug",
    "link": "https://example.org/1",
    "why": "It convolves.",
}
#: The line of each word: one word a line, the first rule on line 2.
LINES = {word: line for line, word in enumerate(RULE, start=2)}

WIDE, POINT = runs.case("stride/wide"), replace(runs.case("stride/point"), kernel=(1, 1))
REFUSED = replace(runs.case("stride/refused"), expect="refuse")


def written(**changes: object) -> str:
    """One rule as YAML, a word a line; a change of None leaves the word out."""
    words = {word: value for word, value in {**RULE, **changes}.items() if value is not None}
    return "- " + "".join(f"  {word}: {json.dumps(value)}\n" for word, value in words.items())[2:]


def refusal(cause: str = "no", **changes: object) -> str:
    return written(verdict="refuse", cause=cause, **changes)


def ledger(folder: Path, *rules: str, name: str = "torch", places: dict | None = None) -> Ledger:
    (folder / f"{name}.yaml").write_text("# What is known.\n" + "".join(rules), encoding="utf-8")
    return Ledger.load(folder, places)


def row(verdict: str = "differ", cause: str | None = "as if the kernel were flipped", case: Case = WIDE, **more) -> Row:
    cause = None if verdict in ("pass", "unsupported", "unrun") else cause
    return runs.row(case.id, verdict, cause=cause, **({"route": "torch/functional"} | more))


def refused(cause: str = "no", **more) -> Row:
    return row("refuse", cause, **more)


def judged(known: Ledger, answer: Row, case: Case = WIDE, version: str = "2.4.1") -> Row:
    return known.judge(replace(answer, case=case.id), case, version)


@pytest.mark.parametrize(
    ("answer", "case", "state"),
    [
        (row(), WIDE, "known"),
        (row(cause="as if the KERNEL were flipped, twice"), WIDE, "known"),
        (row(cause="as if rows were shifted"), WIDE, "changed"),
        (row("refuse", "kernel were flipped"), WIDE, "changed"),
        (row("crash", "SIGSEGV"), WIDE, "changed"),
        (row("pass"), WIDE, "stale"),
        (row("unsupported"), WIDE, None),
        (row("unrun"), WIDE, None),
        (row(), POINT, "new"),
        (row("crash", "SIGSEGV"), POINT, "new"),
        (row("pass"), POINT, None),
        (row(route="jax/conv_transpose"), WIDE, "new"),
    ],
)
def test_what_a_rule_makes_of_a_row(answer, case, state, tmp_path):
    found = judged(ledger(tmp_path, written()), answer, case)
    assert found.state == state
    if state in ("known", "changed", "stale"):
        told = found.detail["ledger"]
        assert told.pop("where").endswith("torch.yaml:2")
        assert told == {
            "link": "https://example.org/1",
            "kind": "bug",
            "why": "It convolves.",
            "when": "kernel > 1 on every axis",
        }
    else:
        assert "ledger" not in found.detail


@pytest.mark.parametrize(
    ("word", "value", "other"),
    [
        ("dtype", "float32", "float64"),
        ("check", "forward", "grad_input"),
        ("fill", "exact", "real"),
        ("device", "cpu", "cuda"),
    ],
)
def test_a_rule_on_part_of_a_case_says_nothing_of_the_rest(word, value, other, tmp_path):
    known = ledger(tmp_path, written(when={word: value}))
    assert judged(known, row(**{word: value})).state == "known"
    assert judged(known, row(**{word: other})).state == "new"
    assert judged(known, row("pass", **{word: other})).state is None


def test_cases_and_when_must_both_hold_and_brackets_are_no_pattern(tmp_path):
    one, other = (replace(WIDE, id=name) for name in ("stride/s[2,1]", "stride/s2"))
    known = ledger(tmp_path, written(cases="stride/s[2,1]", when={"dtype": "float32"}))
    assert judged(known, row(), one).state == "known"
    assert judged(known, row(dtype="float64"), one).state == "new"
    assert judged(known, row(), other).state == "new"
    without = ledger(tmp_path, written(cases=["stride/s2", "bias/*"], when=None))
    assert [judged(without, row(), case).state for case in (other, one)] == ["known", "new"]


@pytest.mark.parametrize(
    ("versions", "version", "state"),
    [
        (">=2.4", "2.4.1", "known"),
        (">=2.4", "2.3.9", "new"),
        (">=1,<2.4", "2.4.0", "new"),
        ("<2.5", "2.4.1+cpu", "known"),
        (">=2.4", "2.5.0.dev20250101", "known"),
        (">=2.4", "nightly", "new"),
        (None, "nightly", "known"),
    ],
)
def test_a_rule_is_of_its_versions(versions, version, state, tmp_path):
    assert judged(ledger(tmp_path, written(versions=versions)), row(), version=version).state == state


@pytest.mark.parametrize(
    ("place", "speaks"),
    [
        ({"onednn": "avx2"}, True),
        ({"onednn": "avx512_core"}, False),
        ({"onednn": ["avx512_core", "avx2"]}, True),
        ({"onednn": {"other_than": "avx512_core"}}, True),
        ({"onednn": {"other_than": ["avx512_core", "avx2"]}}, False),
        ({"onednn": "avx2", "system": "windows"}, False),
        ({"cpu": "neon"}, False),
        ({"cpu": {"other_than": "neon"}}, True),
    ],
)
def test_a_rule_is_of_its_place(place, speaks, tmp_path):
    here = {"onednn": frozenset({"avx", "avx2"}), "system": frozenset({"linux"})}
    known = ledger(tmp_path, written(place=place), places={"torch": here, "jax": {}})
    assert judged(known, row()).state == ("known" if speaks else "new")
    assert judged(known, row("pass")).state == ("stale" if speaks else None)


def test_what_depends_on_chance_may_pass_and_never_diverge_otherwise(tmp_path):
    known = ledger(tmp_path, written(sometimes=True, verdict=["differ", "flaky"]))
    answers = row("pass"), row(), row("flaky"), row("refuse", "no"), row(cause="as if rows were shifted")
    assert [judged(known, each).state for each in answers] == [None, "known", "known", "changed", "changed"]


def test_a_row_on_which_the_named_fault_cannot_show_may_pass(tmp_path):
    """A kernel of one tap is the same whether it is flipped or not; operands of all other kinds name no fault."""
    known = ledger(tmp_path, written(cause=None, fault="kernel-flipped", when={"groups": 1}))
    flipped = {"faults": ["kernel-flipped", "kernel-axes-transposed"]}
    answers = [
        (row("pass"), WIDE, "stale"),
        (row("pass"), POINT, None),
        (row(detail=flipped), WIDE, "known"),
        (row(detail={"faults": ["kernel-axes-transposed"]}), WIDE, "changed"),
        (row(), WIDE, "changed"),
        (row(cause="beyond what rounding can do", fill="real"), WIDE, "known"),
        (row("refuse", "no"), WIDE, "changed"),
    ]
    assert [judged(known, answer, case).state for answer, case, _ in answers] == [state for *_, state in answers]


def test_a_rule_speaks_only_of_questions_that_can_get_its_verdict(tmp_path):
    """A refusal is no divergence where the question must be refused, or where one side of a dispute refuses it."""
    one = Reading(name="one", source="here", padding=WIDE.padding, output_padding=WIDE.output_padding)
    sides = [replace(one, name=name, refuse=name == "strict") for name in ("one", "other", "strict")]
    open_, strict = (
        replace(WIDE, id=f"disputes/{name}", dispute=Dispute(question="how long", readings=tuple(readings)))
        for name, readings in (("open", sides[:2]), ("strict", sides[1:]))
    )
    refuses, differs = ledger(tmp_path, refusal()), ledger(tmp_path, written())
    accepts, crashes = (ledger(tmp_path, written(verdict=verdict, cause="no")) for verdict in ("accept", "crash"))
    states = {
        name: [judged(known, row("pass"), case).state for case in (WIDE, REFUSED, open_, strict)]
        for name, known in (("refuse", refuses), ("differ", differs), ("accept", accepts), ("crash", crashes))
    }
    assert states == {
        "refuse": ["stale", None, "stale", None],
        "differ": ["stale", None, "stale", "stale"],
        "accept": [None, "stale", None, None],
        "crash": ["stale"] * 4,
    }


def test_the_first_refusal_of_a_file_counts(tmp_path):
    rules = refusal("first check", when={"dtype": "float16"}), refusal("second check")
    known = ledger(tmp_path, *rules)
    half = [judged(known, refused(cause, dtype="float16")) for cause in ("first check", "second check")]
    assert [each.state for each in half] == ["known", "changed"]
    assert {each.detail["ledger"]["where"].rpartition(":")[2] for each in half} == {"2"}
    assert judged(known, refused("second check")).state == "known"
    assert judged(known, refused("first check")).state == "changed"


def test_a_refusal_by_chance_leaves_the_word_to_the_next(tmp_path):
    known = ledger(tmp_path, refusal("first check", sometimes=True), refusal("second check"), refusal("third check"))
    states = [judged(known, refused(f"{check} check")).state for check in ("first", "second", "third")]
    assert states == ["known", "known", "changed"]
    assert judged(known, row("pass")).state == "stale"


def test_what_is_refused_answers_nothing_that_could_differ(tmp_path):
    known = ledger(tmp_path, written(), refusal(when={"dtype": "float16"}))
    assert judged(known, refused(dtype="float16")).state == "known"
    assert judged(known, row(dtype="float16")).state == "changed"
    assert judged(known, row()).state == "known"


def test_one_of_several_causes_is_enough(tmp_path):
    known = ledger(tmp_path, written(cause=["something else", "kernel were flipped"]))
    assert [judged(known, row(cause=cause)).state for cause in ("as if the kernel were flipped", "values differ")] == [
        "known",
        "changed",
    ]


def test_two_named_faults_may_happen_at_once(tmp_path):
    """Where both show, the answer is like neither; where only one can, it is that one's."""
    rules = [written(cause=None, fault=fault) for fault in ("kernel-flipped", "bias-twice")]
    with_bias = replace(WIDE, id="stride/bias", bias=True)
    known = ledger(tmp_path, *rules)
    flipped = row(detail={"faults": ["kernel-flipped"]})
    assert judged(known, row(), with_bias).state == "known"
    assert judged(known, flipped, with_bias).state == "known"
    assert judged(known, row("pass"), with_bias).state == "stale"
    assert judged(known, row(), WIDE).state == "changed", "there is no bias to be added twice"
    assert judged(known, flipped, WIDE).state == "known"
    assert judged(known, row("refuse", "no"), with_bias).state == "changed"


@pytest.mark.parametrize(
    "other",
    [
        written(cause="something else"),
        written(cause=None, fault="kernel-flipped"),
        written(verdict=["differ", "flaky"]),
    ],
)
def test_two_rules_that_say_different_things_of_one_row_contradict_each_other(other, tmp_path):
    known = ledger(tmp_path, written(when={"stride": {"above": 0}}), other)
    with pytest.raises(FileError) as error:
        judged(known, row())
    text, second = str(error.value), 2 + len(RULE)
    assert f"torch.yaml:2 and {tmp_path}/torch.yaml:{second} contradict each other on {row().key}: narrow one" in text


def test_refusals_of_two_files_have_no_order_and_contradict_each_other(tmp_path):
    ledger(tmp_path, refusal(), name="other")
    known = ledger(tmp_path, refusal())
    with pytest.raises(FileError, match=r"other\.yaml:2 and .*torch\.yaml:2 contradict"):
        judged(known, refused())


@pytest.mark.parametrize(
    "rules",
    [
        (written(versions="<2"), written(cause="something else", versions=">=2")),
        (written(), written(cause="something else", when={"kernel": 1})),
        (written(), written(cause="something else", sometimes=True)),
        (written(), written(when={"dtype": "float32"})),
        (refusal(), refusal("something else")),
    ],
)
def test_rules_that_may_stand_side_by_side(rules, tmp_path):
    known = ledger(tmp_path, *rules)
    for version in ("1.9", "2.0"):
        assert judged(known, row("pass"), version=version).state == "stale"


def test_rules_speak_of_the_rows_that_meet_their_conditions(tmp_path):
    """Each comparison is decided once for a case; what comes out is what each rule says by itself."""
    rng, atoms = random.Random(3), infer.atoms()
    (first,) = ledger(tmp_path, written(verdict="crash", sometimes=True)).rules
    rules = []
    for order in range(300):
        alternatives = tuple(tuple(rng.sample(atoms, rng.randint(1, 3))) for _ in range(rng.randint(1, 2)))
        cases = rng.choice(((), ("random/5-1?",)))
        verdicts = frozenset({rng.choice(("crash", "accept", "refuse"))})
        rules.append(replace(first, order=order, when=Condition(alternatives), cases=cases, verdicts=verdicts))
    known, spoken = Ledger(rules), 0
    for case in [*(numbered(5, number) for number in range(40)), REFUSED]:
        for dtype, check, fill in itertools.product(("float32", "int32"), ("forward", "grad_bias"), ("exact", "real")):
            key = row(case=case, dtype=dtype, check=check, fill=fill).key
            speaking = [rule for rule in rules if rule.on(case).holds(case, key)]
            assert known.speaking(key, case, "1") == speaking
            spoken += len(speaking)
    assert spoken > 1000


def test_relations_are_spoken_of_only_by_name(tmp_path):
    related = row(check="linear", fill="related")
    assert judged(ledger(tmp_path, written()), related).state == "new"
    assert judged(ledger(tmp_path, written(when={"fill": {"other_than": "real"}})), related).state == "new"
    known = ledger(tmp_path, written(when={"fill": ["real", "related"]}))
    assert judged(known, related).state == "known"
    assert judged(known, replace(related, verdict="pass", cause=None)).state == "stale"


def orphans(known: Ledger, cases: Iterable[Case] = (WIDE,), unread: Iterable[str] = ()) -> list[str]:
    return known.orphans([(row(case=case).key, case) for case in cases], {"torch": "2.4.1"}, set(unread))


def test_a_rule_that_no_row_can_meet_is_an_orphan(tmp_path):
    known = ledger(tmp_path, written(), written(when={"kernel": 1}))
    assert orphans(known, [WIDE, POINT]) == []
    (said,) = orphans(known)
    assert said.startswith("orphan: ")
    assert f"torch.yaml:{2 + len(RULE)} speaks of no row of the corpus" in said


@pytest.mark.parametrize(
    "elsewhere",
    [{"versions": "<2"}, {"routes": "jax/*"}, {"place": {"cpu": "neon"}}, {"cases": "models/*"}],
)
def test_a_rule_for_what_is_not_here_is_no_orphan(elsewhere, tmp_path):
    assert orphans(ledger(tmp_path, written(**elsewhere)), [POINT], unread=["models"]) == []
    assert len(orphans(ledger(tmp_path, written()), [POINT], unread=["models"])) == 1


@pytest.mark.parametrize(
    ("changes", "line", "said"),
    [
        ({"link": "FINISH ME"}, LINES["link"], "link is not written yet"),
        ({"why": "We FINISH ME later"}, LINES["why"], "why is not written yet"),
        ({"cause": ""}, LINES["cause"], "cause is not written yet"),
        ({"cause": ["no", " "]}, LINES["cause"], "cause is not written yet"),
        ({"cause": []}, LINES["cause"], "cause is not written yet"),
        ({"cause": None}, 2, "write either cause, a part of the message, or fault, the name of a mutant"),
        ({"fault": "kernel-flipped"}, LINES["cause"], "write either cause"),
        ({"cause": None, "fault": "kernel-fliped"}, 8, "there is no fault 'kernel-fliped', did you mean"),
        ({"cause": None, "fault": "zzz"}, 8, "list them with `convt mutants"),
        ({"when": None}, 2, "does not say when"),
        ({"verdict": "wrong"}, LINES["verdict"], "wrong"),
        ({"verdict": "pass"}, LINES["verdict"], "pass is no divergence"),
        ({"verdict": ["differ", "unsupported"]}, LINES["verdict"], "unsupported is no divergence"),
        ({"versions": "two"}, 9, "'two' is no version range"),
        ({"kind": "feature"}, LINES["kind"], "feature"),
        ({"link": None}, 2, "link"),
        ({"covers": 2}, 9, "unknown key 'covers'"),
        ({"sometimes": "yes"}, 9, "sometimes: expected true or false"),
        ({"place": {"onedn": "avx2"}}, 9, "there is no place 'onedn', did you mean 'onednn'"),
        ({"place": {"cpu": 3}}, 9, "place: expected a text, a mapping or a list"),
        ({"when": 3}, LINES["when"], "when: expected a mapping or a list"),
        ({"when": {}}, LINES["when"], "expected a mapping of names to what they must be"),
        ({"when": {"kernel": "big"}}, LINES["when"], "there is no number 'big'"),
        ({"when": {"kernell": 3}}, LINES["when"], "unknown key 'kernell', did you mean 'kernel'"),
        ({"when": {"kernel": {"below": "strides"}}}, LINES["when"], "there is no number 'strides'"),
        ({"when": {"dtype": "float"}}, LINES["when"], "dtype: there is no 'float'"),
        ({"when": {"dtype": []}}, LINES["when"], "dtype names nothing"),
        ({"when": {"kernel": {}}}, LINES["when"], "kernel is compared with nothing"),
        ({"when": {"kernel": {"above": 2, "below": 3}}}, LINES["when"], "kernel can never be so"),
        ({"when": {"not": {"kernel": {"above": 3, "below": 1}}}}, LINES["when"], "kernel can never be so"),
    ],
)
def test_what_is_wrong_in_a_file_is_refused_with_its_line(changes, line, said, tmp_path):
    with pytest.raises(FileError) as error:
        ledger(tmp_path, written(**changes))
    assert f"torch.yaml:{line}: " in str(error.value)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_what_rules_share_is_said_once(tmp_path):
    """Each is a rule of its own, in its place and with its line."""
    also = [{"when": {"kernel": 1}, "cause": "as one tap"}, {"routes": "jax/*", "fault": "kernel-flipped"}]
    known = ledger(tmp_path, written(also=also), written(routes="other/*"))
    first, tap, jax, last = known.rules
    assert [rule.order for rule in known.rules] == [0, 1, 2, 3]
    assert (tap.routes, tap.causes, tap.why, str(tap.when)) == (
        ("torch/*",),
        ("as one tap",),
        RULE["why"],
        "kernel = 1 on every axis",
    )
    assert (jax.routes, jax.causes, jax.fault, jax.when) == (("jax/*",), (), "kernel-flipped", first.when)
    assert (first.causes, last.routes) == (("kernel were flipped",), ("other/*",))
    assert judged(known, row(cause="as one tap"), POINT).state == "known"


@pytest.mark.parametrize(
    ("also", "line", "said"),
    [
        ("    - when: {kernel: 1}\n      versions: two\n", 11, "'two' is no version range"),
        ("    - when: {kernel: 1}\n    - when:\n        kernel: {above: 2, below: 3}\n", 12, "kernel can never be so"),
        ("    - fault: nothing-of-the-kind\n", 10, "there is no fault 'nothing-of-the-kind'"),
        ("    - whenn: {kernel: 1}\n", 10, "unknown key 'whenn', did you mean 'when'"),
        ("    - place: {nowhere: here}\n", 10, "there is no place 'nowhere'"),
    ],
)
def test_a_mistake_in_what_is_otherwise_has_its_own_line(also, line, said, tmp_path):
    with pytest.raises(FileError) as error:
        ledger(tmp_path, written() + "  also:\n" + also)
    assert f"torch.yaml:{line}: " in str(error.value)
    assert said in str(error.value)


def test_a_mistake_deep_in_a_condition_has_the_line_on_which_it_stands(tmp_path):
    text = written(when=None) + "  when:\n    - groups: 2\n    - dtype: float32\n      some_axis:\n        strid: 2\n"
    with pytest.raises(FileError) as error:
        ledger(tmp_path, text)
    assert f"torch.yaml:{len(text.splitlines()) + 1}: unknown key 'strid'" in str(error.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "torch/* answers otherwise where kernel > 1 on every axis: kernel were flipped"),
        (
            {"verdict": "refuse", "cause": "no", "versions": ">=2", "place": {"cpu": {"other_than": ["neon", "avx"]}}},
            "torch/* refuses where kernel > 1 on every axis: no (version >=2; cpu other than avx or neon)",
        ),
        (
            {"routes": ["a/b", "a/c"], "verdict": ["flaky", "differ"], "sometimes": True, "when": {"dtype": "float32"}},
            "a/b, a/c sometimes answers otherwise or flaky where float32: kernel were flipped",
        ),
        (
            {"verdict": "accept", "when": None, "cases": "invalid/*"},
            "torch/* answers what must be refused in invalid/*: kernel were flipped",
        ),
        (
            {"cause": None, "fault": "kernel-flipped"},
            "torch/* answers otherwise where kernel > 1 on every axis: as if the kernel were flipped",
        ),
    ],
)
def test_a_rule_is_one_sentence(changes, sentence, tmp_path):
    (rule,) = ledger(tmp_path, written(**changes)).rules
    assert str(rule) == sentence


def test_a_rule_may_know_what_is_rough_and_says_nothing_of_other_rows(tmp_path):
    known = ledger(tmp_path, written(verdict="rough", cause="beyond what rounding at random would do"))
    rough = judged(known, row("pass", detail={"rough": True}))
    assert (rough.verdict, rough.state) == ("pass", None)
    assert rough.detail["ledger"]["link"] == RULE["link"]
    assert judged(known, row("pass")) == row("pass")
    assert judged(known, row("differ")).state == "new"


def test_what_is_rough_stands_alone_in_a_rule(tmp_path):
    with pytest.raises(FileError, match="rough stands alone: write two rules"):
        ledger(tmp_path, written(verdict=["rough", "differ"]))


# Machines of another kind


PLACES = {
    "a Mac": ({"machine": {"arm64"}, "system": {"darwin"}}, "arm64 darwin without AVX2"),
    "an Arm server": ({"machine": {"aarch64"}, "system": {"linux"}, "cpu": {"asimd"}}, "aarch64 linux without AVX2"),
    "an old PC": ({"machine": {"x86_64"}, "system": {"linux"}, "cpu": {"avx"}}, "x86_64 linux without AVX2"),
    "Windows": ({"machine": {"amd64"}, "system": {"windows"}, "cpu": {"avx2"}}, "amd64 windows"),
    "a PC": ({"machine": {"x86_64"}, "system": {"linux"}, "cpu": {"avx2", "avx512f"}}, None),
}


@pytest.mark.parametrize("name", PLACES)
def test_what_is_new_on_another_kind_of_machine_says_so(name, tmp_path):
    words, kind = PLACES[name]
    place = {word: frozenset(found) for word, found in words.items()}
    known = ledger(tmp_path, written(when={"kernel": {"above": 100}}), places={"torch": place, "tinylib": place})
    found = judged(known, row())
    assert (found.state, found.detail.get("unseen")) == ("new", kind)
    mine = judged(known, row(route="tinylib/route"))
    assert (mine.state, mine.detail.get("unseen")) == ("new", None), "no rule of it was found anywhere"
