"""`silence: 2s`: nothing may be heard for so long.

What was under way when the step began may fade out: the last sound of a recording, or a prompt that our key has just cut.
"""

from __future__ import annotations

from typing import ClassVar, Final

from ivrtest.audio.hearing import Heard, Match, MusicPlays, SoundEnded, ToneHeard
from ivrtest.run.acts.act import Act, cut_short, decide, wait_on
from ivrtest.run.acts.naming import music_named, told
from ivrtest.run.blame import was_silent
from ivrtest.run.result import Status
from ivrtest.run.scene import EDGE_S, Command, Done, Percept, Scene
from ivrtest.scenario.steps.silence import Silence

NOTICING_S: Final = 0.5
"""How long it may take to notice a sound: the step waits this much longer before it calls the line silent."""
FADING_S: Final = 0.5
"""How long a sound that began before the step may go on."""
NAMING_S: Final = 20.0
"""How long a sound that breaks the silence may go on before it is reported without a name."""


class SilenceAct(Act):
    step_type: ClassVar[type] = Silence

    def __init__(self, step: Silence) -> None:
        self.step = step
        self.broken_at: float | None = None
        self.fading = False
        """The sound that goes on began before the step."""

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        return self.look(scene)

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        match percept:
            case Heard(match=match) if self.disturbs(match.start_s, match.end_s, scene):
                return (), self.broken(match)
            case ToneHeard(start_s=start, end_s=end, frequency_hz=frequency) if self.disturbs(start, end, scene):
                return decide(Status.FAILED, start, f"heard a tone of {frequency:.0f} Hz at {start:.1f} s. {self.expected()}")
            case MusicPlays(music=music) if self.disturbs(music.start_s, music.end_s, scene):
                message = f"heard {music_named(music)} from {music.start_s:.1f} s on. {self.expected()}"
                return decide(Status.FAILED, max(music.start_s, scene.since), message)
            case SoundEnded(end_s=end):
                if self.fading and end > scene.since + FADING_S:
                    self.broken_at = scene.since
                self.fading = False
                if self.broken_at is not None and scene.levels.is_noise(self.broken_at + EDGE_S, end):
                    # Noise goes on where a prompt ends, and is known for the line's own only later.
                    self.broken_at = None
                if self.broken_at is not None and scene.undecided is None:
                    return decide(Status.FAILED, self.broken_at, f"heard a sound at {self.broken_at:.1f} s. {self.expected()}")
        return self.look(scene)

    def look(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        until = scene.since + self.step.seconds
        began = scene.sound_since
        if self.broken_at is None and began is not None and began < until:
            self.fading = began < scene.since
            # That a sound is over is known only after a moment of quiet.
            if not self.fading or scene.now > scene.since + FADING_S + NOTICING_S:
                if self.fading and (hidden := scene.hidden(scene.since, scene.now)):
                    return decide(Status.ERROR, scene.now, f"{hidden}. {self.expected()}")
                self.broken_at = max(began, scene.since)
        if self.broken_at is not None:
            if scene.ended is not None or scene.now > self.broken_at + NAMING_S:
                return decide(Status.FAILED, self.broken_at, f"heard a sound at {self.broken_at:.1f} s. {self.expected()}")
            return wait_on()
        if scene.ended is not None:
            return (), cut_short(scene.ended, f"{self.step.seconds:g} s of silence had passed")
        if scene.now >= until + NOTICING_S and not self.fading:
            if hidden := scene.hidden(scene.since, until):
                return decide(Status.ERROR, until, f"{hidden}. {self.expected()}")
            # Where nothing came at all, it is not known to be silence.
            if scene.unheard is not None and not was_silent(scene.unheard) and (nothing := scene.soundless(self.step.seconds)):
                status, message = nothing
                return decide(status, until, f"{message}. {self.expected()}")
            return decide(Status.PASSED, until)
        return wait_on()

    def disturbs(self, start: float, end: float, scene: Scene) -> bool:
        """Return whether a sound breaks the silence."""
        return scene.since <= start < scene.since + self.step.seconds or start < scene.since < end - FADING_S

    def broken(self, match: Match) -> Done:
        return Done(Status.FAILED, max(match.start_s, 0.0), f"heard {told(match)}. {self.expected()}", (match,))

    def expected(self) -> str:
        return f"{self.step.seconds:g} s of silence were expected"
