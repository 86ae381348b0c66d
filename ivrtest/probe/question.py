"""A question that only a key answers: what is heard first, the key, and the recording that must follow it and nothing else brings about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from ivrtest.flow.action import Action, Beep, Key, Piece, Play, PlayEnded, Tick
from ivrtest.flow.machine import FlowMachine
from ivrtest.flow.model import ALL_LANGUAGES, DigitsRef, Flow, PromptRef
from ivrtest.flow.nodes.menu import Menu
from ivrtest.scenario.model import Scenario, Step
from ivrtest.scenario.steps.hear import Hear, HeardBy
from ivrtest.scenario.steps.press import Press

MOST_PROMPTS: Final = 30
"""A flow that says more than this before it asks for a key is not waited for."""
LEAD_S: Final = 20.0
"""How soon each recording before the key must begin."""


class NoQuestion(Exception):  # noqa: N818  # it says why a flow or a scenario gives no question, and what would help
    """There is no key whose answer is known. The message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to press, when, and what must follow."""

    key: str
    answer: tuple[str, str]
    """The recording that follows: prompt and language."""
    asked: Scenario
    """Hears what comes first, presses the key, and hears the answer begin."""
    unasked: Scenario
    """The same without the key: the answer must not come."""


def question_of_flow(flow: Flow, flows: Mapping[str, Flow], *, key: str = "", prompt: str = "", within_s: float) -> Question:
    """Return a question that the first menu of a flow answers. `key`, `prompt`: which key, and what must follow; empty: the first that will
    do. `within_s`: how soon the answer must come. Raises NoQuestion."""
    if prompt and prompt not in {name for each in (flow, *flows.values()) for name in each.prompts}:
        raise NoQuestion(f'flow "{flow.name}" has no prompt "{prompt}". its prompts are {", ".join(flow.prompts)}')
    machine, lead, at = _walked(flow, flows)
    node = flows.get(machine.flow, flow).nodes[machine.node]
    if not isinstance(node, Menu):
        raise NoQuestion(
            f'flow "{flow.name}" asks for no single key at first: it comes to the {node.kind} "{node.id}". '
            'give a scenario with "--scenario"'
        )
    if key and prompt:
        return _question(flow, lead, key, (prompt, _language(flow, prompt)), within_s)
    silent = _said(machine.on(Tick(machine.deadline or at)))
    unwanted = {piece.prompt for piece in (*silent, *lead)}
    for candidate in (key,) if key else node.keys:
        again, _, then = _walked(flow, flows)
        answer = next(iter(_said(again.on(Key(candidate, then + 0.1)))), None)
        if answer is None or answer.secret:
            continue
        if answer.prompt not in unwanted and prompt in {"", answer.prompt}:
            return _question(flow, lead, candidate, (answer.prompt, answer.language), within_s)
    raise NoQuestion(
        f'the menu "{node.id}" of flow "{flow.name}" answers no {f"key {key}" if key else "key"} with a recording that nothing else '
        'brings about. give a scenario with "--scenario", or "--key" and "--prompt"'
    )


def question_of_scenario(scenario: Scenario, default_language: str, *, within_s: float) -> Question:
    """Return the first key of a scenario with the recording after it as a question. Raises NoQuestion."""
    steps = scenario.steps
    place = next((index for index, step in enumerate(steps) if isinstance(step, Press)), None)
    after = steps[place + 1] if place is not None and place + 1 < len(steps) else None
    if place is None or not isinstance(after, Hear):
        raise NoQuestion(f'scenario "{scenario.name}" has no "press" with a "hear" right after it. give one that has')
    press = steps[place]
    assert isinstance(press, Press)
    if press.secret:
        raise NoQuestion(f'the first keys of scenario "{scenario.name}" are secret. give one that begins with a key that may be shown')
    if after.known_by is not HeardBy.sound:
        raise NoQuestion(f'the first answer in scenario "{scenario.name}" is known by its words. give one that is known by its sound')
    answer = replace(after, sounds=after.sounds[:1], within_s=within_s, whole=False)
    lead = steps[:place]
    language = after.language or next(
        (step.language for step in reversed(lead) if isinstance(step, Hear) and step.language), scenario.language or default_language
    )
    first = next(after.prompts(language))
    return Question(
        press.keys,
        (first, language),
        replace(scenario, steps=(*lead, press, answer), quality={}),
        replace(scenario, steps=(*lead, answer), quality={}),
    )


def _walked(flow: Flow, flows: Mapping[str, Flow]) -> tuple[FlowMachine, tuple[Piece, ...], float]:
    """Return a machine that has said all it says before it waits for the caller, what that was, and when it ended."""
    machine = FlowMachine(flow, flows=flows, start_time=datetime.now(UTC))
    actions = machine.start(0.0)
    lead: list[Piece] = []
    at = 0.0
    while any(isinstance(action, Play | Beep) for action in actions):
        lead += _said(actions)
        if len(lead) > MOST_PROMPTS or machine.ended:
            break
        at += 1.0
        actions = machine.on(PlayEnded(at))
    if machine.ended or len(lead) > MOST_PROMPTS:
        raise NoQuestion(f'flow "{flow.name}" asks for no key at first. give a scenario with "--scenario"')
    return machine, tuple(lead), at


def _said(actions: tuple[Action, ...]) -> tuple[Piece, ...]:
    return tuple(piece for action in actions if isinstance(action, Play) for piece in action.pieces)


def _language(flow: Flow, prompt: str) -> str:
    return flow.prompts[prompt].language_for(flow.default_language) or flow.default_language if prompt in flow.prompts else ALL_LANGUAGES


def _question(flow: Flow, lead: tuple[Piece, ...], key: str, answer: tuple[str, str], within_s: float) -> Question:
    span = flow.span
    heard = tuple(_hear(flow, piece.prompt, piece.language, LEAD_S, whole=True) for piece in lead)
    told = _hear(flow, *answer, within_s, whole=False)

    def scenario(*steps: Step) -> Scenario:
        return Scenario(f"Key {key} of {flow.name}", span, flow.name, span, steps)

    return Question(key, answer, scenario(*heard, Press(span, key), told), scenario(*heard, told))


def _hear(flow: Flow, prompt: str, language: str, within_s: float, *, whole: bool) -> Hear:
    sound = DigitsRef(prompt.removeprefix("digits/"), flow.span) if prompt.startswith("digits/") else PromptRef(prompt, flow.span)
    return Hear(flow.span, (sound,), language=None if language == ALL_LANGUAGES else language, within_s=within_s, whole=whole)
