"""Send a message by another channel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ivrtest.flow import action
from ivrtest.flow.action import SendEnded
from ivrtest.flow.fields import Fields
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Exit, Node, Script, Spoken, Target, VariableRef, Written
from ivrtest.flow.speaking import say, wait_for
from ivrtest.flow.writing import given, written_spoken, written_target
from ivrtest.source.text import Span

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Message(Node):
    """Says the prompt to its end and sends a message. The link follows the text after a space.

    `{balance}` in the text is replaced by that variable's value. A variable that is not set, or is secret, is left out.
    """

    kind: ClassVar[str] = "message"

    channel: str
    to: str | VariableRef
    """What looks like a name is a variable's: `caller`. Anything else is the address itself."""
    text: str = ""
    link: str | None = None
    prompt: Spoken = ()
    sent: Target | None = None
    failed: Target | None = None

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Message:  # noqa: A002
        to = fields.text("to")
        return cls(
            id,
            span,
            channel=fields.text("channel"),
            to=VariableRef(to, fields.span("to")) if _NAME.fullmatch(to) else to,
            text=fields.text("text"),
            link=fields.text("link") if "link" in fields else None,
            prompt=fields.spoken("prompt"),
            sent=fields.target("sent"),
            failed=fields.target("failed"),
        )

    def written(self) -> Written:
        return given(
            channel=self.channel,
            to=self.to if isinstance(self.to, str) else self.to.variable,
            text=self.text,
            link=self.link,
            prompt=written_spoken(self.prompt) if self.prompt else None,
            sent=written_target(self.sent),
            failed=written_target(self.failed),
        )

    def exits(self) -> Iterator[Exit]:
        yield Exit.to(self.sent, "sent", self.span, "outcome")
        yield Exit.to(self.failed, "failed", self.span, "outcome")

    def spoken(self) -> Iterator[Spoken]:
        yield self.prompt

    def names(self) -> Iterator[str]:
        """Yield the variables that the text mentions."""
        yield from _PLACEHOLDER.findall(self.text)

    def visit(self, memory: Memory) -> Script:
        yield from say(memory, self.prompt)
        to = self.to if isinstance(self.to, str) else str(memory.value(self.to.variable))
        memory.do(action.Send(self.channel, to, self._filled(memory)))
        ended = yield from wait_for(memory, SendEnded)
        sent, failed = self.exits()
        return sent if ended.sent else failed

    def _filled(self, memory: Memory) -> str:
        def value(place: re.Match[str]) -> str:
            name = place[1]
            if name in memory.secrets:
                memory.trouble.append(f'variable "{name}" is secret, so it is left out of message "{self.id}"')
                return ""
            if name not in memory.variables:
                memory.trouble.append(f'variable "{name}" is not set, so it is left out of message "{self.id}"')
                return ""
            return str(memory.variables[name])

        text = _PLACEHOLDER.sub(value, self.text)
        return f"{text} {self.link}" if self.link else text
