"""A small pattern language for entered keys: the part of regular expressions that digits need.

Flow files come from anywhere and a pattern is tried while a caller waits, so matching must not take exponential time as it can
with `re`. A pattern is therefore matched by moving a set of places through it, which takes polynomial time for any pattern.

Characters, `.`, `\\d`, `[2-9]`, `[^0]`, `( )`, `(?: )`, `|`, `?`, `*`, `+`, `{3}`, `{3,}`, `{3,5}`; a leading `^` and a trailing `$`
are allowed and change nothing, because the whole entry must match.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_LENGTH = 200
MAX_DEPTH = 10
MAX_REPEATS = 64
KEYS = frozenset("0123456789*#ABCD")
_DIGITS = frozenset("0123456789")
_SPECIAL = frozenset("()[]{}|?*+.^$\\")


class PatternError(ValueError):
    """Text that is no pattern."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        """1-based, in the pattern's own text."""


@dataclass(frozen=True, slots=True)
class _OneOf:
    keys: frozenset[str]

    def ends(self, text: str, starts: frozenset[int]) -> frozenset[int]:
        return frozenset(start + 1 for start in starts if start < len(text) and text[start] in self.keys)


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Part, ...]

    def ends(self, text: str, starts: frozenset[int]) -> frozenset[int]:
        for part in self.parts:
            starts = part.ends(text, starts)
        return starts


@dataclass(frozen=True, slots=True)
class _Choice:
    parts: tuple[_Part, ...]

    def ends(self, text: str, starts: frozenset[int]) -> frozenset[int]:
        return frozenset[int]().union(*(part.ends(text, starts) for part in self.parts))


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Part
    least: int
    most: int | None

    def ends(self, text: str, starts: frozenset[int]) -> frozenset[int]:
        for _ in range(self.least):
            before, starts = starts, self.part.ends(text, starts)
            if starts == before:
                break
        reached, new, times = starts, starts, self.least
        while new and (self.most is None or times < self.most):
            new = self.part.ends(text, new) - reached
            reached |= new
            times += 1
        return reached


_Part = _OneOf | _Sequence | _Choice | _Repeat


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that has been read. Two are equal if their texts are."""

    text: str

    def matches(self, keys: str) -> bool:
        """Tell if the whole of `keys` fits."""
        return len(keys) in _parse(self.text).ends(keys, frozenset({0}))

    def first_keys(self) -> frozenset[str]:
        """Return the keys that an entry which fits can begin with."""
        return _first_keys(_parse(self.text))[0]

    def lengths(self, most: int) -> frozenset[int]:
        """Return how many keys entries that fit can have, as far as these are no more than `most`."""
        return _lengths(_parse(self.text), most)

    def __str__(self) -> str:
        return self.text


def parse_pattern(text: str) -> Pattern:
    """Read a pattern. Raises `PatternError`."""
    _parse(text)
    return Pattern(text)


@lru_cache(maxsize=1024)
def _parse(text: str) -> _Part:
    if len(text) > MAX_LENGTH:
        raise PatternError(f"the pattern has {len(text)} characters. at most {MAX_LENGTH} are read", MAX_LENGTH + 1)
    parser = _Parser(text)
    part = parser.choice(0)
    if parser.place < len(text):
        raise PatternError('unexpected ")". no bracket is open', parser.place + 1)
    return part


def _first_keys(part: _Part) -> tuple[frozenset[str], bool]:
    """Return the keys that `part` can begin with, and whether it may be left out. The nesting of patterns is bounded."""
    match part:
        case _OneOf(keys=keys):
            return keys, False
        case _Choice(parts=parts):
            found = [_first_keys(inner) for inner in parts]
            return frozenset[str]().union(*(keys for keys, _ in found)), any(empty for _, empty in found)
        case _Sequence(parts=parts):
            begins = frozenset[str]()
            for inner in parts:
                keys, empty = _first_keys(inner)
                begins |= keys
                if not empty:
                    return begins, False
            return begins, True
        case _Repeat(part=inner, least=least, most=most):
            keys, empty = _first_keys(inner)
            return (frozenset() if most == 0 else keys), empty or least == 0


def _lengths(part: _Part, most: int) -> frozenset[int]:
    """Return how many keys `part` can stand for, up to `most`."""
    match part:
        case _OneOf(keys=keys):
            return frozenset({1}) if keys and most else frozenset()
        case _Choice(parts=parts):
            return frozenset[int]().union(*(_lengths(inner, most) for inner in parts))
        case _Sequence(parts=parts):
            totals = frozenset({0})
            for inner in parts:
                totals = _sums(totals, _lengths(inner, most), most)
            return totals
        case _Repeat(part=inner, least=least, most=times):
            once = _lengths(inner, most)
            totals = frozenset({0})
            for _ in range(least):
                totals = _sums(totals, once, most)
            reached, count = totals, least
            while totals and (times is None or count < times):
                totals = _sums(totals, once, most) - reached
                reached |= totals
                count += 1
            return reached


def _sums(first: frozenset[int], second: frozenset[int], most: int) -> frozenset[int]:
    return frozenset(one + other for one in first for other in second if one + other <= most)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 1 if text.startswith("^") else 0

    def at(self, *texts: str) -> bool:
        return any(self.text.startswith(text, self.place) for text in texts)

    def wrong(self, message: str) -> PatternError:
        return PatternError(message, self.place + 1)

    def choice(self, depth: int) -> _Part:
        parts = [self.sequence(depth)]
        while self.at("|"):
            self.place += 1
            parts.append(self.sequence(depth))
        return parts[0] if len(parts) == 1 else _Choice(tuple(parts))

    def sequence(self, depth: int) -> _Part:
        parts: list[_Part] = []
        while self.place < len(self.text) and not self.at("|", ")"):
            if self.text[self.place :] == "$":
                self.place += 1
                break
            parts.append(self.repeated(self.one(depth)))
        return parts[0] if len(parts) == 1 else _Sequence(tuple(parts))

    def repeated(self, part: _Part) -> _Part:
        if self.place >= len(self.text) or self.text[self.place] not in "?*+{":
            return part
        sign = self.text[self.place]
        least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}[sign] if sign != "{" else self.counts()
        self.place += 1
        if self.place < len(self.text) and self.text[self.place] in "?*+{":
            raise self.wrong(f'"{self.text[self.place]}" after "{sign}" is not supported. put a bracket around what is repeated')
        return _Repeat(part, least, most)

    def counts(self) -> tuple[int, int | None]:
        """Read `{3,5` and stop at the closing bracket."""
        end = self.text.find("}", self.place)
        inside = self.text[self.place + 1 : end] if end > 0 else ""
        least, comma, most = inside.partition(",")
        if not re.fullmatch(r"[0-9]{1,3}(,[0-9]{0,3})?", inside):
            raise self.wrong('expected "{3}", "{3,}" or "{3,5}"')
        low, high = int(least), (int(most) if most else None) if comma else int(least)
        if max(low, high or 0) > MAX_REPEATS:
            raise self.wrong(f"more than {MAX_REPEATS} repeats are not supported")
        if high is not None and high < low:
            raise self.wrong(f'"{{{inside}}}" repeats at least {low} and at most {high} times')
        self.place = end
        return low, high

    def one(self, depth: int) -> _Part:
        if self.at("("):
            return self.group(depth)
        if self.at("["):
            return self.one_of()
        if self.at("\\d"):
            self.place += 2
            return _OneOf(_DIGITS)
        if self.at("."):
            self.place += 1
            return _OneOf(KEYS)
        return _OneOf(frozenset({self.key()}))

    def group(self, depth: int) -> _Part:
        opened = self.place
        if depth >= MAX_DEPTH:
            raise self.wrong(f"the pattern is nested deeper than {MAX_DEPTH}")
        if self.at("(?") and not self.at("(?:"):
            raise self.wrong('"(?" is supported only as "(?:"')
        self.place += 3 if self.at("(?:") else 1
        inner = self.choice(depth + 1)
        if not self.at(")"):
            raise PatternError("the bracket that opens here is not closed", opened + 1)
        self.place += 1
        return inner

    def one_of(self) -> _Part:
        opened = self.place
        self.place += 1
        inverted = self.at("^")
        self.place += inverted
        keys: set[str] = set()
        while not self.at("]"):
            if self.place >= len(self.text):
                raise PatternError("the bracket that opens here is not closed", opened + 1)
            if self.at("\\d"):
                self.place += 2
                keys |= _DIGITS
                continue
            first = self.key(inside=True)
            last = first
            if self.at("-") and not self.at("-]"):
                self.place += 1
                last = self.key(inside=True)
            if last < first:
                raise PatternError(f'"{first}-{last}" is no range. write the smaller key first', self.place - 2)
            keys |= {key for key in KEYS if first <= key <= last}
        self.place += 1
        return _OneOf(KEYS - keys if inverted else frozenset(keys))

    def key(self, *, inside: bool = False) -> str:
        """Read one key, escaped with a backslash where it has a meaning of its own."""
        if self.place >= len(self.text):
            raise self.wrong("expected a key, found the end")
        key = self.text[self.place]
        if key == "\\":
            escaped = self.text[self.place + 1 : self.place + 2]
            if escaped not in KEYS:
                raise self.wrong(f'"\\{escaped}" is not supported. keys are 0 to 9, *, #, A to D; "\\d" is any digit')
            self.place += 2
            return escaped
        if key in _SPECIAL and not (inside and key == "*"):
            raise self.wrong(f'unexpected "{key}"')
        if key not in KEYS:
            raise self.wrong(f'"{key}" is no key. keys are 0 to 9, *, #, A to D')
        self.place += 1
        return key
