"""A declared flow as values: what was written, with the place of each thing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ivrtest.flow.action import Happening
from ivrtest.flow.policy import Policy
from ivrtest.flow.spoken_numbers import money_words, number_words, said
from ivrtest.source.text import Span

if TYPE_CHECKING:
    from ivrtest.flow.fields import Fields
    from ivrtest.flow.memory import Memory

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


@dataclass(frozen=True, slots=True)
class NumberRef:
    """A value spoken as a number, `{number: balance}`, or as money, `{amount: balance, currency: USD}`."""

    value: str
    """A variable's name, or the number itself."""
    span: Span
    currency: str = ""
    """Of an amount (`spoken_numbers.CURRENCIES`). Empty: a plain number."""

    @property
    def variable(self) -> str | None:
        """The variable's name; None where the number itself stands here."""
        return self.value if self.value[0].isalpha() else None

    def recordings(self, value: str, language: str) -> tuple[str, ...]:
        """Return the names of the recordings that say `value`. Raises NumberError if it cannot be said."""
        return said(value, self.currency, language)

    def possible_recordings(self, language: str) -> dict[str, str]:
        """Return the words of every recording that may be played, by its name. Raises NumberError if the language has none."""
        words = number_words(language) | (money_words(self.currency, language) if self.currency else {})
        return words if self.variable is not None else {name: words[name] for name in self.recordings(self.value, language)}


@dataclass(frozen=True, slots=True)
class VariableRef:
    """A value that is known only during the call, `{variable: agent}`."""

    variable: str
    span: Span


SpokenPart = PromptRef | DigitsRef | NumberRef
Spoken = tuple[SpokenPart, ...]
"""What stands wherever a prompt may stand: one or more things said one after another. Empty: nothing is said."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a caller goes next, and what is remembered on the way."""

    node: str | None
    """A node's id; None for `return`, which leaves a called flow."""
    span: Span
    sets: Mapping[str, str | int] = field(default_factory=dict)
    """Variables to set first. A text that begins with `=` is an expression (`condition.parse_value` reads the rest)."""
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

    @classmethod
    def to(cls, target: Target | None, label: str, span: Span, cause: str = "always", key: str | None = None) -> Exit:
        """Build an exit whose place is the target's; `span`, the node's own, where nothing is declared."""
        return cls(label, target, target.span if target else span, cause, key)


@dataclass(frozen=True, slots=True)
class Ending:
    """A node ends the flow: no node follows."""

    label: str
    """As an exit's label: `hang up`, or `answered` for a caller who has been handed over."""
    handed_over: bool = False
    """The caller is with somebody else, who decides when the call ends. Otherwise the call is hung up."""


@dataclass(frozen=True, slots=True)
class Descent:
    """A node sends the caller into another flow, and `Node.returned` says what follows when she is back."""

    flow: str


Outcome = Exit | Ending | Descent
"""How a visit of a node comes to its end."""

Script = Generator[None, Happening, Outcome]
"""What a node does with one caller, as a generator: it asks for actions with `memory.do(...)`, `yield` waits for the next
happening, and what it returns ends the visit. A script so reads from top to bottom like the conversation that it holds."""

Written = Mapping[str, object]
"""A node's fields as they stand in a file: plain mappings, lists, texts, numbers and truths."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step of a flow. Each node type is one file in `nodes/`.

    Not an `ABC`, whose `isinstance` takes four times as long: rules ask millions of times of what type a node is.
    """

    kind: ClassVar[str]
    """The word that declares it: `menu`."""
    ends_call: ClassVar[bool] = False
    """True if having no way out is what this node is for."""

    id: str
    span: Span
    """The place of the node's name."""
    _ways: tuple[Exit, ...] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    @abstractmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Self:  # noqa: A002
        """Build the node from its fields, whose shape is known to be right. What else is wrong goes to `fields.wrong`."""

    @abstractmethod
    def written(self) -> Written:
        """Return the fields that `read` builds this node from."""

    @abstractmethod
    def exits(self) -> Iterator[Exit]:
        """Yield every way out, in the order of the file, undeclared ones (`target=None`) too."""

    @property
    def ways(self) -> tuple[Exit, ...]:
        """The exits, worked out at the first use: nearly every rule looks at all of them."""
        if self._ways is None:
            object.__setattr__(self, "_ways", tuple(self.exits()))
            assert self._ways is not None
        return self._ways

    def spoken(self) -> Iterator[Spoken]:
        """Yield everything this node may say."""
        return iter(())

    @abstractmethod
    def visit(self, memory: Memory) -> Script:
        """A caller arrives: do what this node does with her."""

    def returned(self, outcome: str | None) -> Exit:
        """Return the exit for a caller who is back from the flow that a `Descent` named."""
        raise NotImplementedError(f'a node of type "{self.kind}" sends nobody into another flow, so nobody returns with "{outcome}"')


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
    number_spans: tuple[Span, ...] = ()
    """The places of `numbers`."""
    time_zone: str = "UTC"
    time_zone_span: Span | None = None
    """None: the flow does not say which, and UTC is what it gets."""
    variables: Mapping[str, str | int] = field(default_factory=dict)
    """Initial values."""
    variable_spans: Mapping[str, Span] = field(default_factory=dict)
    """The places of the names in `variables`."""
    policy: Policy = field(default_factory=Policy)
    policy_given: frozenset[str] = frozenset()
    """The fields of `policy` that the flow sets itself."""
    spoken_anew: tuple[str, ...] = ()
    """The prompts whose words are synthesised at each call, so that they never sound twice alike."""

    def held_to(self, limits: Mapping[str, Any]) -> Flow:
        """Return the flow under other limits of its policy, by field, where it sets none itself."""
        others = {name: limit for name, limit in limits.items() if name not in self.policy_given}
        return replace(self, policy=replace(self.policy, **others)) if others else self

    @property
    def default_language(self) -> str:
        return self.languages[0]
