"""One scenario held against one call, without the call: what reaches us goes in, what is to be done comes out.

The conversation knows no clock but the call's: time comes in with `Tick`. So the same code judges a call on the wire, a call in
process, and a simulation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ivrtest.audio.hearing import Heard, Hearing, Match, Means, MusicPlays, MusicStopped, ProgressToneHeard, Recognised, ToneHeard, Verdict
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import (
    Answered,
    EarlyMedia,
    Ended,
    KeyHeard,
    KeySent,
    LedElsewhere,
    Ringing,
    SessionChanged,
    TransferAsked,
    Transferred,
)
from ivrtest.flow.model import Prompt
from ivrtest.run.acts import act_for
from ivrtest.run.acts.act import Act
from ivrtest.run.acts.naming import music_named, music_stopped, named, told, tone_of
from ivrtest.run.blame import because, unanswered
from ivrtest.run.result import Note, Status, StepResult
from ivrtest.run.scene import Command, Done, HangUpCall, Percept, PressKeys, Scene
from ivrtest.run.stopwatch import Stopwatch
from ivrtest.scenario.model import Scenario
from ivrtest.scenario.steps.press import Press

ANSWER_WITHIN_S: Final = 60.0
"""How long the line may ring."""
LOOP_KNOWN_S: Final = 5.0
"""So soon after music came back to its start it is known that it did."""
MASK: Final = "•"
"""Stands for a key that must not be shown."""
ENDINGS: Final = {
    "them": "the IVR hung up",
    "us": "we hung up",
    "refused": "the call was refused",
    "no-answer": "nobody answered",
    "lost": "the line was lost",
}

HOW_KEYS_CAME: Final = {"rfc4733": "as RTP events", "info": "by SIP INFO", "inband": "as a tone"}
_HOLDS: Final = {"sendrecv": "both send and hear", "sendonly": "only we send", "recvonly": "only the IVR sends", "inactive": "nobody sends"}


def change_of_session(by: str, direction: str, status: int, codec: str = "") -> str:
    """Tell a change of what is sent and heard, such as a hold or another codec."""
    who, other = ("we", "the IVR") if by == "us" else ("the IVR", "we")
    now = _HOLDS[direction]
    spoken = f", in {codec}" if codec else ""
    return f"{who} changed the session: {now}{spoken}" if status < 300 else f"{who} asked that {now}; {other} refused with {status}"


def led_elsewhere(to: str, *, followed: bool, what: str) -> str:
    """Tell that a call, or its sound, is to go on where nobody called."""
    if what == "sound":
        return f'the IVR wants the sound of the call at "{to}", which is not among the allowed targets; our sound goes there'
    if what == "transport":
        return f'the IVR wants our requests over another transport, at "{to}"; they go to that address over the transport of the call'
    instead = "our requests go there" if followed else "our requests go where the call went"
    return f'the IVR wants the rest of the call at "{to}", which is not among the allowed targets; {instead}'


class Conversation:
    """Plays the steps of a scenario one after another. Feed it with `on` until `over`."""

    def __init__(
        self,
        scenario: Scenario,
        prompts: Mapping[str, Prompt],
        default_language: str,
        *,
        music: frozenset[str] = frozenset(),
        unrecorded: frozenset[tuple[str, str]] = frozenset(),
        library: PromptLibrary | None = None,
    ) -> None:
        """`music`: the prompts that may be heard whenever the caller waits. `unrecorded`: what may be expected without a recording.
        `library`: the recordings, to tell which of their words were not heard."""
        self.scenario = scenario
        self.scene = Scene(prompts, language=scenario.language or default_language, music=music, unrecorded=unrecorded, library=library)
        self.steps: list[StepResult] = [StepResult(step) for step in scenario.steps]
        self.trouble: tuple[Status, str] | None = None
        """What went wrong outside any step."""
        self.notes: list[Note] = []
        self.stopwatch = Stopwatch()
        self.answered_s: float | None = None
        self._index = 0
        self._act: Act | None = None
        self._connected = False
        self._hanging_up = False

    def advise(self, match: Match, text: str) -> Note:
        """Add what a sound may have been to the call's story, and to the message of the step that it decided."""
        advised = Note(match.end_s, text)
        self.notes.append(advised)
        self.notes.sort(key=lambda note: note.at_s)
        for place, step in enumerate(self.steps):
            if step.message and step.heard and step.heard[-1] == match:
                self.steps[place] = replace(step, message=f"{step.message}. {text}")
        return advised

    def cannot_tell(self, why: str) -> None:
        """Something of ours broke down, so that it cannot be told how the call went on. What had failed by then has failed."""
        self.trouble = self.trouble or (Status.ERROR, why)

    @property
    def over(self) -> bool:
        """The call is over, and with it the conversation."""
        return self.scene.ended is not None

    @property
    def status(self) -> Status:
        decided = next((step.status for step in self.steps if step.status in {Status.FAILED, Status.ERROR}), None)
        if decided is not None:
            return decided
        if self.trouble is not None:
            return self.trouble[0]
        if self.steps and all(step.status is Status.PASSED for step in self.steps):
            return Status.PASSED
        return Status.NOT_RUN

    def on(self, percept: Percept) -> tuple[Command, ...]:
        """Take in what reached us; return what is to be done now."""
        self.scene.take(percept)
        self._note(percept)
        self.stopwatch.take(percept, shown_key=self._shown(percept.key) if isinstance(percept, KeySent) else "")
        commands: list[Command] = []
        if isinstance(percept, Answered | EarlyMedia) and not self._connected:
            self._connected = True
            self.scene.since = percept.at
            commands += self._begin()
        elif self._act is not None:
            commands += self._follow(*self._act.on(percept, self.scene))
        if isinstance(percept, Ended):
            self._ended(percept)
        elif not self._connected and self.scene.now > ANSWER_WITHIN_S:
            commands += self._give_up(Status.FAILED, f"{self._silence()} within {ANSWER_WITHIN_S:g} s")
        elif self.scene.now > self.scenario.time_limit_s:
            where = f", in step {self._index + 1}: {self.steps[self._index].step.describe()}" if self._index < len(self.steps) else ""
            commands += self._give_up(Status.ERROR, f"the time limit of {self.scenario.time_limit_s:g} s was reached{where}")
        return tuple(commands)

    def _silence(self) -> str:
        return "it rang, and nobody answered" if "ringing" in self.scene.headers else "the call was not answered, and did not even ring,"

    def _begin(self) -> list[Command]:
        """Begin the next step, or hang up when there is none."""
        if self._index == len(self.steps):
            self._act = None
            return self._hang_up()
        step = self.steps[self._index].step
        self.steps[self._index] = replace(self.steps[self._index], started_s=self.scene.since)
        self._act = act_for(step)
        return self._follow(*self._act.begin(self.scene))

    @property
    def _pressing_secret(self) -> bool:
        step = self.steps[self._index].step if self._index < len(self.steps) else None
        return isinstance(step, Press) and step.secret

    def _shown(self, key: str) -> str:
        return MASK if self._pressing_secret else key

    def _follow(self, commands: tuple[Command, ...], done: Done | None) -> list[Command]:
        followed = list(commands)
        self.scene.discreet |= any(isinstance(command, PressKeys) and command.secret for command in commands)
        if done is None:
            return followed
        self.steps[self._index] = replace(
            self.steps[self._index], status=done.status, message=done.message, heard=done.heard, at_s=done.at_s
        )
        self._act = None
        self.notes += [Note(match.decided_at_s, f"heard {told(match)}", match) for match in done.heard if match.by is Means.words]
        if done.status is not Status.PASSED:
            return followed + self._hang_up()
        self.scene.since, self.scene.after_hearing = done.at_s, bool(done.heard)
        self._index += 1
        return followed + (self._catch_up(done.later) if done.later else self._begin())

    def _catch_up(self, hearings: tuple[Hearing, ...]) -> list[Command]:
        """Begin the next step, and let it see what was heard before it could begin: also if the call is over by now."""
        ended, self.scene.ended = self.scene.ended, None
        commands = self._begin()
        for percept in (*hearings, ended):
            self.scene.ended = ended if percept is ended else None
            if percept is not None and self._act is not None:
                commands += self._follow(*self._act.on(percept, self.scene))
        return commands

    def _give_up(self, status: Status, message: str) -> list[Command]:
        if self._hanging_up:
            return []
        self._act = None
        if self.trouble is None and self.status is Status.NOT_RUN:
            self.trouble = (status, message)
        return self._hang_up()

    def _hang_up(self) -> list[Command]:
        if self._hanging_up or self.scene.ended is not None:
            return []
        self._hanging_up = True
        return [HangUpCall()]

    def _ended(self, ended: Ended) -> None:
        if self._connected or self.trouble is not None:
            return
        self.trouble = unanswered(ended)

    def _note(self, percept: Percept) -> None:
        match percept:
            case Ringing(at=at):
                self.notes.append(Note(at, "ringing"))
            case EarlyMedia(at=at):
                self.notes.append(Note(at, "audio before the answer"))
            case Answered(at=at):
                self.answered_s = at
                self.notes.append(Note(at, "answered"))
            case MusicPlays(music=music, at_s=at) if music.loops and at - music.loops[-1] < LOOP_KNOWN_S:
                self.notes.append(Note(at, f"{music_named(music)} is back at its start since {music.loops[-1]:.1f} s"))
            case MusicPlays(music=music, at_s=at):
                self.notes.append(Note(at, f"hears {music_named(music)} from {music.start_s:.1f} s on"))
            case MusicStopped(music=music, at_s=at, into_quiet=quiet):
                self.notes.append(Note(at, f"heard {music_stopped(music, into_quiet=quiet)}", music=music))
            case Recognised(match=match) | Heard(match=match) if self.scene.playing is not None and match.prompt in self.scene.music:
                # It is told as music.
                pass
            case Recognised(match=match, at_s=at):
                what = named(match.key) if match.verdict is Verdict.match else f"what may be {named(match.key)}"
                self.notes.append(Note(at, f"hears {what}"))
            case Heard(match=match, at_s=at):
                self.notes.append(Note(at, f"heard {told(match)}", match))
            case ToneHeard(frequency_hz=frequency, start_s=start, end_s=end, at_s=at):
                self.notes.append(Note(at, f"heard a tone of {frequency:.0f} Hz from {start:.1f} s to {end:.1f} s", tone=(start, end)))
            case ProgressToneHeard(start_s=start, end_s=end, at_s=at):
                self.notes.append(Note(at, f"heard {tone_of(percept)} from {start:.1f} s on", tone=(start, end)))
            case KeySent(key=key, at=at):
                self.notes.append(Note(at, f"pressed {self._shown(key)}"))
            case KeyHeard(key=key, at=at, seconds=seconds, how=how):
                # It may be the caller's own, sent back.
                shown = MASK if self.scene.discreet else key
                self.notes.append(Note(at + seconds, f"the IVR pressed {shown} at {at:.1f} s, for {seconds:.2f} s, {HOW_KEYS_CAME[how]}"))
            case TransferAsked(to=to, at=at):
                self.notes.append(Note(at, f'asked to call "{to}" instead'))
            case Transferred(to=to, at=at, problem=problem):
                self.notes.append(Note(at, f'could not be transferred to "{to}": {problem}' if problem else f'talks to "{to}" now'))
            case LedElsewhere(to=to, at=at, followed=followed, what=what):
                self.notes.append(Note(at, led_elsewhere(to, followed=followed, what=what)))
            case SessionChanged(by=by, direction=direction, at=at, status=status, codec=codec):
                self.notes.append(Note(at, change_of_session(by, direction, status, codec)))
            case Ended(by=by, at=at):
                self.notes.append(Note(at, ENDINGS[by] + because(percept)))
