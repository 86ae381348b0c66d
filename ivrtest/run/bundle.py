"""A flow with what belongs to it on disk: the flows that it calls, and the recordings of all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ivrtest.audio.formats import find_recording
from ivrtest.audio.glance import Glance, glance
from ivrtest.check.context import Stray
from ivrtest.flow.find import clashes, find_flows
from ivrtest.flow.model import ALL_LANGUAGES, DigitsRef, Flow, NumberRef, Prompt
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.flow.nodes.queue import Queue
from ivrtest.flow.read import FlowReading, read_flow
from ivrtest.source.file import OUTSIDE, read_source
from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.text import Source

if TYPE_CHECKING:
    from ivrtest.audio.prompts import PromptLibrary

DIGITS = tuple(f"digits/{digit}" for digit in range(10))


@dataclass(frozen=True, eq=False)
class Bundle:
    """One flow, read, with its surroundings."""

    path: Path
    reading: FlowReading
    called: Mapping[str, Flow] = field(default_factory=dict)
    """Every flow that it may come to call, by name; without those that cannot be read."""
    unread: Mapping[str, Finding] = field(default_factory=dict)
    """What is wrong first with called flows that are there and cannot be read, or that come to call one that cannot, by name."""
    siblings: Mapping[str, Path] = field(default_factory=dict)
    """The files of all flows that it could call, by name."""
    clashes: tuple[Finding, ...] = ()
    """What is wrong with its name, or with those of flows that it calls: several files bear them."""

    @property
    def flow(self) -> Flow:
        """The flow. Raises InputError if it could not be read whole, or if nobody can tell which of several it is."""
        flow = self.reading.flow
        if flow is None or self.reading.findings or self.clashes:
            raise InputError((*self.reading.findings, *self.clashes))
        return flow

    def parts(self) -> Iterator[tuple[Flow, Path]]:
        """Yield the flow and those it calls, each with the folder of its recordings. Raises InputError if one of them cannot be read."""
        if self.unread:
            raise InputError(tuple(dict.fromkeys(self.unread.values())))
        for flow in (self.flow, *self.called.values()):
            yield flow, recordings_folder(self.path, flow)

    @cached_property
    def prompts(self) -> Mapping[str, Prompt]:
        """The prompts of all its flows, by name. Raises InputError where two flows mean different things by one name."""
        prompts: dict[str, Prompt] = {}
        for flow, _ in self.parts():
            for name, prompt in flow.prompts.items():
                other = prompts.setdefault(name, prompt)
                if other.words != prompt.words:
                    message = (
                        f'prompt "{name}" says something else in {other.span}, and one call speaks both. give one of them another name'
                    )
                    raise InputError((Finding("prompt-name", Severity.ERROR, message, prompt.span),))
        return prompts

    def library(self) -> PromptLibrary:
        """Read the recordings of all its flows. Missing ones are left out.

        Raises InputError for unusable ones, and for those that lie outside of the flow's folder.
        """
        # Imported where sound is read: numpy takes longer than checking a flow.
        from ivrtest.audio.prompts import PromptLibrary, load_library

        recordings = {}
        findings = []
        for flow, folder in self.parts():
            outside = [stray.told(flow) for stray in strays(self.path, flow)]
            if outside:
                findings += [Finding(OUTSIDE, Severity.ERROR, message, span) for message, span in outside]
                continue
            music = music_of(self.flow, *self.called.values())
            reading = load_library(flow.name, words_of(flow), flow.languages, folder, anew=flow.spoken_anew, music=music)
            findings += [Finding("recording", Severity.ERROR, problem, flow.span) for problem in reading.problems]
            recordings.update({recording.key: recording for recording in reading.library.recordings()})
        if findings:
            raise InputError(tuple(findings))
        return PromptLibrary(recordings.values())


def recordings_folder(path: Path, flow: Flow) -> Path:
    """Return where the recordings of a flow are: beside its file, in `prompts/<name>`."""
    return path.parent / "prompts" / flow.name


def words_of(flow: Flow) -> dict[str, dict[str, str]]:
    """Return per recording and language the words that a flow speaks, but for single digits: its prompts, and parts of its numbers."""
    words = {name: dict(prompt.words) for name, prompt in flow.prompts.items()}
    for language in flow.languages:
        for name, said in spoken_numbers(flow, language).items():
            words.setdefault(name, {})[language] = said
    return words


def spoken_numbers(flow: Flow, language: str) -> dict[str, str]:
    """Return the words of every recording that the numbers and amounts of a flow may need, by its name."""
    words: dict[str, str] = {}
    for part in (part for node in flow.nodes.values() for spoken in node.spoken() for part in spoken):
        if isinstance(part, NumberRef):
            words |= part.possible_recordings(language)
    return words


def music_of(*flows: Flow) -> frozenset[str]:
    """Return the prompts that play while callers wait."""
    nodes = (node for flow in flows for node in flow.nodes.values())
    return frozenset(node.music.prompt for node in nodes if isinstance(node, Lookup | Queue) and node.music is not None)


def speaks_digits(flow: Flow) -> bool:
    """Return whether any node speaks a value digit by digit."""
    return any(isinstance(part, DigitsRef) for node in flow.nodes.values() for spoken in node.spoken() for part in spoken)


def voice_of(flow: Flow, language: str) -> str:
    """Return the language in whose voice a recording is rendered: the default one for a recording that serves all languages."""
    return flow.default_language if language == ALL_LANGUAGES else language


class FlowFolder:
    """The flow files of one folder, each read once, and only when somebody asks for it."""

    def __init__(self, folder: Path | None, sources: Mapping[Path, Source] | None = None) -> None:
        """`sources`: texts that stand for what files of the folder hold; without a folder, all that there is."""
        self.folder = folder
        self.sources = dict(sources or {})
        found = {} if folder is None else find_flows(folder, self.sources)
        self.paths = {name: files[0].path for name, files in found.items()}
        self._names = {file.path: name for name, files in found.items() for file in files}
        self._clashes = clashes(found)
        self._readings: dict[Path, FlowReading] = {}

    def with_source(self, path: Path, source: Source) -> FlowFolder:
        """Return the folder as it would be if the file at `path` held `source`."""
        changed = FlowFolder(self.folder, {**self.sources, path: source})
        changed._readings |= {other: reading for other, reading in self._readings.items() if other != path}
        return changed

    def source(self, path: Path) -> Source:
        """Return the text of a file, which is read once. Raises InputError if it cannot be read."""
        if path not in self.sources:
            self.sources[path] = read_source(path, self.folder)
        return self.sources[path]

    def read(self, path: Path) -> FlowReading:
        """Read a file of the folder, once. Raises InputError if it is no YAML."""
        if path not in self._readings:
            self._readings[path] = read_flow(self.source(path))
        return self._readings[path]

    def bundle(self, path: Path) -> Bundle:
        """Read a flow and the flows that it calls. Raises InputError if its file is no YAML."""
        reading = self.read(path)
        called: dict[str, Flow] = {}
        unread: dict[str, Finding] = {}
        clashing = list(self._clashes.get(self._names.get(path, ""), ()))
        waiting = list(calls_of(reading.flow))
        while waiting:
            name = waiting.pop()
            if name in called or name in unread or name not in self.paths or self.paths[name] == path:
                continue
            try:
                other = self.read(self.paths[name])
            except InputError as error:
                unread[name] = error.findings[0]
                continue
            if other.flow is None or other.findings:
                unread[name] = other.findings[0]
                continue
            called[name] = other.flow
            clashing += self._clashes.get(name, ())
            waiting += calls_of(other.flow)
        _spread(unread, called)
        return Bundle(path, reading, called, unread, self.paths, tuple(clashing))


def _spread(unread: dict[str, Finding], called: Mapping[str, Flow]) -> None:
    """Add flows that come to call one that cannot be read: nobody can tell what callers meet in them either."""
    callers: dict[str, list[str]] = {}
    for name, flow in called.items():
        for other in calls_of(flow):
            callers.setdefault(other, []).append(name)
    waiting = list(unread)
    while waiting:
        name = waiting.pop()
        for caller in callers.get(name, ()):
            if caller not in unread:
                unread[caller] = unread[name]
                waiting.append(caller)


def calls_of(flow: Flow | None) -> Iterator[str]:
    """Yield the names of the flows that a flow calls."""
    if flow is not None:
        yield from (node.flow for node in flow.nodes.values() if isinstance(node, CallFlow))


def glances(path: Path, flow: Flow) -> dict[tuple[str, str], Glance]:
    """Return what the recordings of a flow are like, by prompt and language, as far as a quick look tells. It reads each file once."""
    folder = recordings_folder(path, flow)
    wanted = [(name, language) for name, words in words_of(flow).items() for language in words]
    wanted += [(name, language) for name in DIGITS for language in flow.languages]
    found = {}
    for name, language in wanted:
        file = find_recording(folder / language, name)
        if file is not None and (seen := glance(file)) is not None:
            found[name, language] = seen
    return found


def recorded(path: Path, flow: Flow) -> dict[str, frozenset[str]]:
    """Return which prompts have a recording file, by language."""
    folder = recordings_folder(path, flow)
    names = dict.fromkeys((*words_of(flow), *DIGITS))
    return {
        language: frozenset(name for name in names if find_recording(folder / language, name) is not None)
        for language in (*flow.languages, ALL_LANGUAGES)
    }


def strays(path: Path, flow: Flow) -> Iterator[Stray]:
    """Yield what of a flow's recordings lies outside of the flow's folder. What lies in a folder that does is not told again."""
    root = path.parent
    inside = os.path.realpath(root)

    def place(file: Path) -> str | None:
        real = os.path.realpath(file)
        return None if os.path.commonpath([real, inside]) == inside else Path(os.path.relpath(real, inside)).as_posix()

    def name(file: Path) -> str:
        return file.relative_to(root).as_posix()

    folder = recordings_folder(path, flow)
    if (found := place(folder)) is not None:
        yield Stray(name(folder), found)
        return
    for language in (*flow.languages, ALL_LANGUAGES):
        if (found := place(folder / language)) is not None:
            yield Stray(name(folder / language), found, language=language)
            continue
        prompts = [*(name for name, words in words_of(flow).items() if language in words), *DIGITS]
        # Parts of numbers and money lie in folders of their own: `numbers/12`.
        parts = {part: place(folder / language / part) for part in dict.fromkeys(each.rpartition("/")[0] for each in prompts) if part}
        for part, found in parts.items():
            if found is not None:
                yield Stray(name(folder / language / part), found, language=language)
        for prompt in prompts:
            if parts.get(prompt.rpartition("/")[0]) is not None:
                continue
            file = find_recording(folder / language, prompt)
            if file is not None and (found := place(file)) is not None:
                yield Stray(name(file), found, prompt, language)
