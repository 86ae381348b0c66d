"""Fixes into a text: those that go together, each proved before it counts.

A fix says what it edits and what becomes of the data. The edited text is read again: it must hold the data that was meant, the findings
must be gone, and none may be there that was not there before, unless the fix has opened a part of the flow that nobody could look at.
Where a set of fixes fails, it is halved until those that fail are alone.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ivrtest.check.identity import Identity, identity
from ivrtest.source.finding import Finding, InputError
from ivrtest.source.fix import Edit, Fix, changed, edited
from ivrtest.source.text import Source
from ivrtest.source.yaml import read_document

MAX_ROUNDS: Final = 10
"""How often what is fixed is looked at again for more: fixes that touch the same words take turns."""

MAX_LOOKS: Final = 100
"""How often in a round a text is checked to find the fixes that fail. What is left then is not fixed."""

Look = Callable[[Source], Sequence[Finding]]
"""What a check finds in a text. Raises `InputError` where it is no YAML."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What came of it."""

    source: Source
    """The text as it is now; the one that it was if nothing was fixed."""
    done: tuple[Finding, ...]
    """What was put right, each as it was found."""
    refused: tuple[Finding, ...]
    """What a fix was proposed for that does not prove right."""


def fixed(source: Source, look: Look, leave: Collection[Identity] = ()) -> Fixed:
    """Put right in `source` what can be, but for the findings in `leave`. Raises `InputError` where `source` is no YAML."""
    done: list[Finding] = []
    refused: dict[Identity, Finding] = {}
    text = source
    for _ in range(MAX_ROUNDS):
        before = tuple(look(text))
        left = {*refused, *leave}
        wanted = [finding for finding in before if finding.fix is not None and _same(finding) not in left]
        chosen = _apart(text, wanted)
        if not chosen:
            break
        proof = _Proof(text, read_document(text).data, Counter(map(_same, before)), look)
        right = proof.largest((), tuple(finding for finding in chosen if not _fix(finding).uncovers))
        right = proof.largest(right, tuple(finding for finding in chosen if _fix(finding).uncovers))
        proved = frozenset(right)
        refused |= {_same(finding): finding for finding in chosen if finding not in proved}
        if right:
            done += right
            text = Source(source.name, edited(text, _edits(right)))
    return Fixed(text, tuple(done), tuple(refused.values()))


def _apart(source: Source, findings: Iterable[Finding]) -> list[Finding]:
    """Return findings whose fixes are the same or do not touch one another; of those that do, the first."""
    taken: list[tuple[int, int]] = []
    same: set[tuple[Edit, ...]] = set()
    apart = []
    for finding in findings:
        if _fix(finding).edits in same:
            apart.append(finding)
            continue
        stretches = [source.stretch(edit.span) for edit in _fix(finding).edits]
        if not any(_touches(stretch, taken) for stretch in stretches):
            apart.append(finding)
            same.add(_fix(finding).edits)
            for stretch in stretches:
                insort(taken, stretch)
    return apart


def _touches(stretch: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    """Tell whether a stretch shares a character, or its beginning, with one of those that are taken, which share none."""
    start, end = stretch
    place = bisect_left(taken, stretch)
    after = place < len(taken) and (taken[place][0] < end or taken[place][0] == start)
    return after or (place > 0 and (taken[place - 1][1] > start or taken[place - 1][0] == start))


@dataclass(slots=True)
class _Proof:
    source: Source
    data: object
    before: Counter[Identity]
    look: Look
    left: int = MAX_LOOKS

    def largest(self, proved: tuple[Finding, ...], more: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Return `proved` and as many of `more` as go with them."""
        if not more or self.left == 0:
            return proved
        if self.holds((*proved, *more)):
            return (*proved, *more)
        if len(more) == 1:
            return proved
        half = len(more) // 2
        return self.largest(self.largest(proved, more[:half]), more[half:])

    def holds(self, findings: tuple[Finding, ...]) -> bool:
        """Tell whether the text with these fixes in it says what was meant."""
        self.left -= 1
        fixes = [_fix(finding) for finding in findings]
        try:
            source = Source(self.source.name, edited(self.source, _edits(findings)))
            meant = changed(self.data, dict.fromkeys(change for fix in fixes for change in fix.changes))
            if _written(read_document(source).data) != _written(meant):
                return False
            after = Counter(map(_same, self.look(source)))
        except (InputError, LookupError, ValueError):
            return False
        gone = all(after[same] <= self.before[same] - number for same, number in Counter(map(_same, findings)).items())
        return gone and (any(fix.uncovers for fix in fixes) or after <= self.before)


def _written(data: object) -> str:
    """Return data so that equal ones are equal texts. (To Python, true is 1.)"""
    return json.dumps(data, sort_keys=True)


def _edits(findings: Iterable[Finding]) -> list[Edit]:
    """Return the edits of fixes, each once: one fix may put several findings right."""
    return list(dict.fromkeys(edit for finding in findings for edit in _fix(finding).edits))


def _fix(finding: Finding) -> Fix:
    assert finding.fix is not None
    return finding.fix


def _same(finding: Finding) -> Identity:
    return identity(finding, "")
