"""`hold: 5s`: the caller puts the IVR on hold and takes it back."""

from __future__ import annotations

from typing import ClassVar

from ivrtest.call.call import SessionChanged
from ivrtest.run.acts.act import Act, cut_short
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Done, HoldCall, Percept, ResumeCall, Scene
from ivrtest.scenario.steps.hold import Hold


class HoldAct(Act):
    step_type: ClassVar[type] = Hold

    def __init__(self, step: Hold) -> None:
        self.step = step
        self._until = 0.0

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        self._until = max(scene.now, scene.since) + self.step.seconds
        return (HoldCall(),), None

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if scene.ended is not None:
            return (), cut_short(scene.ended, "it was taken off hold")
        if isinstance(percept, SessionChanged) and percept.by == "us" and percept.status >= 300:
            return (), Done(Status.FAILED, percept.at, f"the IVR refused to be put on hold, with {percept.status}")
        if scene.now < self._until:
            return (), None
        # What it said meanwhile went unheard, so what is left of it is no answer to anything.
        scene.excused_until = scene.now
        return (ResumeCall(),), Done(Status.PASSED, scene.now)
