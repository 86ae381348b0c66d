"""Send the caller through another flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ivrtest.flow.fields import Fields
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Descent, Exit, Node, Script, Target, Written
from ivrtest.flow.writing import given, written_target, written_targets
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class CallFlow(Node):
    """Goes through another flow and takes the exit for what that flow returns.

    All flows of a call share their variables: what the called flow sets is there when it returns, `language` too. Its own initial
    values are set only where a variable has no value yet.
    """

    kind: ClassVar[str] = "call_flow"

    flow: str
    flow_span: Span
    outcomes: Mapping[str, Target] = field(default_factory=dict)
    goto: Target | None = None
    """Taken on a plain `return`, and on an outcome that is not in `outcomes`."""

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> CallFlow:  # noqa: A002
        return cls(id, span, fields.text("flow"), fields.span("flow"), fields.targets("outcomes"), fields.target("goto"))

    def written(self) -> Written:
        return given(flow=self.flow, outcomes=written_targets(self.outcomes) or None, goto=written_target(self.goto))

    def exits(self) -> Iterator[Exit]:
        """The plain return is listed as undeclared only beside no outcomes: which of them come is for the called flow to say."""
        for outcome, target in self.outcomes.items():
            yield Exit.to(target, outcome, self.span, "outcome")
        if self.goto is not None or not self.outcomes:
            yield Exit.to(self.goto, "then", self.span, "outcome")

    def visit(self, memory: Memory) -> Script:
        yield from ()
        return Descent(self.flow)

    def returned(self, outcome: str | None) -> Exit:
        if outcome is not None and outcome in self.outcomes:
            return Exit.to(self.outcomes[outcome], outcome, self.span, "outcome")
        return Exit.to(self.goto, "then", self.span, "outcome")
