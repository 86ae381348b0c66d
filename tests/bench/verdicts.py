"""How often is a verdict wrong? Random faults on random lines, with what must come out known beforehand.

python -m tests.bench.verdicts --minutes 5 --first 1000
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

from ivrtest.run.route import Rate
from tests.run.by_sound import hold
from tests.run.campaign import Draw, draw, is_right, told
from tests.run.shop import PATIENT, shop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--first", type=int, default=1000, help="the seed of the first call; those under 120 are held by the tests")
    options = parser.parse_args()
    calls: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    end, seed = time.monotonic() + 60 * options.minutes, options.first
    while time.monotonic() < end:
        drawn = draw(seed)
        held = hold(shop(PATIENT), *drawn.faults, seed=seed)
        seed += 1
        kind = _kind(drawn)
        calls[kind] += 1
        calls[f"  {held.status}"] += 1
        if not is_right(drawn, held):
            wrong[kind] += 1
            print(told(drawn, held), flush=True)
    kinds = [kind for kind in sorted(calls) if not kind.startswith(" ")]
    print(f"calls by verdict: {', '.join(f'{calls[each]:,}{each[1:]}' for each in sorted(calls) if each.startswith(' '))}")
    for kind in kinds:
        rate = Rate(wrong[kind], calls[kind])
        print(f"{kind}: wrong {rate}, at most {rate.at_most:.2%} with a confidence of 95 %")


def _kind(drawn: Draw) -> str:
    what = "harmless" if drawn.step is None else "faulty"
    return f"{what}, on a line that {'may hide it' if drawn.hides else 'hides nothing'}"


if __name__ == "__main__":
    main()
