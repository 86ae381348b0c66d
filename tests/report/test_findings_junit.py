from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from ivrtest import __version__
from ivrtest.report.checked import CheckedFile, CheckOutcome
from ivrtest.report.findings_junit import findings_text
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Source
from tests.report.checks import DEAD_END, SHOP, outcome
from tests.report.jenkins import assert_accepted

SHOP_SUITE = """\
  <testsuite errors="0" failures="2" name="flows/my shop.yaml" skipped="0" tests="4" time="0.000">
    <properties>
      <property name="ivrtest.version" value="VERSION" />
    </properties>
    <testcase name="readable" classname="flows/my shop.yaml" />
    <testcase name="unreachable-node" classname="flows/my shop.yaml">
      <failure type="error" message="menu &quot;main&quot; is not reached">flows/my shop.yaml:5:3: error: menu "main" is not reached \
[unreachable-node]
    5 |   main:
      |   ^~~~~</failure>
    </testcase>
    <testcase name="dead-end" classname="flows/my shop.yaml">
      <failure type="error" message="menu &quot;main&quot; ends in nothing at &quot;no input&quot;, 100% sure: the caller is cut off. \
add &quot;then&quot;, such as {then: operator}">flows/my shop.yaml:8:7: error: menu "main" ends in nothing at "no input", 100% sure: \
the caller is cut off. add "then", such as {then: operator} [dead-end]
    8 |       no_input: {after: 5s}
      |       ^~~~~~~~
flows/my shop.yaml:5:3: note: the menu is here
    5 |   main:
      |   ^~~~
  how a caller gets there: call, press 1, wait 5 s</failure>
      <system-out>flows/my shop.yaml:8:7: info: see [here](http://example.com)
and "there" [dead-end]
    8 |       no_input: {after: 5s}
      |       ^~~~~~~~</system-out>
    </testcase>
    <testcase name="unused-prompt" classname="flows/my shop.yaml">
      <system-out>flows/my shop.yaml:3:3: warning: no node says prompt "hours" [unused-prompt]
    3 |   hours: {en: Añadir.}
      |   ^~~~~
known: flows/my shop.yaml:2:1: warning: no node says prompt "old" [unused-prompt]
    2 | prompts:
      | ^~~~~~~</system-out>
    </testcase>
  </testsuite>
""".replace("VERSION", __version__)


def root_of(checked: CheckOutcome) -> ElementTree.Element:
    return ElementTree.fromstring(findings_text(checked).encode())


def verdicts(suite: ElementTree.Element) -> list[tuple[str | None, list[str]]]:
    return [(case.get("name"), [child.tag for child in case]) for case in suite.iter("testcase")]


def test_it_keeps_to_the_schema_that_jenkins_enforces() -> None:
    assert_accepted(root_of(outcome()))


def test_a_suite_holds_a_case_per_rule_and_only_errors_fail() -> None:
    text = findings_text(outcome())
    assert text.startswith(
        '<?xml version="1.0" encoding="utf-8"?>\n<testsuites errors="1" failures="2" tests="12" time="0.000" name="ivrtest">\n'
    )
    assert SHOP_SUITE in text


def test_a_file_that_cannot_be_read_is_an_error_and_its_rules_are_skipped() -> None:
    broken, clean, _ = root_of(outcome())
    assert verdicts(broken) == [
        ("readable", ["error"]),
        ("unreachable-node", ["skipped"]),
        ("dead-end", ["skipped"]),
        ("unused-prompt", ["skipped"]),
    ]
    assert verdicts(clean) == [("readable", []), ("unreachable-node", ["skipped"]), ("dead-end", []), ("unused-prompt", [])]
    skipped = clean.find(".//skipped")
    assert skipped is not None
    assert skipped.get("message") == 'rule "unreachable-node" did not examine "flows/clean.yaml"'


def test_several_errors_of_a_rule_are_one_failure_with_all_their_texts() -> None:
    checked = replace(outcome(), findings=(DEAD_END, DEAD_END), files=(CheckedFile(SHOP.name, ("dead-end",)),))
    failure = root_of(checked).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "2 errors"
    assert (failure.text or "").count("[dead-end]") == 2


def test_what_is_wrong_with_the_settings_is_a_suite_of_its_own() -> None:
    finding = Finding("settings", Severity.ERROR, "this is not TOML", Source("ivrtest.toml", "[").whole())
    (suite,) = root_of(CheckOutcome((finding,), usable=False))
    assert (suite.get("name"), verdicts(suite)) == ("ivrtest.toml", [("readable", ["error"])])


def test_a_check_of_nothing_is_a_report_of_nothing() -> None:
    assert root_of(CheckOutcome()).get("tests") == "0"
