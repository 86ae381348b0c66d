"""Findings for a person in a terminal. It does without rich, so that checking on every save costs no more than it must."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from ivrtest.report.checked import CheckOutcome
from ivrtest.report.excerpt import GUTTER, LEAST_LINE, LONGEST_LINE, excerpt_lines, printable
from ivrtest.source.finding import Finding, Severity

COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_CODES: Final = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "blue": 34}

MOST_OF_ONE_RULE: Final = 20
"""Findings of one rule in one file that are shown, unless somebody wants more: who has seen so many knows the rest."""

Painted = tuple[tuple[str, str], ...]
"""Pieces of a line, each with its style: "bold", a colour, or "" for none."""


def findings_text(outcome: CheckOutcome, *, colour: bool = False, most: int = 0, width: int | None = None) -> str:
    """Return the findings with their source lines, the notes, and one line that sums up.

    `most`: how many findings of one rule in one file are shown before it is only said how many more there are; 0 for all.
    `width`: columns of the terminal, so that places under source lines stay under them.
    """
    lines: list[Painted] = [told_fixed(finding) for finding in outcome.fixed]
    longest = LONGEST_LINE if width is None else max(LEAST_LINE, min(LONGEST_LINE, width - GUTTER))
    lines += shown(outcome.findings, most, longest)
    lines += [((f"note: {note}", ""),) for note in outcome.notes]
    lines.append(((summary(outcome), ""),))
    return "".join("".join(_shown(text, style if colour else "") for text, style in line) + "\n" for line in lines)


def shown(findings: Sequence[Finding], most: int, longest: int = LONGEST_LINE) -> Iterator[Painted]:
    """Yield the lines of findings, and after the last of a rule in a file how many more there are."""
    whole = Counter((finding.span.source.name, finding.rule) for finding in findings)
    seen: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        kind = finding.span.source.name, finding.rule
        seen[kind] += 1
        if not most or seen[kind] <= most:
            yield from painted(finding, longest)
        if most and seen[kind] == most < whole[kind]:
            more = f": and {whole[kind] - most} more [{finding.rule}]. --max-per-rule 0 shows them"
            yield (printable(kind[0]), "bold"), (more, "")


def painted(finding: Finding, longest: int = LONGEST_LINE) -> Iterator[Painted]:
    """Yield the lines of a finding. They hold nothing that moves or colours a terminal by itself."""
    first, *rest = (printable(line) for line in excerpt_lines(finding, longest))
    head, severity, tail = first.partition(f" {finding.severity}: ")
    yield (head, "bold"), (severity, COLOURS[finding.severity]), (tail, "")
    for line in rest:
        yield ((line, "green" if line.lstrip(" |").startswith("^") else ""),)
    if finding.fix is not None:
        yield (("  with --fix: ", ""), (printable(finding.fix.message), "green"))


def told_fixed(finding: Finding) -> Painted:
    """Return one line about a finding that is no more."""
    done = finding.fix.message if finding.fix is not None else ""
    return (f"{printable(str(finding.span))}: ", "bold"), ("fixed", "green"), (f": {printable(done)} [{finding.rule}]", "")


def summary(outcome: CheckOutcome) -> str:
    """Return `3 flows checked: 1 error, 2 warnings`."""
    flows = f"{count_of(sum(file.usable for file in outcome.files), 'flow')} checked"
    counts = [count_of(number, str(severity)) for severity in sorted(Severity, reverse=True) if (number := outcome.count(severity))]
    hidden = f'; {count_of(len(outcome.known), "known finding")} of "{outcome.baseline}" not shown' if outcome.known else ""
    if outcome.fixed:
        hidden = f"; {len(outcome.fixed)} fixed{hidden}"
    if not counts:
        return f"{flows}, nothing {'new' if outcome.known else 'wrong'}{hidden}"
    help_ = f". --fix puts {outcome.fixable} of them right" if outcome.fixable and not outcome.fixed else ""
    return f"{flows}: {', '.join(counts)}{hidden}{help_}"


def count_of(number: int, thing: str) -> str:
    """Return `1 error`, `2 errors`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _shown(text: str, style: str) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style and text else text
