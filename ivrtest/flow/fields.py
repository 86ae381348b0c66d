"""A typed reader over the data of one part of a flow file, whose shape is already known to be right.

Every value comes with its place. What the shape cannot express (an expression that does not parse, `min` above `max`) is noted
with `wrong`, and reading goes on, so that one pass finds all mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ivrtest.flow.condition import RESERVED, Condition, ExpressionSyntaxError, parse_condition, parse_value
from ivrtest.flow.model import DigitsRef, NumberRef, PromptRef, Spoken, SpokenPart, Target
from ivrtest.flow.pattern import Pattern, PatternError, parse_pattern
from ivrtest.flow.spoken_numbers import NumberError
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span
from ivrtest.source.yaml import Document

RULE = "flow-value"
"""The rule that findings of the reader belong to where the value, not the shape, is wrong."""

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def parse_seconds(text: str) -> float | None:
    """Read a duration such as `5s`, `800ms` or `2m`. None if it is none."""
    match = _DURATION.fullmatch(text)
    return round(float(match[1]) * _SECONDS[match[2]], 6) if match else None


def written_seconds(seconds: float) -> str:
    """Write a duration so that `parse_seconds` gives it back, to the millisecond."""
    milliseconds = round(seconds * 1000)
    if milliseconds % 1000:
        return f"{milliseconds}ms"
    whole = milliseconds // 1000
    return f"{whole // 60}m" if whole and whole % 60 == 0 else f"{whole}s"


class Fields:
    """One mapping of a document: `path` leads to it."""

    def __init__(self, document: Document, path: tuple[str | int, ...], data: Mapping[str, Any], findings: list[Finding]) -> None:
        self.document = document
        self.path = path
        self.data = data
        self.findings = findings

    def __contains__(self, key: str) -> bool:
        return self.data.get(key) is not None

    def span(self, *path: str | int) -> Span:
        """Return the place of a value; of this mapping's own key where `path` is empty."""
        return self.document.span((*self.path, *path)) if path else self.document.key_span(self.path)

    def key_span(self, *path: str | int) -> Span:
        return self.document.key_span((*self.path, *path))

    def wrong(self, message: str, span: Span) -> None:
        """Note a mistake. Whatever is being read will be left out."""
        self.findings.append(Finding(RULE, Severity.ERROR, message, span))

    def child(self, key: str) -> Fields | None:
        data = self.data.get(key)
        return Fields(self.document, (*self.path, key), data, self.findings) if isinstance(data, Mapping) else None

    def children(self, key: str) -> tuple[Fields, ...]:
        """Return the mappings in a list."""
        items = self.data.get(key) or ()
        return tuple(Fields(self.document, (*self.path, key, place), item, self.findings) for place, item in enumerate(items))

    def text(self, key: str, default: str = "") -> str:
        value = self.data.get(key)
        return default if value is None else str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, or a single one as a list."""
        value = self.data.get(key)
        if value is None:
            return ()
        return tuple(str(item) for item in value) if isinstance(value, Sequence) and not isinstance(value, str) else (str(value),)

    def whole(self, key: str, default: int) -> int:
        value = self.data.get(key)
        return default if value is None else int(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.data.get(key)
        return default if value is None else bool(value)

    def seconds(self, key: str, default: float) -> float:
        value = self.data.get(key)
        if value is None:
            return default
        seconds = parse_seconds(str(value))
        if seconds is None or not 0 < seconds <= 86400:
            self.wrong(f'"{value}" is no duration between 1ms and 24h. write it as "5s", "800ms" or "2m"', self.span(key))
            return default
        return seconds

    def variable(self, key: str) -> str:
        """Return the name of a variable that is set here."""
        name = self.text(key)
        self.check_variable(name, self.span(key))
        return name

    def check_variable(self, name: str, span: Span) -> None:
        if name in RESERVED:
            self.wrong(f'"{name}" cannot be the name of a variable: it is a word of the expression language. take another name', span)

    def key(self, key: str, default: str | None) -> str | None:
        """Return one key of the telephone; `none` gives None."""
        value = self.data.get(key)
        if value is None:
            return default
        return None if value == "none" else str(value)

    def spoken(self, key: str) -> Spoken:
        value = self.data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            return (self._one_spoken(value, (key,)),)
        return tuple(self._one_spoken(item, (key, place)) for place, item in enumerate(value))

    def _one_spoken(self, item: Any, path: tuple[str | int, ...]) -> SpokenPart:
        if isinstance(item, Mapping):
            for kind in ("number", "amount"):
                if kind in item:
                    return self._number(NumberRef(str(item[kind]), self.span(*path, kind), str(item.get("currency", ""))))
            if "digits" in item:
                return DigitsRef(str(item["digits"]), self.span(*path, "digits"))
            return PromptRef(str(item["prompt"]), self.span(*path, "prompt"))
        return PromptRef(str(item), self.span(*path))

    def _number(self, number: NumberRef) -> NumberRef:
        languages = self.document.data.get("languages")
        for language in languages if isinstance(languages, list) else ["en"]:
            try:
                number.recordings("1" if number.variable else number.value, str(language))
            except NumberError as error:
                self.wrong(str(error), number.span)
                break
        return number

    def target(self, *path: str | int) -> Target | None:
        """Return where a caller goes next, None where nothing is declared."""
        value: Any = self.data
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else value[step]
            if value is None:
                return None
        if isinstance(value, str):
            return Target(None if value == "return" else value, self.span(*path))
        sets = self.sets(*path, "set") if value.get("set") else {}
        if "return" in value:
            outcome = value["return"]
            return Target(None, self.span(*path, "return"), sets, None if outcome is None else str(outcome))
        goto = str(value["goto"])
        return Target(None if goto == "return" else goto, self.span(*path, "goto"), sets)

    def targets(self, key: str) -> dict[str, Target]:
        """Return a mapping of keys or outcomes to targets."""
        found = {name: self.target(key, name) for name in self.data.get(key) or {}}
        return {name: target for name, target in found.items() if target is not None}

    def sets(self, *path: str | int) -> dict[str, str | int]:
        """Return a mapping of variables to values; expressions are checked, and stay text."""
        data: Any = self.data
        for step in path:
            data = data[step]
        for name, value in data.items():
            self.check_variable(name, self.key_span(*path, name))
            if isinstance(value, str) and value.startswith("="):
                try:
                    parse_value(value[1:])
                except ExpressionSyntaxError as error:
                    self.wrong(f'"{value}" is no expression: {error.message}', self.inside((*path, name), value, error.column + 1))
        return dict(data)

    def condition(self, key: str) -> Condition | None:
        """Return a condition; None if there is none or it is wrong."""
        if key not in self:
            return None
        text = self.text(key)
        try:
            return parse_condition(text)
        except ExpressionSyntaxError as error:
            self.wrong(f'"{text}" is no condition: {error.message}', self.inside((key,), text, error.column))
            return None

    def pattern(self, key: str) -> Pattern | None:
        if key not in self:
            return None
        text = self.text(key)
        try:
            return parse_pattern(text)
        except PatternError as error:
            self.wrong(f'"{text}" is no pattern: {error.message}', self.inside((key,), text, error.column))
            return None

    def inside(self, path: tuple[str | int, ...], text: str, column: int) -> Span:
        """Return the place of one character of a value; of the whole value where it is not written letter by letter."""
        whole = self.span(*path)
        start = whole.source.line(whole.line).find(text, whole.column - 1)
        if whole.line != whole.end_line or not 0 <= start - (whole.column - 1) <= 1:
            return whole
        place = min(start + column, whole.end_column - 1)
        return Span(whole.source, whole.line, place, whole.line, place + 1)
