"""Flows and scenarios that somebody, or something, has spoilt: right in most places, and anything at all in some."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

WORDS = st.sampled_from(
    (
        "main",
        "return",
        "goto",
        "set",
        "menu",
        "en",
        "1",
        "#",
        "none",
        "5s",
        "= tries + 1",
        "tries <",
        "+12025550100",
        "12-25",
        "09:00-17:00",
    )
)
NAMES = WORDS | st.text(max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NAMES
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6)


@st.composite
def spoilt(draw: st.DrawFn, wholes: list[Any]) -> bytes:
    """One of `wholes` as a file, in which values were replaced, taken out, put under other names, or swapped for those of elsewhere."""
    whole = copy.deepcopy(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(1, 4))):
        around = _some_part(draw, whole)
        places = list(around) if isinstance(around, dict) else list(range(len(around)))
        if not places:
            continue
        place = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "drop", "rename", "swap"])):
            case "replace":
                around[place] = draw(VALUES)
            case "drop":
                del around[place]
            case "rename" if isinstance(around, dict):
                around[draw(NAMES)] = around.pop(place)
            case _:
                around[place] = copy.deepcopy(_some_part(draw, whole))
    return json.dumps(whole, ensure_ascii=False, indent=draw(st.sampled_from([None, 1]))).encode()


def _some_part(draw: st.DrawFn, whole: Any) -> Any:
    """Return a mapping or a list somewhere in `whole`."""
    part = whole
    while True:
        inner = [value for value in (part.values() if isinstance(part, dict) else part) if isinstance(value, dict | list)]
        if not inner or draw(st.integers(0, 3)) == 0:
            return part
        part = draw(st.sampled_from(inner))
