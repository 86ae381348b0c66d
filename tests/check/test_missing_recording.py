"""Many missing recordings are told as one thing."""

from __future__ import annotations

from collections.abc import Callable

from ivrtest.check.context import CheckContext
from ivrtest.check.rules.missing_recording import MissingRecording
from ivrtest.flow.model import Flow

NODES = """
main:
  announce: {prompt: [ask, {digits: caller}], goto: choice}
choice:
  menu: {prompt: choose, keys: {"1": bye}, attempts: 2, exhausted: bye}
"""


def told(flow: Flow, recordings: dict[str, frozenset[str]]) -> list[tuple[int, str]]:
    return [
        (finding.span.line, finding.message) for finding in MissingRecording().check(flow, CheckContext(flows={}, recordings=recordings))
    ]


def test_a_flow_without_any_recording_is_told_once(flow: Callable[..., Flow]) -> None:
    none: frozenset[str] = frozenset()
    assert told(flow(NODES), {"en": none, "es": none, "mul": none}) == [
        (
            2,
            (
                'flow "test" has no recordings at all: callers come to hear 12. put them below "prompts/test", '
                "or run: ivrtest prompts render test.yaml"
            ),
        )
    ]


def test_the_digits_of_a_value_are_told_together(flow: Callable[..., Flow]) -> None:
    some = frozenset({"ask", "digits/0"})
    assert told(flow(NODES), {"en": some, "mul": frozenset({"choose"})}) == [
        (
            11,
            (
                '9 recordings with which announce "main" says a value are missing in "en": "digits/1", "digits/2", "digits/3" and 6 more. '
                'put them at "prompts/test/en/digits/1.wav" and so on, or run: ivrtest prompts render'
            ),
        )
    ]


def test_two_of_them_are_named(flow: Callable[..., Flow]) -> None:
    some = frozenset({"ask", *(f"digits/{digit}" for digit in range(8))})
    [(_, message)] = told(flow(NODES), {"en": some, "mul": frozenset({"choose"})})
    assert message.startswith('2 recordings with which announce "main" says a value are missing in "en": "digits/8" and "digits/9". put')
