"""`music: 8s`, `music: {until: comfort}`: music plays, and nothing else.

Music is certain one to three seconds after it began, and that it stopped a second after it did, so the step waits that much longer.
Where a prompt ends the music, the step is over as soon as that is known: `hear` says then whether all of it is heard.
"""

from __future__ import annotations

from typing import ClassVar, Final

from ivrtest.audio.hearing import Doubt, Heard, Match, Music, MusicPlays, MusicStopped, ProgressToneHeard, Recognised, Verdict
from ivrtest.call.listener import Tick
from ivrtest.run.acts.act import Act, cut_short, decide, wait_on
from ivrtest.run.acts.naming import named, told, tone_of
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Done, Expect, Percept, Scene
from ivrtest.scenario.steps.music import MusicStep, times

KNOWN_S: Final = 4.0
"""How long after it began music is known for certain."""
STOPPED_S: Final = 1.5
"""How long after music stopped it is known that it did."""
NAMED_S: Final = 8.0
"""How long after it began it is known which recording music is."""
IN_NOISE: Final = "with too much noise on the line to tell"
_SLACK_S: Final = 0.3
"""What was heard before the step may seem to go on for so long."""


class MusicAct(Act):
    step_type: ClassVar[type] = MusicStep

    def __init__(self, step: MusicStep) -> None:
        self.step = step
        self.since = 0.0
        self.began: float | None = None
        """When the music began that is listened to, but not before the step."""
        self.first = 0.0
        """The same, even if it was before the step."""
        self.stopped: MusicStopped | None = None
        """How it stopped, where it has not gone on since."""
        self.loops: set[float] = set()
        self.named = ("", "")
        self.wanted: tuple[str, str] | None = None
        """The recording that must end the music."""

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        self.since = scene.since
        if scene.ended is not None:
            return (), cut_short(scene.ended, "music was heard")
        commands: tuple[Command, ...] = ()
        if self.step.until is not None:
            self.wanted = scene.recording(self.step.until.prompt)
            commands = (Expect((self.wanted,)),)
        if scene.playing is not None:
            self.plays(scene.playing)
        return commands, None

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        match percept:
            case MusicPlays(music=music):
                self.plays(music)
            case MusicStopped(music=music) if music.end_s > self.since + _SLACK_S:
                self.plays(music)
                self.stopped = percept
            case Recognised(match=match) | Heard(match=match) if self.concerns(match, scene):
                return (), self.judge(match, scene)
            case ProgressToneHeard(start_s=start) if start >= self.since:
                return decide(Status.FAILED, start, f"heard {tone_of(percept)} from {start:.1f} s on{self.so_far()}. {self.expected()}")
            case Tick():
                # Only now is all taken in that was heard up to here.
                return (), self.look(scene)
        if scene.ended is not None:
            return (), self.look(scene) or cut_short(scene.ended, self.waited_for(scene.ended.at))
        return wait_on()

    def plays(self, music: Music) -> None:
        self.stopped = None
        if self.began is None:
            self.began, self.first = max(music.start_s, self.since), music.start_s
        self.loops |= {at_s for at_s in music.loops if at_s >= self.since}
        if music.prompt:
            self.named = music.key

    def concerns(self, match: Match, scene: Scene) -> bool:
        """Return whether a sound that is no music is judged."""
        if match.prompt in scene.music or scene.is_stale(match) or match.doubt is Doubt.begun:
            return False
        return match.start_s >= max(self.since - _SLACK_S, scene.excused_until) and match.end_s > self.since + _SLACK_S

    def judge(self, match: Match, scene: Scene) -> Done:
        """Something else was heard."""
        enough = self.began is not None and not self.loops_missing and match.start_s >= self.began + self.step.seconds
        if match.key == self.wanted and match.verdict in {Verdict.match, Verdict.truncated, Verdict.diverged}:
            return self.ended_by(match)
        if self.wanted is None and enough and self.is_right_music:
            return Done(Status.PASSED, match.start_s)
        if match.verdict is Verdict.inconclusive:
            return Done(Status.ERROR, match.end_s, f"could not tell: {told(match)}{self.so_far()}. {self.expected()}", (match,))
        if hidden := scene.hidden(self.since, match.start_s):
            return Done(Status.ERROR, match.end_s, f"{hidden}, before {told(match)}. {self.expected()}", (match,))
        return Done(Status.FAILED, match.end_s, f"heard {told(match)}{self.so_far()}. {self.expected()}", (match,))

    def ended_by(self, match: Match) -> Done:
        """The prompt has come that must end the music."""
        at = match.start_s
        end = self.stopped.music.end_s if self.stopped is not None else at
        message = ""
        if self.began is None:
            message = f"{named(match.key)} came at {at:.1f} s, and no music before it"
        elif at - end > self.step.pause_s:
            message = f"{self.stop_told(end)}, {at - end:.1f} s before {named(match.key)}. {self.step.pause_s:g} s are allowed"
        elif at < self.began + self.step.seconds:
            message = f"{named(match.key)} came at {at:.1f} s, after {at - self.began:.1f} s of music. {self.expected()}"
        elif self.loops_missing:
            message = f"{named(match.key)} came at {at:.1f} s{self.so_far()}. {self.expected()}"
        elif not self.is_right_music:
            message = self.wrong_music()
        return Done(Status.FAILED if message else Status.PASSED, at, message)

    @property
    def loops_missing(self) -> bool:
        return len(self.loops) < self.step.loops

    @property
    def is_right_music(self) -> bool:
        return self.step.recording is None or self.named[0] == self.step.recording.prompt

    def look(self, scene: Scene) -> Done | None:
        """Decide, if it is time to."""
        step, now = self.step, scene.now
        if self.began is None:
            if now <= self.since + step.within_s + KNOWN_S:
                return None
            until = self.since + step.within_s
            hidden = scene.hidden(self.since, until)
            status, what = scene.soundless(step.within_s) or (Status.FAILED, f"no music was heard for {step.within_s:g} s")
            return Done(Status.ERROR if hidden else status, until, f"{hidden or what}. {self.expected()}")
        if self.began > self.since + step.within_s:
            waited = self.began - self.since
            return Done(Status.FAILED, self.began, f"music came late, after {waited:.1f} s. it had to begin within {step.within_s:g} s")
        if self.stopped is not None:
            end = self.stopped.music.end_s
            if end >= self.began + step.seconds and self.wanted is None and not self.loops_missing and self.is_right_music:
                return Done(Status.PASSED, max(end, self.since))
            silent = now - end
            if silent <= step.pause_s + KNOWN_S:
                return None
            if hidden := scene.hidden(end, now):
                return Done(Status.ERROR, end, f"{hidden}, after music. {self.expected()}")
            if scene.levels.faint(self.first, end):
                return Done(Status.ERROR, end, f"could not tell: {self.stop_told(end)}, {IN_NOISE}. {self.expected()}")
            after = f"and nothing followed for {silent:.1f} s" if scene.sound_since is None else "for sound that is no music"
            return Done(Status.FAILED, end, f"{self.stop_told(end)} {after}. {self.expected()}")
        if now - self.began > step.at_most_s and (self.wanted is not None or self.loops_missing):
            if hidden := scene.hidden(self.began, now):
                return Done(Status.ERROR, now, f"{hidden}, while music played. {self.expected()}")
            if self.loops_missing and scene.levels.faint(self.first, now):
                return Done(Status.ERROR, now, f"could not tell: music played{self.so_far()}, {IN_NOISE}. {self.expected()}")
            return Done(Status.FAILED, self.began + step.at_most_s, f"only music was heard for {step.at_most_s:g} s. {self.expected()}")
        if self.wanted is not None or self.loops_missing or now < self.began + step.seconds + STOPPED_S:
            return None
        if not self.is_right_music:
            if not self.named[0] and now < self.began + NAMED_S:
                return None
            if not self.named[0] and scene.levels.faint(self.first, now):
                return Done(
                    Status.ERROR, now, f"could not tell which music played from {self.began:.1f} s on, {IN_NOISE}. {self.expected()}"
                )
            return Done(Status.FAILED, now, self.wrong_music())
        return Done(Status.PASSED, max(self.began + step.seconds, *self.loops) if self.loops else self.began + step.seconds)

    # ---------------------------------------------------------------- words

    def stop_told(self, end: float) -> str:
        what = f"music {named(self.named)}" if self.named[0] else "music"
        where = ", where its recording ends," if self.stopped is not None and self.stopped.music.to_end else ""
        return f"{what} stopped at {end:.1f} s{where}"

    def so_far(self) -> str:
        """Say what music there was."""
        if self.began is None:
            return ""
        looped = f", looped {times(len(self.loops))}" if self.step.loops else ""
        if self.stopped is not None:
            return f", after music from {self.began:.1f} s to {self.stopped.music.end_s:.1f} s{looped}"
        return f", after music from {self.began:.1f} s on{looped}"

    def wrong_music(self) -> str:
        assert self.step.recording is not None
        heard = f"is {named(self.named)}" if self.named[0] else "is no recording of the flow"
        return f'the music from {self.began:.1f} s on {heard}. "{self.step.recording.prompt}" was expected'

    def expected(self) -> str:
        step = self.step
        said = f'music "{step.recording.prompt}"' if step.recording is not None else "music"
        said += f" for {step.seconds:g} s" if step.seconds else ""
        said += f" with {step.loops} {'loop' if step.loops == 1 else 'loops'}" if step.loops else ""
        said += f" until {named(self.wanted)}" if self.wanted is not None else ""
        return f"{said} was expected"

    def waited_for(self, at: float) -> str:
        if self.began is None:
            return "music was heard"
        if self.wanted is not None:
            return f"{named(self.wanted)} was heard after {at - self.began:.1f} s of music"
        if self.loops_missing:
            return f"music had looped {times(self.step.loops)}"
        return f"music had played for {self.step.seconds:g} s"
