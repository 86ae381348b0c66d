"""What one scenario needs to be run, and whether it fits the flow that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.flow.model import DigitsRef, Flow, NumberRef, Prompt, PromptRef
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.flow.nodes.queue import Queue
from ivrtest.flow.spoken_numbers import NumberError
from ivrtest.run.bundle import music_of
from ivrtest.run.scene import recording_of
from ivrtest.scenario.model import Scenario
from ivrtest.scenario.steps.hear import Hear, HeardBy
from ivrtest.scenario.steps.music import MusicStep
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span

MISSING: Final = frozenset({"prompt-not-in-language", "missing-recording"})
"""What a step may expect all the same, if it says so."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A scenario with the flow it names, the flows that this one may call, and the prompts and recordings of all of them."""

    scenario: Scenario
    flow: Flow
    flows: Mapping[str, Flow]
    prompts: Mapping[str, Prompt]
    library: PromptLibrary

    @property
    def start_time(self) -> datetime:
        """The wall time, aware, at which the call begins as far as the flow knows."""
        given = self.scenario.given.now
        return datetime.now(UTC) if given is None else given.replace(tzinfo=ZoneInfo(self.flow.time_zone))

    @property
    def music(self) -> frozenset[str]:
        """The prompts that play while a caller waits."""
        return music_of(self.flow, *self.flows.values())

    @property
    def unrecorded(self) -> frozenset[tuple[str, str]]:
        """What steps expect that allow it to be missing, and what is, as prompt and language."""
        language = self.scenario.language or self.flow.default_language
        missing = set()
        for step in self.scenario.steps:
            if isinstance(step, Hear):
                language = step.language or language
                wanted = step.prompts(language) if step.may_be_missing else ()
                missing |= {key for name in wanted if self.library.get(*(key := recording_of(self.prompts, name, language))) is None}
        return frozenset(missing)

    def misfits(self, *, by_sound: bool) -> Iterator[Finding]:
        """Yield what the scenario expects and the flow cannot give: prompts, languages and, `by_sound`, recordings."""
        for named, span in self.scenario.languages_named():
            if named not in self.flow.languages:
                spoken = ", ".join(f'"{each}"' for each in self.flow.languages)
                yield misfit("unknown-language", f'flow "{self.flow.name}" does not speak "{named}". it speaks {spoken}', span)
        language = self.scenario.language or self.flow.default_language
        for step in self.scenario.steps:
            if isinstance(step, Hear):
                language = step.language or language
                if language in self.flow.languages:
                    found = self._unheard(step, language, by_sound)
                    yield from (each for each in found if not (step.may_be_missing and each.rule in MISSING))
            if isinstance(step, MusicStep):
                yield from self._unplayed(step, language, by_sound)

    def _unplayed(self, step: MusicStep, language: str, by_sound: bool) -> Iterator[Finding]:
        """Yield why music cannot be heard as a step says."""
        nodes = [node for flow in (self.flow, *self.flows.values()) for node in flow.nodes.values()]
        if not any(isinstance(node, Queue) or (isinstance(node, Lookup) and node.music is not None) for node in nodes):
            message = f'flow "{self.flow.name}" has no queue, and no lookup with music, so no music can be heard. leave the step out'
            yield misfit("no-music", message, step.span)
        wanted = step.recording
        if wanted is not None and wanted.prompt not in self.music:
            names = ", ".join(f'"{name}"' for name in sorted(self.music)) or "none"
            message = f'"{wanted.prompt}" is no music of flow "{self.flow.name}". its music: {names}'
            yield misfit("no-music", message, wanted.span)
        for ref in (step.recording, step.until):
            if ref is not None and language in self.flow.languages:
                yield from self._unsaid(ref.prompt, language, ref.span, by_sound)

    def _unheard(self, step: Hear, language: str, by_sound: bool) -> Iterator[Finding]:
        # What is known by its words needs words, and no recordings.
        by_sound = by_sound and step.known_by is HeardBy.sound
        for sound in step.sounds:
            match sound:
                case PromptRef(prompt=name, span=span):
                    yield from self._unsaid(name, language, span, by_sound)
                case DigitsRef(variable=digits, span=span) if by_sound:
                    for digit in dict.fromkeys(digits):
                        yield from self._unrecorded(f"digits/{digit}", language, span)
                case NumberRef(value=value, span=span):
                    try:
                        names = sound.recordings(value, language)
                    except NumberError as error:
                        yield misfit("number-words", str(error), span)
                        continue
                    for name in dict.fromkeys(names) if by_sound else ():
                        yield from self._unrecorded(name, language, span)

    def _unsaid(self, name: str, language: str, span: Span, by_sound: bool) -> Iterator[Finding]:
        prompt = self.prompts.get(name)
        if prompt is None:
            near = get_close_matches(name, self.prompts, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"the prompts are in {self.flow.span.source.name}"
            yield misfit("unknown-prompt", f'flow "{self.flow.name}" has no prompt "{name}". {hint}', span)
            return
        recorded = prompt.language_for(language)
        if recorded is None:
            spoken = ", ".join(f'"{each}"' for each in prompt.words)
            yield misfit("prompt-not-in-language", f'prompt "{name}" has no words in "{language}". it has them in {spoken}', span)
        elif by_sound:
            yield from self._unrecorded(name, recorded, span)

    def _unrecorded(self, prompt: str, language: str, span: Span) -> Iterator[Finding]:
        if self.library.get(prompt, language) is None:
            message = (
                f'there is no recording of prompt "{prompt}" in "{language}", so nobody could recognise it. '
                f"record it, or run: ivrtest prompts render {self.flow.span.source.name}"
            )
            yield misfit("missing-recording", message, span)


def words_needed(job: Job) -> Iterator[tuple[Hear, str]]:
    """Yield each step that is known by its words, with the language it is expected in."""
    language = job.scenario.language or job.flow.default_language
    for step in job.scenario.steps:
        if isinstance(step, Hear):
            language = step.language or language
            if step.known_by is not HeardBy.sound:
                yield step, language


def misfit(rule: str, message: str, span: Span) -> Finding:
    return Finding(rule, Severity.ERROR, message, span)
