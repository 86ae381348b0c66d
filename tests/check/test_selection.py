from __future__ import annotations

import pytest

from ivrtest.check.checker import UnknownRuleError
from ivrtest.check.rules import ALL
from ivrtest.check.selection import SELECTABLE, Selection, select, unknown_rule
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Source

PLACE = Source("f.yaml", "").whole()
UNUSED = Finding("unused-ignore", Severity.WARNING, "finds nothing", PLACE)
DEAD_END = Finding("dead-end", Severity.ERROR, "ends", PLACE)


def test_nothing_said_means_all() -> None:
    assert select() == Selection(ALL)
    assert select().names == set(SELECTABLE)


def test_only_some_in_the_order_of_the_list() -> None:
    chosen = select(only=["unused-prompt", "dead-end"])
    assert [rule.name for rule in chosen.rules] == ["dead-end", "unused-prompt"]
    assert chosen.names == {"dead-end", "unused-prompt"}


def test_what_is_left_out_is_left_out_of_the_selected_too() -> None:
    assert select(only=["unused-prompt", "dead-end"], without=["dead-end"]).names == {"unused-prompt"}


def test_comments_that_silence_nothing_are_told_only_where_that_is_wanted() -> None:
    assert list(select(without=["unused-ignore"]).weighed([UNUSED, DEAD_END])) == [DEAD_END]
    assert list(select(only=["unused-ignore"]).weighed([UNUSED])) == [UNUSED]


def test_a_finding_weighs_what_is_said() -> None:
    weighed = select(severities={"dead-end": Severity.INFO}).weighed([UNUSED, DEAD_END])
    assert list(weighed) == [UNUSED, Finding("dead-end", Severity.INFO, "ends", PLACE)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unused-promt", 'no rule is called "unused-promt". did you mean "unused-prompt"?'),
        ("unused-ignor", 'no rule is called "unused-ignor". did you mean "unused-ignore"?'),
        ("rule-crashed", 'no rule is called "rule-crashed"'),
        ("xxxxxxxx", 'no rule is called "xxxxxxxx"'),
    ],
)
def test_an_unknown_rule_is_told(name: str, message: str) -> None:
    assert unknown_rule(name) == message
    for asked in ({"only": [name]}, {"without": [name]}, {"severities": {name: Severity.INFO}}):
        with pytest.raises(UnknownRuleError) as caught:
            select(**asked)
        assert str(caught.value) == message
