"""Offer to call back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from ivrtest.flow.asking import Answer, Entry, Patience, Wrong, ask, hear_entry, hear_key
from ivrtest.flow.fields import Fields
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Exit, Node, Outcome, Script, Spoken, Target, Written
from ivrtest.flow.speaking import Wait
from ivrtest.flow.writing import given, written_spoken, written_target
from ivrtest.source.text import Span

VARIABLE = "callback_number"
MIN_DIGITS = 3
MAX_DIGITS = 15
"""ITU-T E.164 section 6.1."""


@dataclass(frozen=True, slots=True)
class Callback(Node):
    """Offers a call back, and finds out the number if the offer is accepted.

    The number is the caller's own, or one that she enters: where the flow says so, where her own is not known, or where she does
    not confirm it. If hers is not known and `ask` is absent, nobody can be called: she goes on by `declined`. Each question has its
    own count of retries; all leave by the same exits when patience ends.
    """

    kind: ClassVar[str] = "callback"

    offer: Spoken
    accept: str = "1"
    """Accepts the offer, and confirms the number."""
    decline: str = "2"
    ask_always: bool = False
    """`number: ask`."""
    confirm: Spoken = ()
    """Empty: the number is taken as it is."""
    change: str = "2"
    ask: Spoken = ()
    """Empty: no other number can be entered."""
    patience: Patience = field(default_factory=Patience)
    accepted: Target | None = None
    declined: Target | None = None

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Callback:  # noqa: A002
        callback = cls(
            id,
            span,
            offer=fields.spoken("offer"),
            accept=fields.text("accept", "1"),
            decline=fields.text("decline", "2"),
            ask_always=fields.text("number", "caller") == "ask",
            confirm=fields.spoken("confirm"),
            change=fields.text("change", "2"),
            ask=fields.spoken("ask"),
            patience=Patience.read(fields),
            accepted=fields.target("accepted"),
            declined=fields.target("declined"),
        )
        for name, other in (("decline", callback.decline), ("change", callback.change)):
            if other == callback.accept:
                message = f'key "{other}" of callback "{id}" is both "accept" and "{name}". choose two keys'
                fields.wrong(message, fields.span(name) if name in fields else fields.span("accept"))
        if callback.ask_always and not callback.ask:
            fields.wrong(f'callback "{id}" asks for the number, and has no words to do so. add "ask"', fields.span("number"))
        return callback

    def written(self) -> Written:
        return given(
            offer=written_spoken(self.offer),
            accept=None if self.accept == "1" else self.accept,
            decline=None if self.decline == "2" else self.decline,
            number="ask" if self.ask_always else None,
            confirm=written_spoken(self.confirm) if self.confirm else None,
            change=None if self.change == "2" else self.change,
            ask=written_spoken(self.ask) if self.ask else None,
            **self.patience.written(),
            accepted=written_target(self.accepted),
            declined=written_target(self.declined),
        )

    def exits(self) -> Iterator[Exit]:
        """`accepted` is caused by a key only where that key alone is enough."""
        if self.ask_always or self.confirm:
            yield Exit.to(self.accepted, "accepted", self.span, "outcome")
        else:
            yield Exit.to(self.accepted, "accepted", self.span, "key", self.accept)
        yield Exit.to(self.declined, "declined", self.span, "key", self.decline)
        yield from self.patience.exits(self.span)

    def spoken(self) -> Iterator[Spoken]:
        yield from (spoken for spoken in (self.offer, self.confirm, self.ask) if spoken)
        yield from self.patience.spoken()

    def visit(self, memory: Memory) -> Script:
        accepted, declined = (way for way, _ in zip(self.exits(), range(2), strict=False))
        agreed = yield from self._choose(memory, self.offer, {self.accept: True, self.decline: False})
        if isinstance(agreed, Exit):
            return agreed
        if not agreed.value:
            return declined
        return (yield from self._find_number(memory, accepted, declined))

    def _find_number(self, memory: Memory, accepted: Exit, declined: Exit) -> Wait[Outcome]:
        own = str(memory.variables.get("caller", ""))
        known = own.removeprefix("+").isdigit() and not self.ask_always
        if not known and not self.ask:
            memory.trouble.append(f'callback "{self.id}" has no number to call: the caller\'s own is not known, and it asks for none')
            return declined
        memory.variables[VARIABLE] = own
        entering = not known
        while True:
            if entering:
                entered = yield from ask(memory, self.ask, self.patience, lambda: self._hear_number(memory), span=self.span)
                if isinstance(entered, Exit):
                    return entered
                memory.variables[VARIABLE] = entered.value
            if not self.confirm:
                return accepted
            answers = {self.accept: True, self.change: False} if self.ask else {self.accept: True}
            right = yield from self._choose(memory, self.confirm, answers)
            if isinstance(right, Exit):
                return right
            if right.value:
                return accepted
            entering = True

    def _choose(self, memory: Memory, question: Spoken, answers: dict[str, bool]) -> Wait[Answer[bool] | Exit]:
        return (yield from ask(memory, question, self.patience, lambda: hear_key(memory, answers, self.patience.after_s), span=self.span))

    def _hear_number(self, memory: Memory) -> Wait[Answer[str] | Wrong]:
        digits = yield from hear_entry(memory, Entry(MAX_DIGITS, first_s=self.patience.after_s))
        if digits is None:
            return Wrong.NO_INPUT
        return Answer(digits) if digits.isdigit() and len(digits) >= MIN_DIGITS else Wrong.NO_MATCH
