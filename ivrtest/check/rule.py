"""A rule looks for one mistake in a flow that would harm a caller."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from ivrtest.check.context import CheckContext
from ivrtest.check.effects import Act
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.fix import Fix
from ivrtest.source.text import Span


class Documented:
    """Something that `ivrtest explain` can explain. The docstring has the parts that `manual` reads."""

    name: ClassVar[str]
    """Reads as "allow <name>" and is the file's name with `-` for `_`: `dead-end` is `dead_end.py` is `DeadEnd`."""
    severity: ClassVar[Severity]
    """The usual one; a finding may be worse or milder."""


class Rule(Documented, ABC):
    """One mistake. Rules hold no state: the checker makes a new one for each flow."""

    needs_whole_flow: ClassVar[bool] = False
    """True for a rule that concludes from what is *not* in the flow. It does not run when nodes could not be read."""

    needs_recordings: ClassVar[bool] = False
    """True for a rule that has nothing to look at where recordings are not looked at."""

    needs_year: ClassVar[bool] = False
    """True for a rule that looks at a year, and at nothing where none is named."""

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        """Tell whether all is known that the rule looks at. If not, what it finds counts, and that it finds nothing means nothing."""
        return not (cls.needs_whole_flow and context.broken)

    @abstractmethod
    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        """Yield what is wrong. The order does not matter; the checker sorts."""

    def finding(
        self,
        span: Span,
        message: str,
        *,
        severity: Severity | None = None,
        related: tuple[Related, ...] = (),
        witness: tuple[Act, ...] = (),
        fix: Fix | None = None,
    ) -> Finding:
        """Return a finding of this rule."""
        return Finding(self.name, self.severity if severity is None else severity, message, span, related, witness, fix)
