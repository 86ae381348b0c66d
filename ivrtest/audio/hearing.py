"""What is heard on a call: sound, tones, and which recording plays, as values.

All times are seconds of the stream: samples since the first one fed, divided by 8000. `at_s` is the stream time at which it was known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import inf
from typing import Final, Protocol

from ivrtest.audio.search import Listening
from ivrtest.audio.spectrum import Mask, Samples
from ivrtest.audio.words_heard import WordsHeard


class Verdict(StrEnum):
    """How one stretch of speech compares with the library."""

    match = "match"
    """The recording was heard to its end, every part of it as recorded."""
    diverged = "diverged"
    """It began as the recording, then something else was said, a part was left out, or it fell silent and went on: see
    `Match.diverged_at_s` and `Match.resumed`."""
    truncated = "truncated"
    """It began as the recording, then fell silent or another recording began before its end: see `Match.diverged_at_s`."""
    unknown = "unknown"
    """Speech that is no recording of the library. `Match.prompt` and `Match.language` are empty."""
    ambiguous = "ambiguous"
    """Several recordings fit what was heard, and nothing that was heard tells them apart: see `Match.candidates`."""
    inconclusive = "inconclusive"
    """It cannot be told, see `Match.doubt`. With `Match.prompt` if something like it plays."""


class Doubt(StrEnum):
    """Why it cannot be told what was heard (`Verdict.inconclusive`)."""

    loss = "loss"
    """Too much of it was lost on the line."""
    noise = "noise"
    """It hardly rises above the line's noise."""
    softness = "softness"
    """It is so soft that the steps of the codec hide most of it."""
    overlap = "overlap"
    """Too much other sound is over it."""
    own_key = "own_key"
    """A key of ours was over its beginning or its end, and what is left is too short."""
    misfit = "misfit"
    """A moment of it deviates far more than the rest, and not so much that it certainly is another word."""
    clipping = "clipping"
    """It is clipped: something on the way was overdriven."""
    level = "level"
    """It becomes louder and softer than it was recorded, as automatic gain control makes it."""
    codec = "codec"
    """It sounds as A-law does that is decoded as mu-law, or the other way round."""
    brevity = "brevity"
    """It is so short that it can be a recording, and as well a word of other speech."""
    begun = "begun"
    """The call ended when it had only begun."""


CHANGED_BY_LINE: Final = frozenset({Doubt.clipping, Doubt.level, Doubt.codec})
"""What a line does to all that is said on it."""


class Means(StrEnum):
    """What a recording was known by."""

    recording = "recording"
    """Its own sound, in every part of it."""
    sound = "sound_of_words"
    """How its words sound, spoken anew. That one of them was changed would not have been noticed."""
    words = "speech_recognition"
    """Its words, as a speech recogniser made them out. `Match.words` says how often it errs."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A recording that went wrong went on as recorded."""

    at_s: float
    """When it did."""
    from_s: float
    """From where in the recording, in seconds from its first sample."""
    silent: bool
    """Whether nothing was said between."""

    def later(self, by_s: float) -> Resumed:
        return replace(self, at_s=self.at_s + by_s)


@dataclass(frozen=True, slots=True)
class Match:
    """One stretch of the stream held against one recording."""

    prompt: str
    """The recording's prompt, such as `main_menu` or `digits/7`. Empty if no recording is known."""
    language: str
    """The recording's language. Empty if no recording is known."""
    verdict: Verdict
    """While the recording still plays (`Recognised`), `match` means: as recorded so far."""
    score: float
    """The worst block's deviation from the recording in dB: under 1 for the same recording, over 4 for another word. By the sound of words:
    how far they are from the recording's (`word_sounds.Distance`)."""
    start_s: float
    """When the recording began (its first sample, even if that is silent). For unknown speech: when the speech began."""
    end_s: float
    """When its last sounding part ended, or when it was cut or went wrong; for `Recognised`: how far it was compared."""
    decided_at_s: float
    """When it was known which recording this is, or that it is none: often long before its end. The verdict was known at `at_s`."""
    diverged_at_s: float | None = None
    """When it first differed from the recording or stopped; absent for a full match."""
    runner_up: tuple[str, str] | None = None
    """Another recording (prompt, language) which fits as well: its sound is the same as far as it was heard."""
    others: tuple[tuple[str, str], ...] = ()
    """More such recordings."""
    differences: tuple[tuple[float, float], ...] = field(default=())
    """The places in the recording, in seconds from its first sample, that were not as recorded."""

    resumed: Resumed | None = None
    """Where a recording that went wrong (`diverged`) goes on as recorded, if it was heard to."""
    by: Means = Means.recording
    words: WordsHeard | None = None
    """What a speech recogniser made out; only where that was asked for."""
    expected_language: str = ""
    """The language in which this prompt was expected, where it was heard in another one."""
    silent_s: float = 0.0
    """How long the recording is silent at its beginning."""
    start_known: bool = False
    """For unknown speech: whether it is known well when it began: it was quiet right before it, or a recording had played up to there."""
    doubt: Doubt | None = None
    """Why an inconclusive verdict is none, where that is known."""
    fitted_db: float = inf
    """The worst block's deviation up to where a recording went wrong or stopped, or up to its end. Infinite where that is not known."""

    @property
    def sounds_from_s(self) -> float:
        """When the recording could first be heard."""
        return self.start_s + self.silent_s

    @property
    def candidates(self) -> tuple[tuple[str, str], ...]:
        """All recordings that may be meant, the likeliest first."""
        return (self.key, *(() if self.runner_up is None else (self.runner_up,)), *self.others)

    @property
    def is_wrong_language(self) -> bool:
        return bool(self.expected_language)

    @property
    def decided_after_s(self) -> float:
        """How long it took from the recording's beginning until it was known which one it is."""
        return self.decided_at_s - self.start_s

    @property
    def key(self) -> tuple[str, str]:
        """The recording's key in the library: (prompt, language)."""
        return (self.prompt, self.language)


@dataclass(frozen=True, slots=True)
class SoundStarted:
    """Sound began after quiet."""

    at_s: float
    start_s: float
    """When the sound itself began, a little before it was certain."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """It is known which recording plays, before its end."""

    match: Match
    at_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """The final word on one recording or one stretch of unknown speech."""

    match: Match
    at_s: float


@dataclass(frozen=True, slots=True)
class ToneHeard:
    """A steady pure tone ended, such as a voicemail beep. Tones are no speech and never part of a prompt's verdict."""

    frequency_hz: float
    start_s: float
    end_s: float
    at_s: float


class ProgressTone(StrEnum):
    """What a network says with a tone (ITU-T E.180)."""

    ringback = "ringing"
    busy = "busy"
    congestion = "congestion"
    dial = "dial"
    special_information = "special_information"
    """Three rising tones before "the number you have dialled is not in service"."""


@dataclass(frozen=True, slots=True)
class ProgressToneHeard:
    """A tone of the network, once it is certain; it may go on. It is not told again while it does."""

    tones: tuple[ProgressTone, ...]
    """What it means: one thing, or what it means in one country and in another."""
    countries: tuple[str, ...]
    """Where it sounds so (ISO 3166). Empty: everywhere."""
    start_s: float
    end_s: float
    """How far it was heard."""
    at_s: float


@dataclass(frozen=True, slots=True)
class SoundEnded:
    """Quiet after sound."""

    at_s: float
    end_s: float
    """When the sound itself ended, a little before it was certain."""


@dataclass(frozen=True, slots=True)
class Music:
    """One stretch of music, such as callers hear while they wait. A pause of a second, or other sound, ends it."""

    start_s: float
    end_s: float
    """How far it was heard."""
    prompt: str = ""
    """The recording, if it is one of the library; else empty."""
    language: str = ""
    from_s: float | None = None
    """Where in the recording it began; None where that is not known."""
    loops: tuple[float, ...] = ()
    """When it came back to its start."""
    to_end: bool = False
    """Whether it stopped where its recording ends."""

    @property
    def key(self) -> tuple[str, str]:
        """The recording's key in the library: (prompt, language)."""
        return (self.prompt, self.language)


@dataclass(frozen=True, slots=True)
class MusicPlays:
    """Music is heard: said when it is certain, when it is known which recording it is, and whenever it came back to its start."""

    music: Music
    at_s: float


@dataclass(frozen=True, slots=True)
class MusicStopped:
    """Music is heard no more."""

    music: Music
    at_s: float
    into_quiet: bool
    """Whether nothing was heard after it. If not, something else was, or the call was over."""


Hearing = SoundStarted | Recognised | Heard | ToneHeard | ProgressToneHeard | MusicPlays | MusicStopped | SoundEnded


class Ear(Protocol):
    """What names the recordings of one call, such as `ivrtest.audio.matcher.Matcher`, which says what each of these does."""

    def expect(self, keys: Sequence[tuple[str, str]] | None) -> None: ...

    def mask(self, start_s: float, end_s: float) -> None: ...

    def pressed(self, at_s: float) -> None: ...

    def feed(self, samples: Samples, lost: Mask) -> list[Hearing]: ...

    def feeding(self, samples: Samples, lost: Mask) -> Listening[list[Hearing]]: ...

    def finish(self) -> list[Hearing]: ...


def known_by(hearing: Hearing, end_s: float) -> Hearing:
    """Return the hearing as known at the stream's end at the latest."""
    at_s = min(hearing.at_s, end_s)
    if isinstance(hearing, Recognised | Heard):
        match = replace(hearing.match, end_s=min(hearing.match.end_s, end_s), decided_at_s=min(hearing.match.decided_at_s, end_s))
        return replace(hearing, match=match, at_s=at_s)
    if isinstance(hearing, MusicPlays | MusicStopped):
        return replace(hearing, music=replace(hearing.music, end_s=min(hearing.music.end_s, end_s)), at_s=at_s)
    return replace(hearing, at_s=at_s)
