"""Menus in which callers choose their language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivrtest.check.circles import led_to
from ivrtest.check.effects import LANGUAGE, set_by
from ivrtest.check.keys import announced
from ivrtest.check.states import State, States, Step
from ivrtest.flow.model import Exit, Flow, Node
from ivrtest.flow.nodes.menu import Menu


@dataclass(frozen=True, slots=True)
class Option:
    """A key that is announced as a language."""

    exit: Exit
    language: str
    """The flow's language that the words name, or the one they name where the flow has none such."""


def sets_language(flow: Flow, way: Exit) -> bool:
    """Tell whether `way` sets the language, itself or in a `set` node that it leads to."""
    if way.target is None:
        return False
    following = flow.nodes.get(way.target.node or "")
    return LANGUAGE in way.target.sets or (following is not None and LANGUAGE in set_by(following))


def is_choice(flow: Flow, node: Node) -> bool:
    """Tell whether callers choose their language in `node`."""
    return isinstance(node, Menu) and any(way.cause == "key" and sets_language(flow, way) for way in node.ways)


def options(flow: Flow, node: Node) -> Iterator[Option]:
    """Yield the keys of `node` that its words announce as a language, if it is a menu in which one is chosen."""
    if not isinstance(node, Menu):
        return
    named: dict[str, str] = {}
    for language in flow.languages:
        for announcement in announced((node.prompt,), flow, language):
            if announcement.language is not None:
                named.setdefault(announcement.key, announcement.language)
    # One language named alone may be a subject, as in `for Spanish lessons, press 1`.
    if len(set(named.values())) < 2 and not is_choice(flow, node):
        return
    for way in node.ways:
        if way.cause == "key" and way.key in named:
            language = named[way.key]
            yield Option(way, next((code for code in flow.languages if code.split("-")[0].lower() == language), language))


def chosen(flow: Flow, states: States) -> dict[State, Step | None]:
    """Return the states of callers who have chosen a language, up to where they choose again, with the last step to each from there."""
    choices = {node.id for node in flow.nodes.values() if is_choice(flow, node)}
    starts: dict[State, None] = {}
    for step in states.all_steps():
        if step.arrival is None or step.origin.node not in choices or step.exit.cause != "key" or not sets_language(flow, step.exit):
            continue
        if step.exit.target is not None and LANGUAGE in step.exit.target.sets:
            starts[step.arrival] = None
        else:
            # The `set` node that comes next sets it.
            starts.update((onward.arrival, None) for onward in states.steps[step.arrival] if onward.arrival is not None)
    return led_to(states, starts, lambda step: step.origin.node not in choices or not sets_language(flow, step.exit))
