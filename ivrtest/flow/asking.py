"""Asking a caller something: the one place that knows about patience, retries and entering digits.

A question is asked, and asked again after no input or no match, until she answers or patience ends. How often is counted for one
visit of a node and from zero in the next one. A key that repeats the question costs nothing. On a retry the prompt for what went
wrong and the question itself are said in one go, so a key that interrupts the first also answers the second. After a wrong
answer, keys pressed ahead are forgotten: they were meant for what would have followed the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from ivrtest.flow.fields import Fields, written_seconds
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Exit, Spoken, Target
from ivrtest.flow.speaking import EarlyKeys, Wait, say, wait_for_key
from ivrtest.flow.writing import written_spoken, written_target
from ivrtest.source.text import Span

T = TypeVar("T")

AFTER_S = 5.0
INTER_DIGIT_S = 3.0
RETRIES = 2


class Wrong(Enum):
    """What is no answer."""

    NO_INPUT = "no_input"
    NO_MATCH = "no_match"
    REPEAT = "repeat"
    """The caller wants to hear the question again."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What the caller answered."""

    value: T


@dataclass(frozen=True, slots=True)
class Retry:
    """What is done about no input, or about no match."""

    retries: int = RETRIES
    """How often the question is asked again: 2 means three times in all. Not used where the two are counted together."""
    prompt: Spoken = ()
    """Said before the question is asked again."""
    then: Target | None = None

    @classmethod
    def read(cls, fields: Fields | None) -> Retry:
        if fields is None:
            return cls()
        return cls(fields.whole("retries", RETRIES), fields.spoken("prompt"), fields.target("then"))

    def written(self) -> dict[str, object]:
        return {
            **({"retries": self.retries} if self.retries != RETRIES else {}),
            **({"prompt": written_spoken(self.prompt)} if self.prompt else {}),
            **({"then": written_target(self.then)} if self.then else {}),
        }


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a question is asked, and where a caller goes who does not answer it."""

    after_s: float = AFTER_S
    """Time to press a key, from the end of the prompt."""
    no_input: Retry = Retry()
    no_match: Retry = Retry()
    attempts: int | None = None
    """How often the question is asked in all, no input and no match counted together. None: each is counted on its own."""
    exhausted: Target | None = None
    attempts_span: Span | None = None

    @classmethod
    def read(cls, fields: Fields) -> Patience:
        no_input, no_match = fields.child("no_input"), fields.child("no_match")
        return cls(
            AFTER_S if no_input is None else no_input.seconds("after", AFTER_S),
            Retry.read(no_input),
            Retry.read(no_match),
            fields.whole("attempts", 0) if "attempts" in fields else None,
            fields.target("exhausted"),
            fields.key_span("attempts") if "attempts" in fields else None,
        )

    def written(self) -> dict[str, object]:
        no_input = {**({"after": written_seconds(self.after_s)} if self.after_s != AFTER_S else {}), **self.no_input.written()}
        no_match = self.no_match.written()
        return {
            **({"no_input": no_input} if no_input else {}),
            **({"no_match": no_match} if no_match else {}),
            **({"attempts": self.attempts} if self.attempts is not None else {}),
            **({"exhausted": written_target(self.exhausted)} if self.exhausted else {}),
        }

    def exits(self, span: Span) -> Iterator[Exit]:
        """Yield the ways out for a caller who does not answer. `span` is the place of the node."""
        if self.attempts is not None:
            yield Exit.to(self.exhausted, "attempts exhausted", self.attempts_span or span, "attempts")
        else:
            yield Exit.to(self.no_input.then, "no input", span, "no_input")
            yield Exit.to(self.no_match.then, "no match", span, "no_match")

    def spoken(self) -> Iterator[Spoken]:
        yield from (retry.prompt for retry in (self.no_input, self.no_match) if retry.prompt)


def ask(
    memory: Memory,
    question: Spoken,
    patience: Patience,
    hear: Callable[[], Wait[Answer[T] | Wrong]],
    *,
    span: Span,
    barge_in: bool = True,
    early_keys: EarlyKeys = EarlyKeys.LOST,
) -> Wait[Answer[T] | Exit]:
    """Ask until `hear` has an answer, or patience ends: then the exit says how. `span` is the place of the node."""
    failures = {Wrong.NO_INPUT: 0, Wrong.NO_MATCH: 0}
    before: Spoken = ()
    while True:
        yield from say(memory, before, question, barge_in=barge_in, early_keys=early_keys)
        heard = yield from hear()
        if isinstance(heard, Answer):
            return heard
        before = ()
        if heard is Wrong.REPEAT:
            continue
        memory.keys.clear()
        failures[heard] += 1
        retry = patience.no_input if heard is Wrong.NO_INPUT else patience.no_match
        if patience.attempts is None:
            if failures[heard] > retry.retries:
                label = "no input" if heard is Wrong.NO_INPUT else "no match"
                return Exit.to(retry.then, label, span, heard.value)
        elif sum(failures.values()) >= patience.attempts:
            return Exit.to(patience.exhausted, "attempts exhausted", patience.attempts_span or span, "attempts")
        before = retry.prompt


def hear_key(memory: Memory, answers: Mapping[str, T], after_s: float, repeat: tuple[str, ...] = ()) -> Wait[Answer[T] | Wrong]:
    """Hear one key that chooses among answers."""
    key = yield from wait_for_key(memory, after_s)
    if key is None:
        return Wrong.NO_INPUT
    if key in answers:
        return Answer(answers[key])
    return Wrong.REPEAT if key in repeat else Wrong.NO_MATCH


@dataclass(frozen=True, slots=True)
class Entry:
    """How digits are entered.

    The first key must come within `first_s`, each further one within `inter_s`. The entry is complete at `most` keys at once, at
    the terminator, or when no further key comes in time. A terminator after `most` keys comes too late to belong to the entry: it
    counts as pressed ahead, as on most platforms.
    """

    most: int
    terminator: str | None = "#"
    first_s: float = AFTER_S
    inter_s: float = INTER_DIGIT_S


def hear_entry(memory: Memory, entry: Entry, first_keys: frozenset[str] = frozenset()) -> Wait[str | None]:
    """Hear digits. None if not even one key came; empty if the terminator was the first. One of `first_keys` as the first key is an
    entry of its own."""
    keys = ""
    while len(keys) < entry.most:
        key = yield from wait_for_key(memory, entry.inter_s if keys else entry.first_s)
        if key is None:
            return keys or None
        if not keys and key in first_keys:
            return key
        if key == entry.terminator:
            return keys
        keys += key
    return keys
