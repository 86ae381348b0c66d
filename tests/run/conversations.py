"""Scenarios from text, and what reaches a conversation, in short words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from ivrtest.audio.hearing import Heard, Match, Recognised, SoundEnded, SoundStarted, Verdict
from ivrtest.call.call import Answered, Ended, KeySent
from ivrtest.call.listener import Tick
from ivrtest.flow.model import ALL_LANGUAGES, Prompt
from ivrtest.run.conversation import Conversation
from ivrtest.run.scene import Command, Percept
from ivrtest.scenario.model import Scenario
from ivrtest.scenario.read import read_scenario
from ivrtest.source.text import Source

SOURCE = Source("flow.yaml", "prompts")
PROMPTS = {
    "welcome": Prompt("welcome", {ALL_LANGUAGES: "Welcome. Bienvenido."}, SOURCE.whole()),
    "menu": Prompt("menu", {"en": "Press 1.", "es": "Oprima 1."}, SOURCE.whole()),
    "bye": Prompt("bye", {"en": "Goodbye.", "es": "Adiós."}, SOURCE.whole()),
}
WELCOME = ("welcome", ALL_LANGUAGES)


def scenario(steps: str, head: str = "") -> Scenario:
    text = f"ivrtest: scenario/1\nname: A caller\nflow: shop\n{head}steps:\n{textwrap.indent(textwrap.dedent(steps), '  ')}"
    reading = read_scenario(Source("s.yaml", text))
    assert reading.findings == ()
    assert reading.scenario is not None
    return reading.scenario


def conversation(steps: str, head: str = "") -> Conversation:
    return Conversation(scenario(steps, head), PROMPTS, "en")


def heard(key: tuple[str, str], start: float, end: float, verdict: Verdict = Verdict.match, diverged: float | None = None) -> Heard:
    return Heard(Match(*key, verdict, 0.5, start, end, min(start + 1.2, end), diverged), end)


def recognised(key: tuple[str, str], start: float, at: float) -> Recognised:
    return Recognised(Match(*key, Verdict.match, 0.5, start, at, at), at)


def sound(start: float) -> SoundStarted:
    return SoundStarted(start + 0.1, start)


def quiet(end: float) -> SoundEnded:
    return SoundEnded(end + 0.2, end)


def ticks(start: float, end: float) -> list[Percept]:
    return [Tick(start + index * 0.1) for index in range(1, round((end - start) * 10) + 1)]


def key(which: str, at: float) -> KeySent:
    return KeySent(which, at, 0.1)


ANSWERED = Answered(0.0)
THEY_HANG_UP = Ended("them", 9.0)
WE_HANG_UP = Ended("us", 9.0)


def play(talk: Conversation, percepts: Iterable[Percept]) -> list[Command]:
    """Feed the percepts and return all commands."""
    return [command for percept in percepts for command in talk.on(percept)]


def decided(talk: Conversation) -> list[str]:
    """Return the steps' statuses and messages."""
    return [f"{step.status}: {step.message}" if step.message else str(step.status) for step in talk.steps]
