"""Order, crashes, choice of rules, and comments that ignore."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ivrtest.check.checker import ALL_DOCUMENTED, Crash, UnknownRuleError, check, documented
from ivrtest.check.context import CheckContext
from ivrtest.check.reader_manual import READER
from ivrtest.check.rule import Rule
from ivrtest.check.rules import ALL
from ivrtest.check.rules.dead_end import DeadEnd
from ivrtest.check.rules.unreachable_node import UnreachableNode
from ivrtest.check.selection import select
from ivrtest.flow.model import Flow
from ivrtest.flow.read import read_flow
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Source

BROKEN = """\
main:
  menu: {prompt: ask, keys: {"1": second}}
second:
  announce: {prompt: ask}
third:
  announce: {prompt: ask, goto: bye}
"""


class Crashing(Rule):
    name = "crashing"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        yield self.finding(flow.span, "found before the crash")
        raise KeyError("gone")


class Twice(Rule):
    name = "twice"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        yield self.finding(flow.span, "the same")
        yield self.finding(flow.span, "the same")


class Forbidden(Rule):
    name = "forbidden"
    severity = Severity.ERROR
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        raise AssertionError("this rule must not run")


def test_findings_are_sorted_by_place_whatever_the_order_of_the_rules(flow: Callable[..., Flow]) -> None:
    broken = flow(BROKEN)
    found = check(broken, CheckContext(), ALL)
    assert found == check(broken, CheckContext(), tuple(reversed(ALL)))
    assert list(found) == sorted(found, key=lambda finding: finding.sort_key)
    assert [(finding.rule, finding.span.line) for finding in found] == [
        ("no-way-to-a-human", 2),
        ("unused-prompt", 7),
        ("dead-end", 10),
        ("dead-end", 10),
        ("dead-end", 12),
        ("unreachable-node", 14),
    ]


def test_the_same_finding_is_told_once(flow: Callable[..., Flow]) -> None:
    found = check(flow("main:\n  announce: {prompt: ask, goto: bye}"), CheckContext(), (Twice,))
    assert [finding.message for finding in found] == ["the same"]


def test_a_crashing_rule_is_a_finding_and_the_others_go_on(flow: Callable[..., Flow]) -> None:
    broken = flow(BROKEN)
    found = check(broken, CheckContext(), (Crashing, UnreachableNode))
    assert [(finding.rule, finding.severity) for finding in found] == [
        ("crashing", Severity.ERROR),
        ("rule-crashed", Severity.ERROR),
        ("unreachable-node", Severity.WARNING),
    ]
    assert found[1].span == broken.span
    assert found[1].message == (
        'rule "crashing" crashed with "KeyError: \'gone\'". this is a fault of the rule: what it looks for was not checked'
    )
    assert isinstance(found[1], Crash)
    assert found[1].crashed == "crashing"
    assert found[1].traceback.startswith("Traceback (most recent call last):\n")
    assert found[1].traceback.endswith("KeyError: 'gone'\n")


def test_a_rule_that_concludes_from_what_is_missing_does_not_run_on_half_a_flow(flow: Callable[..., Flow]) -> None:
    context = CheckContext(broken=frozenset({"unread"}))
    assert check(flow("main:\n  announce: {prompt: ask, goto: unread}"), context, (*ALL, Forbidden)) == ()


def test_a_disabled_rule_does_not_run(monkeypatch: pytest.MonkeyPatch, flow: Callable[..., Flow]) -> None:
    monkeypatch.setattr(DeadEnd, "check", Forbidden.check)
    found = check(flow(BROKEN), CheckContext(), select(without=["dead-end"]).rules)
    assert "rule-crashed" not in {finding.rule for finding in found}


def test_an_unknown_rule_is_named_with_what_is_near() -> None:
    with pytest.raises(UnknownRuleError) as caught:
        documented("dead-ends")
    assert str(caught.value) == 'no rule is called "dead-ends". did you mean "dead-end"?'
    with pytest.raises(UnknownRuleError) as caught:
        documented("zzz")
    assert str(caught.value) == 'no rule is called "zzz"'


def test_everything_that_a_finding_can_be_called_is_documented() -> None:
    assert [documented(rule.name) for rule in ALL_DOCUMENTED] == list(ALL_DOCUMENTED)
    assert {rule.name for rule in ALL_DOCUMENTED} - {rule.name for rule in (*ALL, *READER)} == {"rule-crashed", "unused-ignore"}


HEAD = """\
ivrtest: flow/1
name: test
entry: main
languages: [en]
prompts: {ask: {en: "Hello."}}
nodes:
"""


def checked(nodes: str, rules: tuple[type[Rule], ...] = ALL) -> list[tuple[str, int, int, str]]:
    reading = read_flow(Source("test.yaml", HEAD + nodes))
    assert reading.flow is not None
    return [
        (finding.rule, finding.span.line, finding.span.column, finding.message) for finding in check(reading.flow, CheckContext(), rules)
    ]


def test_a_comment_with_a_reason_ignores_a_finding_on_its_line() -> None:
    assert checked("  main: # ivrtest: ignore[dead-end] the far side hangs up\n    announce: {prompt: ask}\n") == []


def test_a_comment_on_its_own_line_speaks_of_the_next_one() -> None:
    comment = "  # ivrtest: ignore[dead-end, silent-drop] the far side hangs up\n  # Another comment.\n\n"
    assert checked(comment + "  main:\n    announce: {prompt: ask}\n") == [
        ("unused-ignore", 7, 31, '"silent-drop" finds nothing on line 10. remove the comment')
    ]


def test_a_comment_without_a_reason_ignores_nothing() -> None:
    assert checked("  main: # ivrtest: ignore[dead-end]\n    announce: {prompt: ask}\n") == [
        ("dead-end", 7, 3, 'announce "main" ends in nothing at "then": the caller is cut off there. add "goto"'),
        ("unused-ignore", 7, 27, 'the comment ignores "dead-end" without a reason, so it has no effect. say why after the bracket'),
    ]


def test_a_comment_for_an_unknown_rule_is_told_with_what_is_near() -> None:
    assert checked("  main: # ivrtest: ignore[deadend] a reason\n    hang_up: {prompt: ask}\n") == [
        ("unused-ignore", 7, 27, 'no rule is called "deadend". did you mean "dead-end"?')
    ]


def test_of_a_rule_that_did_not_run_nothing_is_said() -> None:
    assert checked("  main: # ivrtest: ignore[dead-end] a reason\n    hang_up: {prompt: ask}\n", (UnreachableNode,)) == []
