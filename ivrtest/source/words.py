"""The recurring parts of messages: values as people write them, and what they must be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_LONGEST = 60
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

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


def readable(text: str) -> str:
    r"""Return the text as every report shows it: a byte of a file name that is no text, which Python keeps as a surrogate, as `\xff`."""
    return _SURROGATE.sub(_by_number, text)


def _by_number(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code & 0xFF:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def printable(text: str) -> str:
    """Return the text with what would move or colour a terminal replaced, so that a file cannot write on the screen."""
    return "".join(character if character.isprintable() else " " for character in readable(text))


def sentence(message: str) -> str:
    """Return the message with an end, so that another sentence can follow."""
    return message if message.endswith(("?", ".")) else f"{message}."


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


def one_slip(name: str, known: Iterable[str]) -> str | None:
    """Return which of `known` somebody meant who wrote `name`, where nothing else can be meant; None where it can.

    A slip is a letter too many, too few, another one, or two swapped (F. Damerau, Comm. ACM 7 (1964)), or other signs between the words:
    `no-input`, `noInput`. Names of less than four letters, and those that differ in a digit, are too near to one another to tell.
    """
    near = [other for other in known if other != name and _is_slip(name, other)]
    return near[0] if len(near) == 1 and min(len(name), len(near[0])) >= _TELLING and _digits(name) == _digits(near[0]) else None


_TELLING = 4
"""Letters of a name in which a slip is seen to be one."""


def _is_slip(name: str, other: str) -> bool:
    if _bare(name) == _bare(other):
        return True
    if abs(len(name) - len(other)) > 1:
        return False
    head = next((place for place, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), min(len(name), len(other)))
    left, right = name[head:], other[head:]
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _digits(name: str) -> str:
    return "".join(letter for letter in name if letter.isdigit())


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
