"""The proof of the rules: the good flows, broken in every way that the operators know, and what is found then.

`python -m tests.check.mutation` prints the score of every operator, and what is not seen with the reason.
"""

from __future__ import annotations

import pytest

from tests.check.mutation import OPERATORS, Operator, Outcome, good_flows, outcomes

LEAST = {
    "key to another target": 0.6,
    "phone number mistyped": 0.5,
    "key no longer announced": 0.8,
    "variable misspelt": 0.8,
    "prompt dropped": 0.9,
    "entry moved": 0.9,
}
"""Of the mutants of an operator, those which cannot be seen included. All of the others' are found."""


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_every_mutant_that_can_be_seen_is_found(operator: Operator) -> None:
    mine = list(outcomes(operator, good_flows()))
    assert mine != [], "the good flows have nothing to which it applies"
    missed = [one for one in mine if not one.expected]
    assert [shown(one) for one in missed if not one.excuse] == []
    excuses = {reason for _, reason in operator.blind}
    assert {one.excuse for one in missed} == excuses, "all are found: take the excuse out"
    found = sum(one.found for one in mine)
    print(f"{operator.name}: {found} of {len(mine)} found")
    for one in mine:
        if not one.found:
            print(f"not seen: {shown(one)}: {one.excuse}")
    assert found / len(mine) >= LEAST.get(operator.name, 1.0)


def shown(outcome: Outcome) -> str:
    return f"{outcome.flow}: {outcome.mutant.operator.name}: {outcome.mutant.what}: {', '.join(sorted(outcome.rules)) or 'nothing'} found"
