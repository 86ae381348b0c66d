"""One step kind per file: how it behaves in a conversation. Its data is in `scenario/steps/`."""

from __future__ import annotations

from typing import Final

from ivrtest.run.acts.act import Act
from ivrtest.run.acts.codec import CodecAct
from ivrtest.run.acts.ended import EndedAct
from ivrtest.run.acts.hang_up import HangUpAct
from ivrtest.run.acts.header import HeaderAct
from ivrtest.run.acts.hear import HearAct
from ivrtest.run.acts.hear_words import HearWordsAct
from ivrtest.run.acts.hold import HoldAct
from ivrtest.run.acts.music import MusicAct
from ivrtest.run.acts.press import PressAct
from ivrtest.run.acts.say import SayAct
from ivrtest.run.acts.silence import SilenceAct
from ivrtest.run.acts.transferred import TransferredAct
from ivrtest.run.acts.wait import WaitAct
from ivrtest.scenario.model import Step
from ivrtest.scenario.steps.hear import Hear, HeardBy

ACTS: Final = (HearAct, MusicAct, PressAct, SilenceAct, WaitAct, SayAct, TransferredAct, HeaderAct, HoldAct, CodecAct, EndedAct, HangUpAct)

_ACT_OF = {act.step_type: act for act in ACTS}


def act_for(step: Step) -> Act:
    """Return the act that plays a step."""
    if isinstance(step, Hear) and step.known_by is not HeardBy.sound:
        return HearWordsAct(step)
    return _ACT_OF[type(step)](step)  # type: ignore[arg-type]  # the table pairs each step type with its act
