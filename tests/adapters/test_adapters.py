"""Adapters: what they say is right by a brute-force definition, and their plans need no framework."""

from __future__ import annotations

import itertools
import runpy
import sys

import numpy as np
import pytest

from conformance import adapter, folder
from conformance.case import CHECKS, Case
from conformance.corpus.choose import corpus
from conformance.releases.catalogue import releases
from conformance.run.engines import engines, installing
from conformance.run.programs import choose, known
from conformance.run.questions import Narrow, select
from conformance.run.session import Session
from conformance.run.worker import Dead, Program, Worker, environment

ROUTES = {
    "numpy": ["scatter", "matrix", "zero_insertion"],
    "torch": ["functional", "module", "autograd", "channels_last", "compile"],
    "tensorflow": ["nn", "gradient", "function", "xla"],
    "jax": ["conv_transpose", "conv_general_dilated", "vjp"],
    "onnxruntime": ["inputs", "dynamic", "constant"],
    "ncnn": ["plain", "packed"],
    "litert": ["xnnpack", "builtin", "reference", "inputs"],
}
#: Frameworks whose plans are made without them; NumPy itself is always there.
HIDDEN = [name for name in ROUTES if name != "numpy"]


def case(**numbers) -> Case:
    usual = {
        "id": "drawn/case",
        "input": (3, 2),
        "kernel": (2, 3),
        "in_channels": 4,
        "out_channels": 6,
        "batch": 2,
        "groups": 1,
        "stride": (2, 1),
        "dilation": (1, 1),
        "padding": ((0, 0), (0, 0)),
        "output_padding": (0, 0),
        "bias": True,
    }
    return Case(**(usual | numbers))


#: Questions that every framework can express in some route, each with something that a slip would change.
QUESTIONS = [
    case(id="drawn/plain"),
    case(id="drawn/grouped", groups=2, stride=(1, 2), padding=((1, 1), (0, 0))),
    case(id="drawn/cropped", stride=(2, 2), padding=((1, 1), (1, 1)), output_padding=(1, 1)),
    case(id="drawn/dilated", stride=(1, 1), dilation=(2, 3)),
    case(id="drawn/nhwc", input_layout="NHWC", kernel_layout="HWOI"),
    case(id="drawn/line", input=(5,), kernel=(3,), stride=(2,), dilation=(1,), padding=((0, 0),), output_padding=(1,)),
]


def brute_force(case: Case, x, w, b, g):
    """y, dx, dw, db by one loop over every product of the definition."""
    y = np.zeros((case.batch, case.out_channels, *case.output))
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    per_c, per_m = case.in_channels // case.groups, case.out_channels // case.groups
    for n, c, m in itertools.product(range(case.batch), range(case.in_channels), range(per_m)):
        out = c // per_c * per_m + m
        for i in itertools.product(*map(range, case.input)):
            for k in itertools.product(*map(range, case.kernel)):
                numbers = zip(i, k, case.stride, case.dilation, case.padding, strict=True)
                u = tuple(at * s + tap * e - lo for at, tap, s, e, (lo, _) in numbers)
                if all(0 <= at < o for at, o in zip(u, case.output, strict=True)):
                    y[(n, out, *u)] += x[(n, c, *i)] * w[(c, m, *k)]
                    dx[(n, c, *i)] += g[(n, out, *u)] * w[(c, m, *k)]
                    dw[(c, m, *k)] += g[(n, out, *u)] * x[(n, c, *i)]
    return {
        "forward": y + b.reshape(-1, *[1] * case.rank),
        "grad_input": dx,
        "grad_weight": dw,
        "grad_bias": g.sum((0, *range(2, g.ndim))),
    }


def operands(case: Case) -> dict[str, np.ndarray]:
    """Small integers, exact in every arithmetic."""
    rng = np.random.default_rng(7)
    shapes = {"x": case.x_shape, "w": case.w_shape, "b": case.b_shape, "g": case.y_shape}
    return {name: rng.integers(-4, 5, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def workers():
    """framework → a greeted worker, started at the first need."""
    started = {}

    def get(name: str) -> Worker:
        if name not in started:
            (program,) = choose((name,), (), {}, threads=1)
            worker = started[name] = Worker(program)
            worker.said = worker.hello(120)
        if started[name].said.get("absent"):
            pytest.skip(f"{name} is not installed: convt env {name}")
        return started[name]

    yield get
    for worker in started.values():
        worker.stop()


def ask(worker: Worker, message: dict, tensors=None) -> tuple[dict, dict]:
    worker.send(adapter.pack({"id": 1} | message, tensors))
    while True:
        worker.write()
        if (received := worker.message()) is not None:
            return received
        assert worker.read(), worker.log


@pytest.mark.parametrize(("framework", "route"), [(name, route) for name in ROUTES for route in ROUTES[name]])
def test_a_route_gives_what_the_definition_gives(framework, route, workers):
    if route == "compile":
        pytest.skip("torch.compile takes seconds a case; the corpus runs it")
    worker, answered = workers(framework), 0
    offered = next(each for each in worker.said["routes"] if each["name"] == route)
    for question in QUESTIONS:
        arrays = operands(question)
        right = brute_force(question, **arrays)
        for check in CHECKS:
            if check not in offered["checks"]:
                continue
            tensors = {name: ("float32", array) for name, array in arrays.items() if name != "g" or check != "forward"}
            message = {"do": "run", "route": route, "device": "cpu", "dtype": "float32", "checks": [check]}
            reply, returned = ask(worker, message | {"case": question.question()}, tensors)
            if reply["outcome"] == "unsupported":
                assert reply["reason"]
                continue
            if reply["outcome"] == "raised":  # what a framework refuses is the ledger's business
                continue
            answered += 1
            assert reply["outcome"] == "returned", reply
            assert np.array_equal(returned[check][1], right[check]), (question.id, check)
    assert answered >= 2 * len(offered["checks"])


def test_every_engine_that_is_told_of_has_an_adapter_a_release_and_routes_that_are_tested():
    ours = {path.stem.removesuffix("_adapter") for path in folder("adapters").glob("*_adapter.py")}
    assert ours == set(engines()) == set(ROUTES) == {release.framework for release in releases()}


def test_a_plain_run_asks_those_that_are_plain_and_a_named_route_its_own():
    assert [each.name for each in choose((), (), {}, 1)] == ["jax", "numpy", "tensorflow", "torch"]
    assert [each.name for each in choose((), ("*/vjp",), {}, 1)] == ["jax", "numpy", "tensorflow", "torch"]
    assert [each.name for each in choose((), ("ncnn/*", "to*/module"), {}, 1)] == ["ncnn", "torch"]


def test_an_engine_runs_in_the_environment_that_was_made_for_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVT_ENVIRONMENTS", str(tmp_path))
    python = tmp_path / "ncnn" / "bin" / "python"
    assert choose(("ncnn",), (), {}, 1)[0].interpreter == sys.executable
    assert "convt env ncnn" in installing("ncnn")
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    assert choose(("ncnn",), (), {}, 1)[0].interpreter == str(python)
    assert installing("ncnn") == ""


@pytest.mark.parametrize("framework", HIDDEN)
def test_a_plan_needs_no_framework(framework, tmp_path):
    imported = {"opencv": "cv2", "litert": "ai_edge_litert"}.get(framework, framework)
    (tmp_path / f"{imported}.py").write_text("raise ImportError('hidden by a test')\n")
    program = Program(framework, known()[framework], environment=environment(1) | {"PYTHONPATH": str(tmp_path)})
    worker = Worker(program)
    try:
        said = worker.hello(60)
        assert "hidden by a test" in said["absent"]
        assert [route["name"] for route in said["routes"]] == ROUTES[framework]
        for route in ROUTES[framework]:
            message = {"do": "plan", "route": route, "checks": ["forward"], "case": QUESTIONS[0].question()}
            reply, _ = ask(worker, message)
            assert reply["outcome"] == "planned", reply
            assert reply["plan"]["source"]
    finally:
        worker.stop()


def plan_of(framework: str, route: str, question: Case) -> adapter.Plan:
    """The plan of a route, made in this process: adapters import their frameworks only when they load them."""
    module = runpy.run_path(str(known()[framework]))
    return module[route](adapter.Case(question.question()), ("forward",))


def test_torch_says_an_asymmetric_crop_by_output_padding_or_not_at_all():
    plan = plan_of("torch", "functional", case(padding=((1, 0), (0, 0)), stride=(2, 2)))
    assert plan.arguments["padding"] == (1, 0)
    assert plan.arguments["output_padding"] == (1, 0)
    with pytest.raises(adapter.Unsupported, match="padding crops both ends alike"):
        plan_of("torch", "functional", case(padding=((0, 1), (0, 0)), stride=(2, 2)))


def test_tensorflow_reads_hwoi_and_is_told_the_output():
    plan = plan_of("tensorflow", "nn", case(stride=(2, 3), padding=((1, 0), (0, 1))))
    assert (plan.x, plan.w) == ("NHWC", "HWOI")
    # (3 − 1)·2 + 2 − 1 = 5 and (2 − 1)·3 + 3 − 1 = 5
    assert plan.arguments["output_shape"] == [2, 5, 5, 6]
    assert plan.arguments["strides"] == [1, 2, 3, 1]
    assert plan.arguments["padding"] == [[0, 0], [1, 0], [0, 1], [0, 0]]
    with pytest.raises(adapter.Unsupported, match="no groups"):
        plan_of("tensorflow", "nn", case(groups=2))


def test_jax_is_told_the_padding_of_the_dilated_input():
    plan = plan_of("jax", "conv_general_dilated", case(dilation=(2, 1), padding=((1, 0), (0, 2))))
    # K_e − 1 − crop: (2·1 − 1, 2·1 − 0), (2 − 0, 2 − 2)
    assert plan.arguments["padding"] == [(1, 2), (2, 0)]
    assert plan.arguments["lhs_dilation"] == (2, 1)
    with pytest.raises(adapter.Unsupported, match="no groups"):
        plan_of("jax", "conv_transpose", case(groups=2))


OLD = """
from types import SimpleNamespace
from conformance.adapter import Framework, Plan, Route, serve
routes = [
    Route("undeclared", lambda case, checks: Plan("lib.nn.conv")),
    Route("sometimes", lambda case, checks: Plan("lib.nn.conv", needs=["lib.nn.conv"])),
    Route("new", lambda case, checks: Plan("lib.nn.conv"), needs=["lib.nn.conv"]),
    Route("other", lambda case, checks: Plan("elsewhere.conv")),
]
names = {"lib": SimpleNamespace(nn=SimpleNamespace())}
serve("old", routes, lambda: Framework("0.1", names), lambda *a: a, lambda a: a)
"""


@pytest.mark.parametrize(
    ("route", "outcome", "says"),
    [
        ("undeclared", "broken", "0.1 has no lib.nn.conv: correct the call"),
        ("other", "broken", "0.1 has no elsewhere.conv: correct the call"),
        ("sometimes", "unsupported", "0.1 has no lib.nn.conv"),
    ],
)
def test_a_function_that_a_version_lacks_is_broken_unless_the_adapter_says_so(route, outcome, says, tmp_path):
    file = tmp_path / "old_adapter.py"
    file.write_text(OLD, encoding="utf-8")
    worker = Worker(Program("old", file, environment=environment(1)))
    try:
        hello = worker.hello(20)
        message = {"do": "run", "route": route, "device": "cpu", "checks": ["forward"], "case": case().question()}
        reply, _ = ask(worker, message)
    finally:
        worker.stop()
    assert [each["name"] for each in hello["routes"]] == ["undeclared", "sometimes", "other"]
    assert hello["lacking"] == {"new": "version 0.1 has no lib.nn.conv"}
    assert reply["outcome"] == outcome
    assert says in reply.get("reason", reply.get("text"))


BESIDE = """
import mylib
from conformance.adapter import Framework, Plan, Route, serve
serve("mylib", [Route("r", lambda case, checks: Plan("mylib.conv"))], lambda: Framework(mylib.__version__, {}), 0, 0)
"""


@pytest.mark.parametrize(
    ("folder", "package", "says"),
    [("mine", False, "1.0"), ("mine", True, "No module named 'mylib'"), ("site-packages", False, "No module named")],
)
def test_a_library_beside_its_adapter_is_found(folder, package, says, tmp_path, monkeypatch):
    """As it is for a script; but a package's modules, or another interpreter's, do not come before the rest."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    here = tmp_path / folder
    here.mkdir()
    (here / "mylib.py").write_text('__version__ = "1.0"\n', encoding="utf-8")
    (here / "mylib_adapter.py").write_text(BESIDE, encoding="utf-8")
    if package:
        (here / "__init__.py").touch()
    worker = Worker(Program("mylib", here / "mylib_adapter.py", environment=environment(1)))
    try:
        said = worker.hello(20)["version"]
    except Dead as error:
        said = str(error)
    finally:
        worker.stop()
    assert says in said


def test_the_torch_adapter_hands_over_memory_as_the_case_asks():
    plan = plan_of("torch", "functional", case(input_layout="NHWC", kernel_layout="HWOI"))
    assert plan.memory == {"x": "NHWC", "w": "HWOI"}
    array = np.arange(24).reshape(1, 2, 3, 4)
    stored = adapter.arrange(array, "NCHW", "NCHW", "NHWC")
    assert np.array_equal(stored, array)
    assert stored.transpose(0, 2, 3, 1).flags.c_contiguous


@pytest.mark.parametrize("framework", ROUTES)
def test_every_case_has_a_plan_or_a_reason_on_every_route(framework, workers):
    """Lowering is plain Python: none of the corpus may make it fail."""
    worker, unsaid = workers(framework), set()
    for each in corpus():
        message = {"do": "plan", "checks": ["forward"], "case": each.question()}
        for route in ROUTES[framework]:
            reply, _ = ask(worker, message | {"route": route})
            assert reply["outcome"] in ("planned", "unsupported"), (each.id, route, reply)
            if reply["outcome"] == "unsupported":
                assert reply["reason"], (each.id, route)
                unsaid.add(route)
    assert unsaid or framework == "jax"


def test_a_missing_framework_is_absent_and_the_rest_runs(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('hidden by a test')\n")
    programs = choose(("numpy", "torch"), (), {}, threads=1)
    programs[1].environment["PYTHONPATH"] = str(tmp_path)
    session = Session.open(programs, ledger=tmp_path, jobs=1)
    try:
        assert "hidden by a test" in session.absent["torch"]
        rows = list(session.rows(select([QUESTIONS[0]], session.hellos, Narrow(fills=("exact",)))))
    finally:
        session.close()
    assert {row.route for row in rows} == {f"numpy/{route}" for route in ROUTES["numpy"]}
    assert {row.verdict for row in rows} == {"pass"}


def test_what_prepare_made_serves_its_own_question_only(tmp_path):
    """Compilers remember by code object: two questions that share one would be answered by each other's code."""
    file = tmp_path / "kept_adapter.py"
    file.write_text(
        "import numpy as np\n"
        "from conformance.adapter import Framework, Plan, Route, serve\n"
        "seen = []\n"
        "def name(function):\n"
        "    seen.append(function)  # alive, so that no other gets its address\n"
        "    return np.array([id(function.__code__)])\n"
        "plan = Plan('name', {}, 'y = name(f)', prepare='def f():\\n    pass')\n"
        "serve('kept', [Route('r', lambda case, checks: plan)], lambda: Framework('1', {'name': name}),\n"
        "      lambda array, *_: array, lambda array: ('int64', array))\n"
    )
    worker = Worker(Program("kept", file, environment=environment(1)))

    def code_of(question: Case, seed: int, dtype: str = "float32") -> int:
        x = np.full(question.x_shape, seed, np.float32)
        message = {"do": "run", "id": seed, "route": "r", "device": "cpu", "checks": ["forward"]}
        reply, returned = ask(worker, message | {"case": question.question()}, {"x": (dtype, x.astype(dtype))})
        assert reply["outcome"] == "returned", reply
        return int(returned["forward"][1][0])

    try:
        worker.hello(20)
        first, wider = case(), case(input=(3, 5))
        codes = [code_of(first, 1), code_of(wider, 2), code_of(first, 3), code_of(first, 4, "float64")]
    finally:
        worker.stop()
    assert codes[0] == codes[2], "other operands of the same question are not compiled again"
    assert len(set(codes)) == 3


def test_an_answer_that_no_message_can_carry_is_the_adapters_fault(tmp_path):
    file = tmp_path / "odd_adapter.py"
    file.write_text(
        "import numpy as np\n"
        "from conformance.adapter import Framework, Plan, Route, serve\n"
        "serve('odd', [Route('r', lambda case, checks: Plan('f', body='y = f(x)'))],\n"
        "      lambda: Framework('1', {'f': lambda x: x}), lambda array, *_: array, lambda array: ('float0', array))\n"
    )
    worker = Worker(Program("odd", file, environment=environment(1)))
    message = {"do": "run", "route": "r", "device": "cpu", "checks": ["forward"], "case": case().question()}
    try:
        worker.hello(20)
        for _ in range(2):  # and it goes on
            reply, _ = ask(worker, message, {"x": ("float32", np.ones(case().x_shape, np.float32))})
            assert reply["outcome"] == "broken"
            assert "the answer is of dtype float0" in reply["text"]
    finally:
        worker.stop()


def test_three_layers_that_share_numbers_and_shapes_are_compiled_apart(workers):
    """The third has the first one's arguments and the second one's shapes."""
    worker = workers("torch")
    usual = {"stride": (2, 2), "kernel": (3, 3), "bias": False}
    padded = usual | {"padding": ((1, 1), (1, 1)), "output_padding": (1, 1)}
    layers = [case(input=(4, 3), **padded), case(input=(3, 4), **usual), case(input=(3, 4), **padded)]
    for layer in layers:
        arrays = {name: np.ones(shape, np.float32) for name, shape in (("x", layer.x_shape), ("w", layer.w_shape))}
        message = {"do": "run", "route": "compile", "device": "cpu", "checks": ["forward"], "case": layer.question()}
        reply, returned = ask(worker, message, {name: ("float32", array) for name, array in arrays.items()})
        assert reply["outcome"] == "returned", reply
        assert returned["forward"][1].shape == layer.y_shape


@pytest.mark.parametrize("route", ["functional", "channels_last", "compile"])
def test_torch_is_not_asked_about_output_channels_that_only_the_case_knows(route, workers):
    hellos = {"torch": workers("torch").said}
    wrong = case(id="invalid/one", groups=3, in_channels=3, out_channels=4, expect="refuse")
    asked = select([wrong], hellos, Narrow(routes=(f"torch/{route}",)))
    assert not asked.questions
    assert asked.unsupported
    assert all("read off w" in reason for reason in asked.unsupported.values())
