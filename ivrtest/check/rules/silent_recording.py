"""The rule `silent-recording`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.lengths import recordings
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity


class SilentRecording(Rule):
    """What it does
        Reports a recording in which nothing can be heard. Silent where the recordings cannot be looked at.

    Why it matters
        The caller hears nothing, does not know what to press, and hangs up. To the system all looks well: it plays a file.

    Example
        prompts/bank/en/welcome.wav: 2.0 s in which no sample goes beyond 12 of 32768

    Instead
        Record the words again, with the right microphone switched on.
    """

    name = "silent-recording"
    severity = Severity.ERROR
    needs_recordings = True

    loudest = 40
    """A recording that never exceeds this sample value (-58 dB of full scale) holds no speech. Quiet telephone speech reaches 1000."""

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        return context.sounds is not None

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for prompt, language, span in recordings(flow, context):
            glance = (context.sounds or {})[prompt.name, language]
            if glance.peak is not None and glance.peak < self.loudest:
                yield self.finding(
                    span,
                    f'the recording of prompt "{prompt.name}" in "{language}" is silent for its {glance.seconds:.1f} s. '
                    "record the words again",
                )
