"""A scenario as values: one caller's conversation with an IVR, and how its surroundings behave meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from ivrtest.flow.model import PromptRef
from ivrtest.scenario.calling import Calling
from ivrtest.scenario.quality import Limit
from ivrtest.scenario.steps import Step as Step
from ivrtest.scenario.steps.hear import Hear
from ivrtest.source.text import Span

TIME_LIMIT_S: Final = 300.0
NEVER: Final = "never"
"""The outcome of a lookup that is never answered, and of a queue that nobody is taken from."""
ANY_TARGET: Final = "*"
"""In `Given.transfers`: all that are not named."""

TransferOutcome = Literal["answered", "busy", "no_answer", "failed"]
QueueOutcome = Literal["answered", "overflow", "no_agents", "never"]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What a lookup answers, once."""

    outcome: str
    """An outcome that the node declares, `failed`, or `never`."""
    span: Span
    values: Mapping[str, str | int] = field(default_factory=dict)
    after_s: float = 0.0
    """Seconds until the answer comes."""


@dataclass(frozen=True, slots=True)
class GivenQueue:
    """What happens to a caller in a queue."""

    span: Span
    outcome: QueueOutcome = "answered"
    position: int = 1
    """Her place when she enters. 1 is next."""
    wait_s: float = 3.0
    """Seconds until the outcome."""


@dataclass(frozen=True, slots=True)
class GivenTransfer:
    """What becomes of a transfer."""

    outcome: TransferOutcome
    span: Span


@dataclass(frozen=True, slots=True)
class Given:
    """How the surroundings of the embedded IVR behave. A real target has its own."""

    span: Span | None = None
    """None if the scenario says nothing of it."""
    now: datetime | None = None
    """The wall time at the start of the call, without a zone: it is local to the flow's. None: the real time."""
    caller: str = ""
    """The number that the caller calls from; empty if it is withheld."""
    lookups: Mapping[str, tuple[GivenAnswer, ...]] = field(default_factory=dict)
    """By lookup name: answers one after another, the last of which repeats. Never an empty tuple."""
    queues: Mapping[str, GivenQueue] = field(default_factory=dict)
    transfers: Mapping[str, GivenTransfer] = field(default_factory=dict)
    """By whom they lead to; `*` stands for all others."""
    messages: Literal["sent", "failed"] = "sent"
    headers: Mapping[str, str] = field(default_factory=dict)
    """SIP headers that the IVR's answer carries."""
    ring_s: float = 0.0
    """Seconds for which the line rings before the IVR answers."""
    early_media: bool = False
    """Whether the ringing is heard as sound before the answer (183), and not only told (180)."""

    @property
    def arranged(self) -> tuple[str, ...]:
        """What only the embedded IVR can see to, by its words in the file."""
        says = {"now": self.now, "lookups": self.lookups, "queues": self.queues, "transfers": self.transfers, "headers": self.headers}
        return tuple(word for word, value in says.items() if value) + (("messages",) if self.messages != "sent" else ())

    def transfer_to(self, to: str) -> GivenTransfer | None:
        """Return what becomes of a transfer to `to`, None if nothing is said of it."""
        return self.transfers.get(to) or self.transfers.get(ANY_TARGET)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One caller, one goal, one call."""

    name: str
    span: Span
    """The place of the name."""
    flow: str
    """The name of the flow that is called."""
    flow_span: Span
    steps: tuple[Step, ...]
    """Never empty."""
    language: str | None = None
    """What the caller expects at first. None: the flow's first language."""
    language_span: Span | None = None
    time_limit_s: float = TIME_LIMIT_S
    """Seconds that the whole call may take."""
    given: Given = field(default_factory=Given)
    quality: Mapping[str, Limit] = field(default_factory=dict)
    """By measure: what the quality of the call must be."""
    calling: Calling = field(default_factory=Calling)
    """How the call is placed."""

    def prompts_named(self) -> Iterator[tuple[str, Span]]:
        """Yield each prompt that a step names, with its place. Spoken digits are not among them."""
        for step in self.steps:
            if isinstance(step, Hear):
                yield from ((sound.prompt, sound.span) for sound in step.sounds if isinstance(sound, PromptRef))

    def languages_named(self) -> Iterator[tuple[str, Span]]:
        """Yield each language that is expected, with its place: the scenario's own, then those of its steps."""
        if self.language is not None:
            yield self.language, self.language_span or self.span
        for step in self.steps:
            if isinstance(step, Hear) and step.language is not None:
                yield step.language, step.language_span or step.span
