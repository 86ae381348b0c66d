"""Are rows of recordings held right, as a step expects them? `python -m tests.bench.hearing.rows [--blind] [--rows N] [--sounds DIR]`.

A caller waits for "your total is" and a row of digits, a number or an amount, `hear: [your_total, {amount: "12.30", currency: USD}]`, then
for "goodbye". The row is right, or one of its recordings is another one, is missing, comes twice, or two of them have changed places.
The right row must pass and every other must fail; where the line hides too much, either may be left open (an `error`). What passes though
it is not right, and what fails though it is, are the mistakes.

Without `--sounds` all is synthetic, in seven languages; with it, it is people's: the prompts of the Asterisk PBX below this folder.
`--blind`: other voices, numbers and noise than the thresholds were chosen on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.revoiced import ear_for
from ivrtest.audio.synthesis import DIGIT_WORDS, synthesise
from ivrtest.flow.spoken_numbers import KNOWN, amount_recordings, is_number_recording, meaning, number_recordings
from ivrtest.run.conversation import Conversation
from ivrtest.run.live import converse
from ivrtest.run.result import Status
from tests.bench.hearing.asterisk_sounds import VOICES, sounds
from tests.bench.hearing.line import RATE, Condition, Samples, joined, silence, through
from tests.bench.hearing.played_call import PlayedCall
from tests.bench.hearing.run import CONDITIONS
from tests.bench.hearing.table import interval
from tests.run.till import GOODBYE, YOUR_TOTAL, asking, till
from tests.run.till import words as till_words

LINES: Final = "G.726,talkers 15,10 % b,A 20,GSM,Opus"
KINDS: Final = {"digits": "digits", "number": "number", "amount": "USD"}
"""What rows say, and what the till calls it."""
HOW: Final = ("right", "another", "missing", "twice", "exchanged")
GAPS_S: Final = (0.0, 0.02, 0.05, 0.1, 0.2)
BLIND_VARIANT: Final = {"de": "f4", "en": "m3", "es": "f2", "fr": "m1", "it": "f5", "nl": "m5", "pt": "f1"}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks all of a row."""

    name: str
    language: str
    final: bool
    sounds: Path | None
    """Where people's recordings lie; None: all is synthetic."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one row."""

    line: str
    how: str
    status: Status
    note: str

    @property
    def right(self) -> bool:
        return self.status is (Status.PASSED if self.how == "right" else Status.FAILED)

    @property
    def wrong(self) -> bool:
        return not self.right and self.status is not Status.ERROR


def speakers(options: argparse.Namespace) -> list[Speaker]:
    if options.sounds is None:
        return [Speaker(language, language, options.blind, None) for language in KNOWN]
    return [
        Speaker(voice.name, voice.language, voice.final, options.sounds)
        for voice in VOICES
        # Numbers can be said in these languages, and not by all of these people.
        if voice.final is options.blind and voice.language in KNOWN and f"digits/{90}" in sounds(voice, options.sounds)
    ]


@lru_cache(maxsize=8)
def library(speaker: Speaker) -> PromptLibrary:
    """Return every recording that rows may need."""
    language = speaker.language
    words = till_words(language, *KINDS.values())
    words |= {f"digits/{digit}": text for digit, text in enumerate(DIGIT_WORDS[language])}
    if speaker.sounds is not None:
        return PromptLibrary(Recording(name, language, samples, words[name]) for name, samples in _by_people(speaker, words).items())
    voice = f"{language}+{BLIND_VARIANT[language]}" if speaker.final else language
    return PromptLibrary(Recording(name, language, synthesise(text, voice), text) for name, text in words.items())


def _by_people(speaker: Speaker, names: Iterable[str]) -> dict[str, Samples]:
    """Return a person's recording for each name. Where she never said these words, she says other short ones instead, always the same."""
    assert speaker.sounds is not None
    said = sounds(next(voice for voice in VOICES if voice.name == speaker.name), speaker.sounds)
    short = iter(sorted((name for name in said if "/" not in name and 0.3 < len(said[name]) / RATE < 1.6), key=_shuffled))

    def number(value: int) -> Samples:
        if value < 20 or f"digits/{value}" in said:
            return said[f"digits/{value}"] if f"digits/{value}" in said else said["digits/1M"]
        return joined(said[f"digits/{value // 10 * 10}"], number(value % 10))

    found: dict[str, Samples] = {}
    for name in sorted(names):
        folder, _, rest = name.partition("/")
        if name == YOUR_TOTAL and "vm-youhave" in said:
            found[name] = said["vm-youhave"]
        elif name == GOODBYE and "vm-goodbye" in said:
            found[name] = said["vm-goodbye"]
        elif folder in ("digits", "numbers") and rest.isdigit() and int(rest) < 100:
            found[name] = number(int(rest))
        elif folder == "numbers" and f"digits/{rest}" in said:
            found[name] = said[f"digits/{rest}"]
        elif folder == "money" and rest.startswith("usd") and "cent" not in rest and "digits/dollars" in said:
            found[name] = said["digits/dollars"]
        else:
            found[name] = said[next(short)]
    return found


def _shuffled(name: str) -> int:
    return zlib.crc32(name.encode())


def _value(kind: str, random: np.random.Generator) -> str:
    if kind == "digits":
        return "".join(str(digit) for digit in random.integers(0, 10, int(random.integers(3, 9))))
    if kind == "number":
        return str(int(10 ** random.uniform(1, 6)))
    return f"{int(10 ** random.uniform(0, 4))}.{int(random.integers(0, 100)):02d}"


def _recordings(kind: str, value: str, language: str) -> tuple[str, ...]:
    if kind == "digits":
        return tuple(f"digits/{digit}" for digit in value)
    return number_recordings(value, language) if kind == "number" else amount_recordings(value, "USD", language)


def _changed(row: Sequence[str], how: str, others: Sequence[str], random: np.random.Generator) -> list[str]:
    said = list(row)
    at, other = int(random.integers(len(row))), int(random.integers(len(row)))
    match how:
        case "another":
            said[at] = others[int(random.integers(len(others)))]
        case "missing":
            del said[at]
        case "twice":
            said.insert(at, said[at])
        case "exchanged":
            said[at], said[other] = said[other], said[at]
    return said


def _alike(row: Sequence[str], said: Sequence[str], samples: Mapping[str, Samples]) -> bool:
    """Return whether nobody is told anything else by one of two rows than by the other."""
    if len(row) != len(said):
        return False
    pairs = list(zip(row, said, strict=True))
    sound = all(samples[one].tobytes() == samples[other].tobytes() for one, other in pairs)
    return sound or all(one == other or (is_number_recording(one) and meaning(one) == meaning(other)) for one, other in pairs)


def play(speaker: Speaker, line: Condition, kind: str, how: str, random: np.random.Generator) -> Row:
    """Play one row over a line and hold it against what is expected."""
    language, recordings = speaker.language, library(speaker)
    samples = {recording.prompt: recording.samples for recording in recordings.recordings()}
    while True:
        value = _value(kind, random)
        row = _recordings(kind, value, language)
        folder = row[0].partition("/")[0]
        others = sorted(name for name in samples if name.partition("/")[0] == folder)
        said = _changed(row, how, others, random)
        # "one" and "one": nobody hears that they changed places.
        if how == "right" or (said and not _alike(row, said, samples)):
            break
    gap = silence(float(random.choice(GAPS_S)))
    parts = [silence(0.3), samples[YOUR_TOTAL], gap]
    for name in said:
        parts += [samples[name], gap]
    heard, lost = through(joined(*parts, silence(0.2), samples[GOODBYE], silence(1.0)), line, random)
    status, message = asyncio.run(_held(speaker, kind, value, PlayedCall(heard, lost)))
    return Row(line.name, how, status, f"{speaker.name} {value}: {' '.join(said)}, gap {len(gap) / RATE:g}: {status} {message}")


async def _held(speaker: Speaker, kind: str, value: str, call: PlayedCall) -> tuple[Status, str]:
    conversation = Conversation(asking(KINDS[kind], value, pause_ms=800), till(speaker.language, KINDS[kind]).prompts, speaker.language)
    await converse(call, conversation, ear_for(library(speaker)), lambda note: None)
    messages = [step.message for step in conversation.steps if step.message]
    return conversation.status, messages[0] if messages else conversation.trouble[1] if conversation.trouble else ""


def rows(task: tuple[Speaker, str, str, str, range], *, draw: int) -> list[Row]:
    speaker, name, kind, how, numbers = task
    line = next(line for line in CONDITIONS if line.name == name)
    seed = zlib.crc32(f"{speaker.name} {speaker.final} {name} {kind} {how} {draw}".encode())
    return [play(speaker, line, kind, how, np.random.default_rng([seed, number])) for number in numbers]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=5, help="for each line, speaker, kind (digits, number, amount) and change")
    arguments.add_argument("--notes", action="store_true", help="tell each row that was not judged right")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--only", default=LINES, help="lines whose names hold one of these, separated by commas")
    arguments.add_argument("--how", default=",".join(HOW), help="what becomes of rows, separated by commas")
    arguments.add_argument("--draw", type=int, default=0, help="other rows and other noise")
    arguments.add_argument("--blind", action="store_true", help="other voices, and rows that nothing was chosen nor looked at on")
    arguments.add_argument("--sounds", type=Path, help='people\'s recordings: the folder that holds "sounds", such as /usr/share/asterisk')
    options = arguments.parse_args()
    chosen = [line.name for line in CONDITIONS if any(part in line.name for part in options.only.split(","))]
    kinds = [how for how in HOW if how in options.how.split(",")]
    who = speakers(options)
    if not who:
        arguments.error(f'"{options.sounds}" holds no voice\'s numbers. install the packages that `hearing.human` names')
    print(f"{'line':18s} {'row':10s} {'n':>4s}  {'right %':22s} {'wrong %':20s}")
    tasks = [(speaker, name, kind, how, range(options.rows)) for name in chosen for how in kinds for speaker in who for kind in KINDS]
    waiting = len(who) * len(KINDS)
    all_: list[Row] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        found: list[Row] = []
        for count, some in enumerate(pool.map(partial(rows, draw=options.draw), tasks), 1):
            found += some
            if count % waiting == 0:
                _show(found, notes=options.notes)
                all_ += found
                found = []
    for how in kinds:
        _show([row for row in all_ if row.how == how], notes=False, name="all")


def _show(found: Sequence[Row], *, notes: bool, name: str = "") -> None:
    right, wrong = sum(row.right for row in found), sum(row.wrong for row in found)
    line, how = name or found[0].line, found[0].how
    print(f"{line:18s} {how:10s} {len(found):4d}  {interval(right, len(found)):22s} {interval(wrong, len(found)):20s} {wrong}", flush=True)
    if notes:
        for row in found:
            if not row.right:
                print("      ", "WRONG" if row.wrong else "open ", row.note)


if __name__ == "__main__":
    main()
