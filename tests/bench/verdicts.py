"""How often is a verdict wrong? Random faults on random lines, with what must come out known beforehand.

python -m tests.bench.verdicts --minutes 5 --first 1000 [--kinds shop,number,pause,silence,anew,twin,noise,barge-in]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable

from ivrtest.run.route import Rate
from tests.run.barge_in import Spoken, barge_in
from tests.run.campaign import Draw, draw, is_right, told
from tests.run.campaigns import KINDS, Trial
from tests.run.shop import PATIENT, shop


def main() -> None:
    kinds: dict[str, Callable[[int], Trial | Spoken]] = {
        "shop": lambda seed: Trial(draw(seed), shop(PATIENT)),
        **KINDS,
        "barge-in": barge_in,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--first", type=int, default=1000, help="the seed of the first call; those under 120 are held by the tests")
    parser.add_argument("--kinds", default="shop", help=f"which calls are held in turn: {', '.join(kinds)}; or all")
    options = parser.parse_args()
    held_in_turn = list(kinds) if options.kinds == "all" else options.kinds.split(",")
    if unknown := [kind for kind in held_in_turn if kind not in kinds]:
        parser.error(f'there are no calls of kind "{unknown[0]}". there are: {", ".join(kinds)}')
    calls: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    end, seed = time.monotonic() + 60 * options.minutes, options.first
    while time.monotonic() < end:
        name = held_in_turn[seed % len(held_in_turn)]
        trial = kinds[name](seed)
        held = trial.hold()
        seed += 1
        kind = f"{name}, {_kind(trial.drawn)}"
        calls[kind] += 1
        calls[f"  {held.status}"] += 1
        if not is_right(trial.drawn, held):
            wrong[kind] += 1
            print(f"{name} {trial.what}: {told(trial.drawn, held)}", flush=True)
    print(f"calls by verdict: {', '.join(f'{calls[each]:,}{each[1:]}' for each in sorted(calls) if each.startswith(' '))}")
    for kind in (kind for kind in sorted(calls) if not kind.startswith(" ")):
        rate = Rate(wrong[kind], calls[kind])
        print(f"{kind}: wrong {rate}, at most {rate.at_most:.2%} with a confidence of 95 %")


def _kind(drawn: Draw) -> str:
    what = "harmless" if drawn.step is None else "faulty"
    return f"{what}, on a line that {'may hide it' if drawn.hides else 'hides nothing'}"


if __name__ == "__main__":
    main()
