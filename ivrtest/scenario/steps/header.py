"""`header: {name: User-to-User, is: "48656c6c6f;encoding=hex"}`: a SIP message of the IVR must have a header, or must not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from ivrtest.scenario.steps.fields import RULE, WITHIN_S, StepFields
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span

Message = Literal["answer", "ringing", "early_media", "transfer", "end"]
MESSAGES: dict[Message, str] = {
    "answer": "the answer",
    "ringing": "the ringing response",
    "early_media": "the response with early media",
    "transfer": "the transfer request",
    "end": "the message that ended the call",
}
"""What each message is called."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header is there, with a certain value or with any; or it is not."""

    word: ClassVar[str] = "header"

    span: Span
    name: str
    of: Message = "answer"
    value: str | None = None
    """What it must be."""
    pattern: str | None = None
    """A regular expression that must be found in it."""
    absent: bool = False
    secret: bool = False
    """Whether its value is shown nowhere."""
    within_s: float = WITHIN_S
    """Seconds after the last event."""

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        data = fields.value
        given = [key for key in ("is", "matches", "absent") if key in data]
        if len(given) > 1:
            message = f'"{given[0]}" and "{given[1]}" stand in one step. keep one of them'
            fields.findings.append(Finding(RULE, Severity.ERROR, message, fields.document.key_span((*fields.path, fields.word, given[1]))))
        pattern = data.get("matches")
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                message = f'"matches" is no regular expression: {error}'
                fields.findings.append(Finding(RULE, Severity.ERROR, message, fields.place(fields.word, "matches")))
        value = None if data.get("is") is None else str(data["is"])
        return cls(
            fields.span,
            data["name"],
            data.get("of", "answer"),
            value,
            pattern,
            data.get("absent", False),
            data.get("secret", False),
            fields.within_s(),
        )

    def describe(self) -> str:
        return f'{"find no" if self.absent else "find"} header "{self.name}" in {MESSAGES[self.of]}'
