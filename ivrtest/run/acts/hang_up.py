"""`hang_up`: the caller ends the call. It asserts nothing of the IVR, so an IVR that was a moment faster does no harm."""

from __future__ import annotations

from typing import ClassVar

from ivrtest.run.acts.act import Act, decide, wait_on
from ivrtest.run.blame import because
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Done, HangUpCall, Percept, Scene
from ivrtest.scenario.steps.hang_up import HangUp


class HangUpAct(Act):
    step_type: ClassVar[type] = HangUp

    def __init__(self, step: HangUp) -> None:
        self.step = step

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if scene.ended is not None:
            return self.over(scene)
        return (HangUpCall(),), None

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        return wait_on() if scene.ended is None else self.over(scene)

    def over(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        assert scene.ended is not None
        if scene.ended.by in {"us", "them"}:
            return decide(Status.PASSED, scene.ended.at)
        return decide(Status.ERROR, scene.ended.at, f"the line was lost at {scene.ended.at:.1f} s, before we hung up{because(scene.ended)}")
