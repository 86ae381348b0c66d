"""How many digits of a row are named where packets get lost: `python -m tests.bench.hearing.digits [--blind] [--rows N]`.

A sentence, then 2 to 10 digits with 0.1 to 0.4 s between their sounds, over G.711 with noise at 25 dB. Each digit of its own is named
right, left open, or wrong: another one's name, a changed or cut recording, or speech that is no recording. Once the rest of the row is
expected, as a scenario expects it, once nothing is. What came whole is counted apart: digits of which no packet got lost.
`--strangers` puts numbers of one word that the library does not hold, in the same voice, in place of half of them: whoever names them is
wrong. `--mistaken` says other digits than the expected ones.
"""

from __future__ import annotations

import argparse
import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ivrtest.audio.hearing import Heard, Match, Recognised, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key
from tests.bench.hearing.line import RATE, Condition, joined, silence, through
from tests.bench.hearing.run import materials
from tests.bench.hearing.table import interval
from tests.bench.hearing.trials import Material, digit_string

LINES = tuple(
    Condition(f"{share} % {how}", loss=share / 100, burst=burst, noise_db=25)
    for share in (1, 3, 5, 10)
    for how, burst in (("singly", 1.0), ("in bursts", 3.0))
)
SOFT = 60
"""Samples below do not sound."""
_SLACK_S = 0.05
_OPEN = (Verdict.inconclusive, Verdict.ambiguous)


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one row of digits."""

    digits: int
    named: int
    whole: int
    """Digits that came without a loss."""
    whole_named: int
    false: tuple[str, ...]
    """What was said and is not so."""


def play(material: Material, condition: Condition, random: np.random.Generator, *, expecting: bool, strangers: bool, mistaken: bool) -> Row:
    """Play one row and hold what is heard against it."""
    library = material.library
    keys: list[Key | None] = list(digit_string(material, random))
    numbers = material.numbers.get(keys[0][1], ()) if keys[0] and strangers else ()
    expected = [key for key in keys if key]
    parts, places = [silence(0.4)], []
    gap_s = float(random.choice([0, 0, 0.05, 0.3]))
    at = len(parts[0])
    for number, key in enumerate(expected):
        said = library.recordings()[library.index.numbers[key]].samples
        if number and numbers and random.random() < 0.5:
            keys[number], said = None, numbers[int(random.integers(len(numbers)))]
        elif number and mistaken and random.random() < 0.5:
            expected[number] = (f"digits/{random.integers(0, 10)}", key[1])
        sounding = np.flatnonzero(np.abs(said) > SOFT)
        places.append((at + int(sounding[0]), at + int(sounding[-1])))
        parts += [said, silence(gap_s)]
        at += len(said) + len(parts[-1])
    samples, lost = through(joined(*parts, silence(1.6)), condition, random)
    matcher = Matcher(library)
    matcher.expect(expected if expecting else None)
    told: list[Heard | Recognised] = []
    for start in range(0, len(samples), 160):
        for hearing in matcher.feed(samples[start : start + 160], lost[start : start + 160]):
            if isinstance(hearing, Heard | Recognised):
                told.append(hearing)
            if expecting and isinstance(hearing, Heard):
                rest = [key for key, (begin, _) in zip(expected, places, strict=True) if begin / RATE > hearing.match.end_s - _SLACK_S]
                matcher.expect(rest or None)
    told += [hearing for hearing in matcher.finish() if isinstance(hearing, Heard | Recognised)]
    named: set[int] = set()
    false: dict[str, None] = {}
    for hearing in told:
        match = hearing.match
        over = [number for number, (begin, end) in enumerate(places) if _overlap(match, begin, end)]
        if match.verdict in _OPEN:
            continue
        right = [number for number in over if keys[number] == match.key] if match.verdict is Verdict.match else []
        if match.verdict is Verdict.unknown and any(keys[number] is None for number in over):
            continue
        if not right:
            # A name may be told while it sounds and again at its end.
            false[f"{match.prompt or '-'} {match.verdict} {match.start_s:.2f}-{match.end_s:.2f} for {_said(keys, over)}"] = None
        elif isinstance(hearing, Heard):
            named |= set(right[:1])
    digits = [number for number, key in enumerate(keys) if number and key]
    whole = [number for number in digits if not lost[places[number][0] : places[number][1]].any()]
    return Row(len(digits), len(named & set(digits)), len(whole), len(named & set(whole)), tuple(false))


def _overlap(match: Match, begin: int, end: int) -> bool:
    """Return whether a match lies over most of what sounds from one sample to another, or it over most of that."""
    common = min(match.end_s * RATE, end) - max(match.start_s * RATE, begin)
    return common > min(end - begin, (match.end_s - match.start_s) * RATE) / 2


def _said(keys: Sequence[Key | None], numbers: Sequence[int]) -> str:
    return " ".join(key[0] if (key := keys[number]) else "a number" for number in numbers)


def rows(name: str, numbers: range, options: argparse.Namespace, *, expecting: bool) -> list[Row]:
    condition = next(line for line in LINES if line.name == name)
    material = materials(options.large, options.final, options.blind, options.voice)
    seed = 20280000 + 1_000_000 * options.draw + zlib.crc32(name.encode())
    return [
        play(
            material,
            condition,
            np.random.default_rng([seed, number]),
            expecting=expecting,
            strangers=options.strangers,
            mistaken=options.mistaken,
        )
        for number in numbers
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=100, help="on each line")
    arguments.add_argument("--notes", action="store_true", help="say what was said and is not so")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--only", default="", help="lines whose names hold one of these, separated by commas")
    arguments.add_argument("--large", action="store_true")
    arguments.add_argument("--final", action="store_true")
    arguments.add_argument("--blind", action="store_true")
    arguments.add_argument("--voice", default="", help='with --large or --blind: all in another voice, such as "f4"')
    arguments.add_argument("--draw", type=int, default=0)
    arguments.add_argument("--strangers", action="store_true", help="half of the digits are numbers that the library does not hold")
    arguments.add_argument("--mistaken", action="store_true", help="half of the digits are others than those expected")
    options = arguments.parse_args()
    print(f"{'lost':14s} {'expected':9s} {'digits':>6s}  {'named %':22s} {'of those that came whole':24s} {'wrong %':20s}")
    lines = [line.name for line in LINES if any(part in line.name for part in options.only.split(","))]
    parts = [range(first, min(first + 20, options.rows)) for first in range(0, options.rows, 20)]
    with ProcessPoolExecutor(options.jobs) as pool:
        for expecting in (False,) if options.strangers else (True,) if options.mistaken else (True, False):
            for name in lines:
                found = [row for some in pool.map(partial(rows, name, options=options, expecting=expecting), parts) for row in some]
                _show(name, found, expecting=expecting, notes=options.notes)


def _show(name: str, found: Sequence[Row], *, expecting: bool, notes: bool) -> None:
    digits, whole = sum(row.digits for row in found), sum(row.whole for row in found)
    false = sum(len(row.false) for row in found)
    print(
        f"{name:14s} {'yes' if expecting else 'no':9s} {digits:6d}  {interval(sum(row.named for row in found), digits):22s} "
        f"{interval(sum(row.whole_named for row in found), whole):24s} {interval(false, digits)} {false}",
        flush=True,
    )
    if notes:
        for number, row in enumerate(found):
            for what in row.false:
                print("      ", number, what)


if __name__ == "__main__":
    main()
