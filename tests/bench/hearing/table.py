"""The figures of all lines of a column in one table: A is a good telephone line, B a bad one, C what is beyond."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tests.bench.hearing.trials import Outcome

PLACED_S = 0.15
"""Within which a change is placed where it is."""


def interval(count: int, of: int) -> str:
    """Return a rate in percent with its 95 % Wilson interval."""
    if of == 0:
        return "-"
    z, share = 1.96, count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{100 * share:.2f} ({100 * max(0, middle - half):.2f}-{100 * min(1, middle + half):.2f})"


def table(columns: Mapping[str, Sequence[Outcome]]) -> str:
    """Return the table: a row per figure, a column per kind of line. Rates are percent with their interval, of so many trials."""
    rows: list[tuple[str, Callable[[Sequence[Outcome]], str]]] = [
        ("right prompt named first", lambda all_: _share(_of(all_, "expected prompt", "any prompt"), lambda one: not one.misnamed)),
        ("genuine refused or misnamed", lambda all_: _share(_of(all_, "expected prompt", "any prompt"), lambda one: one.wrong)),
        ("genuine left open", lambda all_: _share(_of(all_, "expected prompt", "any prompt"), lambda one: not one.right and not one.wrong)),
        ("near-duplicate accepted", lambda all_: _share(_of(all_, "near-duplicate"), lambda one: one.wrong)),
        ("changed word found", lambda all_: _share(_of(all_, "changed word"), lambda one: one.right)),
        ("  placed within 150 ms", lambda all_: _within(_of(all_, "changed word"), PLACED_S)),
        ("changed word accepted or misnamed", lambda all_: _share(_of(all_, "changed word"), lambda one: one.wrong)),
        ("unknown prompt accepted", lambda all_: _share(_of(all_, "unknown speech"), lambda one: one.wrong)),
        ("expected named after, s", lambda all_: _spread([one.named_s for one in _of(all_, "expected prompt")], 50, 95)),
        ("near-duplicates told apart, s", lambda all_: _spread([one.told_apart_s for one in _of(all_, "expected prompt")], 50, 95)),
        ("start placed within, ms", lambda all_: _spread([one.start_off_ms for one in _of(all_, "expected prompt", "any prompt")], 50, 95)),
        ("cut-off found", lambda all_: _share(_of(all_, "cut off"), lambda one: one.right)),
        ("  its time within, s", lambda all_: _spread([one.late_s for one in _of(all_, "cut off")], 50, 90)),
        ("sequence wrong", lambda all_: _share(_of(all_, "sequence"), lambda one: one.wrong)),
        ("sequence right throughout", lambda all_: _share(_of(all_, "sequence"), lambda one: one.right)),
        ("all: a wrong verdict", lambda all_: _share(all_, lambda one: one.wrong)),
        ("all: left open", lambda all_: _share(all_, lambda one: not one.right and not one.wrong)),
    ]
    used = [name for name, outcomes in columns.items() if outcomes]
    lines = [" ".join(["figure".ljust(34), *(name.ljust(38) for name in used)])]
    lines += [" ".join([label.ljust(34), *(figure(columns[name]).ljust(38) for name in used)]) for label, figure in rows]
    return "\n".join(line.rstrip() for line in lines)


def _of(outcomes: Sequence[Outcome], *kinds: str) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.kind in kinds]


def _share(outcomes: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> str:
    count = sum(holds(outcome) for outcome in outcomes)
    return f"{interval(count, len(outcomes))} {count} of {len(outcomes)}"


def _within(outcomes: Sequence[Outcome], seconds: float) -> str:
    found = [outcome.late_s for outcome in outcomes if outcome.late_s is not None]
    count = sum(late <= seconds for late in found)
    return f"{interval(count, len(found))} {count} of {len(found)}"


def _spread(values: Sequence[float | None], *percentiles: int) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    return ", ".join(f"{np.percentile(known, each):.2f} (p{each})" for each in percentiles) + f" of {len(known)}"
