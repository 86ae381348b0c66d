"""Findings as JSON, for other programs. The shape is stable; fields are only ever added.

Lines and columns are counted from 1, in characters; the end is exclusive. `fingerprint` stays when lines move.
"""

from __future__ import annotations

from typing import Any, Final

from ivrtest import __version__
from ivrtest.check.identity import fingerprints
from ivrtest.report.checked import CheckedFile, CheckOutcome
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.fix import Fix
from ivrtest.source.json import to_json
from ivrtest.source.text import Span

FORMAT: Final = "ivrtest/findings/1"


def findings_text(outcome: CheckOutcome) -> str:
    """Return what a check found as JSON."""
    document = {
        "format": FORMAT,
        "ivrtest": __version__,
        "exit_code": outcome.exit_code,
        "counts": {str(severity): outcome.count(severity) for severity in sorted(Severity, reverse=True)},
        "files": [file_data(file) for file in outcome.files],
        "findings": [
            finding_data(finding) | {"fingerprint": fingerprint}
            for finding, fingerprint in zip(outcome.findings, fingerprints(outcome.findings), strict=True)
        ],
        "fixed": [finding_data(finding) for finding in outcome.fixed],
        "known": len(outcome.known),
        "notes": list(outcome.notes),
    }
    return to_json(document, indent=2) + "\n"


def file_data(file: CheckedFile) -> dict[str, Any]:
    return {"file": file.name, "usable": file.usable, "examined": list(file.examined), "unexamined": list(file.unexamined)}


def finding_data(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "message": finding.message,
        **place(finding.span),
        "related": [{"message": related.message, **place(related.span)} for related in finding.related],
        "witness": [str(act) for act in finding.witness],
        "fix": None if finding.fix is None else fix_data(finding.fix),
    }


def fix_data(fix: Fix) -> dict[str, Any]:
    """Return what to write where. Edits do not overlap; all places are those of the text as it is."""
    return {"message": fix.message, "edits": [{**place(edit.span), "text": edit.text} for edit in fix.edits]}


def place(span: Span) -> dict[str, Any]:
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
