"""Findings as SARIF 2.1.0 (OASIS), for code scanning, editors and dashboards.

Files are named relative to the working directory (`%SRCROOT%`), so that a log means the same on another machine. Columns count
characters. Messages are plain text; SARIF would have braces doubled in them (section 3.11.5), but they are left as they are: no placeholder
such as `{0}` is ever filled in, and the viewers in use show doubled ones as doubled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ivrtest import __version__
from ivrtest.check.checker import ALL_DOCUMENTED
from ivrtest.check.identity import fingerprints, keys_around
from ivrtest.check.manual import Page, pages
from ivrtest.check.selection import SELECTABLE
from ivrtest.report.checked import CheckOutcome
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.fix import Fix
from ivrtest.source.json import to_json
from ivrtest.source.text import Span

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT: Final = "ruleAndSubject/v1"
ROOT: Final = "%SRCROOT%"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_LINE_ENDS: Final = ["\r\n", "\n", "\r", "\x85", "\u2028", "\u2029"]
"""What ends a line of YAML 1.1, and so what our line numbers count."""

Data = dict[str, Any]


def findings_text(outcome: CheckOutcome) -> str:
    """Return what a check found as a SARIF log with one run."""
    return to_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run_of(outcome)]}, indent=2) + "\n"


def run_of(outcome: CheckOutcome) -> Data:
    rules = rules_of(outcome)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    checked = {file.name for file in outcome.files}
    named = dict.fromkeys([file.name for file in outcome.files] + [span.source.name for span in _spans(outcome.findings)])
    artifacts = {name: number for number, name in enumerate(named)}
    return {
        "tool": {"driver": {"name": "ivrtest", "version": __version__, "semanticVersion": __version__, "rules": rules}},
        "invocations": [invocation_of(outcome, numbers)],
        "artifacts": [{"location": file_of(name)} | ({"roles": ["analysisTarget"]} if name in checked else {}) for name in named],
        "columnKind": "unicodeCodePoints",
        "newlineSequences": _LINE_ENDS,
        "results": [
            result_of(finding, numbers[finding.rule], fingerprint, artifacts)
            for finding, fingerprint in zip(outcome.findings, fingerprints(outcome.findings), strict=True)
        ],
    }


def rules_of(outcome: CheckOutcome) -> list[Data]:
    """Return the manual's page of every rule, by name; and the bare names of what the reader of flows found beside them."""
    manual = [described(page) for page in pages(ALL_DOCUMENTED)]
    named = {rule["id"] for rule in manual}
    others = sorted({finding.rule for finding in outcome.findings} - named)
    text = "The file is not written as a flow is written."
    return manual + [{"id": name, "shortDescription": {"text": text}, "defaultConfiguration": {"level": "error"}} for name in others]


def described(page: Page) -> Data:
    plain = f"{page.what}\n\n{page.why}\n\nExample:\n{page.example}\n\nInstead:\n{page.instead}"
    markdown = (
        f"{page.what}\n\n## Why it matters\n\n{page.why}\n\n## Example\n\n```yaml\n{page.example}\n```\n\n"
        f"## Instead\n\n```yaml\n{page.instead}\n```"
    )
    return {
        "id": page.name,
        "name": "".join(word.capitalize() for word in page.name.split("-")),
        "shortDescription": {"text": _first_sentence(page.what)},
        "fullDescription": {"text": f"{page.what} {page.why}"},
        "help": {"text": plain, "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[page.severity]},
    }


def invocation_of(outcome: CheckOutcome, numbers: Mapping[str, int]) -> Data:
    """Say how the run went, and where it was told otherwise than the rules' defaults."""
    overrides = []
    for name in SELECTABLE:
        told: Data = {} if name in outcome.selection.names else {"enabled": False}
        if name in outcome.selection.severities:
            told["level"] = _LEVELS[outcome.selection.severities[name]]
        if told:
            overrides.append({"configuration": told, "descriptor": {"id": name, "index": numbers[name]}})
    notes = [{"level": "note", "message": {"text": _plain(note)}} for note in outcome.notes]
    return {
        "executionSuccessful": outcome.usable,
        "exitCode": outcome.exit_code,
        **({"ruleConfigurationOverrides": overrides} if overrides else {}),
        **({"toolExecutionNotifications": notes} if notes else {}),
    }


def result_of(finding: Finding, number: int, fingerprint: str, artifacts: Mapping[str, int]) -> Data:
    location = location_of(finding.span, artifacts)
    if keys := keys_around(finding.span):
        location["logicalLocations"] = [{"fullyQualifiedName": keys}]
    related = [location_of(each.span, artifacts) | {"message": {"text": _plain(each.message)}} for each in finding.related]
    return {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": _plain(finding.message)},
        "locations": [location],
        **({"relatedLocations": related} if related else {}),
        **({"codeFlows": [flow_of(finding, artifacts)]} if finding.witness else {}),
        "partialFingerprints": {FINGERPRINT: fingerprint},
        **({"fixes": [fix_of(finding.fix, finding.span.source.name, artifacts)]} if finding.fix else {}),
    }


def fix_of(fix: Fix, name: str, artifacts: Mapping[str, int]) -> Data:
    """Return what to write where, for editors that offer it."""
    replacements = [{"deletedRegion": lines_of(edit.span), "insertedContent": {"text": edit.text}} for edit in fix.edits]
    change = {"artifactLocation": file_of(name, artifacts), "replacements": replacements}
    return {"description": {"text": _plain(fix.message)}, "artifactChanges": [change]}


def flow_of(finding: Finding, artifacts: Mapping[str, int]) -> Data:
    """Return what a caller does to get there. Only where she ends up is known as a place; the way there is in the same file."""
    on_the_way = {"physicalLocation": {"artifactLocation": file_of(finding.span.source.name, artifacts)}}
    there = location_of(finding.span, artifacts)
    steps = [on_the_way] * (len(finding.witness) - 1) + [there]
    locations = [{"location": place | {"message": {"text": _plain(str(act))}}} for place, act in zip(steps, finding.witness, strict=True)]
    return {"message": {"text": "how a caller gets there"}, "threadFlows": [{"locations": locations}]}


def location_of(span: Span, artifacts: Mapping[str, int]) -> Data:
    return {"physicalLocation": {"artifactLocation": file_of(span.source.name, artifacts), "region": region_of(span)}}


def region_of(span: Span) -> Data:
    start, end = span.source.stretch(span)
    text = span.source.text[start:end]
    return lines_of(span) | ({"snippet": {"text": text}} if text.strip() else {})


def lines_of(span: Span) -> Data:
    return {"startLine": span.line, "startColumn": span.column, "endLine": span.end_line, "endColumn": span.end_column}


def file_of(name: str, artifacts: Mapping[str, int] | None = None) -> Data:
    """Return where a file is: below the working directory by a relative URI, elsewhere by an absolute one (section 3.10.2)."""
    path = Path(name)
    here = Path.cwd()
    below = path.resolve() if ".." in path.parts else here / path
    location: Data
    if below.is_relative_to(here):
        location = {"uri": quote(below.relative_to(here).as_posix(), errors="surrogateescape"), "uriBaseId": ROOT}
    else:
        location = {"uri": below.as_uri()}
    return location if artifacts is None else location | {"index": artifacts[name]}


def _spans(findings: tuple[Finding, ...]) -> Iterator[Span]:
    for finding in findings:
        yield finding.span
        yield from (related.span for related in finding.related)


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.)\s", text, maxsplit=1)[0]


def _plain(text: str) -> str:
    """Return a text in which no quoted value reads as an embedded link (section 3.11.6)."""
    return text.replace("](", "] (")
