"""How many layers can be said in another framework: every ordered pair of those that are installed.

    python benchmarks/porting.py [COUNT] [FRAMEWORK ...]

Random configurations (300) are ported to each framework. A framework is a source for those that it says by one call. A
port was proved when it was found; here it is asked once more, in another way: as a written module, in this process, by
`case.check`, with operands that were not asked before. So a port that is unequal would show.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from conformance import Wrong
from conformance.corpus.random_cases import drawn
from conformance.library.cases import of
from conformance.port import module, target
from conformance.port.layer import of_case
from conformance.port.speech import SPEECH
from conformance.port.target import Ported, Porter, chosen

#: A seed that no port has been asked with, and how many each port is asked with.
OTHER, target.SEEDS = 1000, 2
#: Ways to say a layer, in the order of the table.
WAYS = ("native", "composition", "impossible")


def unequal(ported: Ported) -> str:
    """What is wrong with a port as a module, "" where nothing is."""
    names: dict = {}
    exec(module.text([ported]), names)
    layer, speech = ported.layer, SPEECH[ported.framework]
    function = next(value for name, value in names.items() if name in module.names([layer]))
    operands = 3 if layer.case.bias else 2
    checks = ("forward", "grad_input", "grad_weight") if speech.gradient else ("forward",)
    try:
        of(layer.case).check(
            lambda x, w, b, case: function(*(x, w, b)[:operands]),
            x=ported.plan["layouts"]["x"],
            arrays=speech.adapter,
            checks=checks,
            seed=OTHER,
        )
    except Wrong as error:
        return str(error).splitlines()[1].strip()
    return ""


def main(arguments: list[str]) -> None:
    count = int(arguments[0]) if arguments else 300
    begin = time.monotonic()
    layers = [of_case(case) for case in drawn(0, count) if case.batch]
    with Porter(chosen(arguments[1:], (), ())) as porter:
        frameworks = [name for name in porter.frameworks if name in SPEECH]
        ported = porter.ports(layers, frameworks)
    print(f"{len(layers)} configurations, {', '.join(f'{n} {v}' for n, v in porter.frameworks.items())}")
    by_layer = {layer.case.id: {} for layer in layers}
    for each in ported:
        by_layer[each.layer.case.id][each.framework] = each
    print(f"found in {time.monotonic() - begin:.0f} s\n\n{'from':11} {'to':11}  sayable  " + "  ".join(WAYS))
    for source in frameworks:
        for to in frameworks:
            if source != to:
                pairs = [each[to] for each in by_layer.values() if each[source].way == "native"]
                ways = Counter(each.way for each in pairs)
                print(f"{source:11} {to:11}  {len(pairs):7}  " + "  ".join(f"{ways[w]:{len(w)}}" for w in WAYS))
    print("\nsteps of compositions:")
    for steps, number in Counter((each.framework, each.steps) for each in ported if each.steps).most_common():
        print(f"  {number:4} {steps[0]}: {', then '.join(steps[1])}")
    print("\nwhy not:")
    for (name, reason), number in Counter(
        (each.framework, each.reasons[-1]) for each in ported if each.plan is None
    ).most_common():
        print(f"  {number:4} {name}: {reason[:160]}")
    asked = [each for each in ported if each.plan is not None]
    wrong = [(each, said) for each in asked if (said := unequal(each))]
    print(f"\n{len(asked)} ports asked again as modules: {len(wrong)} unequal ({time.monotonic() - begin:.0f} s)")
    for each, said in wrong:
        print(f"  {each.framework} {each.layer.case.id}: {said}")


if __name__ == "__main__":
    main(sys.argv[1:])
