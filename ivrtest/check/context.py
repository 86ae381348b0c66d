"""What a rule may know beside the flow itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from ivrtest.audio.glance import Glance
from ivrtest.check.states import States, explore
from ivrtest.check.variables import read_anywhere
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, InputError
from ivrtest.source.text import Span
from ivrtest.source.yaml import Document, read_document

if TYPE_CHECKING:
    from ivrtest.audio.prompts import PromptLibrary


@dataclass(frozen=True, slots=True)
class Stray:
    """A recording, or a folder of them, that lies outside of the flow's folder, because a link leads there."""

    name: str
    """Seen from the flow's folder: `prompts/shop/en/welcome.wav`."""
    place: str
    """Where it really is, seen from there, too: `../../welcome.wav`."""
    prompt: str | None = None
    """What it is a recording of; None for a folder of recordings."""
    language: str | None = None

    def told(self, flow: Flow) -> tuple[str, Span]:
        """Return what is wrong with it and what would be right, and where `flow` speaks of it."""
        what = f'the folder of recordings "{self.name}"'
        if self.prompt is not None:
            what = f'the recording of "{self.prompt}" in "{self.language}"'
        prompt = flow.prompts.get(self.prompt or "")
        span = flow.span if prompt is None else prompt.word_spans.get(self.language or "", prompt.span)
        return f'{what} lies outside of the flow\'s folder, at "{self.place}". copy it to "{self.name}"', span


@dataclass(frozen=True, eq=False)
class CheckContext:
    """The surroundings of the flow that is checked."""

    flows: Mapping[str, Flow] | None = None
    """Other flows by name, for `call_flow`. None: not known, so nothing is said about them."""
    siblings: frozenset[str] = frozenset()
    """Names of all flows that could be called, as far as they are known."""
    unread: Mapping[str, Finding] = field(default_factory=dict)
    """What is wrong with flows that are there and cannot be read, by name."""
    recordings: Mapping[str, frozenset[str]] | None = None
    """Recorded prompts by language (`mul` too), digits such as `digits/7` among them. None: recordings are not checked."""
    sounds: Mapping[tuple[str, str], Glance] | None = None
    """What the recordings are like, by prompt (or digit, `digits/7`) and language. Of those not among them nothing is known."""
    library: PromptLibrary | None = None
    """The recordings themselves, to compare how they sound. None unless asked for: that takes a second for ten minutes of sound."""
    strays: tuple[Stray, ...] = ()
    today: date | None = None
    """For what is only right until a day. None: not known."""
    year: int | None = None
    """The year to look at minute by minute. None: none."""
    broken: frozenset[str] = frozenset()
    """Ids of nodes that are declared but could not be read. Their own findings came from the reader."""
    broken_prompts: frozenset[str] = frozenset()
    """Names of prompts that are declared but could not be read."""
    _explored: dict[int, tuple[Flow, States]] = field(default_factory=dict, init=False, repr=False)
    _read: dict[int, tuple[Flow, frozenset[str]]] = field(default_factory=dict, init=False, repr=False)

    _documents: dict[int, tuple[Flow, Document]] = field(default_factory=dict, init=False, repr=False)

    def states(self, flow: Flow) -> States:
        """Return what callers can live through in `flow`. Explored once, however many rules ask."""
        if id(flow) not in self._explored:
            self._explored[id(flow)] = (flow, explore(flow, self.flows or {}))
        return self._explored[id(flow)][1]

    def document(self, flow: Flow) -> Document | None:
        """Return the data that `flow` was read from, with its places, to tell what a fix changes. None for a flow that no text holds."""
        if id(flow) not in self._documents:
            try:
                self._documents[id(flow)] = (flow, read_document(flow.span.source))
            except InputError:
                return None
        return self._documents[id(flow)][1]

    def read(self, flow: Flow) -> frozenset[str]:
        """Return the variables that `flow` reads at all. Looked for once."""
        if id(flow) not in self._read:
            self._read[id(flow)] = (flow, read_anywhere(flow))
        return self._read[id(flow)][1]

    def flow(self, name: str) -> Flow | None:
        """Return another flow, or None if it is not known."""
        return (self.flows or {}).get(name)
