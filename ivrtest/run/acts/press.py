"""`press: 2`: keys are sent; the step is done when the last has left."""

from __future__ import annotations

from typing import ClassVar

from ivrtest.call.call import KeySent
from ivrtest.run.acts.act import Act, cut_short, decide, wait_on
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Done, Percept, PressKeys, Scene
from ivrtest.scenario.steps.press import Press


class PressAct(Act):
    step_type: ClassVar[type] = Press

    def __init__(self, step: Press) -> None:
        self.step = step
        self.sent = 0

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if scene.ended is not None:
            return (), cut_short(scene.ended, "the keys could be pressed")
        return (PressKeys(self.step.keys, self.step.secret, self.step.form),), None

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if isinstance(percept, KeySent):
            self.sent += 1
            if self.sent == len(self.step.keys):
                return decide(Status.PASSED, percept.at + percept.seconds)
        if scene.ended is not None:
            return (), cut_short(scene.ended, f"key {self.sent + 1} of {len(self.step.keys)} was pressed")
        return wait_on()
