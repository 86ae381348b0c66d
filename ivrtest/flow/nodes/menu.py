"""Let the caller choose with one key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ivrtest.flow.asking import Patience, ask, hear_key
from ivrtest.flow.fields import Fields
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Exit, Node, Script, Spoken, Target, Written
from ivrtest.flow.speaking import EarlyKeys
from ivrtest.flow.writing import given, written_spoken, written_targets
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Menu(Node):
    """Asks for one key and goes where that key leads. `asking` tells how often."""

    kind: ClassVar[str] = "menu"

    prompt: Spoken
    keys: Mapping[str, Target] = field(default_factory=dict)
    repeat: tuple[str, ...] = ()
    """Keys that play the prompt again. They cost no attempt and reset nothing."""
    patience: Patience = field(default_factory=Patience)
    barge_in: bool = True
    early_keys: EarlyKeys = EarlyKeys.LOST

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Menu:  # noqa: A002
        menu = cls(
            id,
            span,
            prompt=fields.spoken("prompt"),
            keys=fields.targets("keys"),
            repeat=fields.texts("repeat"),
            patience=Patience.read(fields),
            barge_in=fields.flag("barge_in", True),
            early_keys=EarlyKeys(fields.text("early_keys", EarlyKeys.LOST)),
        )
        for key in menu.repeat:
            if key in menu.keys:
                message = f'key "{key}" of menu "{id}" both repeats the prompt and leads on. take it out of "repeat" or out of "keys"'
                fields.wrong(message, fields.span("repeat"))
        return menu

    def written(self) -> Written:
        return given(
            prompt=written_spoken(self.prompt),
            keys=written_targets(self.keys),
            repeat=(self.repeat[0] if len(self.repeat) == 1 else list(self.repeat)) if self.repeat else None,
            **self.patience.written(),
            barge_in=None if self.barge_in else False,
            early_keys=None if self.early_keys is EarlyKeys.LOST else str(self.early_keys),
        )

    def exits(self) -> Iterator[Exit]:
        for key, target in self.keys.items():
            yield Exit.to(target, f"key {key}", self.span, "key", key)
        yield from self.patience.exits(self.span)

    def spoken(self) -> Iterator[Spoken]:
        yield self.prompt
        yield from self.patience.spoken()

    def visit(self, memory: Memory) -> Script:
        answers = {way.key: way for way in self.exits() if way.key is not None}
        heard = yield from ask(
            memory,
            self.prompt,
            self.patience,
            lambda: hear_key(memory, answers, self.patience.after_s, self.repeat),
            span=self.span,
            barge_in=self.barge_in,
            early_keys=self.early_keys,
        )
        return heard if isinstance(heard, Exit) else heard.value
