"""`say: 3s`: the caller speaks."""

from __future__ import annotations

from typing import ClassVar

from ivrtest.call.call import PlaybackEnded
from ivrtest.run.acts.act import Act, cut_short, decide, wait_on
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Done, Percept, Scene, Speak
from ivrtest.scenario.steps.say import Say


class SayAct(Act):
    step_type: ClassVar[type] = Say

    def __init__(self, step: Say) -> None:
        self.step = step

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if scene.ended is not None:
            return (), cut_short(scene.ended, "the caller could speak")
        return (Speak(self.step.seconds),), None

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if isinstance(percept, PlaybackEnded):
            return decide(Status.PASSED, percept.at)
        if scene.ended is not None:
            return (), cut_short(scene.ended, "the caller had finished speaking")
        return wait_on()
