"""Are words beside music told? `python -m tests.bench.hearing.music_words [--trials N] [--sounds DIR] [--final]`.

Music of the library, music that nobody recorded (made of notes; with --sounds, songs that people play), and words that nobody recorded,
after it, before it or in its middle, then a prompt that is expected. Words that are not told of would let a wrong call pass; what is told
where nobody spoke would make a right call fail. Without DIR, which holds Asterisk's `sounds` and `moh` (see `asterisk_sounds`), all who
speak are synthetic. Nothing is chosen on the pieces, voices and halves of songs that `--final` uses.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ivrtest.audio.hearing import Heard, Hearing, Match, Verdict
from ivrtest.audio.prompts import Key, PromptLibrary, Recording
from ivrtest.audio.revoiced import ear_for
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.tune import tune
from tests.bench.hearing import asterisk_sounds
from tests.bench.hearing.asterisk_sounds import VOICES
from tests.bench.hearing.codecs_by_ffmpeg import G726_16
from tests.bench.hearing.line import RATE, Condition, Samples, joined, silence, through
from tests.bench.hearing.pieces import STYLES, piece
from tests.bench.hearing.table import interval

LINES: Final = (
    Condition("G.711"),
    Condition("1 % loss", loss=0.01),
    Condition("5 % loss", loss=0.05, burst=1.5),
    Condition("30 dB noise", noise_db=30),
    *([Condition("G.726-16", codec=G726_16)] if G726_16 else []),
)
PLACES: Final = ("after", "before", "middle")
GAPS_S: Final = (0.0, 0.1, 0.3)
SHORTEST_S, LONGEST_S = 0.6, 4.0
SPOKEN_DB: Final = -18.0
SHORT_S: Final = 0.8
"""Words that are shorter are counted apart."""
EXPECTED: Final = (
    "You are still in line. Please stay on the phone.",
    "Thank you for calling. Goodbye.",
    "Please enter your account number.",
)
ANNOUNCED: Final = "You are number three in the queue."
SAID: Final = (
    "Sorry.",
    "One moment.",
    "Please hold.",
    "We are closed.",
    "Your call is important.",
    "This is a test of the line.",
    "The office is closed for the holiday.",
    "Nobody has ever recorded these words for this line.",
    "An error has occurred. Please try again another time.",
    "All of our lines are busy, and somebody will be with you soon.",
)
CHOSEN_VOICES: Final = ("en", "en-us+f3", "de+m3", "es+f2")
FINAL_VOICES: Final = ("en-gb-scotland", "fr+m1", "it+f4", "pl")


@dataclass(frozen=True, slots=True)
class Material:
    """What is played."""

    library: PromptLibrary
    prompts: tuple[Key, ...]
    announced: Key
    known: Mapping[str, Samples]
    """Music of the library."""
    made: tuple[Samples, ...]
    songs: tuple[Samples, ...]
    words: tuple[Samples, ...]

    def sound(self, key: Key) -> Samples:
        recording = self.library.get(*key)
        assert recording is not None
        return recording.samples

    def music(self, kind: str, seconds: float, random: np.random.Generator) -> Samples:
        """Return music of a kind. That of the library comes back to its start."""
        if kind == "library":
            whole = self.known[str(random.choice(list(self.known)))]
            begin = int(random.integers(len(whole))) if random.random() < 0.5 else 0
            return np.resize(np.roll(whole, -begin), round(seconds * RATE))
        pieces = self.made if kind == "made" else self.songs
        whole = pieces[int(random.integers(len(pieces)))]
        count = round(seconds * RATE)
        begin = int(random.integers(len(whole) - count))
        return whole[begin : begin + count]


@cache
def material(root: Path | None, *, final: bool) -> Material:
    seed = 5000 if final else 1000
    known = {
        "tune": tune(),
        **{style: piece(style, 12, seed + number) for number, style in enumerate(STYLES) if style != "melody with vibrato"},
    }
    made = tuple(piece(style, 20, seed + 100 + number) for style in STYLES for number in range(6))
    voices = FINAL_VOICES if final else CHOSEN_VOICES
    words = [synthesise(said, voice) for said in SAID for voice in voices]
    recordings = [Recording(name, "mul", samples, music=True) for name, samples in known.items()]
    spoken = {f"espeak/{number}": synthesise(text, "en") for number, text in enumerate((*EXPECTED, ANNOUNCED))}
    songs: list[Samples] = []
    if root is not None:
        for samples in asterisk_sounds.music(root).values():
            half = len(samples) // 2
            songs.append(samples[half:] if final else samples[:half])
        for voice in (voice for voice in VOICES if voice.final == final):
            fitting = {
                name: samples
                for name, samples in asterisk_sounds.sounds(voice, root).items()
                if SHORTEST_S * RATE < len(samples) < LONGEST_S * RATE
            }
            names = sorted(fitting)[:: max(1, len(fitting) // 20)][:20]
            spoken[f"{voice.name}/expected"] = fitting[names[-1]]
            words += [fitting[name] for name in names[:-1]]
    recordings += [Recording(name, "en", _even(samples)) for name, samples in spoken.items()]
    prompts = tuple((name, "en") for name in spoken if name != f"espeak/{len(EXPECTED)}")
    fitting_words = tuple(
        said for said in (_even(_without_quiet(each)) for each in words) if SHORTEST_S * RATE <= len(said) <= LONGEST_S * RATE
    )
    return Material(PromptLibrary(recordings), prompts, (f"espeak/{len(EXPECTED)}", "en"), known, made, tuple(songs), fitting_words)


def _without_quiet(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples.astype(np.int32)).max())
    return samples[loud[0] : loud[-1] + 1]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one call."""

    music: str
    place: str
    words_s: float
    """How long somebody spoke whom nobody knows; 0 where nobody did."""
    told: bool
    """Of those words something was said, be it that they could not be made out."""
    needless: int
    """So often something was said of what is no words."""
    heard: bool
    """The prompt that was expected was."""
    note: str = field(default="", compare=False)


def trial(given: Material, music: str, place: str, gap_s: float, line: Condition, spoken: bool, random: np.random.Generator) -> Told:
    prompt = given.prompts[int(random.integers(len(given.prompts)))]
    played = given.music(music, float(random.uniform(5, 10)), random)
    said = loudness(given.words[int(random.integers(len(given.words)))], random) if spoken else np.zeros(0, np.int16)
    gap, after = silence(gap_s), silence(float(random.choice([0.05, 0.2, 0.4])))
    seconds = float(random.uniform(4, 7))
    match place:
        case "after":
            parts = [silence(0.5), played, gap, said, *([after] if spoken else [])]
        case "before":
            parts = [silence(0.5), said, gap, played]
        case _:
            between = [said] if spoken else [given.sound(given.announced)]
            more = given.music(music, seconds, random) if music == "library" or random.random() < 0.5 else played[: round(seconds * RATE)]
            parts = [silence(0.5), played, gap, *between, gap, more]
    begin_s = next((sum(len(each) for each in parts[:number]) for number, part in enumerate(parts) if part is said), 0) / RATE
    call, lost = through(joined(*parts, given.sound(prompt), silence(1.5)), line, random)
    end_s = begin_s + len(said) / RATE
    ear = ear_for(given.library)
    ear.expect([given.announced, prompt] if place == "middle" and not spoken else [prompt])
    found: list[Hearing] = []
    for start in range(0, len(call), 160):
        found += ear.feed(call[start : start + 160], lost[start : start + 160])
    found += ear.finish()
    matches = [one.match for one in found if isinstance(one, Heard) and one.match.key not in given.library.music]
    others = [match for match in matches if match.key != prompt and not (match.key == given.announced and not spoken)]
    true = [match for match in others if spoken and match.start_s < end_s and match.end_s > begin_s]
    heard = any(match.key == prompt and match.verdict is Verdict.match for match in matches)
    note = f"{place} {music} {line.name} gap {gap_s} words {begin_s:.2f}-{end_s:.2f} {prompt[0]} of {len(call) / RATE:.1f}: " + _said(
        matches
    )
    return Told(music, place, len(said) / RATE, bool(true), len(others) - len(true), heard, note)


def loudness(samples: Samples, random: np.random.Generator) -> Samples:
    """Return words as loud as prompts are, or a little louder or softer."""
    return _louder(samples, float(random.uniform(-2, 2)))


def _even(samples: Samples) -> Samples:
    """Return speech at the level that all prompts here have."""
    sound = samples.astype(np.float64)
    loud = np.abs(sound) > 0.05 * np.abs(sound).max()
    return _louder(samples, SPOKEN_DB - 10 * np.log10(np.mean(sound[loud] ** 2) / 32768**2))


def _louder(samples: Samples, by_db: float) -> Samples:
    louder: Samples = np.clip(np.rint(samples * 10 ** (by_db / 20)), -32768, 32767).astype(np.int16)
    return louder


def _said(matches: Sequence[Match]) -> str:
    return ", ".join(f"{match.prompt or '?'} {match.verdict} {match.start_s:.2f}-{match.end_s:.2f}" for match in matches)


def of_line(root: Path | None, final: bool, line: int, trials: int) -> tuple[list[Told], float]:
    given, began = material(root, final=final), time.process_time()
    kinds = ["library", "made", *(["songs"] if given.songs else [])]
    found = []
    for place_number, place in enumerate(PLACES):
        for kind_number, kind in enumerate(kinds):
            for number in range(trials):
                random = np.random.default_rng([int(final), line, place_number, kind_number, number])
                found.append(trial(given, kind, place, GAPS_S[number % 3], LINES[line], number % 2 == 0, random))
    return found, time.process_time() - began


def table(found: Sequence[Told]) -> str:
    rows = [f"{'':24s} {'words missed, %':>32s} {'under 0.8 s':>14s} {'told needlessly, %':>34s} {'prompt not heard':>20s}"]
    groups: dict[str, list[Told]] = {"all": list(found)}
    for one in found:
        groups.setdefault(f"{one.place} {one.music}", []).append(one)
    for name, all_ in groups.items():
        said = [one for one in all_ if one.words_s >= SHORT_S]
        short = [one for one in all_ if 0 < one.words_s < SHORT_S]
        missed, short_missed = sum(not one.told for one in said), sum(not one.told for one in short)
        none = [one for one in all_ if not one.words_s]
        needless, unheard = sum(one.needless > 0 for one in none), Counter(one.heard for one in all_)[False]
        rows.append(
            f"{name:24s} {interval(missed, len(said)):>20s} {missed:4d} of {len(said):<4d} {short_missed:5d} of {len(short):<4d} "
            f"{interval(needless, len(none)):>20s} {needless:4d} of {len(none):<4d} {unheard:8d} of {len(all_)}"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=30, help="calls of each kind on each line")
    parser.add_argument("--sounds", type=Path, metavar="DIR", help="people's recordings and songs")
    parser.add_argument("--final", action="store_true", help="what is held back")
    parser.add_argument("--notes", action="store_true", help="say what came of each call that is not right")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    found: list[Told] = []
    seconds = 0.0
    with ProcessPoolExecutor(given.jobs) as pool:
        count = len(LINES)
        for some, took in pool.map(of_line, [given.sounds] * count, [given.final] * count, range(count), [given.trials] * count):
            found += some
            seconds += took
    for one in found:
        if given.notes and (one.needless or (one.words_s and not one.told) or not one.heard):
            kinds = ["missed"] * (one.words_s > 0 and not one.told) + ["needless"] * bool(one.needless) + ["unheard"] * (not one.heard)
            print(f"{' '.join(kinds)}: {one.note}")
    for number, line in enumerate(LINES):
        share = len(found) // len(LINES)
        print(f"{line.name}: {table(found[number * share : (number + 1) * share]).splitlines()[1]}")
    print(table(found))
    print(f"{seconds:.0f} s of CPU")


if __name__ == "__main__":
    main()
