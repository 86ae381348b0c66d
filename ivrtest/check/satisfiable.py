"""Whether conditions can hold at all, found by trying: every value that could make a difference is put in, and they are asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ivrtest.flow.condition import And, Comparison, Condition, ConditionError, Not, Number, Or, Text, Value, Variable

MAX_TRIES = 5000
"""How often conditions are asked to decide about one of them."""
MAX_CASES = 200
"""Cases of a branch that are looked at, the first ones. Each is held against those before it, so more would cost the square of them."""
_OTHER = "\0"
"""A text that no condition names."""


@lru_cache(maxsize=4096)
def can_be(condition: Condition, wanted: bool, without: tuple[Condition, ...] = ()) -> bool:
    """Tell whether `condition` can be `wanted` while none of `without` holds. True where that cannot be told.

    Exact for comparisons of variables with numbers and texts: between two numbers that are compared with, and beyond them, all values
    are alike, and so are all texts that are not named.
    """
    names = frozenset(condition.names())
    others = tuple(other for other in without if names.issuperset(other.names()))
    values = _values((condition, *others))
    if values is None:
        return True
    tries = 1 + len(others)
    for candidates in values.values():
        tries *= len(candidates)
    if tries > MAX_TRIES:
        return True
    for chosen in itertools.product(*values.values()):
        variables = dict(zip(values, chosen, strict=True))
        if _is(condition, wanted, variables) and all(_is(other, False, variables) for other in others):
            return True
    return False


def _is(condition: Condition, wanted: bool, variables: dict[str, str | int]) -> bool:
    try:
        return condition.evaluate(variables) is wanted
    except ConditionError:
        return False


def _values(conditions: Sequence[Condition]) -> dict[str, tuple[str | int, ...]] | None:
    """Return, for each variable, the values to try; None if the conditions compute or compare variables with each other."""
    found: dict[str, dict[str | int, None]] = {}
    for comparison in (one for condition in conditions for one in _comparisons(condition)):
        match comparison.left, comparison.right:
            case (Variable(name=name), (Text() | Number()) as fixed) | ((Text() | Number()) as fixed, Variable(name=name)):
                found.setdefault(name, {_OTHER: None}).update(dict.fromkeys(_near(fixed)))
            case (Text() | Number(), Text() | Number()):
                pass
            case _:
                return None
    return {name: tuple(values) for name, values in found.items()}


def _comparisons(condition: Condition) -> Iterator[Comparison]:
    match condition:
        case Comparison():
            yield condition
        case Not(condition=inner):
            yield from _comparisons(inner)
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from _comparisons(part)


def _near(fixed: Value) -> Iterator[str | int]:
    """Yield the value itself and its neighbours, as numbers and as texts that spell them."""
    value = fixed.evaluate({})
    yield value
    try:
        number = int(value)
    except ValueError:
        return
    for near in (number, number - 1, number + 1):
        yield from (near, str(near), f"-0{-near}" if near < 0 else f"0{near}")
