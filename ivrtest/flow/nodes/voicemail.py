"""Take a message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from ivrtest.flow.action import Beep, Key, Record, RecordEnded, StopRecording
from ivrtest.flow.asking import Answer, Patience, ask, hear_key
from ivrtest.flow.fields import Fields, written_seconds
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Exit, Node, Script, Spoken, Target, Written
from ivrtest.flow.speaking import Wait, play, say
from ivrtest.flow.writing import given, written_spoken, written_target
from ivrtest.source.text import Span

MAX_S = 60.0
SILENCE_END_S = 3.0


@dataclass(frozen=True, slots=True)
class Review:
    """Lets the caller keep her message or record it again."""

    prompt: Spoken
    keep: str = "1"
    again: str = "2"
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def read(cls, fields: Fields | None, id: str) -> Review | None:  # noqa: A002
        if fields is None:
            return None
        review = cls(fields.spoken("prompt"), fields.text("keep", "1"), fields.text("again", "2"), Patience.read(fields))
        if review.keep == review.again:
            message = f'key "{review.keep}" in the review of voicemail "{id}" is both "keep" and "again". choose two keys'
            fields.wrong(message, fields.span("again") if "again" in fields else fields.span("keep"))
        return review

    def written(self) -> dict[str, object]:
        return given(
            prompt=written_spoken(self.prompt),
            keep=None if self.keep == "1" else self.keep,
            again=None if self.again == "2" else self.again,
            **self.patience.written(),
        )


@dataclass(frozen=True, slots=True)
class Voicemail(Node):
    """Greets, beeps, records, and lets the caller review.

    Any key cuts the greeting short and is forgotten. The recording ends at `max`, after silence, or at the terminator. A caller who
    does not answer the review has left a message all the same: unless `then` says otherwise, she goes on by `recorded`.
    """

    kind: ClassVar[str] = "voicemail"

    greeting: Spoken = ()
    beep: bool = True
    max_s: float = MAX_S
    silence_end_s: float = SILENCE_END_S
    terminator: str | None = "#"
    review: Review | None = None
    recorded: Target | None = None
    empty: Target | None = None

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Voicemail:  # noqa: A002
        return cls(
            id,
            span,
            greeting=fields.spoken("greeting"),
            beep=fields.flag("beep", True),
            max_s=fields.seconds("max", MAX_S),
            silence_end_s=fields.seconds("silence_end", SILENCE_END_S),
            terminator=fields.key("terminator", "#"),
            review=Review.read(fields.child("review"), id),
            recorded=fields.target("recorded"),
            empty=fields.target("empty"),
        )

    def written(self) -> Written:
        return given(
            greeting=written_spoken(self.greeting) if self.greeting else None,
            beep=None if self.beep else False,
            max=None if self.max_s == MAX_S else written_seconds(self.max_s),
            silence_end=None if self.silence_end_s == SILENCE_END_S else written_seconds(self.silence_end_s),
            terminator=None if self.terminator == "#" else self.terminator or "none",
            review=None if self.review is None else self.review.written(),
            recorded=written_target(self.recorded),
            empty=written_target(self.empty),
        )

    def exits(self) -> Iterator[Exit]:
        yield Exit.to(self.recorded, "recorded", self.span, "outcome")
        yield Exit.to(self.empty, "empty", self.span, "outcome")
        if self.review is not None:
            yield from (way for way in self.review.patience.exits(self.span) if way.target is not None)

    def spoken(self) -> Iterator[Spoken]:
        yield self.greeting
        if self.review is not None:
            yield self.review.prompt
            yield from self.review.patience.spoken()

    def visit(self, memory: Memory) -> Script:
        recorded, empty, *_ = self.exits()
        yield from say(memory, self.greeting, barge_in=True)
        while True:
            seconds = yield from self._record(memory)
            if seconds <= 0:
                return empty
            if self.review is None:
                return recorded
            heard = yield from self._keeps(memory, self.review)
            if isinstance(heard, Exit):
                return heard if heard.target is not None else recorded
            if heard.value:
                return recorded

    def _keeps(self, memory: Memory, review: Review) -> Wait[Answer[bool] | Exit]:
        """Ask whether the caller keeps what she said."""
        answers = {review.keep: True, review.again: False}
        patience = review.patience
        return ask(memory, review.prompt, patience, lambda: hear_key(memory, answers, patience.after_s), span=self.span)

    def _record(self, memory: Memory) -> Wait[float]:
        """Record once. Return how much the caller said, in seconds."""
        if self.beep:
            yield from play(memory, Beep())
        memory.keys.clear()
        memory.do(Record(self.max_s, self.silence_end_s))
        stopping = False
        while True:
            happening = yield
            match happening:
                case RecordEnded(seconds=seconds):
                    memory.keys.clear()
                    return seconds
                case Key(key=key) if key == self.terminator and not stopping:
                    stopping = True
                    memory.do(StopRecording())
                case _:
                    pass
