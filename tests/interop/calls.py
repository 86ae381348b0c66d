"""Callers of ours, scripted: what they do when they hear something, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from ivrtest.audio.hearing import Heard, Hearing
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Call, CallEvent, Ended, KeyHeard, KeySent, Samples
from ivrtest.call.listener import Listener, Tick

Reaction = Callable[[CallEvent | Hearing | Tick], Awaitable[None]]


@dataclass(slots=True)
class Conversation:
    """What a caller of ours saw and heard."""

    events: list[CallEvent] = field(default_factory=list)
    verdicts: list[tuple[str, str]] = field(default_factory=list)
    """(prompt, verdict), one after another."""

    @property
    def keys_sent(self) -> str:
        return "".join(event.key for event in self.events if isinstance(event, KeySent))

    @property
    def keys_heard(self) -> str:
        return "".join(event.key for event in self.events if isinstance(event, KeyHeard))

    @property
    def ended(self) -> Ended:
        last = self.events[-1]
        assert isinstance(last, Ended)
        return last


async def converse(call: Call, library: PromptLibrary, react: Reaction) -> Conversation:
    """Listen to a call until it is over, and do what `react` does at each thing that happens."""
    conversation = Conversation()
    async for item in Listener(call, Matcher(library)).stream():
        if isinstance(item, Heard):
            conversation.verdicts.append((item.match.prompt, item.match.verdict))
        elif isinstance(item, CallEvent):
            conversation.events.append(item)
        await react(item)
    return conversation


def verdicts(samples: Samples, library: PromptLibrary) -> list[tuple[str, str]]:
    """Return (prompt, verdict) of all that is heard in a recording."""
    matcher = Matcher(library)
    hearings = [*matcher.feed(samples, np.zeros(len(samples), np.bool_)), *matcher.finish()]
    return [(hearing.match.prompt, str(hearing.match.verdict)) for hearing in hearings if isinstance(hearing, Heard)]
