from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ivrtest import __version__
from ivrtest.check.checker import ALL_DOCUMENTED
from ivrtest.check.manual import page
from ivrtest.check.rules.dead_end import DeadEnd
from ivrtest.report.checked import CheckOutcome
from ivrtest.report.sarif import file_of, findings_text, region_of
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.fix import Edit, Fix
from ivrtest.source.text import Source, Span
from tests.report.checks import DEAD_END, HINT, SHOP, UNREACHABLE, UNUSED, outcome

VALIDATOR = Draft202012Validator(json.loads(Path(__file__).with_name("sarif.schema.json").read_text(encoding="utf-8")))


def run_of(checked: CheckOutcome) -> dict[str, Any]:
    document = json.loads(findings_text(checked))
    VALIDATOR.validate(document)
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def at(line: int, column: int, end_line: int, end_column: int, text: str) -> dict[str, Any]:
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column, "snippet": {"text": text}}
    return {"physicalLocation": {"artifactLocation": shop(), "region": region}}


def shop() -> dict[str, Any]:
    return {"uri": "flows/my%20shop.yaml", "uriBaseId": "%SRCROOT%", "index": 2}


def test_a_result_says_what_where_and_how_to_get_there() -> None:
    result = run_of(outcome())["results"][3]
    assert result == {
        "ruleId": "dead-end",
        "ruleIndex": sorted(rule.name for rule in ALL_DOCUMENTED).index("dead-end"),
        "level": "error",
        "message": {"text": DEAD_END.message},
        "locations": [at(8, 7, 8, 15, "no_input") | {"logicalLocations": [{"fullyQualifiedName": "nodes/main/menu/no_input"}]}],
        "relatedLocations": [at(5, 3, 5, 7, "main") | {"message": {"text": "the menu is here"}}],
        "codeFlows": [
            {
                "message": {"text": "how a caller gets there"},
                "threadFlows": [
                    {
                        "locations": [
                            {"location": {"physicalLocation": {"artifactLocation": shop()}, "message": {"text": "call"}}},
                            {"location": {"physicalLocation": {"artifactLocation": shop()}, "message": {"text": "press 1"}}},
                            {"location": at(8, 7, 8, 15, "no_input") | {"message": {"text": "wait 5 s"}}},
                        ]
                    }
                ],
            }
        ],
        "partialFingerprints": {"ruleAndSubject/v1": "543f0d8362d4c5b67c53da3a7a6d85f8"},
    }


def test_the_run_names_the_files_and_what_was_told_otherwise() -> None:
    run = run_of(outcome())
    assert [artifact["location"]["uri"] for artifact in run["artifacts"]] == [
        "flows/broken.yaml",
        "flows/clean.yaml",
        "flows/my%20shop.yaml",
    ]
    assert run["columnKind"] == "unicodeCodePoints"
    (invocation,) = run["invocations"]
    overrides = {each["descriptor"]["id"]: each["configuration"] for each in invocation.pop("ruleConfigurationOverrides")}
    assert invocation == {
        "executionSuccessful": False,
        "exitCode": 3,
        "toolExecutionNotifications": [{"level": "note", "message": {"text": '1 known finding of "known.json" no longer occurs'}}],
    }
    assert overrides.pop("unused-prompt") == {"level": "note"}
    assert overrides["silent-drop"] == {"enabled": False}
    assert not {"dead-end", "unreachable-node"} & set(overrides)


def test_a_check_as_the_rules_are_overrides_nothing() -> None:
    assert run_of(CheckOutcome())["invocations"] == [{"executionSuccessful": True, "exitCode": 0}]


def test_the_rules_are_the_manual() -> None:
    odd = Finding("odd", Severity.ERROR, "this is odd", UNUSED.span)
    driver = run_of(replace(outcome(), findings=(odd,)))["tool"]["driver"]
    assert (driver["name"], driver["version"], driver["semanticVersion"]) == ("ivrtest", __version__, __version__)
    rules = {rule["id"]: rule for rule in driver["rules"]}
    assert list(rules) == [*sorted(rule.name for rule in ALL_DOCUMENTED), "odd"]
    written = page(DeadEnd)
    assert rules["dead-end"] == {
        "id": "dead-end",
        "name": "DeadEnd",
        "shortDescription": {"text": written.what},
        "fullDescription": {"text": f"{written.what} {written.why}"},
        "help": {
            "text": f"{written.what}\n\n{written.why}\n\nExample:\n{written.example}\n\nInstead:\n{written.instead}",
            "markdown": (
                f"{written.what}\n\n## Why it matters\n\n{written.why}\n\n## Example\n\n```yaml\n{written.example}\n```\n\n"
                f"## Instead\n\n```yaml\n{written.instead}\n```"
            ),
        },
        "defaultConfiguration": {"level": "error"},
    }
    assert rules["odd"] == {
        "id": "odd",
        "shortDescription": {"text": "The file is not written as a flow is written."},
        "defaultConfiguration": {"level": "error"},
    }


def test_each_result_points_at_its_rule_and_its_file() -> None:
    run = run_of(outcome())
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        file = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert run["artifacts"][file["index"]]["location"]["uri"] == file["uri"]


def test_a_quoted_value_is_no_link() -> None:
    assert run_of(CheckOutcome((HINT,)))["results"][0]["message"] == {"text": 'see [here] (http://example.com)\nand "there"'}


def test_a_region_of_several_lines_shows_them_all() -> None:
    assert region_of(UNREACHABLE.span)["snippet"] == {"text": "main:\n    menu:\n      keys: {1: main}\n      no_input: {after: 5s}"}


def test_a_region_counts_characters() -> None:
    source = Source("f.yaml", 'a: "🎉é", b\n')
    assert region_of(Span(source, 1, 4, 1, 8)) == {
        "startLine": 1,
        "startColumn": 4,
        "endLine": 1,
        "endColumn": 8,
        "snippet": {"text": '"🎉é"'},
    }


def test_a_region_shows_line_ends_as_they_are() -> None:
    source = Source("f.yaml", "a:\r\n  b: 1\r\n")
    assert region_of(Span(source, 1, 1, 2, 7))["snippet"] == {"text": "a:\r\n  b: 1"}


def test_a_fix_tells_what_to_write_where() -> None:
    edits = (Edit(Span(SHOP, 3, 3, 4, 1), ""), Edit(Span(SHOP, 8, 30, 8, 30), "\n      attempts: 3"))
    (result,) = run_of(CheckOutcome((replace(UNUSED, fix=Fix("remove it", edits)),)))["results"]
    assert result["fixes"] == [
        {
            "description": {"text": "remove it"},
            "artifactChanges": [
                {
                    "artifactLocation": {"uri": "flows/my%20shop.yaml", "uriBaseId": "%SRCROOT%", "index": 0},
                    "replacements": [
                        {
                            "deletedRegion": {"startLine": 3, "startColumn": 3, "endLine": 4, "endColumn": 1},
                            "insertedContent": {"text": ""},
                        },
                        {
                            "deletedRegion": {"startLine": 8, "startColumn": 30, "endLine": 8, "endColumn": 30},
                            "insertedContent": {"text": "\n      attempts: 3"},
                        },
                    ],
                }
            ],
        }
    ]


def test_a_place_without_text_has_no_snippet() -> None:
    assert region_of(Source("f.yaml", "").whole()) == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("a.yaml", "a.yaml"),
        ("./flows/../ä b.yaml", "%C3%A4%20b.yaml"),
        ("a:b/50%#?.yaml", "a%3Ab/50%25%23%3F.yaml"),
    ],
)
def test_a_file_below_the_working_directory_has_a_relative_uri(
    name: str, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_of(name) == {"uri": uri, "uriBaseId": "%SRCROOT%"}
    assert file_of(str(tmp_path / name)) == {"uri": uri, "uriBaseId": "%SRCROOT%"}


def test_a_file_elsewhere_has_an_absolute_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert file_of("../there one.yaml") == {"uri": f"{tmp_path.as_uri()}/there%20one.yaml"}


@given(
    name=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20),
    message=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    place=st.tuples(st.integers(1, 4), st.integers(1, 20), st.integers(0, 3), st.integers(1, 20)),
)
def test_whatever_is_found_the_log_is_valid(name: str, message: str, text: str, place: tuple[int, int, int, int]) -> None:
    line, column, more, end = place
    span = Span(Source(name, text), line, column, line + more, end if more else column + end)
    run_of(CheckOutcome((Finding("dead-end", Severity.ERROR, message, span, witness=("call", message)),)))
