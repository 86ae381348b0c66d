"""The rule `clipped-recording`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.lengths import recordings
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity


class ClippedRecording(Rule):
    """What it does
        Reports a recording that was made too loud: its sound wave is cut off at the end of the scale, again and again. Silent where the
        recordings cannot be looked at.

    Why it matters
        The voice rattles and is hard to understand, most of all for those who hear badly. Nothing mends it afterwards.

    Example
        prompts/bank/en/welcome.wav: cut off 412 times in 3.1 s

    Instead
        Record the words again at a lower level, with peaks at half of the scale.
    """

    name = "clipped-recording"
    severity = Severity.WARNING
    needs_recordings = True

    most_a_second = 3
    """Single cuts are not heard. One that is heard is cut off in most periods of loud vowels, which are 80 to 250 a second."""

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        return context.sounds is not None

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for prompt, language, span in recordings(flow, context):
            glance = (context.sounds or {})[prompt.name, language]
            if glance.cut_off is not None and glance.cut_off > self.most_a_second * max(glance.seconds, 1.0):
                yield self.finding(
                    span,
                    f'the recording of prompt "{prompt.name}" in "{language}" is cut off at full scale {glance.cut_off} times '
                    f"in {glance.seconds:.1f} s, so it rattles. record it again at a lower level",
                )
