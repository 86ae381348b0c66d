from __future__ import annotations

import pytest

from ivrtest.report.checked import CheckedFile, CheckOutcome
from ivrtest.report.findings_text import findings_text, summary
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Source, Span
from tests.report.checks import DEAD_END, OLD, UNUSED, outcome

WHOLE = """\
flows/broken.yaml:1:7: error: the list is not closed [yaml-syntax]
    1 | name: [
      |       ^
flows/my shop.yaml:3:3: warning: no node says prompt "hours" [unused-prompt]
    3 |   hours: {en: Añadir.}
      |   ^~~~~
flows/my shop.yaml:5:3: error: menu "main" is not reached [unreachable-node]
    5 |   main:
      |   ^~~~~
flows/my shop.yaml:8:7: error: menu "main" ends in nothing at "no input", 100% sure: the caller is cut off. add "then", such as \
{then: operator} [dead-end]
    8 |       no_input: {after: 5s}
      |       ^~~~~~~~
flows/my shop.yaml:5:3: note: the menu is here
    5 |   main:
      |   ^~~~
  how a caller gets there: call, press 1, wait 5 s
flows/my shop.yaml:8:7: info: see [here](http://example.com) and "there" [dead-end]
    8 |       no_input: {after: 5s}
      |       ^~~~~~~~
note: 1 known finding of "known.json" no longer occurs
2 flows checked: 3 errors, 1 warning, 1 info; 1 known finding of "known.json" not shown
"""


def test_every_finding_has_its_line_and_a_summary_ends_it() -> None:
    assert findings_text(outcome()) == WHOLE


def test_colours_are_added_and_change_nothing_else() -> None:
    text = findings_text(CheckOutcome((UNUSED,), (CheckedFile("flows/my shop.yaml"),)), colour=True)
    assert text == (
        '\x1b[1mflows/my shop.yaml:3:3:\x1b[0m\x1b[33m warning: \x1b[0mno node says prompt "hours" [unused-prompt]\n'
        "    3 |   hours: {en: Añadir.}\n"
        "\x1b[32m      |   ^~~~~\x1b[0m\n"
        "1 flow checked: 1 warning\n"
    )


def test_a_message_cannot_write_on_the_terminal() -> None:
    finding = Finding("x", Severity.ERROR, 'key "\x1b[2J\r\nx"', Span(Source("f\x07.yaml", "a"), 1, 1, 1, 2))
    first = findings_text(CheckOutcome((finding,))).splitlines()[0]
    assert first == 'f .yaml:1:1: error: key " [2J  x" [x]'


@pytest.mark.parametrize(
    ("checked", "line"),
    [
        (CheckOutcome(), "0 flows checked, nothing wrong"),
        (CheckOutcome(files=(CheckedFile("a"), CheckedFile("b"))), "2 flows checked, nothing wrong"),
        (CheckOutcome(files=(CheckedFile("a", usable=False),), usable=False), "0 flows checked, nothing wrong"),
        (CheckOutcome((DEAD_END,), (CheckedFile("a"),)), "1 flow checked: 1 error"),
        (
            CheckOutcome(files=(CheckedFile("a"),), known=(OLD, OLD), baseline="b.json"),
            '1 flow checked, nothing new; 2 known findings of "b.json" not shown',
        ),
    ],
)
def test_the_summary(checked: CheckOutcome, line: str) -> None:
    assert summary(checked) == line
