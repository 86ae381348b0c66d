"""What puts a finding right, where only one thing can be meant: edits of the text, and what becomes of its data by them.

Both are told, so that whoever applies a fix can prove that the edited text says what was meant, and nothing else.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ivrtest.source.text import Source, Span

DataPath: TypeAlias = tuple[str | int, ...]
"""Where a value is: keys and list indexes from the top."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of a text, and what is to stand there instead."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Put:
    """The value at a path is this one from now on; a last key that is not there yet is added."""

    path: DataPath
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Drop:
    """What is at a path goes away."""

    path: DataPath


@dataclass(frozen=True, slots=True)
class Rename:
    """The last key of a path is called otherwise."""

    path: DataPath
    key: str


Change = Put | Drop | Rename


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to put a finding right, the only one that can be meant."""

    message: str
    """What to do, as one tells somebody: `remove the comment`."""
    edits: tuple[Edit, ...]
    """They do not overlap, and are in the source that the finding is in."""
    changes: tuple[Change, ...] = ()
    """What they do to the data. Empty if it stays as it is."""
    uncovers: bool = False
    """Callers, or the checker, come to parts that they could not reach before, so that more may be found there."""


def edited(source: Source, edits: Iterable[Edit]) -> str:
    """Return the text with `edits` in it, everything else byte for byte. Raises `ValueError` if two of them overlap."""
    pieces = []
    done = 0
    for (start, end), text in sorted((source.stretch(edit.span), edit.text) for edit in edits):
        if start < done:
            raise ValueError(f"two edits overlap at character {start} of {source.name}")
        pieces += [source.text[done:start], text]
        done = end
    return "".join((*pieces, source.text[done:]))


def changed(data: Any, changes: Iterable[Change]) -> Any:
    """Return `data` after `changes`, whose paths are all those of `data` itself. Raises `LookupError` if one leads nowhere."""
    found = copy.deepcopy(data)
    changes = tuple(changes)
    for change in changes:
        if isinstance(change, Put):
            _at(found, change.path[:-1])[change.path[-1]] = change.value
    # From the last to the first, so that those still to go keep their indexes.
    for path in sorted((change.path for change in changes if isinstance(change, Drop)), key=_in_order, reverse=True):
        del _at(found, path[:-1])[path[-1]]
    for rename in sorted((change for change in changes if isinstance(change, Rename)), key=lambda change: -len(change.path)):
        around = _at(found, rename.path[:-1])
        around[rename.key] = around.pop(rename.path[-1])
    return found


def _at(data: Any, path: DataPath) -> Any:
    for step in path:
        data = data[step]
    return data


def _in_order(path: DataPath) -> tuple[tuple[bool, int, str], ...]:
    return tuple((isinstance(step, int), step, "") if isinstance(step, int) else (False, 0, step) for step in path)
