"""Findings for a person in a terminal. It does without rich, so that checking on every save costs no more than it must."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ivrtest.report.checked import CheckOutcome
from ivrtest.report.excerpt import excerpt_lines, printable
from ivrtest.source.finding import Finding, Severity

COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_CODES: Final = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "blue": 34}

Painted = tuple[tuple[str, str], ...]
"""Pieces of a line, each with its style: "bold", a colour, or "" for none."""


def findings_text(outcome: CheckOutcome, *, colour: bool = False) -> str:
    """Return every finding with its source line, the notes, and one line that sums up."""
    lines = [line for finding in outcome.findings for line in painted(finding)]
    lines += [((f"note: {note}", ""),) for note in outcome.notes]
    lines.append(((summary(outcome), ""),))
    return "".join("".join(_shown(text, style if colour else "") for text, style in line) + "\n" for line in lines)


def painted(finding: Finding) -> Iterator[Painted]:
    """Yield the lines of a finding. They hold nothing that moves or colours a terminal by itself."""
    first, *rest = (printable(line) for line in excerpt_lines(finding))
    head, severity, tail = first.partition(f" {finding.severity}: ")
    yield (head, "bold"), (severity, COLOURS[finding.severity]), (tail, "")
    for line in rest:
        yield ((line, "green" if line.lstrip(" |").startswith("^") else ""),)


def summary(outcome: CheckOutcome) -> str:
    """Return `3 flows checked: 1 error, 2 warnings`."""
    flows = f"{count_of(sum(file.usable for file in outcome.files), 'flow')} checked"
    counts = [count_of(number, str(severity)) for severity in sorted(Severity, reverse=True) if (number := outcome.count(severity))]
    hidden = f'; {count_of(len(outcome.known), "known finding")} of "{outcome.baseline}" not shown' if outcome.known else ""
    if not counts:
        return f"{flows}, nothing {'new' if hidden else 'wrong'}{hidden}"
    return f"{flows}: {', '.join(counts)}{hidden}"


def count_of(number: int, thing: str) -> str:
    """Return `1 error`, `2 errors`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _shown(text: str, style: str) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style and text else text
