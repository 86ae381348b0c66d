"""The rule `card-verification-stored`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ivrtest.check.announcements import named_in, said
from ivrtest.check.circles import led_to
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import expression_names, set_by
from ivrtest.check.naming import called, exit_of
from ivrtest.check.rule import Rule
from ivrtest.check.states import State, States, Step
from ivrtest.flow.model import Flow, Node
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.flow.nodes.message import Message
from ivrtest.source.finding import Finding, Related, Severity

_NAMES = frozenset({"cvv", "cvv2", "cvc", "cvc2", "csc"})
_OVER = frozenset({"hang_up", "transfer", "queue"})
"""Node types in which the call ends, or somebody gets it with all that was kept."""


class CardVerificationStored(Rule):
    """What it does
        Reports a card's verification code that is kept after the lookup that needs it, up to the end of the call or to a person; that is
        copied into another variable; or that is written into a message. It is known by the words that ask for it, or by its
        variable's name.

    Why it matters
        Whoever gets hold of what was kept pays with the caller's card. PCI DSS 4.0.1, requirement 3.3, forbids to keep the code once the
        payment is authorized, even encrypted.

    Example
        lookup: {name: charge, with: {card: card, cvv: cvv}, outcomes: {paid: receipt}, failed: agent, timed_out: agent}

    Instead
        forget:
          set: {values: {cvv: ""}, goto: receipt}
    """

    name = "card-verification-stored"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        asked = {node.into: node for node in flow.nodes.values() if isinstance(node, Collect) and _asks_for_code(flow, node)}
        for node in flow.nodes.values() if asked else ():
            for code in asked:
                related = (Related("the code is asked for here", asked[code].span),)
                yield from self._copied(context.states(flow), node, code, related)
                if isinstance(node, Message) and code in node.names() and not asked[code].secret:
                    message = f'{called(node)} writes "{code}", a card\'s verification code, into a message. take it out'
                    yield self.finding(node.span, message, related=related, witness=context.states(flow).witness_at(node.id))
                if isinstance(node, Lookup) and code in node.arguments.values():
                    yield from self._kept(flow, context.states(flow), node, code, related)

    def _copied(self, states: States, node: Node, code: str, related: tuple[Related, ...]) -> Iterator[Finding]:
        ways = ((way.target.sets, way.span) for way in node.ways if way.target is not None)
        for values, span in chain([(set_by(node), node.span)], ways):
            for name, value in values.items():
                if name != code and code in expression_names(value):
                    yield self.finding(
                        span,
                        f'"{name}" keeps "{code}", a card\'s verification code, which may be kept nowhere. give the lookup "{code}" itself',
                        related=related,
                        witness=states.witness_at(node.id),
                    )

    def _kept(self, flow: Flow, states: States, lookup: Lookup, code: str, related: tuple[Related, ...]) -> Iterator[Finding]:
        def keeps(step: Step) -> bool:
            node = flow.nodes[step.origin.node]
            if code in set_by(node) or (step.exit.target is not None and code in step.exit.target.sets):
                return False
            # Asked again, it is another one; given to another lookup, it is that one's to forget.
            return not (isinstance(node, Collect) and node.into == code) and not (
                isinstance(node, Lookup) and code in node.arguments.values()
            )

        first = [
            step
            for state in states.at(lookup.id)
            for step in states.steps[state]
            if step.exit.target is not None and code not in step.exit.target.sets
        ]
        begun = {step.arrival: step for step in reversed(first) if step.arrival is not None}
        ways = led_to(states, begun, keeps)
        over = next((state for state in ways if flow.nodes[state.node].kind in _OVER), None)
        if over is None:
            return
        route = _route(ways, over)
        start = begun[route[0].origin if route else over]
        where = flow.nodes[over.node]
        witness = list(states.witness(start))
        for step in route:
            witness += states.acts_of(step)
        yield self.finding(
            lookup.span,
            f'"{code}", a card\'s verification code, is kept after {exit_of(lookup, start.exit)} up to {called(where)}. '
            f'forget it as soon as the lookup has answered, such as {{set: {{{code}: ""}}, goto: {_next(start)}}}',
            related=(*related, Related("it is still kept here", where.span)),
            witness=tuple(witness),
        )


def _asks_for_code(flow: Flow, node: Collect) -> bool:
    tokens = node.into.lower().split("_")
    if not _NAMES.isdisjoint(tokens) or {"card", "verification"} <= set(tokens):
        return True
    return any(named_in(said(node.prompt, flow, language), language, "card_code") is not None for language in flow.languages)


def _route(ways: dict[State, Step | None], state: State) -> list[Step]:
    """Return the steps to `state`, the first of them from where one of the ways begins."""
    found: list[Step] = []
    step = ways[state]
    while step is not None:
        found.append(step)
        step = ways[step.origin]
    return found[::-1]


def _next(step: Step) -> str:
    return step.arrival.node if step.arrival is not None else "main"
