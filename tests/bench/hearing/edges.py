"""Trials in which a recording lacks its first or its last moments: it began before the call was up or right after a key of ours, or was cut
a moment before its end."""

from __future__ import annotations

from typing import Final

import numpy as np

from ivrtest.audio.hearing import Heard, Hearing, Recognised, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key, PromptLibrary
from tests.bench.hearing import spliced
from tests.bench.hearing.line import RATE, Condition, Mask, Samples, joined, silence, through
from tests.bench.hearing.trials import Outcome, heard

_FEWEST_S, _MOST_S = 0.1, 1.0
"""How much sound is missing: of what is heard, pauses not counted."""
_AUDIBLE_DB: Final = 20.0
"""What is softer than the louder frames by more is not missed by anybody, nor is what lies below the telephone's band."""
_LOWEST_HZ: Final = 300
_LEFT_S: Final = 0.4
"""So much is left at least."""
_BESIDE_S: Final = 1.6
_WHOLE = frozenset({Verdict.match, Verdict.ambiguous})
_GONE_WRONG = frozenset({Verdict.diverged, Verdict.truncated})


def fit(samples: Samples) -> bool:
    """Return whether a recording is long enough to lack something."""
    return len(_sounding(samples)) * spliced.FRAME > (_FEWEST_S + _LEFT_S + 0.1) * RATE


def start_missing(
    library: PromptLibrary, key: Key, following: Key, condition: Condition, random: np.random.Generator, *, after_key: bool
) -> Outcome:
    """`key` lacks its first 0.1 to 1 s; then `following` plays. `after_key`: right after a key; else the call begins so."""
    said = _samples(library, key)
    sounding = _sounding(said)
    rest = said[sounding[_missing(len(sounding), random)] :]
    before = int(random.uniform(0.05, 0.3) * RATE) if after_key else 0
    lead = joined(_samples(library, following), silence(0.3)) if after_key else silence(0)
    at = len(lead) + before
    sent = joined(lead, np.zeros(before, np.int16), rest, silence(0.5), _samples(library, following), silence(_BESIDE_S))
    samples, lost = through(sent, condition, random)
    order = [[following], [key]] if after_key else [[key]]
    hearings = _listen(library, samples, lost, [*order, [following]], pressed=len(lead) if after_key else None)
    kind, left = "start missing, key" if after_key else "start missing", f"{len(rest) / RATE:.2f} of {len(said) / RATE:.2f} s"
    return _judged(kind, key, following, hearings, at, at + len(rest), left)


def end_missing(
    library: PromptLibrary, key: Key, following: Key, condition: Condition, random: np.random.Generator, *, at_once: bool
) -> Outcome:
    """`key` lacks its last 0.1 to 1 s; then `following` plays, `at_once` or after a pause."""
    said = _samples(library, key)
    sounding = _sounding(said)
    rest = said[: sounding[-_missing(len(sounding), random)]]
    lead = silence(0.4)
    sent = joined(lead, rest, silence(0 if at_once else 1.6), _samples(library, following), silence(_BESIDE_S))
    samples, lost = through(sent, condition, random)
    hearings = _listen(library, samples, lost, [[key], [following]])
    kind = "end missing, next" if at_once else "end missing"
    return _judged(kind, key, following, hearings, len(lead), len(lead) + len(rest), f"{len(rest) / RATE:.2f} of {len(said) / RATE:.2f} s")


def _samples(library: PromptLibrary, key: Key) -> Samples:
    recording = library.get(*key)
    assert recording is not None
    return recording.samples


def _missing(frames: int, random: np.random.Generator) -> int:
    """Return how many of so many sounding frames are missing."""
    most = min(int(_MOST_S * RATE), frames * spliced.FRAME - int(_LEFT_S * RATE))
    return round(random.uniform(_FEWEST_S * RATE, most) / spliced.FRAME)


def _sounding(samples: Samples) -> list[int]:
    """Return the first samples of those frames in which a recording is heard."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    spectrum[np.fft.rfftfreq(len(samples), 1 / RATE) < _LOWEST_HZ] = 0
    telephone = np.rint(np.fft.irfft(spectrum, len(samples))).astype(np.int16)
    loud = np.flatnonzero(spliced.levels(telephone) > spliced.level_db(telephone) - _AUDIBLE_DB)
    return [int(frame) * spliced.FRAME for frame in loud]


def _listen(
    library: PromptLibrary, samples: Samples, lost: Mask, expected: list[list[Key]], *, pressed: int | None = None, block: int = 160
) -> list[Hearing]:
    """Feed a whole call; what is expected moves on with each final word. `pressed`: the sample at which we press a key."""
    matcher, waiting = Matcher(library), list(expected)
    matcher.expect(waiting.pop(0))
    hearings: list[Hearing] = []
    for start in range(0, len(samples), block):
        if pressed is not None and start <= pressed < start + block:
            matcher.pressed(pressed / RATE)
        for hearing in matcher.feed(samples[start : start + block], lost[start : start + block]):
            hearings.append(hearing)
            if isinstance(hearing, Heard):
                matcher.expect(waiting.pop(0) if waiting else None)
    return hearings + matcher.finish()


def _judged(kind: str, key: Key, following: Key, hearings: list[Hearing], begin: int, end: int, left: str) -> Outcome:
    """Judge what was said of what sounded from sample `begin` to `end`: that it is whole is wrong, and so is any other name."""
    about = [final for final in heard(hearings) if begin - 800 < final.match.end_s * RATE and final.match.start_s * RATE < end - 400]
    about = [final for final in about if final.match.key != following or final.match.start_s * RATE > begin - 800]
    after = [final.match for final in heard(hearings) if final.match.key == following and final.match.end_s * RATE > end]
    right = bool(about) and about[0].match.key == key and about[0].match.verdict in _GONE_WRONG
    # Of the recording after it nothing is missing.
    right = right and bool(after) and after[-1].verdict is Verdict.match
    wrong = any(final.match.verdict in _WHOLE for final in about if final.match.key == key)
    named = [hearing.match for hearing in hearings if isinstance(hearing, Recognised) and hearing.match.verdict is not Verdict.inconclusive]
    wrong = wrong or any(match.key not in (key, following) for match in named)
    wrong = wrong or any(match.verdict in _GONE_WRONG for match in after)
    told = "; ".join(
        f"{final.match.prompt or '-'} {final.match.verdict} {final.match.score} {final.match.doubt or ''}" for final in heard(hearings)
    )
    return Outcome(kind, right and not wrong, wrong, note="" if right and not wrong else f"{key[0]} {left}, then {following[0]}: {told}")
