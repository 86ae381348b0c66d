"""Calls made up at random of what is heard on telephone lines, with the truth about each passage: prompts whole and cut off, rows of
digits, other speech, music, keys and tones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.tones import beep, dtmf
from tests.bench.hearing.line import RATE, Samples, joined, silence
from tests.bench.hearing.pieces import STYLES, piece

SOFT: Final = 60
"""Samples below do not sound."""
LEAST_S: Final = 0.35
"""So much of a prompt is heard at least before it is cut off."""
LEAST_LEFT_S: Final = 0.3
"""So much of it is not heard then."""
AT_ONCE_S: Final = (0.0, 0.02, 0.04, 0.1, 0.14, 0.2, 0.3)
PAUSES_S: Final = (0.6, 1.0, 1.6, 2.5)


class Kind(StrEnum):
    """What a passage is."""

    whole = "whole"
    cut = "cut"
    ended = "ended"
    """A prompt that the end of the call cuts off."""
    digit = "digit"
    stranger = "stranger"
    music = "music"
    key = "key"
    tone = "tone"


@dataclass(frozen=True, slots=True)
class Truth:
    """One passage. Seconds count from the call's beginning."""

    kind: Kind
    start_s: float
    """Its first sample, even if that is silent."""
    sounds_from_s: float
    end_s: float
    """Where it last sounds."""
    gap_s: float
    """Between its last sample and what follows."""
    key: Key = ("", "")
    """The prompt, or the telephone key as its name."""

    @property
    def sounding_s(self) -> float:
        return self.end_s - self.sounds_from_s


@dataclass(frozen=True, slots=True)
class Drawn:
    """One call, as it is sent."""

    samples: Samples
    truths: tuple[Truth, ...]


class Sounds:
    """What calls are made of."""

    def __init__(self, library: PromptLibrary, strangers: Sequence[Samples], left_out: frozenset[str] = frozenset()) -> None:
        """`left_out`: prompts that are never played, such as music."""
        self.library = library
        self.strangers = strangers
        self.spoken: Mapping[Key, Samples] = {one.key: one.samples for one in library.recordings() if one.prompt not in left_out}
        rows: dict[str, list[Key]] = {}
        for prompt, language in self.spoken:
            if prompt.startswith("digits/"):
                rows.setdefault(language, []).append((prompt, language))
        self.digits = list(rows.values())
        self.prompts = [key for key in self.spoken if "/" not in key[0]]
        self.long = [key for key in self.prompts if _last(self.spoken[key]) > round((LEAST_S + LEAST_LEFT_S + 0.3) * RATE)]


def sounding(samples: Samples) -> tuple[int, int]:
    """Return the first sample that sounds, and the one after the last."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > SOFT)
    return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, 0)


def _last(samples: Samples) -> int:
    first, last = sounding(samples)
    return last - first


class _Composer:
    def __init__(self, sounds: Sounds, random: np.random.Generator) -> None:
        self._sounds, self._random = sounds, random
        self._parts = [silence(float(random.choice([0.0, 0.1, 0.4, 1.0])))]
        self._at = len(self._parts[0])
        self.truths: list[Truth] = []

    def _pick(self, of: int) -> int:
        return int(self._random.integers(of))

    def _gap(self, most_at_once: float = 1.0) -> float:
        some = AT_ONCE_S if self._random.random() < most_at_once else PAUSES_S
        return some[self._pick(len(some))]

    def _add(self, kind: Kind, samples: Samples, gap_s: float, key: Key = ("", "")) -> None:
        first, last = sounding(samples)
        begin = self._at
        self.truths.append(Truth(kind, begin / RATE, (begin + first) / RATE, (begin + last) / RATE, gap_s, key))
        self._parts += [samples, silence(gap_s)]
        self._at += len(samples) + len(self._parts[-1])

    def _cut_off(self, kind: Kind, gap_s: float) -> None:
        key = self._sounds.long[self._pick(len(self._sounds.long))]
        samples = self._sounds.spoken[key]
        first, last = sounding(samples)
        latest = last / RATE - LEAST_LEFT_S
        # Those who know a menu press soon.
        latest = min(latest, first / RATE + LEAST_S + float(self._random.exponential(1.0)) + 0.05)
        until = float(self._random.uniform(first / RATE + LEAST_S, max(latest, first / RATE + LEAST_S + 0.01)))
        self._add(kind, samples[: round(until * RATE)], gap_s, key)

    def passage(self) -> None:
        """Add a passage, or a row of digits."""
        sounds, draw = self._sounds, self._random.random()
        if draw < 0.34:
            key = sounds.prompts[self._pick(len(sounds.prompts))]
            self._add(Kind.whole, sounds.spoken[key], self._gap(0.5), key)
        elif draw < 0.76:
            self._cut_off(Kind.cut, self._gap(0.75))
        elif draw < 0.84 and sounds.digits:
            digits, gap_s = sounds.digits[self._pick(len(sounds.digits))], float(self._random.choice([0.0, 0.02, 0.05, 0.1]))
            count = 2 + self._pick(6)
            for number in range(count):
                key = digits[self._pick(len(digits))]
                self._add(Kind.digit, sounds.spoken[key], gap_s if number < count - 1 else max(0.6, self._gap(0.0)), key)
        elif draw < 0.90:
            self._add(Kind.stranger, sounds.strangers[self._pick(len(sounds.strangers))], self._gap(0.3))
        elif draw < 0.93:
            style = list(STYLES)[self._pick(len(STYLES))]
            music = piece(style, float(self._random.uniform(6, 10)), self._pick(1000))
            self._add(Kind.music, music, float(self._random.choice([0.0, 0.3, 1.0])))
        elif draw < 0.97:
            name = "0123456789*#"[self._pick(12)]
            self._add(Kind.key, dtmf(name, key_s=float(self._random.choice([0.08, 0.1, 0.2])), gap_s=0.0), self._gap(0.7), (name, ""))
        else:
            self._add(Kind.tone, beep(), self._gap(0.3))

    def end(self) -> None:
        if self._random.random() < 0.3:
            self._cut_off(Kind.ended, 0.0)
        else:
            self._parts.append(silence(1.5))

    @property
    def samples(self) -> Samples:
        return joined(*self._parts)


def draw(sounds: Sounds, random: np.random.Generator) -> Drawn:
    """Return a call of a few passages."""
    call = _Composer(sounds, random)
    for _ in range(int(random.integers(3, 9))):
        call.passage()
    call.end()
    return Drawn(call.samples, tuple(call.truths))
