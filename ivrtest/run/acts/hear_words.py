"""`hear: {words: "Hello Ann"}`, or any `hear` with `known_by: words`: what is said until the next pause must be these words.

Speech is let go on until it is over, by a pause or by the beginning of a recording that is known. Then its words are made out, elsewhere
and while the call goes on; what is heard meanwhile is kept for the next step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final

from ivrtest.audio.hearing import (
    Heard,
    Hearing,
    Match,
    Means,
    MusicPlays,
    MusicStopped,
    ProgressToneHeard,
    Recognised,
    SoundEnded,
    SoundStarted,
    Verdict,
)
from ivrtest.audio.transcript import Transcript
from ivrtest.call.call import Ended
from ivrtest.call.listener import Tick
from ivrtest.flow.model import ALL_LANGUAGES
from ivrtest.flow.plain_words import plain_words
from ivrtest.run.acts.act import Act, cut_short, wait_on
from ivrtest.run.acts.hear import HOPEFUL, NAMING_S, NOTICING_S
from ivrtest.run.acts.naming import between, told, tone_of
from ivrtest.run.acts.words_told import match_of, verdict_told
from ivrtest.run.result import Status
from ivrtest.run.scene import HIDING_S, REACTION_S, Command, Done, Expect, Percept, Scene, Transcribe, Transcribed
from ivrtest.run.wording import compare, rivals_of, wording
from ivrtest.scenario.steps.hear import Hear

AFTERWARDS_S: Final = 0.3
"""A recording that begins so long after the words did is not what they are."""
SHORTEST_S: Final = 0.15
"""What is left of a sound that seemed to go on."""


class HearWordsAct(Act):
    step_type: ClassVar[type] = Hear

    def __init__(self, step: Hear) -> None:
        self.step = step
        self.wanted = ""
        self.language = ""
        self.deadline = 0.0
        self.began: float | None = None
        """When the speech began."""
        self.ended: float | None = None
        """When it paused; None while it goes on."""
        self.asked: Transcribe | None = None
        self.later: list[Hearing] = []
        self.tone = ""

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if self.step.language is not None:
            scene.language = self.step.language
        self.language = scene.language
        self.wanted = wording(self.step, scene.prompts, self.language)
        self.deadline = scene.since + self.step.within_s
        if scene.ended is not None:
            return (), self.too_soon(scene.ended, scene)
        if scene.sound_since is not None and scene.playing is None and not self.is_music(scene.undecided, scene):
            # It goes on without a pause after what was heard before.
            self.began = max(scene.sound_since, scene.since)
        return (Expect(()),), None

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if self.asked is not None:
            return (), self.meanwhile(percept, self.asked, scene)
        match percept:
            case SoundStarted(start_s=start):
                self.began, self.ended = start if self.began is None else self.began, None
            case SoundEnded(end_s=end) if self.began is not None:
                self.ended = end
                if end < self.began + SHORTEST_S:
                    self.began = None
            case MusicPlays():
                self.began = self.ended = None
            case MusicStopped(music=music) if self.began is None:
                self.began = music.end_s if scene.sound_since is not None else None
            case Recognised(match=match) if match.by is Means.recording:
                return self.recording_begins(match, scene)
            case Heard(match=match) if match.by is Means.recording and match.verdict is Verdict.match and not scene.is_stale(match):
                return self.recording(match, scene)
            case ProgressToneHeard(start_s=start) if start >= scene.since - NOTICING_S:
                self.tone, self.began = tone_of(percept), None
                if HOPEFUL.isdisjoint(percept.tones):
                    message = f"heard {self.tone} from {start:.1f} s on. {self.expected()}"
                    return (), Done(Status.FAILED, percept.end_s, message)
            case Ended() if self.began is not None:
                return self.ask(min(percept.at, percept.at if self.ended is None else self.ended))
            case Ended():
                return (), self.too_soon(percept, scene)
            case Tick():
                return self.look(scene)
            case _:
                pass
        return wait_on()

    # ---------------------------------------------------------------- where the speech begins and ends

    def recording_begins(self, match: Match, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        """Words are over where a recording begins. One that began with them may be what they are."""
        if self.is_music(match, scene):
            self.began = None
        elif self.began is not None and match.start_s > self.began + AFTERWARDS_S and match.key not in self.own(scene):
            self.later.append(Recognised(match, scene.now))
            return self.ask(match.start_s)
        return wait_on()

    def recording(self, match: Match, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        """A recording of other words is known for certain. Music is not judged."""
        if self.is_music(match, scene):
            self.began = match.end_s if scene.sound_since is not None else None
            return wait_on()
        prompt = scene.prompts.get(match.prompt)
        words = prompt.words.get(match.language, "") if prompt is not None else ""
        ours = plain_words(self.wanted, self.language)
        others = plain_words(words, self.language)
        if not words or match.start_s < scene.since - NOTICING_S or " ".join(others) in " ".join(ours):
            return wait_on()
        return (), Done(Status.FAILED, match.end_s, f"heard {told(match)}. {self.expected()}", (match,))

    def is_music(self, match: Match | None, scene: Scene) -> bool:
        return match is not None and match.prompt in scene.music

    def own(self, scene: Scene) -> set[tuple[str, str]]:
        """Return the recordings that the words may be spoken with."""
        return {(name, language) for name in self.step.prompts(self.language) for language in (self.language, ALL_LANGUAGES)}

    def look(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if self.began is None:
            return (), self.overdue(scene)
        if self.began <= scene.since and self.ended is not None and self.ended < scene.last_key + REACTION_S:
            # The rest of what our key cut off.
            self.began = self.ended = None
            return wait_on()
        if self.began > self.deadline:
            waited = self.began - (self.deadline - self.step.within_s)
            message = f"speech came late, after {waited:.1f} s. it had to begin within {self.step.within_s:g} s. {self.expected()}"
            return (), Done(Status.FAILED, self.began, message)
        if self.ended is not None and scene.now > self.ended + self.step.pause_s:
            return self.ask(self.ended)
        if scene.now > self.began + NAMING_S:
            message = f"speech that began at {self.began:.1f} s went on for {NAMING_S:g} s without a pause. {self.expected()}"
            return (), Done(Status.ERROR, scene.now, message)
        return wait_on()

    def overdue(self, scene: Scene) -> Done | None:
        if scene.now <= self.deadline + NOTICING_S:
            return None
        hidden = scene.hidden(scene.since, self.deadline)
        nothing = "only music was heard" if scene.playing is not None else "nothing was heard"
        only = f"only {self.tone} was heard" if self.tone else nothing
        status, what = scene.soundless(self.step.within_s) or (Status.FAILED, f"{only} for {self.step.within_s:g} s")
        return Done(Status.ERROR if hidden else status, self.deadline, f"{hidden or what}. {self.expected()}")

    def too_soon(self, ended: Ended, scene: Scene) -> Done:
        if hidden := scene.hidden(scene.since, ended.at):
            return Done(Status.ERROR, ended.at, f"{hidden}, before the call ended. {self.expected()}")
        return cut_short(ended, f'the words "{self.wanted}" were heard')

    def expected(self) -> str:
        return f'the words "{self.wanted}" were expected'

    # ---------------------------------------------------------------- what was said

    def ask(self, end_s: float) -> tuple[tuple[Command, ...], Done | None]:
        assert self.began is not None
        self.asked = Transcribe(self.began, end_s, self.language)
        return (self.asked,), None

    def meanwhile(self, percept: Percept, asked: Transcribe, scene: Scene) -> Done | None:
        match percept:
            case Transcribed(start_s=start, end_s=end) if (start, end) == (asked.start_s, asked.end_s):
                return self.judge(percept, scene)
            case Recognised(match=match) | Heard(match=match) if match.start_s > asked.end_s - NOTICING_S / 10:
                self.later.append(percept)
            case ProgressToneHeard(start_s=start) if start > asked.end_s:
                self.later.append(percept)
            case _:
                pass
        return None

    def judge(self, found: Transcribed, scene: Scene) -> Done:
        scene.excused_until = max(scene.excused_until, found.end_s)
        if found.problem:
            return Done(Status.ERROR, found.end_s, f"could not tell: {found.problem}. {self.expected()}")
        transcript = found.transcript
        if self.began is not None and self.began <= scene.last_key + REACTION_S:
            transcript = without_rest(transcript, scene.last_key + REACTION_S, self.wanted, self.language)
        weighed, words = compare(
            self.wanted,
            transcript,
            self.language,
            found.recogniser,
            by=self.step.known_by,
            rivals=rivals_of(scene.prompts, self.language),
            discreet=scene.discreet,
        )
        match = match_of(weighed, words, self.language, found.start_s, found.end_s, scene.now)
        status, message = verdict_told(weighed, words)
        lost_s = scene.lost_between(found.start_s, found.end_s)
        if status is Status.FAILED and (lost_s >= HIDING_S or found.noisy):
            why = f"{lost_s:.1f} s of it got lost on the line" if lost_s >= HIDING_S else "there is loud noise on the line"
            status, message = Status.ERROR, f"could not tell, as {why}: {message}"
        if status is not Status.PASSED:
            message = f"{message}, {between(match)}"
        if status is Status.ERROR and match.verdict is not Verdict.ambiguous:
            match = replace(match, verdict=Verdict.inconclusive)
        return Done(status, found.end_s, message, (match,), later=tuple(self.later))


def without_rest(transcript: Transcript, until_s: float, wanted: str, language: str) -> Transcript:
    """Return a transcript without what the IVR may still have said of the prompt before, up to the first word that is wanted."""
    ours = set(plain_words(wanted, language))
    words = transcript.words
    first = next((place for place, word in enumerate(words) if ours.intersection(plain_words(word.text, language))), len(words))
    kept = [word for place, word in enumerate(words) if place >= first or word.start_s >= until_s]
    return Transcript(tuple(kept))
