"""Findings as JUnit XML, for auditors: one suite per file, one case per rule that was asked for.

A passed case is the evidence that a rule examined the file and found nothing that fails a check. `<failure>` holds the errors of a rule,
`<error>` says why a file could not be used, `<skipped>` that a rule did not examine it. Warnings, and findings that the baseline knows,
stand in `<system-out>` of a passed case: the report is red exactly where the command's exit code is. Rules that are switched off have
no case. Cases keep their names when lines move, so that their history can be followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from junit_xml import TestCase, TestSuite

from ivrtest import __version__
from ivrtest.check.ignores import UnusedIgnore
from ivrtest.report.checked import CheckedFile, CheckOutcome
from ivrtest.report.excerpt import excerpt
from ivrtest.report.xunit import xml_text
from ivrtest.source.finding import Finding, Severity

READABLE: Final = "readable"
"""The case for what the reader of flows says, before any rule."""


def findings_text(outcome: CheckOutcome) -> str:
    """Return what a check found as XML."""
    listed = {file.name for file in outcome.files}
    # Settings, a baseline, a path: nothing that a rule could examine.
    strays = dict.fromkeys(finding.span.source.name for finding in outcome.findings if finding.span.source.name not in listed)
    files = [*outcome.files, *(CheckedFile(name, usable=False) for name in strays)]
    return xml_text([suite_of(file, outcome) for file in files])


def suite_of(file: CheckedFile, outcome: CheckOutcome) -> TestSuite:
    findings = [finding for finding in outcome.findings if finding.span.source.name == file.name]
    known = [finding for finding in outcome.known if finding.span.source.name == file.name]
    return TestSuite(file.name, list(cases_of(file, findings, known, outcome)), properties={"ivrtest.version": __version__})


def cases_of(file: CheckedFile, findings: Sequence[Finding], known: Sequence[Finding], outcome: CheckOutcome) -> Iterator[TestCase]:
    """Yield the case of the reader, one per rule, and one for whatever else was found."""
    rules = [rule.name for rule in outcome.selection.rules]
    if outcome.selection.unused_ignores:
        rules.append(UnusedIgnore.name)
    for name in (READABLE, *rules):
        mine = [finding for finding in findings if _case_of(finding, rules) == name]
        old = [finding for finding in known if _case_of(finding, rules) == name]
        if mine or old or name in file.examined or (name == READABLE and file.usable):
            yield case_of(file, name, mine, old)
        elif name in file.unexamined:
            case = TestCase(name, classname=file.name)
            case.add_skipped_info(f'rule "{name}" did not examine "{file.name}"')
            yield case


def case_of(file: CheckedFile, name: str, findings: Sequence[Finding], known: Sequence[Finding]) -> TestCase:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    milder = [finding for finding in findings if finding.severity is not Severity.ERROR]
    told = [excerpt(finding) for finding in milder] + [f"known: {excerpt(finding)}" for finding in known]
    case = TestCase(name, classname=file.name, stdout="\n".join(told) or None)
    if errors:
        message = errors[0].message if len(errors) == 1 else f"{len(errors)} errors"
        text = "\n".join(excerpt(finding) for finding in errors)
        if name == READABLE and not file.usable:
            case.add_error_info(message, text, "unusable")
        else:
            case.add_failure_info(message, text, "error")
    return case


def _case_of(finding: Finding, rules: Sequence[str]) -> str:
    return finding.rule if finding.rule in rules else READABLE
