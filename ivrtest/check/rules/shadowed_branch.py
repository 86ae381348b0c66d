"""The rule `shadowed-branch`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ivrtest.check.context import CheckContext
from ivrtest.check.effects import LANGUAGE
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.rules.contradictory_branch import is_decided
from ivrtest.check.satisfiable import MAX_CASES
from ivrtest.check.spelling import listed
from ivrtest.check.states import State
from ivrtest.flow.condition import ConditionError
from ivrtest.flow.model import Exit, Flow
from ivrtest.flow.nodes.branch import Branch, Case
from ivrtest.source.editing import removed
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Span


class ShadowedBranch(Rule):
    """What it does
        Reports a case of a branch that is never taken, because an earlier one is, or because its condition never holds; and a condition
        that always holds, so that nothing after it is ever taken.

    Why it matters
        The branch does not decide. Most often a counter is never counted, and a caller is asked the same thing for ever.

    Example
        variables: {tries: 0}
        ...
        unknown_account: account_wrong
        ...
        branch: {cases: [{when: tries < 3, goto: account}], otherwise: operator}

    Instead
        unknown_account: {set: {tries: "= tries + 1"}, goto: account_wrong}

    Fix
        Takes a case away that asks again what an earlier one asks, and that leads to the same node.
    """

    name = "shadowed-branch"
    severity = Severity.ERROR
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            reached = states.at(node.id)
            if not isinstance(node, Branch) or not reached:
                continue
            taken = {_place(step.exit) for state in reached for step in states.steps[state]}
            exits = tuple(_place(way) for way in node.ways)
            witness = states.witness(reached[0])
            for number, (case, way) in enumerate(zip(node.cases[:MAX_CASES], exits, strict=False)):
                same = next((earlier for earlier in node.cases[:number] if earlier.when == case.when), None)
                if same is not None:
                    document = context.document(flow) if _leads_alike(same, case) else None
                    path = ("nodes", node.id, node.kind, "cases", number)
                    yield self.finding(
                        case.when_span,
                        f'{called(node)} asks twice whether "{case.when}". only the first is ever taken. change or remove the second',
                        related=(Related("the first one is here", same.when_span),),
                        fix=removed(document, path, "remove the second") if document is not None else None,
                    )
                elif is_decided(node, number):
                    continue  # Told of by contradictory-branch.
                elif way not in taken:
                    message = f'"{case.when}" in {called(node)} never holds when it is asked. {_why(case, reached)}'
                    yield self.finding(case.when_span, message, witness=witness)
                elif taken.isdisjoint(exits[number + 1 :]) and all(_holds(case, state) for state in reached):
                    message = f'"{case.when}" in {called(node)} always holds, so nothing after it is ever taken. {_why(case, reached)}'
                    yield self.finding(case.when_span, message, witness=witness)
                    break


def _leads_alike(one: Case, other: Case) -> bool:
    if one.goto is None or other.goto is None:
        return one.goto is other.goto
    return replace(one.goto, span=other.goto.span) == other.goto


def _place(way: Exit) -> tuple[str, Span]:
    return way.label, way.span


def _holds(case: Case, state: State) -> bool:
    try:
        return case.when.evaluate(dict(state.values) | {LANGUAGE: state.language})
    except ConditionError:
        return False


def _why(case: Case, reached: tuple[State, ...]) -> str:
    """Return what its variables can be."""
    parts = []
    for name in dict.fromkeys(case.when.names()):
        values = dict.fromkeys(str(value) for state in reached for value in _value(state, name))
        if len(values) == 1:
            parts.append(f'"{name}" is always "{next(iter(values))}" there: set it on the way, or remove the case')
        elif values:
            parts.append(f'"{name}" can be {listed(values, "or")} there')
    return ". ".join(parts) or "an earlier case is taken first"


def _value(state: State, name: str) -> Iterator[str | int]:
    if name == LANGUAGE:
        yield state.language
    else:
        yield from (value for known, value in state.values if known == name)
