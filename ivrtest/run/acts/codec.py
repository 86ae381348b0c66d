"""`codec: PCMA`: the caller's telephone asks for another codec in mid-call."""

from __future__ import annotations

from typing import ClassVar

from ivrtest.call.call import SessionChanged
from ivrtest.run.acts.act import Act, cut_short, decide, wait_on
from ivrtest.run.result import Status
from ivrtest.run.scene import ChangeCodec, Command, Done, Percept, Scene
from ivrtest.scenario.steps.codec import Codec


class CodecAct(Act):
    step_type: ClassVar[type] = Codec

    def __init__(self, step: Codec) -> None:
        self.step = step
        self._until = 0.0

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        self._until = max(scene.now, scene.since) + self.step.within_s
        return (ChangeCodec(self.step.name, self.step.method),), None

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        name = self.step.name
        if scene.ended is not None:
            return (), cut_short(scene.ended, f"it had agreed to {name}")
        if isinstance(percept, SessionChanged) and percept.by == "us":
            if percept.status >= 300:
                return decide(Status.FAILED, percept.at, f"the IVR refused to change the codec to {name}, with {percept.status}")
            # Without sound there is no codec to change, and in process there is none either.
            if percept.codec in (name, ""):
                return decide(Status.PASSED, percept.at)
        if scene.now >= self._until:
            message = f"the IVR did not agree to change the codec to {name} within {self.step.within_s:g} s"
            return decide(Status.FAILED, self._until, message)
        return wait_on()
