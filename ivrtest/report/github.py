"""Findings as workflow commands of GitHub Actions, which shows them at their lines in a pull request."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from ivrtest.report.checked import CheckOutcome
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def findings_text(outcome: CheckOutcome) -> str:
    """Return one command per finding, then the notes."""
    lines = [command(finding) for finding in outcome.findings]
    lines += [f"::notice title=ivrtest::{_data(note)}" for note in outcome.notes]
    return "".join(f"{line}\n" for line in lines)


def command(finding: Finding) -> str:
    """Return the command that annotates a finding's place. File names are taken to be relative to the top of the repository."""
    properties = ",".join(f"{name}={_property(value)}" for name, value in _place(finding.span))
    return f"::{_COMMANDS[finding.severity]} {properties},title={_property(f'ivrtest: {finding.rule}')}::{_data(_message(finding))}"


def _place(span: Span) -> Iterator[tuple[str, str]]:
    yield "file", PurePath(os.path.normpath(span.source.name)).as_posix()
    yield "line", str(span.line)
    # The runner takes columns only where a place begins and ends on one line.
    if span.end_line == span.line:
        yield "col", str(span.column)
    yield "endLine", str(span.end_line)
    if span.end_line == span.line:
        yield "endColumn", str(span.end_column)


def _message(finding: Finding) -> str:
    lines = [finding.message, *(f"{related.span}: {related.message}" for related in finding.related)]
    if finding.witness:
        lines.append(f"how a caller gets there: {', '.join(map(str, finding.witness))}")
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
