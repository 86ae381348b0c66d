"""Let the caller enter digits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ivrtest.flow.asking import INTER_DIGIT_S, Answer, Entry, Patience, Wrong, ask, hear_entry
from ivrtest.flow.condition import Condition, ConditionError
from ivrtest.flow.fields import Fields, written_seconds
from ivrtest.flow.memory import DeadEndError, Memory
from ivrtest.flow.model import Exit, Node, Script, Spoken, Target, Written
from ivrtest.flow.pattern import Pattern
from ivrtest.flow.speaking import EarlyKeys, Wait
from ivrtest.flow.writing import given, written_spoken, written_target, written_targets
from ivrtest.source.text import Span

MAX_KEYS = 32


def passes_luhn(digits: str) -> bool:
    """Tell if the last digit is the right check digit for the others (ISO/IEC 7812-1 annex B)."""
    if not digits.isascii() or not digits.isdigit():
        return False
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


@dataclass(frozen=True, slots=True)
class Validity:
    """Which entries count."""

    pattern: Pattern | None = None
    """Must match the whole entry. Without one, only the digits 0 to 9 count."""
    luhn: bool = False
    when: Condition | None = None
    """On all variables, the collected one as entered just now."""

    @classmethod
    def read(cls, fields: Fields | None) -> Validity:
        return cls() if fields is None else cls(fields.pattern("pattern"), fields.flag("luhn", False), fields.condition("when"))

    def written(self) -> dict[str, object] | None:
        fields = given(
            pattern=None if self.pattern is None else str(self.pattern),
            luhn=True if self.luhn else None,
            when=None if self.when is None else str(self.when),
        )
        return fields or None

    def accepts(self, keys: str, into: str, memory: Memory) -> bool:
        if not (self.pattern.matches(keys) if self.pattern else all(key in "0123456789" for key in keys)):
            return False
        if self.luhn and not passes_luhn(keys):
            return False
        try:
            return self.when is None or self.when.evaluate({**memory.variables, into: keys})
        except ConditionError as error:
            raise DeadEndError(f'cannot tell if what was entered is valid: {error} in "{self.when}"') from error


@dataclass(frozen=True, slots=True)
class Collect(Node):
    """Asks for digits and keeps them in a variable. `asking.Entry` tells when an entry is complete."""

    kind: ClassVar[str] = "collect"

    prompt: Spoken
    into: str
    goto: Target | None = None
    min: int = 1
    entry: Entry = field(default_factory=lambda: Entry(MAX_KEYS))
    secret: bool = False
    valid: Validity = field(default_factory=Validity)
    keys: Mapping[str, Target] = field(default_factory=dict)
    """Keys that lead elsewhere if they are pressed first."""
    patience: Patience = field(default_factory=Patience)
    barge_in: bool = True
    early_keys: EarlyKeys = EarlyKeys.LOST

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Collect:  # noqa: A002
        patience, terminator = Patience.read(fields), fields.key("terminator", "#")
        entry = Entry(
            fields.whole("max", MAX_KEYS),
            terminator,
            fields.seconds("first_digit", patience.after_s),
            fields.seconds("inter_digit", INTER_DIGIT_S),
        )
        collect = cls(
            id,
            span,
            prompt=fields.spoken("prompt"),
            into=fields.variable("into"),
            goto=fields.target("goto"),
            min=fields.whole("min", 1),
            entry=entry,
            secret=fields.flag("secret", False),
            valid=Validity.read(fields.child("valid")),
            keys=fields.targets("keys"),
            patience=patience,
            barge_in=fields.flag("barge_in", True),
            early_keys=EarlyKeys(fields.text("early_keys", EarlyKeys.LOST)),
        )
        if collect.min > entry.most:
            message = f'collect "{id}" wants at least {collect.min} keys and takes at most {entry.most}. make "min" no greater than "max"'
            fields.wrong(message, fields.span("min"))
        if terminator is not None and terminator in collect.keys:
            message = f'key "{terminator}" of collect "{id}" both ends the entry and leads elsewhere. choose another "terminator" or key'
            fields.wrong(message, fields.key_span("keys", terminator))
        return collect

    def written(self) -> Written:
        entry = self.entry
        return given(
            prompt=written_spoken(self.prompt),
            into=self.into,
            min=None if self.min == 1 else self.min,
            max=None if entry.most == MAX_KEYS else entry.most,
            terminator=None if entry.terminator == "#" else entry.terminator or "none",
            first_digit=None if entry.first_s == self.patience.after_s else written_seconds(entry.first_s),
            inter_digit=None if entry.inter_s == INTER_DIGIT_S else written_seconds(entry.inter_s),
            secret=True if self.secret else None,
            valid=self.valid.written(),
            keys=written_targets(self.keys) or None,
            **self.patience.written(),
            barge_in=None if self.barge_in else False,
            early_keys=None if self.early_keys is EarlyKeys.LOST else str(self.early_keys),
            goto=written_target(self.goto),
        )

    def exits(self) -> Iterator[Exit]:
        yield Exit.to(self.goto, "entered", self.span, "outcome")
        for key, target in self.keys.items():
            yield Exit.to(target, f"key {key}", self.span, "key", key)
        yield from self.patience.exits(self.span)

    def spoken(self) -> Iterator[Spoken]:
        yield self.prompt
        yield from self.patience.spoken()

    def visit(self, memory: Memory) -> Script:
        memory.takes_secret = self.secret
        if self.secret:
            memory.secrets.add(self.into)
        heard = yield from ask(
            memory,
            self.prompt,
            self.patience,
            lambda: self._hear(memory),
            span=self.span,
            barge_in=self.barge_in,
            early_keys=self.early_keys,
        )
        return heard if isinstance(heard, Exit) else heard.value

    def _hear(self, memory: Memory) -> Wait[Answer[Exit] | Wrong]:
        ways = {way.key: way for way in self.exits() if way.key is not None}
        keys = yield from hear_entry(memory, self.entry, frozenset(ways))
        if keys is None:
            return Wrong.NO_INPUT
        if keys in ways:
            return Answer(ways[keys])
        if len(keys) < self.min or not self.valid.accepts(keys, self.into, memory):
            return Wrong.NO_MATCH
        memory.variables[self.into] = keys
        return Answer(next(self.exits()))
