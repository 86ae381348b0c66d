"""What somebody probably meant to write."""

from __future__ import annotations

import difflib
from collections.abc import Collection

_SHOWN = 6


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return how a message goes on after an unknown name: `. did you mean "prompt"?`, or `. expected "a" or "b"`.

    Empty where nothing is near and there is nothing, or too much, to choose from.
    """
    if not known:
        return ""
    close = difflib.get_close_matches(name[:200], sorted(known), n=1, cutoff=0.6)
    if close:
        return f'. did you mean "{close[0]}"?'
    if len(known) > _SHOWN:
        return ""
    return f". expected {one_of(sorted(known))}"


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
