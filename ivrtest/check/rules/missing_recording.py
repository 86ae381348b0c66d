"""The rule `missing-recording`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import listed
from ivrtest.check.states import State
from ivrtest.flow.model import DigitsRef, Flow, NumberRef, PromptRef, Spoken
from ivrtest.flow.spoken_numbers import is_number_recording
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span
from ivrtest.source.words import quoted

_SHOWN = 3
"""Names of which a message tells, where many are missing."""


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
        recorded = context.recordings
        states = context.states(flow)
        seen: set[tuple[str, str]] = set()
        missing: list[tuple[State, Span, str, list[str]]] = []
        for state in states.steps:
            for spoken in flow.nodes[state.node].spoken():
                parts: dict[tuple[Span, str], list[str]] = {}
                for recording, language, span in _wanted(flow, spoken, state.language):
                    if (recording, language) not in seen:
                        seen.add((recording, language))
                        if recording not in recorded.get(language, frozenset()):
                            parts.setdefault((span, language), []).append(recording)
                missing += [(state, span, language, names) for (span, language), names in parts.items()]
        if len(missing) > 1 and not any(recorded.values()):
            message = f'flow "{flow.name}" has no recordings at all: callers come to hear {len(seen)}. put them below "prompts/{flow.name}"'
            yield self.finding(flow.span, f"{message}, or run: ivrtest prompts render {flow.span.source.name}")
            return
        for state, span, language, names in missing:
            whose = called(flow.nodes[state.node])
            folder = f"prompts/{flow.name}/{language}"
            if len(names) == 1:
                message = f'{_what(names[0])} of {whose} has no recording in "{language}". put it at "{folder}/{names[0]}.wav"'
            else:
                message = f'{len(names)} recordings with which {whose} says a value are missing in "{language}": {_some(names)}. put them '
                message += f'at "{folder}/{names[0]}.wav" and so on'
            yield self.finding(span, f"{message}, or run: ivrtest prompts render", witness=states.witness(state))


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return listed(names) if more <= 1 else f"{', '.join(quoted(name) for name in names[:_SHOWN])} and {more} more"


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
