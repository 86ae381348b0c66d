"""What a step file reads its step from: one step as it is written, whose shape is already known to be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ivrtest.flow.fields import parse_seconds
from ivrtest.flow.model import DigitsRef, NumberRef, PromptRef, SpokenPart
from ivrtest.flow.spoken_numbers import KNOWN, NumberError
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Span
from ivrtest.source.yaml import DataPath, Document

RULE: Final = "scenario-value"
"""The rule of findings where the value, not the shape, is wrong."""
LONGEST_S: Final = 86_400.0
WITHIN_S: Final = 10.0
"""How soon something must happen after the last event, where the scenario does not say."""
PAUSE_S: Final = 2.0
"""The longest silence between two recordings of one `hear`, where the scenario does not say."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words that nobody recorded, `{words: "Ann Smith"}`: only a speech recogniser knows them."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class StepFields:
    """One step: its word, what stands beside the word, and the other keys."""

    document: Document
    path: DataPath
    """Leads to the step."""
    word: str
    data: Mapping[str, Any]
    findings: list[Finding]
    """Takes what is found wrong."""

    @property
    def value(self) -> Any:
        """What stands beside the step's word."""
        return self.data.get(self.word)

    @property
    def span(self) -> Span:
        """The place of the step's word."""
        return self.document.key_span((*self.path, self.word))

    def place(self, *path: str | int) -> Span:
        """Return the place of the value at `path` within the step."""
        return self.document.span((*self.path, *path))

    def option(self, key: str) -> tuple[Any, DataPath]:
        """Return a setting, None if it is not there, and its path. It may stand in the word's mapping or beside the word, not in both."""
        value = self.value
        inside = isinstance(value, dict) and key in value
        path = (*self.path, self.word, key) if inside else (*self.path, key)
        if inside and key in self.data:
            related = (Related("the other one is here", self.document.key_span(path)),)
            message = f'"{key}" stands twice in this step. keep one of them'
            self.findings.append(Finding(RULE, Severity.ERROR, message, self.document.key_span((*self.path, key)), related))
        return (value[key] if inside else self.data.get(key)), path

    def seconds(self) -> float:
        """Return the duration that stands beside the step's word."""
        return read_seconds(self.document, (*self.path, self.word), self.value, 0.0, self.findings)

    def within_s(self) -> float:
        value, path = self.option("within")
        return read_seconds(self.document, path, value, WITHIN_S, self.findings)

    def pause_s(self) -> float:
        value, path = self.option("pause")
        return read_seconds(self.document, path, value, PAUSE_S, self.findings, least=0)

    def sounds(self) -> tuple[SpokenPart | Words, ...]:
        """Return the recordings and words that stand beside the step's word."""
        if isinstance(self.value, dict):
            return (Words(str(self.value["words"]), self.place(self.word, "words")),)
        if not isinstance(self.value, list):
            return (PromptRef(str(self.value), self.place(self.word)),)
        return tuple(self._sound(item, index) for index, item in enumerate(self.value))

    def _sound(self, item: Any, index: int) -> SpokenPart | Words:
        if isinstance(item, dict):
            if "words" in item:
                return Words(str(item["words"]), self.place(self.word, index, "words"))
            for kind in ("number", "amount"):
                if kind in item:
                    number = NumberRef(str(item[kind]), self.place(self.word, index, kind), str(item.get("currency", "")))
                    try:
                        number.recordings(number.value, KNOWN[0])
                    except NumberError as error:
                        self.findings.append(Finding(RULE, Severity.ERROR, str(error), number.span))
                    return number
            return DigitsRef(str(item["digits"]), self.place(self.word, index, "digits"))
        return PromptRef(str(item), self.place(self.word, index))


def read_seconds(document: Document, path: DataPath, value: Any, default: float, findings: list[Finding], *, least: float = 0.001) -> float:
    """Return a duration in seconds; `default` where there is none. One below `least` or above a day is a finding."""
    if value is None:
        return default
    seconds = parse_seconds(str(value))
    if seconds is None or not least <= seconds <= LONGEST_S:
        lowest = "0s" if least == 0 else "1ms"
        message = f'"{path[-1]}" is "{value}". it must be a time from {lowest} to 24h'
        findings.append(Finding(RULE, Severity.ERROR, message, document.span(path)))
        return default
    return seconds


def told_seconds(seconds: float) -> str:
    """Return a duration for people: `2 s`, `0.8 s`."""
    return f"{seconds:g} s"


def listed(words: Iterable[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    items = list(words)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + f" and {items[-1]}"
