"""The manual, read from docstrings."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ivrtest.check import rules
from ivrtest.check.checker import ALL_DOCUMENTED
from ivrtest.check.manual import Page, handbook, page, pages
from ivrtest.check.reader_manual import READER
from ivrtest.check.rule import Documented
from ivrtest.source.finding import Severity


class Sample(Documented):
    """What it does
        Reports a
        thing.

    Why it matters
        It hurts.

        And more.

    Example
        a:
          b: 1

    Instead
        a: 1
    """

    name = "sample"
    severity = Severity.WARNING


class Incomplete(Documented):
    """What it does
        Something.

    Example
        a
    """

    name = "incomplete"
    severity = Severity.ERROR


class Hollow(Documented):
    """What it does
        Something.

    Why it matters
    Example
        a

    Instead
        b
    """

    name = "hollow"
    severity = Severity.ERROR


class Silent(Documented):
    name = "silent"
    severity = Severity.ERROR


@pytest.mark.parametrize("rule", ALL_DOCUMENTED, ids=lambda rule: rule.name)
def test_every_rule_has_a_page(rule: type[Documented]) -> None:
    found = page(rule)
    assert (found.name, found.severity) == (rule.name, rule.severity)
    assert found.what.startswith("Reports ")


def test_names_are_unique() -> None:
    names = [rule.name for rule in ALL_DOCUMENTED]
    assert len(set(names)) == len(names)


def test_a_page_keeps_yaml_and_unwraps_sentences() -> None:
    found = page(Sample)
    assert found.what == "Reports a thing."
    assert found.why == "It hurts.\n\nAnd more."
    assert found.example == "a:\n  b: 1"
    assert found.instead == "a: 1"


def test_a_page_is_printed_with_its_headings() -> None:
    assert str(page(Sample)) == (
        "sample (warning)\n\n"
        "What it does\n    Reports a thing.\n\n"
        "Why it matters\n    It hurts.\n\n    And more.\n\n"
        "Example\n    a:\n      b: 1\n\n"
        "Instead\n    a: 1"
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            Incomplete,
            (
                'docstring of rule "incomplete" has the parts "What it does", "Example". '
                'expected "What it does", "Why it matters", "Example", "Instead"'
            ),
        ),
        (Hollow, 'part "Why it matters" of the docstring of rule "hollow" is empty. say it in a sentence'),
        (Silent, 'docstring of rule "silent" has the parts none. expected "What it does", "Why it matters", "Example", "Instead"'),
    ],
)
def test_a_page_with_a_missing_part_is_refused(rule: type[Documented], message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared below
        page(rule)
    assert str(caught.value) == message


def test_pages_come_by_name() -> None:
    assert [found.name for found in pages(ALL_DOCUMENTED)] == sorted(rule.name for rule in ALL_DOCUMENTED)


def test_the_handbook_in_the_repository_is_what_the_rules_say() -> None:
    reader = set(READER)
    expected = handbook(pages(tuple(rule for rule in ALL_DOCUMENTED if rule not in reader)), pages(READER))
    written = (Path(rules.__file__).with_name("README.md")).read_text(encoding="utf-8")
    assert written == expected, "write it anew: ivrtest rules --format markdown > ivrtest/check/rules/README.md"


def test_a_page_in_markdown_keeps_signs_as_signs() -> None:
    found = Page("odd", Severity.INFO, "Reports *a* `b_c` [d].", "It <hurts>.", "a: 1", "a: 2", "Writes `_`.")
    assert found.in_markdown() == (
        "### odd\n\ninfo, with a fix\n\nReports \\*a\\* `b_c` \\[d\\].\n\n**Why it matters.** It \\<hurts\\>.\n\n"
        "```yaml\na: 1\n```\n\nInstead:\n\n```yaml\na: 2\n```\n\n**Fix.** Writes `_`.\n"
    )


def test_the_handbook_begins_with_a_table() -> None:
    found = Page("odd", Severity.INFO, "Reports a|b. And more.", "It hurts.", "a: 1", "a: 2")
    lines = handbook([found], []).splitlines()
    assert lines[5:8] == [
        "| rule | severity | fix | what it does |",
        "|---|---|---|---|",
        "| [odd](#odd) | info |  | Reports a\\|b. |",
    ]


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""


def test_whatever_the_reader_calls_a_finding_has_a_page() -> None:
    package = Path(rules.__file__).parents[2]
    files = [file for room in ("source", "flow", "check") for file in (package / room).rglob("*.py")]
    calls = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    named = {
        str(call.args[0].value)
        for call in calls
        if name_of(call) in {"Finding", "_problem", "add"} and call.args and isinstance(call.args[0], ast.Constant)
    }
    kinds = {name for name in named if re.fullmatch(r"[a-z]+(-[a-z]+)+|unreadable|baseline", name)}
    assert {"duplicate-key", "unknown-key", "yaml-syntax", "flow-name"} <= kinds
    assert kinds - {rule.name for rule in ALL_DOCUMENTED} == set()
