"""`ended: {by: ivr}`: the call must be over, and by whom."""

from __future__ import annotations

from typing import ClassVar

from ivrtest.call.call import Ended
from ivrtest.run.acts.act import WatchingAct, decide, wait_on
from ivrtest.run.blame import because
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Done, Scene
from ivrtest.scenario.steps.ended import EndedStep

WHO = {"them": "ivr", "us": "caller"}
CALLED = {"ivr": "the IVR", "caller": "the caller"}


class EndedAct(WatchingAct):
    step_type: ClassVar[type] = EndedStep

    def __init__(self, step: EndedStep) -> None:
        self.step = step

    def look(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        deadline = scene.since + self.step.within_s
        if scene.ended is not None:
            return (), self.judge(scene.ended, scene, deadline)
        if scene.now > deadline:
            return decide(
                Status.FAILED, deadline, f"the call was not over after {self.step.within_s:g} s. {CALLED[self.step.by]} had to end it"
            )
        return wait_on()

    def judge(self, ended: Ended, scene: Scene, deadline: float) -> Done:
        who = WHO.get(ended.by)
        if who is None:
            return Done(Status.ERROR, ended.at, f"the line was lost at {ended.at:.1f} s, so nobody hung up{because(ended)}")
        if who != self.step.by:
            message = f"{CALLED[who]} ended the call at {ended.at:.1f} s. {CALLED[self.step.by]} had to end it"
            return Done(Status.FAILED, ended.at, message)
        if ended.at > deadline:
            late = ended.at - scene.since
            message = f"the call was over after {late:.1f} s. it had to be over within {self.step.within_s:g} s"
            return Done(Status.FAILED, ended.at, message)
        return Done(Status.PASSED, ended.at)
