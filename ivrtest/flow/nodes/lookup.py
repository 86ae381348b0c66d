"""Ask a system of record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ivrtest.flow import action
from ivrtest.flow.action import LookupEnded, NoInput
from ivrtest.flow.fields import Fields, written_seconds
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Exit, Node, PromptRef, Script, Spoken, Target, Written
from ivrtest.flow.speaking import play_music, say
from ivrtest.flow.writing import given, written_spoken, written_target, written_targets
from ivrtest.source.text import Span

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Lookup(Node):
    """Says the prompt to its end, then asks, with music while it waits. Keys pressed meanwhile are kept.

    The values of the answer become variables. An outcome that is not declared counts as `failed`.
    """

    kind: ClassVar[str] = "lookup"

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    """The variable that each argument is taken from."""
    timeout_s: float = TIMEOUT_S
    prompt: Spoken = ()
    music: PromptRef | None = None
    outcomes: Mapping[str, Target] = field(default_factory=dict)
    failed: Target | None = None
    timed_out: Target | None = None

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Lookup:  # noqa: A002
        arguments = fields.child("with")
        lookup = cls(
            id,
            span,
            name=fields.text("name"),
            arguments={} if arguments is None else {name: arguments.text(name) for name in arguments.data},
            timeout_s=fields.seconds("timeout", TIMEOUT_S),
            prompt=fields.spoken("prompt"),
            music=PromptRef(fields.text("music"), fields.span("music")) if "music" in fields else None,
            outcomes=fields.targets("outcomes"),
            failed=fields.target("failed"),
            timed_out=fields.target("timed_out"),
        )
        for outcome in ("failed", "timed_out"):
            if outcome in lookup.outcomes:
                message = f'outcome "{outcome}" of lookup "{id}" has a field of its own. write it beside "outcomes"'
                fields.wrong(message, fields.key_span("outcomes", outcome))
        return lookup

    def written(self) -> Written:
        fields = given(
            name=self.name,
            timeout=None if self.timeout_s == TIMEOUT_S else written_seconds(self.timeout_s),
            prompt=written_spoken(self.prompt) if self.prompt else None,
            music=None if self.music is None else self.music.prompt,
            outcomes=written_targets(self.outcomes),
            failed=written_target(self.failed),
            timed_out=written_target(self.timed_out),
        )
        return fields | ({"with": dict(self.arguments)} if self.arguments else {})

    def exits(self) -> Iterator[Exit]:
        for outcome, target in self.outcomes.items():
            yield Exit.to(target, outcome, self.span, "outcome")
        yield Exit.to(self.failed, "failed", self.span, "outcome")
        yield Exit.to(self.timed_out, "timed out", self.span, "outcome")

    def spoken(self) -> Iterator[Spoken]:
        yield self.prompt
        if self.music is not None:
            yield (self.music,)

    def visit(self, memory: Memory) -> Script:
        yield from say(memory, self.prompt)
        values = {name: memory.value(variable) for name, variable in self.arguments.items()}
        secrets = frozenset(name for name, variable in self.arguments.items() if variable in memory.secrets)
        memory.do(action.Lookup(self.name, values, secrets))
        play_music(memory, self.music.prompt if self.music else None)
        memory.wait(self.timeout_s)
        while True:
            happening = yield
            match happening:
                case NoInput():
                    return Exit.to(self.timed_out, "timed out", self.span, "outcome")
                case LookupEnded(name=name) if name in ("", self.name):
                    return self._answered(happening, memory)
                case _:
                    pass

    def _answered(self, answer: LookupEnded, memory: Memory) -> Exit:
        memory.variables.update(answer.values)
        if answer.outcome in self.outcomes:
            return Exit.to(self.outcomes[answer.outcome], answer.outcome, self.span, "outcome")
        if answer.outcome != "failed":
            memory.trouble.append(f'lookup "{self.name}" gave the outcome "{answer.outcome}", which is not declared')
        return Exit.to(self.failed, "failed", self.span, "outcome")
