"""What a check found, as every report of findings takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivrtest.check.selection import Selection
from ivrtest.source.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What was looked for in one file. A rule that is neither in `examined` nor in `unexamined` was switched off."""

    name: str
    """As the findings in it call it."""
    examined: tuple[str, ...] = ()
    """The rules that ran to their end."""
    unexamined: tuple[str, ...] = ()
    """The rules that did not, because too little of the flow could be read, or because they crashed."""
    usable: bool = True
    """False if no flow could be read from it."""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """Everything one check has to say."""

    findings: tuple[Finding, ...] = ()
    """Sorted by place."""
    files: tuple[CheckedFile, ...] = ()
    """In the order in which they were checked."""
    usable: bool = True
    """False if any input could not be used: a file, the settings, a baseline."""
    known: tuple[Finding, ...] = ()
    """Findings of the baseline, which are not reported. Sorted by place."""
    baseline: str = ""
    """The baseline's file, if there is one."""
    notes: tuple[str, ...] = ()
    """What is worth saying and no finding in a flow."""
    selection: Selection = field(default_factory=Selection)
    fixed: tuple[Finding, ...] = ()
    """What was put right before, each as it was found; it is not among the findings."""
    scenarios: Mapping[str, str] = field(default_factory=dict)
    """Scenario files that show the findings on the wire, by file name, if they were asked for."""

    @property
    def exit_code(self) -> int:
        """0 all well; 1 an error stands; 3 input could not be used."""
        if not self.usable:
            return 3
        return 1 if any(finding.severity is Severity.ERROR for finding in self.findings) else 0

    @property
    def fixable(self) -> int:
        """How many findings can be put right by themselves."""
        return sum(finding.fix is not None for finding in self.findings)

    def count(self, severity: Severity) -> int:
        """Return how many findings of a severity stand."""
        return sum(finding.severity is severity for finding in self.findings)
