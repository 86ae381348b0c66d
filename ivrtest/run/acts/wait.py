"""`wait: 1s`: time passes; anything may be heard, and the IVR may hang up."""

from __future__ import annotations

from typing import ClassVar

from ivrtest.run.acts.act import WatchingAct, decide, wait_on
from ivrtest.run.blame import because
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Done, Scene
from ivrtest.scenario.steps.wait import Wait


class WaitAct(WatchingAct):
    step_type: ClassVar[type] = Wait

    def __init__(self, step: Wait) -> None:
        self.step = step

    def look(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        until = scene.since + self.step.seconds
        ended = scene.ended
        if ended is not None and ended.by not in {"us", "them"}:
            return decide(Status.ERROR, ended.at, f"the line was lost at {ended.at:.1f} s, while time passed{because(ended)}")
        if scene.now >= until or ended is not None:
            scene.excused_until = until
            return decide(Status.PASSED, until)
        return wait_on()
