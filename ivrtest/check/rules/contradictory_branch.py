"""The rule `contradictory-branch`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.satisfiable import MAX_CASES, can_be
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.branch import Branch
from ivrtest.source.finding import Finding, Related, Severity


class ContradictoryBranch(Rule):
    """What it does
        Reports a condition that can never decide: it contradicts itself, it holds whatever the values are, or an earlier case of the
        same branch is taken whenever it holds. Looks at the conditions alone; what callers can bring along is `shadowed-branch`'s.

    Why it matters
        The callers that the case was written for are treated like all others.

    Example
        branch: {cases: [{when: balance > 0, goto: customer}, {when: balance > 10000, goto: adviser}], otherwise: debtor}

    Instead
        branch: {cases: [{when: balance > 10000, goto: adviser}, {when: balance > 0, goto: customer}], otherwise: debtor}
    """

    name = "contradictory-branch"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            if not isinstance(node, Branch):
                continue
            witness = context.states(flow).witness_at(node.id)
            for number, case in enumerate(node.cases[:MAX_CASES]):
                before = node.cases[:number]
                if case.when in (earlier.when for earlier in before):
                    continue  # Told of by shadowed-branch.
                where = f'"{case.when}" in {called(node)}'
                if not can_be(case.when, True):
                    message = f"{where} contradicts itself, so it is never taken. change the condition, or remove the case"
                    yield self.finding(case.when_span, message, witness=witness)
                elif not can_be(case.when, False):
                    message = f'{where} holds whatever the values are. change the condition, or write what follows as "otherwise"'
                    yield self.finding(case.when_span, message, witness=witness)
                elif not can_be(case.when, True, tuple(earlier.when for earlier in before)):
                    first = next((earlier for earlier in before if not can_be(case.when, True, (earlier.when,))), before[0])
                    yield self.finding(
                        case.when_span,
                        f'{where} is never taken, because "{first.when}" is asked first. ask this one before it, or remove it',
                        related=(Related("what is taken instead is here", first.when_span),),
                        witness=witness,
                    )


def is_decided(node: Branch, number: int) -> bool:
    """Tell whether a case of `node` is one that this rule objects to."""
    when = node.cases[number].when
    earlier = tuple(case.when for case in node.cases[:number])
    return not (can_be(when, True, earlier) and can_be(when, False))
