"""How often the matcher is right, line by line: `python -m tests.bench.hearing.run [--blind] [--trials N] [--notes]`.

Thresholds are chosen on the bank's prompts, on `--large`, and since its mistakes were looked at, on `--final --large`. Figures to publish
come from `--blind`: more than 300 prompts in seven languages, in other words, voices and seeds.
`python -m tests.bench.hearing.throughput` says how many calls a core can listen to.

Speech is synthetic; expect worse on human recordings. Rates come with 95 % Wilson intervals.
"""

from __future__ import annotations

import argparse
import os
import zlib
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from tests.bench.hearing import trials
from tests.bench.hearing.codecs_by_ffmpeg import G726_16, GSM, OPUS_8
from tests.bench.hearing.interference import (
    at_last,
    babble,
    car,
    clipped,
    from_the_middle,
    gain_control,
    hum,
    silence_suppressed,
    while_said,
)
from tests.bench.hearing.line import Condition
from tests.bench.hearing.many import many
from tests.bench.hearing.table import interval, table

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
    *([Condition("C G.726-16", codec=G726_16)] if G726_16 else []),
    Condition("C 8 dB noise", noise_db=8),
    Condition("C 5 dB noise", noise_db=5),
    Condition("C 3 dB noise", noise_db=3),
    Condition("C 0 dB noise", noise_db=0),
    Condition("C talkers 15 dB", noise_db=15, noise=babble),
    Condition("C talkers 10 dB", noise_db=10, noise=babble),
    Condition("C talkers 5 dB", noise_db=5, noise=babble),
    *(Condition(f"C said talkers {db}", noise_db=db, noise=babble, when=while_said) for db in (16, 14, 12)),
    Condition("C half talkers 14", noise_db=14, noise=babble, when=from_the_middle),
    *(Condition(f"C last talkers {db}", noise_db=db, noise=babble, when=at_last) for db in (16, 12)),
    Condition("C last noise 10", noise_db=10, when=at_last),
    Condition("C said noise 10", noise_db=10, when=while_said),
    Condition("C car 5 dB", noise_db=5, noise=car),
    Condition("C hum 10 dB", noise_db=10, noise=hum),
    Condition("C clipped", box=clipped),
    Condition("C gain control", noise_db=20, box=gain_control),
    Condition("C silent pauses", noise_db=20, box=silence_suppressed),
)

KINDS = "expected, any, near-duplicate, unknown, changed, truncated, sequence, hung up right after it, gone after a changed one"


def _kinds(text: str) -> str:
    """Return the letters of the kinds of trials to run, each once."""
    letters = "".join(dict.fromkeys(letter for letter in text if letter not in ", "))
    if not letters or (other := letters.strip("eanuctshg")):
        raise argparse.ArgumentTypeError(f'there is no kind "{other if letters else text}". kinds are {KINDS}, each by its first letter')
    return letters


@lru_cache(maxsize=1)
def materials(large: bool, final: bool, blind: bool = False, voice: str = "") -> trials.Material:
    if large or blind:
        return many(final=final, blind=blind, voice=voice)
    return trials.final() if final else trials.tuning()


def run(
    name: str, numbers: range, final: bool, blind: bool, kinds: str, large: bool, draw: int, voice: str
) -> tuple[str, list[trials.Outcome]]:
    """Run all kinds of trials on one line, those of these numbers of each."""
    condition = next(condition for condition in CONDITIONS if condition.name == name)
    seed = (20270000 if blind else 20260000 if final else 20250000) + 1_000_000 * draw + zlib.crc32(name.encode())
    material = materials(large, final, blind, voice)
    library, keys, pairs, long = material.library, material.keys, material.pairs, material.long
    menu = next(key for key in keys if "menu" in key[0])

    def one(kind: str, index: int, random: np.random.Generator) -> trials.Outcome:
        match kind:
            case "e":
                return trials.genuine(library, keys[index % len(keys)], condition, random, expected=True)
            case "a":
                return trials.genuine(library, keys[index % len(keys)], condition, random, expected=False)
            case "n":
                return trials.sibling(library, *pairs[int(random.integers(len(pairs)))], condition, random)
            case "c":
                key = list(material.changed)[index % len(material.changed)]
                return trials.changed(library, key, material.changed[key], condition, random)
            case "u":
                return trials.unknown(library, material.unknown[index % len(material.unknown)], menu, condition, random)
            case "h":
                key = keys[index % len(keys)]
                return trials.hung_up(library, key, None, condition, random)
            case "g":
                key = list(material.changed)[index % len(material.changed)]
                return trials.hung_up(library, key, material.changed[key], condition, random)
            case "t":
                return trials.cut(library, long[int(random.integers(len(long)))], condition, random)
            case _:
                gap_s = float(random.choice([0, 0, 0.05, 0.3]))
                return trials.sequence(library, trials.digit_string(material, random), gap_s, condition, random)

    return name, [one(kind, index, np.random.default_rng([seed, ord(kind), index])) for kind in kinds for index in numbers]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--trials", type=int, default=57)
    arguments.add_argument("--notes", action="store_true", help="say what was heard where it was not right")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--only", default="", help="lines whose names hold one of these, separated by commas")
    arguments.add_argument("--kinds", type=_kinds, default="eanucts", help=f"which of {KINDS}")
    arguments.add_argument("--blind", action="store_true", help="the large material that nothing was chosen nor looked at on")
    arguments.add_argument("--final", action="store_true", help="the material that nothing is tuned on")
    arguments.add_argument("--draw", type=int, default=0, help="another draw of lines, gaps and digits")
    arguments.add_argument("--large", action="store_true", help="more than 300 prompts in seven languages instead of a few in two or three")
    arguments.add_argument("--voice", default="", help='with --large or --blind: all in another voice, such as "f4"')
    arguments.add_argument("--at", type=int, help="only the trial of this number, as --notes tells it")
    options = arguments.parse_args()
    numbers = range(options.trials) if options.at is None else range(options.at, options.at + 1)
    chosen = [condition.name for condition in CONDITIONS if any(part in condition.name for part in options.only.split(","))]
    print(
        f"{'line':18s} {'trial':16s} {'n':>4s}  {'right %':22s} {'wrong %':20s} misnamed   late or off   named   told apart: median, p95 s"
    )
    columns: dict[str, list[trials.Outcome]] = {"A": [], "B": [], "C": []}
    each = partial(
        run,
        numbers=numbers,
        final=options.final,
        blind=options.blind,
        kinds=options.kinds,
        large=options.large,
        draw=options.draw,
        voice=options.voice,
    )
    with ProcessPoolExecutor(options.jobs) as pool:
        for name, outcomes in pool.map(each, chosen):
            _show(name, outcomes, numbers, notes=options.notes)
            columns[name[0]] += outcomes
    print(f"\n{table(columns)}")


def _show(name: str, outcomes: list[trials.Outcome], numbers: range, *, notes: bool) -> None:
    for kind in dict.fromkeys(outcome.kind for outcome in outcomes):
        some = [outcome for outcome in outcomes if outcome.kind == kind]
        late = [outcome.late_s for outcome in some if outcome.late_s is not None]
        named = [outcome.named_s for outcome in some if outcome.named_s is not None]
        apart = [outcome.told_apart_s for outcome in some if outcome.told_apart_s is not None]
        misnamed = sum(outcome.misnamed for outcome in some)
        right, wrong = sum(outcome.right for outcome in some), sum(outcome.wrong for outcome in some)
        print(
            f"{name:18s} {kind:16s} {len(some):4d}  {interval(right, len(some)):22s} {interval(wrong, len(some)):20s} "
            f"{misnamed:4d}  {_middle(late):15s} {_middle(named):15s} {_middle(apart)}",
            flush=True,
        )
        if notes:
            for number, outcome in zip(numbers, some, strict=True):
                if outcome.note:
                    print("      ", "WRONG" if outcome.wrong else "open ", number, outcome.note)


def _middle(values: list[float]) -> str:
    return f"{np.median(values):5.2f}, {np.percentile(values, 95):5.2f}" if values else ""


if __name__ == "__main__":
    main()
