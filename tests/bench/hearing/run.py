"""How often the matcher is right, line by line: `python tests/bench/hearing/run.py [--trials N] [--notes]`.

Speech is synthetic; expect worse on human recordings. Rates come with 95 % Wilson intervals.
"""

from __future__ import annotations

import argparse
import math
import os
from concurrent.futures import ProcessPoolExecutor

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import trials
from codecs_by_ffmpeg import GSM, OPUS_8
from line import Condition

CONDITIONS = (
    Condition("A clean G.711"),
    Condition("A 20 dB noise", noise_db=20),
    Condition("A 5 % loss", loss=0.05, burst=1.5, noise_db=30),
    Condition("A 10 % bursts", loss=0.10, burst=3, noise_db=25),
    Condition("A -20 dB level", gain_db=-20, noise_db=30),
    Condition("A +6 dB level", gain_db=6, clock_ppm=100),
    Condition("B 10 dB noise", noise_db=10),
    Condition("B 0.5 % fast", clock_ppm=5000, noise_db=25),
    Condition("B 0.5 % slow", clock_ppm=-5000, noise_db=25),
    Condition("B small speaker", band=(500, 2600), noise_db=25),
    *([Condition("B GSM", codec=GSM)] if GSM else []),
    *([Condition("B Opus 8 kbit/s", codec=OPUS_8)] if OPUS_8 else []),
)


def interval(count: int, of: int) -> str:
    """Return a rate in percent with its Wilson interval."""
    if of == 0:
        return "-"
    z, share = 1.96, count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{100 * share:5.1f} ({100 * max(0, middle - half):.1f}-{100 * min(1, middle + half):.1f})"


def run(name: str, count: int) -> tuple[str, list[trials.Outcome]]:
    """Run all kinds of trials on one line, `count` of each."""
    condition = next(condition for condition in CONDITIONS if condition.name == name)
    random = np.random.default_rng(20250000 + [one.name for one in CONDITIONS].index(condition.name))
    library = trials.bank()
    keys = [key for key in library.index.numbers if not key[0].startswith("digits/")]
    pairs = [
        (key, sibling.key)
        for key, siblings in library.index.siblings.items()
        for sibling in siblings
        if not key[0].startswith("digits/") and not sibling.key[0].startswith("digits/")
    ]
    long = [recording.key for recording in library.recordings() if recording.seconds > 2 and recording.prompt != "goodbye"]
    outcomes: list[trials.Outcome] = []
    for index in range(count):
        outcomes += [
            trials.genuine(library, keys[index % len(keys)], condition, random, expected=True),
            trials.genuine(library, keys[index % len(keys)], condition, random, expected=False),
            trials.sibling(library, *pairs[int(random.integers(len(pairs)))], condition, random),
            trials.changed(library, list(trials.CHANGED)[index % len(trials.CHANGED)], condition, random),
            trials.unknown(library, trials.UNKNOWN[index % len(trials.UNKNOWN)], condition, random),
            trials.cut(library, long[int(random.integers(len(long)))], condition, random),
            trials.sequence(library, trials.digit_string(random), float(random.choice([0, 0, 0.05, 0.3])), condition, random),
        ]
    return name, outcomes


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--trials", type=int, default=57)
    arguments.add_argument("--notes", action="store_true", help="say what was heard where it was not right")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--only", default="")
    options = arguments.parse_args()
    chosen = [condition.name for condition in CONDITIONS if options.only in condition.name]
    print(f"{'line':18s} {'trial':16s} {'n':>4s}  {'right %':22s} {'wrong %':20s} late or off: median, p95 s   named: median, p95 s")
    with ProcessPoolExecutor(options.jobs) as pool:
        for name, outcomes in pool.map(run, chosen, [options.trials] * len(chosen)):
            for kind in dict.fromkeys(outcome.kind for outcome in outcomes):
                some = [outcome for outcome in outcomes if outcome.kind == kind]
                late = [outcome.late_s for outcome in some if outcome.late_s is not None]
                named = [outcome.named_s for outcome in some if outcome.named_s is not None]
                right, wrong = sum(outcome.right for outcome in some), sum(outcome.wrong for outcome in some)
                print(
                    f"{name:18s} {kind:16s} {len(some):4d}  {interval(right, len(some)):22s} {interval(wrong, len(some)):20s} "
                    f"{_middle(late):29s}{_middle(named)}"
                )
                if options.notes:
                    for outcome in some:
                        if outcome.note:
                            print("      ", "WRONG" if outcome.wrong else "open ", outcome.note)


def _middle(values: list[float]) -> str:
    return f"{np.median(values):5.2f}, {np.percentile(values, 95):5.2f}" if values else ""


if __name__ == "__main__":
    main()
