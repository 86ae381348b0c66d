"""What somebody probably meant to write."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

_SHOWN = 6
_COMPARED = 200
"""Names that each are compared with. Among more only those one slip away are found, or a flow full of wrong names would take hours."""
_LONGEST = 60
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-"


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return how a message goes on after an unknown name: `. did you mean "prompt"?`, or `. expected "a" or "b"`.

    Empty where nothing is near and there is nothing, or too much, to choose from.
    """
    if not known:
        return ""
    if len(known) > _COMPARED:
        close = sorted(one for one in _one_edit_away(name[:_LONGEST]) if one in known)
    else:
        close = difflib.get_close_matches(name[:200], sorted(known), n=1, cutoff=0.6)
    if close:
        return f'. did you mean "{close[0]}"?'
    if len(known) > _SHOWN:
        return ""
    return f". expected {one_of(sorted(known))}"


def _one_edit_away(name: str) -> Iterator[str]:
    """Yield what `name` becomes with one letter dropped, swapped with the next, changed or put in (F. Damerau, Comm. ACM 7 (1964))."""
    for place in range(len(name) + 1):
        head, tail = name[:place], name[place:]
        if tail:
            yield head + tail[1:]
            yield head + tail[1:2] + tail[0] + tail[2:]
        for letter in _LETTERS:
            yield head + letter + tail[1:]
            yield head + letter + tail


def one_of(names: Collection[str]) -> str:
    """Return names in a sentence: `"a"`, `"a" or "b"`, `one of "a", "b", "c"`."""
    quoted = [f'"{name}"' for name in names]
    if len(quoted) <= 2:
        return " or ".join(quoted)
    return f"one of {', '.join(quoted)}"


def listed(names: Collection[str], last: str = "and") -> str:
    """Return names in a sentence: `"a"`, `"a" and "b"`, `"a", "b" and "c"`."""
    quoted = [f'"{name}"' for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
