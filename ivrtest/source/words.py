"""The recurring parts of messages: values as people write them, and what they must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST = 60

_TYPES = {
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "number": "a number",
    "null": "empty",
}


def quoted(text: object) -> str:
    """Return a text in double quotes, on one line and not too long."""
    line = " ".join(str(text).split())
    if len(line) > _LONGEST:
        line = line[: _LONGEST - 3] + "..."
    return f'"{line}"'


def one_of(words: Iterable[object]) -> str:
    """Return `one of "a", "b"`, or the one word."""
    listed = [quoted(word) for word in words]
    return "one of " + ", ".join(listed) if len(listed) > 1 else "".join(listed) or "no keys"


def is_value(value: object, *, wrong_type: bool = False) -> str:
    """Return what to say after "is": `"two"`, `empty`, `a list`. With `wrong_type`, tell the text "2" from the number."""
    match value:
        case None | "":
            return "empty"
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "a mapping" if value else "an empty mapping"
        case bool():
            return '"true"' if value else '"false"'
        case int() | float():
            return f'the number "{value}"' if wrong_type else f'"{value}"'
        case _:
            looks_otherwise = wrong_type and (str(value).lstrip("-").isdigit() or value in ("true", "false"))
            return ("the text " if looks_otherwise else "") + quoted(value)


def must_be(schema: Mapping[str, Any]) -> str:
    """Return what a schema asks for, to be said after "it must be"."""
    if "x-must" in schema:
        return str(schema["x-must"])
    if "const" in schema:
        return quoted(schema["const"])
    if "enum" in schema:
        return _either([quoted(value) for value in schema["enum"]])
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema and "type" not in schema:
            return _either(list(dict.fromkeys(must_be(alternative) for alternative in schema[keyword])))
    types = schema.get("type", [])
    return _either([_of_type(kind, schema) for kind in ([types] if isinstance(types, str) else types)]) or "something else"


def _of_type(kind: str, schema: Mapping[str, Any]) -> str:
    if kind not in ("integer", "number"):
        return _TYPES[kind]
    words = "a whole number" if kind == "integer" else "a number"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{words} from {low} to {high}"
    if low is not None:
        return f"{words}, at least {low}"
    return f"{words}, at most {high}" if high is not None else words


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" or {words[-1]}" if words else ""
