"""Which rules look, and how much what they find weighs: what a project or a command line says about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ivrtest.check.checker import UnknownRuleError
from ivrtest.check.ignores import UnusedIgnore
from ivrtest.check.rule import Rule
from ivrtest.check.rules import ALL
from ivrtest.check.spelling import did_you_mean
from ivrtest.source.finding import Finding, Severity

SELECTABLE: Final = (*(rule.name for rule in ALL), UnusedIgnore.name)
"""What may be chosen, left out and weighed. That a rule crashed is always told."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules of one check."""

    rules: tuple[type[Rule], ...] = ALL
    """In the order in which they are listed."""
    unused_ignores: bool = True
    """Whether comments that silence nothing are told."""
    severities: Mapping[str, Severity] = field(default_factory=dict)
    """By rule, where it is not the usual one."""

    @property
    def names(self) -> frozenset[str]:
        """The names of all that is looked for."""
        return frozenset(rule.name for rule in self.rules) | ({UnusedIgnore.name} if self.unused_ignores else frozenset())

    def weighed(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings that are wanted, with the severity that they are given here."""
        for finding in findings:
            if finding.rule == UnusedIgnore.name and not self.unused_ignores:
                continue
            severity = self.severities.get(finding.rule, finding.severity)
            yield finding if severity is finding.severity else replace(finding, severity=severity)


def select(*, only: Collection[str] = (), without: Collection[str] = (), severities: Mapping[str, Severity] | None = None) -> Selection:
    """Return a selection of the rules in `only` (all if empty) but for those in `without`. Raises `UnknownRuleError`."""
    severities = severities or {}
    for name in (*only, *without, *severities):
        if message := unknown_rule(name):
            raise UnknownRuleError(message)
    wanted = (set(only) or set(SELECTABLE)) - set(without)
    return Selection(tuple(rule for rule in ALL if rule.name in wanted), UnusedIgnore.name in wanted, severities)


def unknown_rule(name: str) -> str:
    """Return what is to be said if no rule is called so; empty if one is."""
    return "" if name in SELECTABLE else f'no rule is called "{name}"{did_you_mean(name, SELECTABLE)}'
