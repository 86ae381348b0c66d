"""The rule `missing-recording`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import DigitsRef, Flow, NumberRef, PromptRef, Spoken
from ivrtest.flow.spoken_numbers import is_number_recording
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span


class MissingRecording(Rule):
    """What it does
        Reports a prompt or a spoken digit that callers come to hear and that is not among the recordings. Silent where no recordings are
        known.

    Why it matters
        The caller hears silence, and a menu that cannot be heard cannot be used.

    Example
        announce: {prompt: welcome, goto: main}

    Instead
        Record the words, or have them synthesised, as <language>/welcome.wav in the flow's folder of prompts.
    """

    name = "missing-recording"
    severity = Severity.ERROR
    needs_recordings = True

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        return context.recordings is not None

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if context.recordings is None:
            return
        states = context.states(flow)
        told: set[tuple[str, str]] = set()
        for state in states.steps:
            node = flow.nodes[state.node]
            for spoken in node.spoken():
                for recording, language, span in _wanted(flow, spoken, state.language):
                    if recording in context.recordings.get(language, frozenset()) or (recording, language) in told:
                        continue
                    told.add((recording, language))
                    what = _what(recording)
                    yield self.finding(
                        span,
                        f'{what} of {called(node)} has no recording in "{language}". put it at '
                        f'"prompts/{flow.name}/{language}/{recording}.wav", or run: ivrtest prompts render',
                        witness=states.witness(state),
                    )


def _what(recording: str) -> str:
    if recording.startswith("digits/"):
        return f'digit "{recording[-1]}"'
    return f'number recording "{recording}"' if is_number_recording(recording) else f'prompt "{recording}"'


def _wanted(flow: Flow, spoken: Spoken, language: str) -> Iterator[tuple[str, str, Span]]:
    """Yield name, language and place of each recording that is played for `spoken`."""
    for part in spoken:
        match part:
            case PromptRef():
                prompt = flow.prompts.get(part.prompt)
                if prompt is not None and (recorded := prompt.language_for(language)) is not None:
                    yield prompt.name, recorded, part.span
            case DigitsRef():
                for digit in part.variable if part.variable.isdigit() else "0123456789":
                    yield f"digits/{digit}", language, part.span
            case NumberRef():
                spoken_in = language if language in flow.languages else flow.default_language
                for name in part.possible_recordings(spoken_in):
                    yield name, spoken_in, part.span
