"""How often the matcher is right about human recordings: `python -m tests.bench.hearing.human [--sounds DIR] [--final] [--notes]`.

Eight people's recordings of the Asterisk PBX's prompts, in five languages, and its hold music. They are not part of this project: install
the Debian packages that `asterisk_sounds.INSTALL` names, or unpack them anywhere and give the folder that holds `sounds` and `moh`.

Of each voice some 340 recordings are the library, digits, letters, days and months among them; the others are speech that it does not
hold. Thresholds may be chosen on four voices; figures to publish come from the other four (`--final`). Lines are those of
`tests.bench.hearing.run`, and those of `tests.bench.hearing.levels`, whose names begin with D; A and B stand for all whose names begin
so. Rates come with 95 % Wilson intervals.
"""

from __future__ import annotations

import argparse
import os
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ivrtest.audio.hearing import Hearing, Recognised, Verdict
from ivrtest.audio.prompts import Key, PromptLibrary
from tests.bench.hearing import asterisk_sounds, edges, spliced, trials
from tests.bench.hearing.asterisk_sounds import VOICES, Voice
from tests.bench.hearing.levels import LEVELS
from tests.bench.hearing.line import RATE, Condition, Samples, joined, silence, through
from tests.bench.hearing.people import Material, material
from tests.bench.hearing.run import CONDITIONS
from tests.bench.hearing.table import interval
from tests.bench.hearing.trials import Outcome

LINES = (*CONDITIONS, *LEVELS)
_MUSIC_S = (5.0, 12.0)
SOFT_DB = 12.0
"""Words that are softer than the rest by more are not exchanged, and no recording is cut where only such sound is to come."""

Random = np.random.Generator
Trial = Callable[[Material, Condition, int, Random], Outcome]


# -------------------------------------------------------------------- trials


def stranger(
    kind: str, library: PromptLibrary, speech: Samples, name: str, expected: Key | None, condition: Condition, random: Random
) -> Outcome:
    """Speech that the library does not hold: it must be called unknown, and nothing else."""
    samples, lost = through(joined(silence(0.4), speech, silence(1.6)), condition, random)
    hearings = trials.listen(library, samples, lost, expected=[[expected]] if expected else [])
    finals = trials.heard(hearings)
    right = {final.match.verdict for final in finals} == {Verdict.unknown}
    wrong = any(_named(hearing) for hearing in hearings)
    notes = "; ".join(f"{final.match.prompt or '-'} {final.match.verdict} {final.match.score}" for final in finals)
    named = [hearing.match.prompt for hearing in hearings if isinstance(hearing, Recognised)]
    note = "" if right and not wrong else f"{name} {len(speech) / RATE:.2f} s for {expected}: named {named}; {notes}"
    return Outcome(kind, right, wrong, note=note)


def _named(hearing: Hearing) -> bool:
    """Return whether a recording is said to play. That one may be there under other sound says no such thing."""
    return isinstance(hearing, Recognised) and hearing.match.verdict is not Verdict.inconclusive


def _pick(some: Sequence[Key] | list[str], random: Random) -> int:
    return int(random.integers(len(some)))


def _expected(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    return trials.genuine(at.library, at.keys[index % len(at.keys)], condition, random, expected=True)


def _any(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    return trials.genuine(at.library, at.keys[index % len(at.keys)], condition, random, expected=False)


def _instead(library: PromptLibrary, key: Key, other: Key, condition: Condition, random: Random, kind: str) -> Outcome:
    outcome = trials.sibling(library, key, other, condition, random)
    # "Could not tell" is no lie.
    told = [part for part in outcome.note.partition(": ")[2].split("; ") if part and " inconclusive " not in part]
    return replace(outcome, kind=kind, wrong=outcome.wrong and bool(told))


def _another(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    key = at.keys[index % len(at.keys)]
    other = at.keys[_pick(at.keys, random)]
    if other == key:
        other = at.keys[(index + 1) % len(at.keys)]
    return _instead(at.library, key, other, condition, random, "another prompt")


def _near(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    pairs = at.near()
    key, other = pairs[_pick([key for key, _ in pairs], random)]
    return _instead(at.library, key, other, condition, random, "near-duplicate")


def _word(at: Material, condition: Condition, index: int, random: Random, *, drop: bool) -> Outcome:
    while True:
        key = at.keys[_pick(at.keys, random)]
        soft = spliced.level_db(at.samples(key)) - SOFT_DB
        places = [
            place
            for place in spliced.words(at.samples(key))
            if place[0] > 0.7 * RATE and spliced.level_db(at.samples(key)[slice(*place)]) > soft
        ]
        if places and not key[0].startswith("line/"):
            break
    samples = at.samples(key)
    place = places[int(random.integers(len(places)))]
    if drop:
        said = spliced.left_out(samples, place)
    else:
        level = spliced.level_db(samples[slice(*place)])
        while True:
            donor = at.samples(at.keys[_pick(at.keys, random)])
            found = [other for other in spliced.words(donor) if abs(spliced.level_db(donor[slice(*other)]) - level) < 5]
            if found and donor is not samples:
                break
        said = spliced.exchanged(samples, place, donor[slice(*found[int(random.integers(len(found)))])])
    outcome = trials.changed(at.library, key, said, condition, random)
    note = outcome.note and f"{outcome.note} [{place[0] / RATE:.2f}-{place[1] / RATE:.2f}]"
    if not drop:
        return replace(outcome, kind="word exchanged", note=note)
    # Without its last word it is cut off.
    return replace(outcome, kind="word left out", right=outcome.right or " truncated " in note, note=note)


def _digit(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    key = list(at.lines)[index % len(at.lines)]
    said = at.lines[key][int(random.integers(len(at.lines[key])))]
    outcome = trials.changed(at.library, key, said, condition, random)
    # After the first part it may be heard as the digits that it holds.
    return replace(outcome, kind="digit exchanged", wrong=outcome.wrong and f"{key[0]}/{key[1]} match" in outcome.note)


def _cut(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    long = [recording.key for recording in at.library.recordings() if recording.seconds > 2]
    key = long[_pick(long, random)]
    said = at.samples(key)
    at_s = float(random.uniform(0.5, 0.8)) * spliced.sounding_s(said, SOFT_DB)
    heard = joined(silence(0.4), said[: int(at_s * RATE)], silence(2.5))
    samples, lost = through(heard, condition, random)
    hearings = trials.listen(at.library, samples, lost, expected=[[key]])
    finals = trials.heard(hearings)
    right = bool(finals) and (finals[0].match.key, finals[0].match.verdict) == (key, Verdict.truncated)
    # What it has in common with a shorter one may be all that was said.
    begins_alike = {sibling.key for sibling in at.library.index.siblings.get(key, ())}
    wrong = any(final.match.verdict is Verdict.match and final.match.key not in begins_alike for final in finals)
    off = None
    if right:
        off = abs((finals[0].match.diverged_at_s or 0) - 0.4 - spliced.sounding_s(said[: int(at_s * RATE)], 40))
    notes = "; ".join(f"{final.match.prompt or '-'} {final.match.verdict} {final.match.score}" for final in finals)
    return Outcome("cut off", right, wrong, off, note="" if right and not wrong else f"{key} at {at_s:.2f}: {notes}")


def _unknown(at: Material, condition: Condition, index: int, random: Random, *, expecting: bool) -> Outcome:
    name = list(at.left_out)[index % len(at.left_out)]
    expected = at.keys[_pick(at.keys, random)] if expecting else None
    kind = "unknown, one due" if expecting else "unknown, any"
    return stranger(kind, at.library, at.left_out[name], name, expected, condition, random)


def _other_voice(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    name = list(at.other)[index % len(at.other)]
    return stranger("other voice", at.library, at.other[name], name, (name, at.voice.language), condition, random)


def _other_language(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    keys = at.both.keys()
    name, language = keys[index * 7 % len(keys)]
    other = (name, "two" if language == "one" else "one")
    return _instead(at.both, (name, language), other, condition, random, "wrong language")


def _sequence(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    phrases = [key for key in at.keys if "/" not in key[0] and 0.6 * RATE < len(at.samples(key)) < 3 * RATE]
    digits = [key for key in at.keys if key[0].removeprefix("digits/").isdigit() and key[0].startswith("digits/")]
    keys = [phrases[_pick(phrases, random)]] + [digits[_pick(digits, random)] for _ in range(int(random.integers(2, 9)))]
    return trials.sequence(at.library, keys, float(random.choice([0, 0.02, 0.05, 0.1])), condition, random)


def _some_music(at: Material, random: Random) -> tuple[str, Samples]:
    name = list(at.music)[int(random.integers(len(at.music)))]
    count = int(random.uniform(*_MUSIC_S) * RATE)
    begin = int(random.integers(len(at.music[name]) - count))
    return name, at.music[name][begin : begin + count]


def _music(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    name, piece = _some_music(at, random)
    expected = at.keys[_pick(at.keys, random)] if index % 2 else None
    return stranger("hold music", at.library, piece, name, expected, condition, random)


def _after_music(at: Material, condition: Condition, index: int, random: Random) -> Outcome:
    """A prompt that follows hold music at once must be matched, whatever is said of the music."""
    name, piece = _some_music(at, random)
    key = at.keys[index % len(at.keys)]
    speech = joined(silence(0.4), piece, silence(float(random.choice([0, 0.1, 0.5]))), at.samples(key), silence(1.6))
    samples, lost = through(speech, condition, random)
    # Music that is no recording is told as unknown speech, and what was due is due still.
    hearings = trials.listen(at.library, samples, lost, expected=[[key]] * 4)
    finals = [final for final in trials.heard(hearings) if final.match.prompt]
    right = [(final.match.key, final.match.verdict) for final in finals] == [(key, Verdict.match)]
    wrong = any(hearing.match.key != key for hearing in hearings if isinstance(hearing, Recognised)) or any(
        final.match.verdict in (Verdict.diverged, Verdict.truncated) for final in finals
    )
    notes = "; ".join(f"{final.match.prompt or '-'} {final.match.verdict} {final.match.score}" for final in trials.heard(hearings))
    return Outcome("prompt after music", right, wrong, note="" if right and not wrong else f"{key} after {name}: {notes}")


def _edge(at: Material, condition: Condition, index: int, random: Random, *, end: bool, close: bool) -> Outcome:
    """The first or the last moments of a recording are missing: see `edges`. `close`: a key, or the next recording, is right beside it."""
    keys = [key for key in at.keys if edges.fit(at.samples(key))]
    key = keys[index % len(keys)]
    following = next(other for other in (keys[_pick(keys, random)] for _ in range(100)) if other != key)
    if end:
        return edges.end_missing(at.library, key, following, condition, random, at_once=close)
    return edges.start_missing(at.library, key, following, condition, random, after_key=close)


KINDS: dict[str, Trial] = {
    "e": _expected,
    "a": _any,
    "o": _another,
    "n": _near,
    "w": partial(_word, drop=False),
    "x": partial(_word, drop=True),
    "d": _digit,
    "t": _cut,
    "u": partial(_unknown, expecting=True),
    "U": partial(_unknown, expecting=False),
    "v": _other_voice,
    "l": _other_language,
    "s": _sequence,
    "b": partial(_edge, end=False, close=False),
    "k": partial(_edge, end=False, close=True),
    "f": partial(_edge, end=True, close=False),
    "F": partial(_edge, end=True, close=True),
    "m": _music,
    "M": _after_music,
}


def run(job: tuple[Voice, str, str], *, count: int, root: Path) -> tuple[Voice, str, list[Outcome]]:
    """Run `count` trials of one kind on one line in one voice."""
    voice, line, kind = job
    at = material(voice, root)
    condition = next(condition for condition in LINES if condition.name == line)
    seed = zlib.crc32(f"{voice.name} {line}".encode())
    # Not the same recordings on every line.
    offset = seed % 10_000
    return (
        voice,
        line,
        [KINDS[kind](at, condition, offset + index, np.random.default_rng([seed, ord(kind), index])) for index in range(count)],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounds", type=Path, default=asterisk_sounds.ROOT, help="the folder that holds `sounds` and `moh`")
    parser.add_argument("--trials", type=int, default=20, help="of each kind on each line in each voice")
    parser.add_argument("--notes", action="store_true", help="say what was heard where it was not right")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="A ,B ", help="lines whose names begin with one of these, separated by commas")
    parser.add_argument("--kinds", default="".join(KINDS), help="one letter each, see `KINDS`")
    parser.add_argument("--voices", default="", help="voices whose names begin with one of these, separated by commas")
    parser.add_argument("--final", action="store_true", help="the voices that nothing is chosen on")
    parser.add_argument("--by-line", action="store_true", help="tell every line and voice by itself")
    options = parser.parse_args()
    if missing := asterisk_sounds.absent(options.sounds):
        raise SystemExit(missing)
    voices = [voice for voice in VOICES if voice.final == options.final and voice.name.startswith(tuple(options.voices.split(",")))]
    lines = [condition.name for condition in LINES if condition.name.startswith(tuple(options.only.split(",")))]
    for voice in voices:
        # Read before the processes part: they share it.
        print(f"{voice.name}: {len(material(voice, options.sounds).library)} prompts")
        assert material(voice, options.sounds).library.index
    jobs = [(voice, line, kind) for voice in voices for line in lines for kind in options.kinds]
    found: dict[tuple[str, str], list[Outcome]] = {}
    with ProcessPoolExecutor(options.jobs) as pool:
        for voice, line, outcomes in pool.map(partial(run, count=options.trials, root=options.sounds), jobs):
            # Those of one fault each are no kind of line together.
            alike = line if line.startswith("D ") else line[0]
            place = f"{voice.name}, {line}" if options.by_line else alike
            found.setdefault((place, outcomes[0].kind), []).extend(outcomes)
            for outcome in outcomes:
                if options.notes and outcome.note and not (outcome.right and not outcome.wrong):
                    print("WRONG" if outcome.wrong else "open ", f"{voice.name}, {line}, {outcome.kind}: {outcome.note}", flush=True)
    print(f"{'line':22s} {'trial':18s} {'n':>5s}  {'right %':22s} {'wrong %':20s} misnamed   late or off   named")
    for (place, kind), some in sorted(found.items(), key=lambda item: item[0][0]):
        right, wrong = sum(outcome.right for outcome in some), sum(outcome.wrong for outcome in some)
        late = [outcome.late_s for outcome in some if outcome.late_s is not None]
        named = [outcome.named_s for outcome in some if outcome.named_s is not None]
        print(
            f"{place:22s} {kind:18s} {len(some):5d}  {interval(right, len(some)):22s} {interval(wrong, len(some)):20s} "
            f"{sum(outcome.misnamed for outcome in some):4d}  {_middle(late):15s} {_middle(named)}"
        )


def _middle(values: list[float]) -> str:
    return f"{np.median(values):5.2f}, {np.percentile(values, 95):5.2f}" if values else ""


if __name__ == "__main__":
    main()
