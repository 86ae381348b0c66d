"""Fixes: what each puts right, byte for byte, what it leaves to a person, and what happens to those that do not prove right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ivrtest.check.checker import ALL_DOCUMENTED, check
from ivrtest.check.context import CheckContext
from ivrtest.check.fixing import fixed
from ivrtest.check.identity import identity
from ivrtest.check.manual import page
from ivrtest.flow.read import read_flow
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.fix import Change, Drop, Edit, Fix, Put
from ivrtest.source.text import Source

CASES = Path(__file__).parent / "fixes"
NAMES = sorted(path.name for path in CASES.iterdir())


def look(source: Source) -> Sequence[Finding]:
    reading = read_flow(source)
    if reading.flow is None:
        return reading.findings
    context = CheckContext(broken=reading.broken_nodes, broken_prompts=reading.broken_prompts)
    return (*reading.findings, *check(reading.flow, context))


def read(name: str, part: str) -> str:
    return (CASES / name / f"{part}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_fix_puts_right_what_is_certain_and_nothing_else(name: str) -> None:
    result = fixed(Source("before.yaml", read(name, "before")), look)
    assert result.source.text == read(name, "after")
    assert name.replace("_", "-") in {finding.rule for finding in result.done}
    assert result.refused == ()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), lambda text: text.removesuffix("\n")], ids=["crlf", "no end"])
def test_line_ends_stay(name: str, change: Callable[[str], str]) -> None:
    result = fixed(Source("before.yaml", change(read(name, "before"))), look)
    assert result.source.text == change(read(name, "after"))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_fixed_is_fixed_for_good(name: str) -> None:
    source = Source("after.yaml", read(name, "after"))
    assert fixed(source, look).source is source


def test_the_manual_says_of_each_fix_when_it_is_certain() -> None:
    assert {rule.name.replace("-", "_") for rule in ALL_DOCUMENTED if page(rule).fix} == set(NAMES)


TEXT = "a: 1\nb: 2\nc: 3\n"


def finding(line: int, text: str, *changes: Change, uncovers: bool = False) -> Finding:
    """A finding about a line of `TEXT` whose fix writes another text over its value."""
    span = replace(SOURCE.whole(), line=line, column=4, end_line=line, end_column=5)
    return Finding("odd", Severity.ERROR, f'line "{line}" is odd', span, fix=Fix("write it", (Edit(span, text),), changes, uncovers))


SOURCE = Source("odd.yaml", TEXT)


def odd(*found: Finding, then: tuple[str, str] = ("", "")) -> Callable[[Source], Sequence[Finding]]:
    """A check that finds these wherever a line is as in `TEXT`, and one more thing if a line reads as `then` says."""

    def look(source: Source) -> Sequence[Finding]:
        still = [
            replace(one, span=replace(one.span, source=source)) for one in found if source.line(one.span.line) == SOURCE.line(one.span.line)
        ]
        number, text = then
        if text and source.line(int(number)) == text:
            still.append(Finding("new", Severity.ERROR, "this is new", source.whole()))
        return still

    return look


def fix_odd(*found: Finding, then: tuple[str, str] = ("", "")) -> tuple[str, list[int], list[int]]:
    moved = [
        replace(one, fix=replace(one.fix, edits=tuple(replace(edit) for edit in one.fix.edits))) for one in found if one.fix is not None
    ]
    result = fixed(SOURCE, odd(*moved, then=then))
    return result.source.text, [one.span.line for one in result.done], [one.span.line for one in result.refused]


def test_a_fix_whose_text_means_something_else_is_refused_and_the_others_are_not() -> None:
    one, two, three = (
        finding(1, "7", Put(("a",), 7)),
        finding(2, "'8'", Put(("b",), 8)),
        finding(3, "true", Put(("c",), True)),
    )
    assert fix_odd(one, two, three) == ("a: 7\nb: 2\nc: true\n", [1, 3], [2])


def test_true_is_not_one() -> None:
    assert fix_odd(finding(1, "true", Put(("a",), 1))) == (TEXT, [], [1])


def test_a_fix_that_makes_no_yaml_is_refused() -> None:
    assert fix_odd(finding(1, "[", Put(("a",), "["))) == (TEXT, [], [1])


def test_a_fix_that_does_not_help_is_refused() -> None:
    assert fix_odd(finding(1, "1", Put(("a",), 1))) == (TEXT, [], [1])


def test_a_change_that_leads_nowhere_is_refused() -> None:
    assert fix_odd(finding(1, "7", Drop(("z",)))) == (TEXT, [], [1])


def test_a_fix_that_brings_something_new_is_refused_unless_it_was_only_hidden() -> None:
    assert fix_odd(finding(1, "7", Put(("a",), 7)), then=("1", "a: 7")) == (TEXT, [], [1])
    text = "a: 7\nb: 2\nc: 3\n"
    assert fix_odd(finding(1, "7", Put(("a",), 7), uncovers=True), then=("1", "a: 7")) == (text, [1], [])


def test_fixes_that_touch_the_same_words_take_turns() -> None:
    before = "ivrtest: flow/1\nname: test\nentry: main\nlanguages: [en]\nvariables: {x1: 0, x2: 0, x3: 0}\n"
    after = 'prompts: {bye: {en: "Goodbye."}}\nnodes:\n  main:\n    hang_up: {prompt: bye}\n'
    result = fixed(Source("flow.yaml", before + after), look)
    assert result.source.text == before.replace("variables: {x1: 0, x2: 0, x3: 0}\n", "") + after
    assert sorted(one.message.split('"')[3] for one in result.done) == ["x1", "x2", "x3"]


def test_what_is_to_be_left_is_left() -> None:
    source = Source("before.yaml", read("duplicate_key", "before"))
    leave = {identity(one, "") for one in look(source) if one.rule == "duplicate-key"}
    assert fixed(source, look, leave).source is source
