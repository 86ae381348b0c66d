"""A JSON Schema (2020-12) as one quick question: does this data fit? Which mistake it is, `shape` then finds out with the library.

Every keyword that is met is either known here or refused when the schema is compiled, so nothing is passed over in silence. Differs from
the standard in one thing, as `shape` does: 1.0 is no integer, because readers of the data would get a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]
Fits = Callable[[Any], bool]

_ANNOTATIONS: Final = frozenset({"$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples", "deprecated"})
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


class UnknownKeywordError(ValueError):
    """A schema uses a keyword that nobody has taught this module."""


def compiled(schema: Any) -> Fits:
    """Return a function that tells whether data fits `schema`, in which references are resolved. Raises `UnknownKeywordError`."""
    if schema is True:
        return lambda _: True
    if schema is False:
        return lambda _: False
    parts: list[Fits] = []
    for keyword, wanted in schema.items():
        if keyword in _ANNOTATIONS or keyword.startswith("x-") or keyword in _TOGETHER:
            continue
        if keyword not in _KEYWORDS:
            raise UnknownKeywordError(f'the keyword "{keyword}" is not known')
        parts.append(_KEYWORDS[keyword](wanted))
    if not _OBJECT.isdisjoint(schema):
        parts.append(_object(schema))
    if "if" in schema:
        parts.append(_conditional(schema))
    return _all(parts)


def _all(parts: list[Fits]) -> Fits:
    match parts:
        case []:
            return lambda _: True
        case [only]:
            return only
        case [first, second]:
            return lambda value: first(value) and second(value)
        case _:
            several = tuple(parts)

            def fits(value: Any) -> bool:
                for part in several:  # noqa: SIM110 - a generator costs more than all the questions
                    if not part(value):
                        return False
                return True

            return fits


def _type(wanted: Any) -> Fits:
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    classes = frozenset(kind for name in names for kind in _TYPES[name])
    # YAML gives exactly these classes, so a truth is never taken for a number.
    return lambda value: value.__class__ in classes


def _same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal as JSON: a truth is no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)


def _enum(wanted: Any) -> Fits:
    if all(isinstance(value, str) for value in wanted):
        texts = frozenset(wanted)
        return lambda value: value.__class__ is str and value in texts
    return lambda value: any(_same(value, one) for one in wanted)


def _pattern(wanted: str) -> Fits:
    search = re.compile(wanted).search
    return lambda value: value.__class__ is not str or search(value) is not None


def _numeric(compare: Callable[[Any, Any], bool]) -> Callable[[Any], Fits]:
    return lambda wanted: lambda value: value.__class__ not in (int, float) or compare(value, wanted)


def _sized(kind: type[str] | type[list[Any]] | type[dict[str, Any]], compare: Callable[[int, int], bool]) -> Callable[[Any], Fits]:
    return lambda wanted: lambda value: not isinstance(value, kind) or compare(len(value), wanted)


def _unique(wanted: bool) -> Fits:
    def fits(value: Any) -> bool:
        if not wanted or value.__class__ is not list:
            return True
        if all(item.__class__ is str for item in value):
            return len(set(value)) == len(value)
        return not any(_same(item, other) for index, item in enumerate(value) for other in value[:index])

    return fits


def _items(wanted: Any) -> Fits:
    each = compiled(wanted)
    return lambda value: value.__class__ is not list or all(map(each, value))


def _property_names(wanted: Any) -> Fits:
    each = compiled(wanted)
    return lambda value: value.__class__ is not dict or all(map(each, value))


def _required(wanted: Any) -> Fits:
    needed = tuple(wanted)
    if len(needed) == 1:
        only = needed[0]
        return lambda value: value.__class__ is not dict or only in value
    keys = frozenset(needed)
    return lambda value: value.__class__ is not dict or keys <= value.keys()


def _dependent_required(wanted: Mapping[str, Any]) -> Fits:
    return lambda value: (
        value.__class__ is not dict or all(other in value for key, others in wanted.items() if key in value for other in others)
    )


def _any_of(wanted: Any) -> Fits:
    several = tuple(map(compiled, wanted))

    def fits(value: Any) -> bool:
        for one in several:  # noqa: SIM110 - as above
            if one(value):
                return True
        return False

    return fits


def _one_of(wanted: Any) -> Fits:
    keys = [
        alternative["required"][0] for alternative in wanted if alternative.keys() == {"required"} and len(alternative["required"]) == 1
    ]
    if 1 < len(keys) == len(wanted) == len(set(keys)):
        # A choice of keys, as for a node's type: counting is quicker than asking fifteen times.
        words = frozenset(keys)
        return lambda value: value.__class__ is dict and len(words & value.keys()) == 1
    several = tuple(map(compiled, wanted))
    return lambda value: sum(one(value) for one in several) == 1


def _all_of(wanted: Any) -> Fits:
    return _all([compiled(part) for part in wanted])


def _not(wanted: Any) -> Fits:
    inner = compiled(wanted)
    return lambda value: not inner(value)


def _object(schema: Schema) -> Fits:
    """Return the question that `properties` and `additionalProperties` ask together."""
    known = {key: compiled(part) for key, part in schema.get("properties", {}).items()}
    find = known.get
    others = schema.get("additionalProperties", True)
    other = None if others is True else compiled(others)

    def fits(value: Any) -> bool:
        if value.__class__ is not dict:
            return True
        for key, part in value.items():
            question = find(key, other)
            if question is not None and not question(part):
                return False
        return True

    return fits


def _conditional(schema: Schema) -> Fits:
    condition, then, otherwise = (compiled(schema.get(keyword, True)) for keyword in ("if", "then", "else"))
    return lambda value: then(value) if condition(value) else otherwise(value)


_OBJECT: Final = frozenset({"properties", "additionalProperties"})
_TOGETHER: Final = _OBJECT | {"if", "then", "else"}
_KEYWORDS: Final[Mapping[str, Callable[[Any], Fits]]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda wanted: _enum([wanted]),
    "pattern": _pattern,
    "minimum": _numeric(lambda value, wanted: value >= wanted),
    "maximum": _numeric(lambda value, wanted: value <= wanted),
    "exclusiveMinimum": _numeric(lambda value, wanted: value > wanted),
    "exclusiveMaximum": _numeric(lambda value, wanted: value < wanted),
    "minLength": _sized(str, lambda size, wanted: size >= wanted),
    "maxLength": _sized(str, lambda size, wanted: size <= wanted),
    "minItems": _sized(list, lambda size, wanted: size >= wanted),
    "maxItems": _sized(list, lambda size, wanted: size <= wanted),
    "minProperties": _sized(dict, lambda size, wanted: size >= wanted),
    "maxProperties": _sized(dict, lambda size, wanted: size <= wanted),
    "uniqueItems": _unique,
    "items": _items,
    "propertyNames": _property_names,
    "required": _required,
    "dependentRequired": _dependent_required,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "allOf": _all_of,
    "not": _not,
}
