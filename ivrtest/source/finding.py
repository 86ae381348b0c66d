"""What is wrong, how bad it is, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from ivrtest.source.fix import Fix
from ivrtest.source.text import Span


class Severity(IntEnum):
    """How bad a finding is. Greater is worse, so severities compare."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that helps to understand a finding."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a place."""

    rule: str
    """The rule's name, such as `dead-end`."""
    severity: Severity
    message: str
    """Names the thing, the offending value in double quotes, and what would be right. No full stop at the end of one sentence."""
    span: Span
    related: tuple[Related, ...] = field(default=())
    witness: tuple[object, ...] = field(default=())
    """What leads a caller there, one act each, whose `str` says it: `call`, `wait 5 s`, `press 2`."""
    fix: Fix | None = field(default=None)
    """What puts it right. None where more than one thing may be meant."""

    @property
    def sort_key(self) -> tuple[object, ...]:
        return (*self.span.sort_key, -self.severity, self.rule, self.message)


class InputError(Exception):
    """Input that cannot be used at all. The command ends with exit code 3.

    `findings` holds at least one finding; each of them says what is wrong, where, and what would be right.
    """

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(f"{finding.span}: {finding.message}" for finding in findings))
        self.findings = findings
