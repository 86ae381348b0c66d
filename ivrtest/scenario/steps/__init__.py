"""What a step can be: one kind per file, and the list of them all."""

from __future__ import annotations

from typing import Final

from ivrtest.scenario.steps.codec import Codec
from ivrtest.scenario.steps.ended import EndedStep
from ivrtest.scenario.steps.fields import StepFields as StepFields
from ivrtest.scenario.steps.hang_up import HangUp
from ivrtest.scenario.steps.header import Header
from ivrtest.scenario.steps.hear import Hear
from ivrtest.scenario.steps.hold import Hold
from ivrtest.scenario.steps.music import MusicStep
from ivrtest.scenario.steps.press import Press
from ivrtest.scenario.steps.say import Say
from ivrtest.scenario.steps.silence import Silence
from ivrtest.scenario.steps.transferred import Transferred
from ivrtest.scenario.steps.wait import Wait

Step = Hear | MusicStep | Press | Silence | Wait | Say | Transferred | Header | Hold | Codec | EndedStep | HangUp

STEPS: Final[tuple[type[Step], ...]] = (Hear, MusicStep, Press, Silence, Wait, Say, Transferred, Header, Hold, Codec, EndedStep, HangUp)
"""Each with `word`, the word that it begins with in a file; `read(fields)`; and `describe()`, the step for people."""
