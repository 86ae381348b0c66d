"""Comments in a flow that say why a finding is fine there: `# ivrtest: ignore[dead-end] the far side hangs up first`.

On the line of the finding, or on a line of its own above it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ivrtest.check.rule import Documented
from ivrtest.check.spelling import did_you_mean
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.fix import Edit, Fix
from ivrtest.source.text import Source, Span

_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*ivrtest:\s*ignore\[(?P<rules>[^\]\n]{0,400})\](?P<reason>.*)$")


class UnusedIgnore(Documented):
    """What it does
        Reports an `# ivrtest: ignore[RULE] reason` comment that silences nothing, names a rule that does not exist, or gives no reason.

    Why it matters
        A comment that silences nothing today may silence the next real mistake on that line, and callers would meet it first.

    Example
        hang_up: {prompt: goodbye}  # ivrtest: ignore[silent-drop]

    Instead
        hang_up: {prompt: goodbye}

    Fix
        Takes a rule out of the comment that finds nothing there, and the whole comment with the last one.
    """

    name = "unused-ignore"
    severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class Comment:
    """What stands in a flow."""

    whole: Span
    """With the blanks before it; with its line if it stands there alone."""
    names: Span
    """Between the brackets."""
    rules: tuple[str, ...]

    def without(self, idle: Collection[str]) -> Edit:
        """Return what takes some rules out of it, and the comment away with the last one."""
        others = [rule for rule in self.rules if rule not in idle]
        return Edit(self.names, ", ".join(others)) if others else Edit(self.whole, "")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One rule silenced on one line."""

    rule: str
    line: int
    """The line whose findings it silences."""
    reason: str
    span: Span
    """The rule's name in the comment."""
    comment: Comment


def read_ignores(source: Source) -> Iterator[Ignore]:
    """Yield what the comments of `source` silence."""
    for number, line in enumerate(source.lines, 1):
        if (comment := _COMMENT.search(line)) is None:
            continue
        alone = not line[: comment.start()].strip()
        silenced = _next_content(source, number) if alone else number
        names = Span(source, number, comment.start("rules") + 1, number, comment.end("rules") + 1)
        written = tuple(re.finditer(r"[^,\s]+", comment["rules"]))
        whole = Comment(_whole(source, number, line[: comment.start()].rstrip()), names, tuple(name[0] for name in written))
        for name in written:
            column = names.column + name.start()
            span = Span(source, number, column, number, column + len(name[0]))
            yield Ignore(name[0], silenced, comment["reason"].strip(), span, whole)


def apply_ignores(
    findings: Sequence[Finding], ignores: Sequence[Ignore], ran: frozenset[str], known: frozenset[str], loud: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Yield the findings that stand, and those about the comments themselves.

    `ran`: the rules that looked at everything; nothing is said about a comment for one that did not. `known`: all that can be silenced.
    `loud`: names of what cannot.
    """
    used: set[Ignore] = set()
    silencing: dict[tuple[str, int], list[Ignore]] = {}
    for ignore in ignores:
        if ignore.reason and ignore.rule in known:
            silencing.setdefault((ignore.rule, ignore.line), []).append(ignore)
    for finding in findings:
        if found := silencing.get((finding.rule, finding.span.line)):
            used.update(found)
        else:
            yield finding
    idle: dict[Comment, list[str]] = {}
    for ignore in ignores:
        if ignore.rule in ran and ignore.reason and ignore not in used:
            idle.setdefault(ignore.comment, []).append(ignore.rule)
    for ignore in ignores:
        if message := _complaint(ignore, used=ignore in used, ran=ran, known=known, loud=loud):
            # All that are idle in one comment go at once. One that is misspelt, or has no reason, may still be meant.
            gone = idle.get(ignore.comment, [])
            fix = Fix("take it out of the comment", (ignore.comment.without(gone),)) if ignore.rule in gone else None
            yield Finding(UnusedIgnore.name, UnusedIgnore.severity, message, ignore.span, fix=fix)


def _complaint(ignore: Ignore, *, used: bool, ran: frozenset[str], known: frozenset[str], loud: frozenset[str]) -> str | None:
    if ignore.rule in loud:
        return f'"{ignore.rule}" cannot be ignored: something is not checked because of it. put right what it says'
    if ignore.rule not in known:
        return f'no rule is called "{ignore.rule}"{did_you_mean(ignore.rule, known)}'
    if not ignore.reason:
        return f'the comment ignores "{ignore.rule}" without a reason, so it has no effect. say why after the bracket'
    if ignore.rule in ran and not used:
        return f'"{ignore.rule}" finds nothing on line {ignore.line}. remove the comment'
    return None


def _whole(source: Source, number: int, before: str) -> Span:
    if before:
        return Span(source, number, len(before) + 1, number, len(source.line(number)) + 1)
    return source.span(source.offset(number, 1), source.offset(number + 1, 1))


def _next_content(source: Source, number: int) -> int:
    """Return the next line after `number` that is neither empty nor a comment."""
    for following in range(number + 1, len(source.lines) + 1):
        text = source.line(following).strip()
        if text and not text.startswith("#"):
            return following
    return number
