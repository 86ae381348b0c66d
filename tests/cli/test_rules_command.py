"""`ivrtest rules` and `ivrtest explain`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from ivrtest.check.checker import ALL_DOCUMENTED
from ivrtest.cli.explain import command as explain
from ivrtest.cli.rules import command as rules


def printed(*arguments: str) -> str:
    done = CliRunner().invoke(rules, list(arguments), standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 0
    return done.output


def test_the_table_marks_what_can_be_fixed() -> None:
    lines = {line.split()[0]: line for line in printed().splitlines() if line.strip()}
    assert {rule.name for rule in ALL_DOCUMENTED} <= lines.keys()
    assert lines["secret-not-marked"].split()[1:3] == ["error", "yes"]
    assert lines["dead-end"].split()[1:3] == ["error", "Reports"]
    assert "`[tool.ivrtest]`" in lines["settings"]


def test_programs_get_all_of_it() -> None:
    data = json.loads(printed("--format", "json"))
    assert data["format"] == "ivrtest/rules/1"
    found = {rule["rule"]: rule for rule in data["rules"]}
    assert found.keys() == {rule.name for rule in ALL_DOCUMENTED}
    assert (found["unknown-key"]["selectable"], found["unknown-key"]["fixable"]) == (False, True)
    assert (found["dead-end"]["selectable"], found["dead-end"]["fix"]) == (True, None)
    assert found["rule-crashed"]["selectable"] is False


def test_markdown_has_a_section_for_each() -> None:
    sections = [line.removeprefix("### ") for line in printed("--format", "markdown").splitlines() if line.startswith("### ")]
    assert sorted(sections) == sorted(rule.name for rule in ALL_DOCUMENTED)


@pytest.mark.parametrize("name", ["unknown-key", "yaml-syntax", "dead-end"])
def test_whatever_stands_in_brackets_is_explained(name: str) -> None:
    done = CliRunner().invoke(explain, [name], standalone_mode=False, catch_exceptions=False)
    assert (done.return_value, done.output.splitlines()[0]) == (0, f"{name} (error)")
