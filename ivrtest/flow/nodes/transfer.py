"""Hand the caller over to somebody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ivrtest.flow import action
from ivrtest.flow.action import TransferEnded
from ivrtest.flow.fields import Fields, written_seconds
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Ending, Exit, Node, Script, Spoken, Target, VariableRef, Written
from ivrtest.flow.speaking import say, wait_for
from ivrtest.flow.writing import given, written_spoken, written_target
from ivrtest.source.text import Span

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Transfer(Node):
    """Says the prompt to its end and hands the caller over. Keys pressed while it rings are forgotten.

    Without `answered`, the flow ends when the far side answers; with it, the flow goes on there when the far side has answered.
    """

    kind: ClassVar[str] = "transfer"

    to: str | VariableRef
    to_span: Span
    attended: bool = False
    timeout_s: float = TIMEOUT_S
    prompt: Spoken = ()
    answered: Target | None = None
    busy: Target | None = None
    no_answer: Target | None = None
    failed: Target | None = None

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Transfer:  # noqa: A002
        variable = fields.child("to")
        return cls(
            id,
            span,
            to=fields.text("to") if variable is None else VariableRef(variable.text("variable"), variable.span("variable")),
            to_span=fields.span("to"),
            attended=fields.text("mode", "blind") == "attended",
            timeout_s=fields.seconds("timeout", TIMEOUT_S),
            prompt=fields.spoken("prompt"),
            answered=fields.target("answered"),
            busy=fields.target("busy"),
            no_answer=fields.target("no_answer"),
            failed=fields.target("failed"),
        )

    def written(self) -> Written:
        return given(
            to=self.to if isinstance(self.to, str) else {"variable": self.to.variable},
            mode="attended" if self.attended else None,
            timeout=None if self.timeout_s == TIMEOUT_S else written_seconds(self.timeout_s),
            prompt=written_spoken(self.prompt) if self.prompt else None,
            answered=written_target(self.answered),
            busy=written_target(self.busy),
            no_answer=written_target(self.no_answer),
            failed=written_target(self.failed),
        )

    def exits(self) -> Iterator[Exit]:
        if self.answered is not None:
            yield Exit.to(self.answered, "answered", self.span, "outcome")
        yield Exit.to(self.busy, "busy", self.span, "outcome")
        yield Exit.to(self.no_answer, "no answer", self.span, "outcome")
        yield Exit.to(self.failed, "failed", self.span, "outcome")

    def spoken(self) -> Iterator[Spoken]:
        yield self.prompt

    def visit(self, memory: Memory) -> Script:
        yield from say(memory, self.prompt)
        to = self.to if isinstance(self.to, str) else str(memory.value(self.to.variable))
        memory.do(action.Transfer(to, self.attended, self.timeout_s))
        outcome = (yield from wait_for(memory, TransferEnded)).outcome
        memory.keys.clear()
        match outcome:
            case "answered" if self.answered is None:
                return Ending("answered", handed_over=True)
            case "answered":
                return Exit.to(self.answered, "answered", self.span, "outcome")
            case "busy":
                return Exit.to(self.busy, "busy", self.span, "outcome")
            case "no_answer":
                return Exit.to(self.no_answer, "no answer", self.span, "outcome")
            case "failed":
                pass
            case other:
                memory.trouble.append(f'transfer "{self.id}" ended with "{other}", which is no outcome of a transfer')
        return Exit.to(self.failed, "failed", self.span, "outcome")
