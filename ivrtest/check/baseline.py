"""Findings that are known: what an old tree is allowed to keep while nothing new is let in.

A baseline is a JSON file that people review: one entry per finding, sorted, with the keys that lead to it, the words that are blamed and
the names that it is about, but without line numbers. `message` is there for the reader and is not compared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ivrtest.check.checker import RuleCrashed
from ivrtest.check.identity import Identity, identity
from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.json import to_json
from ivrtest.source.text import Source, Span
from ivrtest.source.words import readable

FORMAT: Final = "ivrtest/baseline/1"
NEVER_KNOWN: Final = frozenset({RuleCrashed.name})
"""What no baseline hides: that something was not examined."""
_TEXTS: Final = ("file", "at", "rule", "text", "message")


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """One entry of a baseline."""

    identity: Identity
    """Its file is named as seen from the baseline's folder."""
    message: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Division:
    """Findings held against a baseline."""

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    gone: tuple[Known, ...]
    """Entries that no finding answers to."""


def read_baseline(source: Source) -> tuple[Known, ...]:
    """Read a baseline. Raises `InputError`."""
    try:
        data = json.loads(source.text)
    except json.JSONDecodeError as error:
        span = Span(source, error.lineno, error.colno, error.lineno, error.colno + 1)
        raise _wrong(f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}", span) from error
    except (ValueError, RecursionError) as error:
        # Numbers of thousands of digits, and lists in lists in lists.
        raise _wrong(f'"{source.name}" is no baseline: {str(error)[:1].lower()}{str(error)[1:]}', source.whole()) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("findings"), list):
        message = f'"{source.name}" is no baseline: it does not say "format": "{FORMAT}". write one with "ivrtest check --write-baseline"'
        raise _wrong(message, source.whole())
    return tuple(_known(entry, number, source) for number, entry in enumerate(data["findings"]))


def baseline_text(known: Iterable[Known]) -> str:
    """Return a baseline as text, sorted, so that the order of a run changes nothing in it."""
    entries = [
        {
            "file": each.identity.file,
            "at": each.identity.at,
            "rule": each.identity.rule,
            "text": each.identity.text,
            "about": list(each.identity.about),
            "message": each.message,
        }
        for each in sorted(known, key=lambda each: (each.identity, each.message))
    ]
    return to_json({"format": FORMAT, "findings": entries}, indent=2) + "\n"


def known_of(findings: Iterable[Finding], name_of: Callable[[str], str]) -> tuple[Known, ...]:
    """Return the entries for findings. `name_of` says how a file is called in the baseline."""
    return tuple(
        Known(identity(each, readable(name_of(each.span.source.name))), each.message) for each in findings if each.rule not in NEVER_KNOWN
    )


def divide(findings: Sequence[Finding], baseline: Collection[Known], name_of: Callable[[str], str]) -> Division:
    """Tell new findings from known ones. Of equal findings, the first in the file are the known ones."""
    waiting = Counter(known.identity for known in baseline)
    new: list[Finding] = []
    known: list[Finding] = []
    for finding in findings:
        same = identity(finding, readable(name_of(finding.span.source.name)))
        if finding.rule not in NEVER_KNOWN and waiting[same] > 0:
            waiting[same] -= 1
            known.append(finding)
        else:
            new.append(finding)
    gone: list[Known] = []
    for entry in sorted(baseline, key=lambda entry: (entry.identity, entry.message), reverse=True):
        if waiting[entry.identity] > 0:
            waiting[entry.identity] -= 1
            gone.append(entry)
    return Division(tuple(new), tuple(known), tuple(reversed(gone)))


def _known(entry: Any, number: int, source: Source) -> Known:
    if _is_entry(entry):
        return Known(Identity(readable(entry["file"]), entry["at"], entry["rule"], entry["text"], tuple(entry["about"])), entry["message"])
    # Imported where something is wrong: only then the place of an entry matters.
    from ivrtest.source.yaml import read_document

    expected = ", ".join(f'"{name}"' for name in _TEXTS)
    message = f'entry {number + 1} of "{source.name}" is not as it was written. it has the texts {expected}, and texts in a list "about"'
    raise _wrong(message, read_document(source).span(("findings", number)))


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), str) for name in _TEXTS)
        and isinstance(entry.get("about"), list)
        and all(isinstance(value, str) for value in entry["about"])
    )


def _wrong(message: str, span: Span) -> InputError:
    return InputError((Finding("baseline", Severity.ERROR, message, span),))
