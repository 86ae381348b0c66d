"""What a conversation knows at a moment, what reaches it, and what it asks for. Plain values: no call, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ivrtest.audio.hearing import (
    Doubt,
    Heard,
    Hearing,
    Match,
    Music,
    MusicPlays,
    MusicStopped,
    Recognised,
    SoundEnded,
    SoundStarted,
    Verdict,
)
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.transcript import Transcript
from ivrtest.call.call import Answered, CallEvent, ChangeMethod, EarlyMedia, Ended, KeySent, Ringing, TransferAsked, Unheard
from ivrtest.call.listener import Tick
from ivrtest.flow.model import Prompt
from ivrtest.flow.spoken_numbers import is_number_recording
from ivrtest.rtp.dtmf import KeyForm
from ivrtest.run.blame import no_sound
from ivrtest.run.buried import Levels
from ivrtest.run.result import Status
from ivrtest.run.wording import Recogniser

REACTION_S: Final = 1.0
"""How long an IVR may go on speaking after a key that interrupts it."""
SHRED_S: Final = 1.3
"""Music that is cut off before this much of it was heard cannot be named."""
HIDING_S: Final = 0.2
"""So much sound must be lost at least to hide a word."""
HIDING_ALL_S: Final = 0.12
"""So much must be lost at least to hide a recording: the telling part of a spoken digit ..."""
HIDING_SHARE: Final = 0.25
"""... and this share of the time that it could have been heard in."""
UNNAMED: Final = frozenset({Verdict.unknown, Verdict.ambiguous, Verdict.inconclusive})
"""What is then said of it."""
EDGE_S: Final = 0.15
"""How far the sound of a recording may reach beyond what is known of it."""
GAP_S: Final = 0.3
"""The longest pause between two rounds of music."""


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The words of a stretch of speech, as `Transcribe` asked for them."""

    start_s: float
    end_s: float
    transcript: Transcript
    """On the clock of the call."""
    recogniser: Recogniser
    problem: str = ""
    """Why there is no transcript."""
    noisy: bool = False
    """Whether the speech was in loud noise, in which a recogniser errs more often than it is known to."""


Percept = CallEvent | Hearing | Tick | Transcribed
"""All that can reach a conversation, in the order of the call's clock."""


@dataclass(frozen=True, slots=True)
class Expect:
    """Listen for these recordings first: (prompt, language) in the order they may come."""

    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PressKeys:
    keys: str
    secret: bool
    form: KeyForm | None = None
    """How they are pressed; None: as usual."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Send a sound like speech for so long. `PlaybackEnded` follows."""

    seconds: float


@dataclass(frozen=True, slots=True)
class HoldCall:
    """Put the far side on hold. `SessionChanged` follows over SIP."""


@dataclass(frozen=True, slots=True)
class ResumeCall:
    """End the hold. `SessionChanged` follows over SIP."""


@dataclass(frozen=True, slots=True)
class ChangeCodec:
    """Ask the far side to speak another codec. `SessionChanged` follows."""

    codec: str
    method: ChangeMethod


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Have the words of a stretch of the call made out. `Transcribed` follows some time later, also after the call."""

    start_s: float
    end_s: float
    language: str


@dataclass(frozen=True, slots=True)
class HangUpCall:
    """End the call. `Ended` follows."""


Command = Expect | PressKeys | Speak | HoldCall | ResumeCall | ChangeCodec | Transcribe | HangUpCall


@dataclass(frozen=True, slots=True)
class Done:
    """A step is decided."""

    status: Status
    at_s: float
    """The moment of the last event: the step after this one counts its time from here."""
    message: str = ""
    heard: tuple[Match, ...] = ()
    later: tuple[Hearing, ...] = ()
    """What was heard since then, while the verdict was still awaited: the next step has yet to see it."""


@dataclass(slots=True)
class Scene:
    """What every step may ask about the call so far."""

    prompts: Mapping[str, Prompt]
    language: str
    """What the caller expects to hear, until a step says otherwise."""
    music: frozenset[str] = frozenset()
    """Prompts that play while a caller waits. When they stop is nobody's promise."""
    now: float = 0.0
    since: float = 0.0
    """When the last event was: the end of what was heard, or of the key pressed."""
    after_hearing: bool = False
    """Whether the step before said what was to be heard."""
    last_key: float = -1.0
    """When the last key of ours went down. What began before that is no answer to it."""
    excused_until: float = -1.0
    """What began before is not judged: the steps so far allowed anything, or have taken it in already."""
    round_until: float = -1.0
    """When a recording of music was last heard to its end: it may have begun anew."""
    playing: Music | None = None
    """The music that plays now."""
    shred: Match | None = None
    """What was last left of music when it was cut off."""
    sound_since: float | None = None
    """When the sound that goes on now began."""
    sound_until: float = -1.0
    """When the last sound before ended."""
    undecided: Match | None = None
    """The recording that plays now."""
    transfers: list[TransferAsked] = field(default_factory=list)
    """Transfers asked for and not yet awaited by a step."""
    losses: list[tuple[float, float, float]] = field(default_factory=list)
    """Stretches of the call in which sound got lost: start, end, and how many seconds of it."""
    levels: Levels = field(default_factory=Levels)
    named: list[tuple[float, float]] = field(default_factory=list)
    """When recordings and music were heard."""
    headers: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Of the latest message of a kind that came, by kind, see `ivrtest.scenario.steps.header.MESSAGES`."""
    unrecorded: frozenset[tuple[str, str]] = frozenset()
    """What may be expected although there is no recording of it: nobody would recognise it."""
    library: PromptLibrary | None = None
    """The recordings, where it can be told which of their words were not heard."""
    answered: bool = False
    sounded: bool = False
    """Whether anything was heard so far."""
    unheard: Unheard | None = None
    """What is known of the way where no sound came so far, not even silence."""
    ended: Ended | None = None
    discreet: bool = False
    """Whether the caller has pressed secret keys, which the IVR may speak back."""

    def take(self, percept: Percept) -> None:
        """Note what reached us. Called before the step sees it."""
        match percept:
            case Tick(at=at, lost_s=lost, missed=missed, unheard=unheard, dbov=dbov):
                self.unheard = unheard
                if dbov is not None:
                    self.levels.add(self.now, at, dbov)
                if lost:
                    self.losses.append((self.now, at, lost))
                self.losses += [(begin, end, end - begin) for begin, end in missed]
                self.now = at
            case SoundStarted(start_s=start):
                self.sounded = True
                self.sound_since = start
            case SoundEnded(end_s=end):
                self.sound_since, self.sound_until = None, end
            case MusicPlays(music=music):
                self.playing = music
            case MusicStopped(music=music):
                self.playing = None
                self.named.append((music.start_s, music.end_s))
            case Recognised(match=match):
                self.sounded = True
                self.undecided = match
            case Heard(match=match):
                self.sounded = True
                self.undecided = None
                if (match.prompt and match.verdict is not Verdict.inconclusive) or match.doubt is Doubt.begun:
                    self.named.append((match.start_s, match.end_s))
                if match.prompt in self.music:
                    self.round_until = match.end_s if match.verdict is Verdict.match else -1.0
                elif match.verdict in UNNAMED and match.end_s - match.start_s < SHRED_S:
                    self.shred = match if match.start_s < self.round_until + GAP_S else None
            case KeySent(at=at):
                self.last_key = at
            case TransferAsked(headers=headers):
                self.transfers.append(percept)
                self.headers["transfer"] = headers
            case Ringing(headers=headers):
                self.headers["ringing"] = headers
            case EarlyMedia(headers=headers):
                self.headers["early_media"] = headers
            case Answered(headers=headers):
                self.answered = True
                self.headers["answer"] = headers
            case Ended(headers=headers):
                self.ended = percept
                self.headers["end"] = headers

    def soundless(self, seconds: float) -> tuple[Status, str] | None:
        """Return the verdict, and what to say, if the call was answered and no sound came at all, for so many seconds by now."""
        if self.unheard is None or not self.answered or self.sounded:
            return None
        return no_sound(self.unheard, seconds)

    def is_stale(self, match: Match) -> bool:
        """Return whether a sound was there before our last key, so that it is no answer to it, and the key may have cut it.

        Where it is not known well when sound without a name began, it is judged by how long it went on.
        """
        if not match.prompt and not match.start_known:
            return match.end_s < self.last_key + REACTION_S
        return match.sounds_from_s < self.last_key

    def matters(self, match: Match, wanted: tuple[str, str]) -> bool:
        """Return whether a sound is judged where `wanted` should be heard. Music and what began before it mattered do no harm."""
        harmless = match.prompt in self.music or match == self.shred or match.sounds_from_s < self.excused_until
        return not self.is_stale(match) and (match.key == wanted or not harmless)

    def lost_between(self, start: float, end: float, known: int = 0) -> float:
        """Return how many seconds of the sound of this time got lost, without the first `known` of `losses`."""
        return sum(
            lost * (min(end, until) - max(start, since)) / (until - since)
            for since, until, lost in self.losses[known:]
            if since < end and start < until
        )

    def hidden(self, start: float, end: float) -> str:
        """Return what to say if a recording may have played in this time, and got lost on the line or in its noise; an empty text if it
        cannot."""
        if self.unheard is not None and self.unheard.foreign:
            # That is why nothing was heard, and no loss.
            return ""
        lost = self.lost_between(start, end)
        if lost >= HIDING_ALL_S and lost >= HIDING_SHARE * (end - start):
            return f"could not tell: {lost:.1f} s of the sound from {start:.1f} s to {end:.1f} s got lost on the line"
        return self.buried(start, end)

    def buried(self, start: float, end: float) -> str:
        """Return what to say if something sounded in this time that hardly rose above the line's noise; an empty text if nothing did."""
        known = [(begin - EDGE_S, stop + EDGE_S) for begin, stop in self.named]
        if self.playing is not None:
            known.append((self.playing.start_s - EDGE_S, self.now))
        if (buried := self.levels.buried(start, end, known)) is not None:
            return f"could not tell: what sounded from {buried[0]:.1f} s to {buried[1]:.1f} s hardly rose above the noise on the line"
        return ""

    def recording(self, prompt: str) -> tuple[str, str]:
        """Return the key of the recording that a caller should hear. Raises KeyError if there is no such prompt."""
        return recording_of(self.prompts, prompt, self.language)


def recording_of(prompts: Mapping[str, Prompt], prompt: str, language: str) -> tuple[str, str]:
    """Return the key of the recording that who hears `language` should hear, also where a prompt has no words in it.

    Raises KeyError if there is no such prompt.
    """
    if prompt.startswith("digits/") or is_number_recording(prompt):
        return (prompt, language)
    return (prompt, prompts[prompt].language_for(language) or language)
