from __future__ import annotations

import json
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.check.baseline import Known, baseline_text, divide, known_of, read_baseline
from ivrtest.check.identity import Identity
from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.text import Source, Span

FLOW = Source("flows/shop.yaml", "nodes:\n  main:\n    menu: {a: b, a: c}\n  other:\n    hang_up:\n")
MENU = Finding("dead-end", Severity.ERROR, 'menu "main" ends in nothing. add "then"', Span(FLOW, 3, 5, 3, 9))
OTHER = Finding("silent-drop", Severity.WARNING, 'hang_up "other" says nothing', Span(FLOW, 4, 3, 4, 8))
CRASH = Finding("rule-crashed", Severity.ERROR, 'rule "dead-end" crashed', Span(FLOW, 1, 1, 1, 6))

TEXT = """\
{
  "format": "ivrtest/baseline/1",
  "findings": [
    {
      "file": "shop.yaml",
      "at": "nodes/main/menu",
      "rule": "dead-end",
      "text": "menu",
      "about": [
        "main"
      ],
      "message": "menu \\"main\\" ends in nothing. add \\"then\\""
    },
    {
      "file": "shop.yaml",
      "at": "nodes/other",
      "rule": "silent-drop",
      "text": "other",
      "about": [
        "other"
      ],
      "message": "hang_up \\"other\\" says nothing"
    }
  ]
}
"""


def short(name: str) -> str:
    return PurePath(name).name


def complaint(text: str) -> str:
    with pytest.raises(InputError) as caught:
        read_baseline(Source("known.json", text))
    (finding,) = caught.value.findings
    return f"{finding.span}: {finding.message} [{finding.rule}]"


def test_a_baseline_is_sorted_and_holds_no_lines() -> None:
    assert baseline_text(known_of([OTHER, MENU], short)) == TEXT


def test_what_was_written_is_read() -> None:
    assert read_baseline(Source("known.json", TEXT)) == known_of([MENU, OTHER], short)


def test_known_findings_are_told_from_new_ones() -> None:
    division = divide([MENU, OTHER], known_of([OTHER], short), short)
    assert (division.new, division.known, division.gone) == ((MENU,), (OTHER,), ())


def test_an_entry_that_no_finding_answers_to_is_gone() -> None:
    division = divide([MENU], known_of([MENU, OTHER], short), short)
    assert (division.new, division.known, division.gone) == ((), (MENU,), known_of([OTHER], short))


def test_of_more_equal_findings_than_known_the_last_are_new() -> None:
    division = divide([MENU, MENU, MENU], known_of([MENU, MENU], short), short)
    assert (len(division.new), len(division.known), division.gone) == (1, 2, ())


def test_of_fewer_the_rest_is_gone() -> None:
    division = divide([MENU], known_of([MENU, MENU], short), short)
    assert (division.new, division.known, division.gone) == ((), (MENU,), known_of([MENU], short))


def test_that_something_was_not_examined_is_never_known() -> None:
    assert known_of([CRASH], short) == ()
    entry = Known(Identity("shop.yaml", "nodes", "rule-crashed", "nodes", ("dead-end",)), CRASH.message)
    assert divide([CRASH], [entry], short).new == (CRASH,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n  "format": x', "known.json:2:13: this is not JSON: expecting value [baseline]"),
        (
            "[]",
            (
                'known.json:1:1: "known.json" is no baseline: it does not say "format": "ivrtest/baseline/1". '
                'write one with "ivrtest check --write-baseline" [baseline]'
            ),
        ),
        (
            '{"format": "ivrtest/baseline/2", "findings": []}',
            (
                'known.json:1:1: "known.json" is no baseline: it does not say "format": "ivrtest/baseline/1". '
                'write one with "ivrtest check --write-baseline" [baseline]'
            ),
        ),
        (
            TEXT.replace('"silent-drop"', "7"),
            (
                'known.json:14:5: entry 2 of "known.json" is not as it was written. '
                'it has the texts "file", "at", "rule", "text", "message", and texts in a list "about" [baseline]'
            ),
        ),
    ],
)
def test_what_is_no_baseline_is_told(text: str, message: str) -> None:
    assert complaint(text) == message


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5_000])
def test_what_no_json_reader_takes_is_told(text: str) -> None:
    assert complaint(text).startswith('known.json:1:1: "known.json" is no baseline: ')


ENTRIES = st.builds(
    Known,
    st.builds(Identity, st.text(), st.text(), st.text(), st.text(), st.lists(st.text(), max_size=2).map(tuple)),
    st.text(),
)


@given(st.lists(ENTRIES, max_size=6))
def test_a_baseline_survives_writing_and_reading(known: list[Known]) -> None:
    text = baseline_text(known)
    again = read_baseline(Source("known.json", text))
    assert sorted(again) == sorted(known)
    assert baseline_text(reversed(again)) == text
    assert json.loads(text)["format"] == "ivrtest/baseline/1"
