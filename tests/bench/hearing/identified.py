"""Is what `ivrtest identify` says of a call true? `python -m tests.bench.hearing.identified [--calls N] [--lines A,B] [--first SEED]`.

Calls are made up at random (`random_call`): prompts whole and cut off after 0.35 s and more, as hurried callers' keys do, at once followed
by others or after pauses; rows of digits, other speech, music, keys, tones, and calls that end while a prompt plays. They pass a line and
are listened to as `identify` does, or with `--live` as a call is on which nothing is expected, without a second look at what is in doubt.
Each passage is then held against the truth:

right      the prompt, its language, whole or cut off, its beginning within 0.15 s and its end within 0.3 s; other speech as unknown
ambiguous  several prompts that are alike as far as it was heard, the right one among them
open       it could not be told, by reason
wrong      another name, unknown speech for a prompt, a cut one as whole or a whole one as cut, nothing at all, and what was never played

`--library many`: 300 prompts in seven languages in place of the bank's; `--library blind`: others that nothing was looked at on.
"""

from __future__ import annotations

import argparse
import os
import zlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ivrtest.audio.dtmf_detector import ToneKey
from ivrtest.audio.hearing import Heard, Match, MusicStopped, ProgressToneHeard, ToneHeard, Verdict
from ivrtest.audio.prompts import Key
from ivrtest.audio.revoiced import ear_for
from ivrtest.call.listener import doubted, softened
from ivrtest.cli.libraries import load_recordings
from ivrtest.run.transcript import Found, Transcript
from ivrtest.run.whole_tones import whole_tones
from tests.bench.hearing.codecs_by_ffmpeg import G726_16, GSM
from tests.bench.hearing.line import RATE, Condition, Mask, Samples, through
from tests.bench.hearing.many import many
from tests.bench.hearing.random_call import Drawn, Kind, Sounds, Truth, draw
from tests.bench.hearing.table import interval
from tests.bench.hearing.trials import tuning

BANK: Final = Path(__file__).parents[3] / "flows" / "bank.yaml"
LINES: Final = (
    Condition("clean"),
    Condition("20 dB noise", noise_db=20),
    *([Condition("GSM", codec=GSM)] if GSM else []),
    Condition("1 % loss", loss=0.01),
    Condition("5 % loss", loss=0.05, burst=1.5),
    *([Condition("G.726-16", codec=G726_16)] if G726_16 else []),
    Condition("-20 dB level", gain_db=-20),
    Condition("+6 dB level", gain_db=6),
)
START_S, END_S = 0.15, 0.3
"""Within which a passage is placed where it is."""
CLEARLY_S: Final = 0.6
"""What sounds so long can be told, if no other begins alike."""
APART_S: Final = 0.4
"""So much is needed to tell prompts from each other after they part."""
_OPEN: Final = (Verdict.inconclusive,)
_ELSE: Final = (Kind.stranger, Kind.music, Kind.tone, Kind.key)
_FOLLOWED_S: Final = 0.6
"""What follows a prompt that was cut off so soon may as well be its other words."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one passage."""

    kind: Kind
    result: str
    """`right`, `ambiguous`, `open: <doubt>` or `wrong: <how>`."""
    due: bool
    """Whether so much of it was heard that it should be told."""
    note: str


@lru_cache(maxsize=2)
def sounds(library: str) -> Sounds:
    if library == "bank":
        named = load_recordings(BANK)
        return Sounds(named.library, tuning().unknown, named.music)
    material = many(final=False, blind=library == "blind")
    return Sounds(material.library, material.unknown)


def identified(at: Sounds, samples: Samples, lost: Mask) -> list[Found]:
    """Return what is heard in a file."""
    transcript = Transcript(at.library)
    found: list[Found] = []
    for start in range(0, len(samples), RATE):
        found += transcript.feed(samples[start : start + RATE], lost[start : start + RATE])
    return whole_tones([*found, *transcript.finish()])


def listened_to(at: Sounds, samples: Samples, lost: Mask) -> list[Found]:
    """Return what is heard on a call on which nothing is expected."""
    ear = ear_for(at.library)
    hearings = [
        hearing for start in range(0, len(samples), 160) for hearing in ear.feed(samples[start : start + 160], lost[start : start + 160])
    ]
    found: list[Found] = []
    for hearing in [*hearings, *ear.finish()]:
        if isinstance(hearing, Heard):
            told = doubted(softened(hearing, lambda: samples), lambda: samples)
            assert isinstance(told, Heard)
            found.append(told)
        elif isinstance(hearing, MusicStopped | ToneHeard | ProgressToneHeard):
            found.append(hearing)
    return whole_tones(found)


# -------------------------------------------------------------------- truth and what is told


def judge(at: Sounds, drawn: Drawn, found: Sequence[Found], *, live: bool = False) -> list[Judged]:
    """Hold what was told against what was played."""
    matches = [one.match for one in found if isinstance(one, Heard)]
    judged = []
    for number, truth in enumerate(drawn.truths):
        match truth.kind:
            case Kind.key:
                right = any(isinstance(one, ToneKey) and one.key == truth.key[0] and _near(one, truth) for one in found)
                result = "right" if right or live else "wrong: missing"
            case Kind.tone:
                right = any(
                    isinstance(one, ToneHeard | ProgressToneHeard) and _common(truth, one.start_s, one.end_s) > 0.1 for one in found
                )
                result = "right" if right else "open: not told"
            case Kind.music:
                right = any(isinstance(one, MusicStopped) and _common(truth, one.music.start_s, one.music.end_s) > 1 for one in found)
                result = "right" if right else "open: not told as music"
            case Kind.stranger:
                result = _of_stranger(truth, matches)
            case _:
                result = _of_prompt(at, drawn, number, matches)
        due = truth.kind is not Kind.ended and truth.sounding_s >= CLEARLY_S
        judged.append(Judged(truth.kind, result, due, _note(truth, matches)))
    judged += [
        Judged(Kind.stranger, f"wrong: {_what(match)} where nothing was said", True, _told(match))
        for match in matches
        if not any(_common(truth, match.start_s, match.end_s) > -0.3 for truth in drawn.truths)
    ]
    return judged


def _of_stranger(truth: Truth, matches: Sequence[Match]) -> str:
    over = [match for match in matches if _common(truth, match.start_s, match.end_s) > 0.25]
    if any(match.verdict is Verdict.unknown for match in over):
        return "right"
    # A prompt that was cut off by it, or goes on with other words: who could tell?
    if any(match.verdict is Verdict.diverged or match.resumed for match in matches if -0.7 < truth.sounds_from_s - match.end_s < 0.35):
        return "right"
    if not over:
        return "open: not told"
    named = [match for match in over if match.verdict not in _OPEN and _share(truth, match) > 0.5]
    return f"wrong: {_what(named[0])} in other speech" if named else f"open: {over[0].doubt or over[0].verdict}"


def _of_prompt(at: Sounds, drawn: Drawn, number: int, matches: Sequence[Match]) -> str:
    truth = drawn.truths[number]
    over = [match for match in matches if _share(truth, match) > 0.5 or _covers(truth, match) > 0.5]
    if not over:
        return "wrong: missing"
    best = max(over, key=lambda match: (truth.key in match.candidates, _common(truth, match.start_s, match.end_s)))
    alike = _alike(at, truth)
    if best.verdict is Verdict.unknown:
        # What is too short to be told may be taken for a part of the other speech that it is in.
        others = [one for one in drawn.truths if one.kind is Kind.stranger and _common(one, best.start_s, best.end_s) > CLEARLY_S]
        return "open: with other speech" if others and truth.sounding_s < CLEARLY_S else "wrong: unknown for a prompt"
    if best.verdict in _OPEN:
        return f"open: {best.doubt or 'no reason'}"
    if best.verdict is Verdict.ambiguous:
        if truth.key not in best.candidates:
            return "wrong: ambiguous without it"
        return "ambiguous" if set(best.candidates) <= alike | {truth.key} else "wrong: ambiguous though told apart"
    if best.key not in alike | {truth.key}:
        return f"wrong: another name, {best.verdict}"
    if best.key != truth.key and truth.kind is not Kind.cut:
        # Whole, and the same as another from beginning to end.
        return "right" if best.key in at.library.index.identical(truth.key) else "wrong: another name"
    if best.key != truth.key and best.verdict is not Verdict.match:
        return "wrong: another name, that begins alike"
    cut = truth.kind in (Kind.cut, Kind.ended)
    if cut and best.key == truth.key and best.verdict is Verdict.match:
        return "wrong: match for a cut one"
    following = drawn.truths[number + 1] if number + 1 < len(drawn.truths) else None
    else_follows = (
        following is not None and truth.gap_s < _FOLLOWED_S and following.kind in (Kind.stranger, Kind.music, Kind.tone, Kind.key)
    )
    if best.verdict is Verdict.diverged and not (cut and else_follows):
        return f"wrong: diverged for a {'cut' if cut else 'whole'} one"
    if best.verdict is Verdict.truncated and not cut:
        return "wrong: truncated for a whole one"
    if abs(best.start_s - truth.start_s) > START_S:
        return "wrong: its start"
    return "right" if abs(best.end_s - truth.end_s) <= END_S or best.verdict is Verdict.diverged else "wrong: its end"


def _alike(at: Sounds, truth: Truth) -> set[Key]:
    """Return the prompts that begin as what was heard of one does."""
    heard_s = truth.end_s - truth.start_s
    siblings = at.library.index.siblings.get(truth.key, ())
    return {one.key for one in siblings if one.apart_s is None or heard_s < one.apart_s + APART_S}


def _common(truth: Truth, start_s: float, end_s: float) -> float:
    return min(end_s, truth.end_s) - max(start_s, truth.sounds_from_s)


def _share(truth: Truth, match: Match) -> float:
    """Return how much of what was told lies in a passage."""
    begin_s = match.sounds_from_s
    return _common(truth, begin_s, match.end_s) / max(match.end_s - begin_s, 0.01)


def _covers(truth: Truth, match: Match) -> float:
    return _common(truth, match.start_s, match.end_s) / max(truth.sounding_s, 0.01)


def _near(key: ToneKey, truth: Truth) -> bool:
    return abs(key.start / RATE - truth.start_s) < 0.1


def _what(match: Match) -> str:
    return f"{'a prompt' if match.prompt else 'speech'} {match.verdict}"


def _told(match: Match) -> str:
    others = f" or {' '.join(prompt for prompt, _ in match.candidates[1:])}" if match.verdict is Verdict.ambiguous else ""
    doubt = f" ({match.doubt})" if match.doubt else ""
    return f"{match.prompt or '-'}/{match.language or '-'}{others} {match.verdict}{doubt} {match.start_s:.2f}-{match.end_s:.2f}"


def _note(truth: Truth, matches: Sequence[Match]) -> str:
    over = [match for match in matches if _common(truth, match.start_s, match.end_s) > -0.1]
    said = f"{truth.kind} {'/'.join(truth.key)} {truth.start_s:.2f}, {truth.sounds_from_s:.2f}-{truth.end_s:.2f} gap {truth.gap_s:g}"
    return f"{said}: {'; '.join(_told(match) for match in over)}"


# -------------------------------------------------------------------- all calls


def call(name: str, line: str, seed: int) -> tuple[Drawn, Samples, Mask]:
    """Return the call of a seed, and what of it arrives over a line."""
    drawn = draw(sounds(name), np.random.default_rng([zlib.crc32(name.encode()), seed]))
    condition = next(each for each in LINES if each.name == line)
    return drawn, *through(drawn.samples, condition, np.random.default_rng([zlib.crc32(line.encode()), seed]))


def calls(task: tuple[str, range], *, library: str, live: bool) -> list[tuple[int, list[Judged]]]:
    line, seeds = task
    at, told = sounds(library), []
    for seed in seeds:
        drawn, samples, lost = call(library, line, seed)
        found = (listened_to if live else identified)(at, samples, lost)
        told.append((seed, judge(at, drawn, found, live=live)))
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100, help="on each line")
    parser.add_argument("--first", type=int, default=1000, help="the seed of the first call")
    parser.add_argument("--lines", default="", help="lines whose names hold one of these, separated by commas")
    parser.add_argument("--library", default="bank", choices=("bank", "many", "blind"))
    parser.add_argument("--live", action="store_true", help="as on a call, with no second look")
    parser.add_argument("--notes", action="store_true", help="tell what is wrong, and what is left open though much was heard")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    lines = [line.name for line in LINES if any(part in line.name for part in options.lines.split(","))]
    seeds = range(options.first, options.first + options.calls)
    tasks = [(line, seeds[at : at + 10]) for line in lines for at in range(0, len(seeds), 10)]
    assert sounds(options.library).library.index
    print(
        f"{'line':14s} {'passages':>8s}  {'right %':22s} {'ambiguous':>9s} {'left open':>9s} {'of 0.6 s':>8s}  {'wrong %':20s} wrong",
        flush=True,
    )
    with ProcessPoolExecutor(options.jobs) as pool:
        each = pool.map(partial(calls, library=options.library, live=options.live), tasks)
        for line in lines:
            told = [one for _ in range(0, len(seeds), 10) for one in next(each)]
            _show(line, told, notes=options.notes)


def _show(line: str, told: Sequence[tuple[int, Sequence[Judged]]], *, notes: bool) -> None:
    all_ = [(seed, each) for seed, some in told for each in some]
    results = Counter(each.result.partition(":")[0] for _, each in all_)
    due = sum(each.due and each.result.startswith("open") for _, each in all_)
    print(
        f"{line:14s} {len(all_):8d}  {interval(results['right'], len(all_)):22s} {results['ambiguous']:9d} {results['open']:9d} {due:8d}  "
        f"{interval(results['wrong'], len(all_)):20s} {results['wrong']}",
        flush=True,
    )
    reasons = Counter(f"{each.kind}, {each.result}" for _, each in all_ if ":" in each.result)
    for reason, count in sorted(reasons.items(), key=lambda pair: -pair[1]):
        print(f"      {count:5d} {reason}")
    for seed, each in all_ if notes else ():
        if each.result.startswith("wrong") or (each.due and each.result.startswith("open")):
            print(f"        {seed} {each.result}: {each.note}", flush=True)


if __name__ == "__main__":
    main()
