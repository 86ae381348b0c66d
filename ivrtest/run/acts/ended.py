"""`ended: {by: ivr}`: the call must be over, and by whom.

Whoever says what is to be heard wants nothing else to be said: right after a `hear`, a recording or speech before the end is a failure.
After other steps anything may be said.
"""

from __future__ import annotations

from typing import ClassVar, Final

from ivrtest.audio.hearing import Doubt, Heard, Match, Verdict
from ivrtest.call.call import Ended
from ivrtest.run.acts.act import Act, decide, wait_on
from ivrtest.run.acts.naming import told
from ivrtest.run.blame import because
from ivrtest.run.result import Status
from ivrtest.run.scene import EDGE_S, Command, Done, Percept, Scene
from ivrtest.scenario.steps.ended import EndedStep

EXPECTED: Final = "nothing more was expected before the call's end"
NOTHING: Final = ("", "")
"""The recording that is expected."""
WHO = {"them": "ivr", "us": "caller"}
CALLED = {"ivr": "the IVR", "caller": "the caller"}


class EndedAct(Act):
    step_type: ClassVar[type] = EndedStep

    def __init__(self, step: EndedStep) -> None:
        self.step = step
        self.alone = False
        """Whether nothing more may be said."""

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        self.alone = scene.after_hearing
        return self.look(scene)

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        match percept:
            case Heard(match=match) if self.alone and self.is_more(match, scene):
                return (), self.too_much(match, scene)
        return self.look(scene)

    def is_more(self, match: Match, scene: Scene) -> bool:
        # Of what had only just begun, too little is known.
        began = match.sounds_from_s >= scene.since - EDGE_S and match.doubt is not Doubt.begun
        return began and scene.matters(match, NOTHING)

    def too_much(self, match: Match, scene: Scene) -> Done:
        """What is said beside what was expected: decide as `hear` does."""
        if match.verdict is Verdict.inconclusive:
            return Done(Status.ERROR, match.end_s, f"could not tell: {told(match)}. {EXPECTED}", (match,))
        if hidden := scene.hidden(scene.since, match.start_s):
            return Done(Status.ERROR, match.end_s, f"{hidden}, before {told(match)}. {EXPECTED}", (match,))
        return Done(Status.FAILED, match.end_s, f"heard {told(match)}. {EXPECTED}", (match,))

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
