"""The rule `reserved-key-misuse`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.circles import led_to
from ivrtest.check.context import CheckContext
from ivrtest.check.keys import LISTENING
from ivrtest.check.naming import called, exit_of
from ivrtest.check.rule import Rule
from ivrtest.check.states import State, States, Step
from ivrtest.flow.model import Exit, Flow, Node
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.finding import Finding, Related, Severity

_HUMAN = frozenset({"transfer", "queue", "callback", "voicemail", "call_flow"})
"""Node types in which a caller comes to a person, or that lead where this flow does not tell."""
_KEEPING_KEYS = frozenset({"set", "branch", "hours", "lookup", "announce"})
"""Node types that leave keys pressed ahead for the next one."""


class ReservedKeyMisuse(Rule):
    """What it does
        Reports a menu key that means something else than callers expect of it: a 0 that does not lead to a person; a # that leads on
        in a menu to which callers come from an entry that is complete by itself, where a habitual # is pressed ahead; a 9 or * that
        repeats one menu and leads away in another.

    Why it matters
        Callers press these keys without listening. Whoever wants a person hears the opening hours; whoever ends her number with # has
        answered a question that she did not hear. IBM's guide for voice applications: 0 for the operator, alike functions on alike keys.

    Example
        keys: {"1": sales, "0": opening_hours}

    Instead
        keys: {"1": sales, "2": opening_hours, "0": operator}
    """

    name = "reserved-key-misuse"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        repeating: dict[str, Node] = {}
        for node in flow.nodes.values():
            for key in node.repeat if isinstance(node, Menu) else ():
                repeating.setdefault(key, node)
        for node in flow.nodes.values():
            if not isinstance(node, Menu):
                continue
            for way in node.ways:
                if way.key == "0":
                    yield from self._operator(flow, states, node, way)
                elif way.key in ("9", "*") and way.key in repeating:
                    other = repeating[way.key]
                    yield self.finding(
                        way.span,
                        f"{exit_of(node, way)} leads away, and in {called(other)} it repeats the menu. take another key for it",
                        related=(Related("the key repeats this menu", other.span),),
                        witness=states.witness_of_exit(node.id, way),
                    )
        yield from self._end(flow, states)

    def _operator(self, flow: Flow, states: States, node: Node, way: Exit) -> Iterator[Finding]:
        steps = [step for state in states.at(node.id) for step in states.steps[state] if step.exit == way]
        if not any(step.arrival is not None for step in steps):
            return

        def unasked(step: Step) -> bool:
            return flow.nodes[step.origin.node].kind not in LISTENING

        # Who has pressed 0 may be asked once whom she wants.
        near = led_to(states, (step.arrival for step in steps if step.arrival is not None), unasked)
        asking = (state for state in near if state.node != node.id)
        answers = (
            step.arrival for state in asking for step in states.steps[state] if step.arrival is not None and step.exit.cause == "key"
        )
        if any(flow.nodes[state.node].kind in _HUMAN for state in (*near, *led_to(states, answers, unasked))):
            return
        yield self.finding(
            way.span,
            f"{exit_of(node, way)} does not lead to a person, and callers press it to reach one. take another key for it, "
            "or let it lead to a person",
            witness=states.witness(steps[0]),
        )

    def _end(self, flow: Flow, states: States) -> Iterator[Finding]:
        told: set[tuple[str, str]] = set()
        for step in states.all_steps():
            entry = flow.nodes[step.origin.node]
            if (
                not isinstance(entry, Collect)
                or step.exit.label != "entered"
                or entry.entry.terminator != "#"
                or entry.min != entry.entry.most
            ):
                continue
            for state in _next_menus(flow, states, step):
                menu = flow.nodes[state.node]
                way = next((way for way in menu.ways if way.key == "#"), None)
                if way is None or (menu.id, entry.id) in told:
                    continue
                told.add((menu.id, entry.id))
                yield self.finding(
                    way.span,
                    f"{exit_of(menu, way)} is pressed by callers who end what they enter in {called(entry)} with it, where "
                    f"{entry.min} keys are enough. take another key for it",
                    related=(Related("the entry is here", entry.span),),
                    witness=states.witness(step),
                )


def _next_menus(flow: Flow, states: States, step: Step) -> Iterator[State]:
    """Yield the menus that hear a key which is pressed at the time of `step`."""
    if step.arrival is None:
        return
    for state in led_to(states, (step.arrival,), lambda onward: flow.nodes[onward.origin.node].kind in _KEEPING_KEYS):
        if isinstance(flow.nodes[state.node], Menu):
            yield state
