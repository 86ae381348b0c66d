"""Go on by what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ivrtest.flow.condition import Condition, ConditionError
from ivrtest.flow.fields import Fields
from ivrtest.flow.memory import DeadEndError, Memory
from ivrtest.flow.model import Exit, Node, Script, Target, Written
from ivrtest.flow.writing import given, written_target
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Case:
    """One way on, and when it is taken."""

    when: Condition
    goto: Target | None
    when_span: Span

    @property
    def label(self) -> str:
        return f"when {self.when}"


@dataclass(frozen=True, slots=True)
class Branch(Node):
    """Takes the first case whose condition is true, and `otherwise` if none is."""

    kind: ClassVar[str] = "branch"

    cases: tuple[Case, ...] = ()
    otherwise: Target | None = None

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Branch:  # noqa: A002
        found = [(case.condition("when"), case.target("goto"), case.span("when")) for case in fields.children("cases")]
        cases = tuple(Case(when, goto, place) for when, goto, place in found if when is not None)
        return cls(id, span, cases=cases, otherwise=fields.target("otherwise"))

    def written(self) -> Written:
        cases = [given(when=str(case.when), goto=written_target(case.goto)) for case in self.cases]
        return given(cases=cases, otherwise=written_target(self.otherwise))

    def exits(self) -> Iterator[Exit]:
        for case in self.cases:
            yield Exit.to(case.goto, case.label, case.when_span, "branch")
        yield Exit.to(self.otherwise, "otherwise", self.span, "branch")

    def visit(self, memory: Memory) -> Script:
        yield from ()
        ways = self.exits()
        for case, way in zip(self.cases, ways, strict=False):
            try:
                if case.when.evaluate(memory.variables):
                    return way
            except ConditionError as error:
                raise DeadEndError(f'cannot decide "{case.when}": {error}') from error
        return next(ways)
