"""A declared flow as values: what was written, with the place of each thing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ivrtest.flow.action import Action, Happening
from ivrtest.flow.memory import Memory
from ivrtest.source.text import Span

ALL_LANGUAGES = "mul"
"""The language of a recording that serves all languages (ISO 639-2: multiple languages)."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A recording and its words."""

    name: str
    words: Mapping[str, str]
    """Per language. The one key `mul` if one text serves all languages."""
    span: Span
    word_spans: Mapping[str, Span] = field(default_factory=dict)

    def language_for(self, language: str) -> str | None:
        """Return the language of the recording that a caller in `language` hears, or None if there is none."""
        if language in self.words:
            return language
        return ALL_LANGUAGES if ALL_LANGUAGES in self.words else None


@dataclass(frozen=True, slots=True)
class PromptRef:
    """A prompt named in a node."""

    prompt: str
    span: Span


@dataclass(frozen=True, slots=True)
class DigitsRef:
    """A value spoken digit by digit, `{digits: account}`."""

    variable: str
    """A variable's name, or the digits themselves."""
    span: Span


Spoken = tuple[PromptRef | DigitsRef, ...]
"""What stands wherever a prompt may stand: one or more things said one after another. Empty: nothing is said."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a caller goes next, and what is remembered on the way."""

    node: str | None
    """A node's id; None for `return`, which leaves a called flow."""
    span: Span
    sets: Mapping[str, str | int] = field(default_factory=dict)
    """Variables to set first. A text that begins with `=` is an expression."""
    outcome: str | None = None
    """With `return`: the outcome that the calling flow branches on."""


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a node."""

    label: str
    """What must happen, in words that fit a sentence: `key 1`, `no input`, `busy`, `open`, `otherwise`, `then`."""
    target: Target | None
    """None: nothing is declared for this outcome, and the caller is left standing."""
    span: Span
    """The place that declares it, or the node's own place where nothing does."""
    cause: str = "always"
    """What kind of happening takes it: `key`, `no_input`, `no_match`, `attempts`, `outcome`, `branch`, `always`."""
    key: str | None = None
    """For `cause="key"`: the key."""


@dataclass(frozen=True, slots=True)
class Leave:
    """A node is done: take this exit."""

    exit: Exit


@dataclass(frozen=True, slots=True)
class Node(ABC):
    """One step of a flow. Each node type is one file in `nodes/`."""

    kind: ClassVar[str]
    """The word that declares it: `menu`."""

    id: str
    span: Span
    """The place of the node's name."""

    @abstractmethod
    def exits(self) -> Iterator[Exit]:
        """Yield every way out, in the order of the file, undeclared ones (`target=None`) too."""

    def spoken(self) -> Iterator[Spoken]:
        """Yield everything this node may say."""
        return iter(())

    @abstractmethod
    def enter(self, memory: Memory, at: float) -> tuple[tuple[Action, ...], Leave | None]:
        """A caller arrives. Return what is to be done and, if the node is done at once, how it is left."""

    @abstractmethod
    def on(self, happening: Happening, memory: Memory) -> tuple[tuple[Action, ...], Leave | None]:
        """Something happened to a caller in this node."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole tree."""

    name: str
    span: Span
    entry: str
    entry_span: Span
    languages: tuple[str, ...]
    """The first is the default. Never empty."""
    nodes: Mapping[str, Node]
    prompts: Mapping[str, Prompt]
    numbers: tuple[str, ...] = ()
    time_zone: str = "UTC"
    variables: Mapping[str, str | int] = field(default_factory=dict)
    """Initial values."""

    @property
    def default_language(self) -> str:
        return self.languages[0]
