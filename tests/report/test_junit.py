from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ivrtest.report.junit import junit_text, write_junit
from ivrtest.report.outcome import Outcome
from ivrtest.run.result import SuiteResult
from tests.report.jenkins import assert_accepted
from tests.report.results import FOLDER, failed, outcome, passed


def root_of(result: Outcome) -> ElementTree.Element:
    return ElementTree.fromstring(junit_text(result, FOLDER))


def test_it_keeps_to_the_schema_that_jenkins_enforces() -> None:
    assert_accepted(root_of(outcome()))


def test_it_counts_failures_errors_and_skipped_apart() -> None:
    root = root_of(outcome())
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {"tests": "4", "failures": "1", "errors": "1"}
    (suite,) = root
    assert (suite.get("name"), suite.get("skipped"), suite.get("timestamp")) == ("shop", "1", "2026-11-23T10:00:00+00:00")
    assert [child.tag for case in suite.iter("testcase") for child in case if child.tag != "system-out"] == ["failure", "error", "skipped"]


def test_times_are_thousandths_of_a_second_in_sums_too() -> None:
    times = (3.214, 8.201, 10.003, 19.7)  # 41.117999999999995 in all
    root = root_of(Outcome(suite=SuiteResult(tuple(replace(passed(), seconds=seconds) for seconds in times))))
    assert [element.get("time") for element in root.iter() if element.get("time")] == [
        *("41.118", "41.118"),
        *("3.214", "8.201", "10.003", "19.700"),
    ]


def test_a_failure_shows_the_step_in_its_file_and_what_was_heard() -> None:
    failure = root_of(Outcome(suite=SuiteResult((failed(),)))).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "ivr-failed"
    assert failure.text == (
        's.yaml:5:5: error: step 1 of "A caller": heard "bye" in "en" from 0.2 s to 1.0 s. "menu" in "en" was expected [scenario-failed]\n'
        "    5 |   - hear: menu\n"
        "      |     ^~~~"
    )


def test_a_passed_case_says_on_what_its_verdict_rests() -> None:
    out = root_of(Outcome(suite=SuiteResult((passed(),)))).find(".//system-out")
    assert out is not None
    assert out.text is not None
    assert out.text.splitlines() == [
        "s.yaml:2:7: passed",
        '  1. passed at 3.00 s: hear "welcome"',
        '     heard "welcome" from 0.2 s to 3.0 s, deviation 0.50 dB, known at 1.40 s',
        "  2. passed at 3.80 s: press ••••",
        "  3. passed at 9.00 s: hang up",
        "call a1@127.0.0.1 to sip:shop@127.0.0.1:5070",
        "     0.00 s  answered",
        '     3.00 s  heard "welcome" from 0.2 s to 3.0 s',
        "     3.10 s  pressed •",
        "     3.30 s  pressed •",
        "     3.50 s  pressed •",
        "     3.70 s  pressed •",
        "     9.00 s  we hung up",
        "RTP: 450 packets received, 3 lost, jitter 1.2 ms",
        "recording: recordings/shop-a-caller.wav (caller left, IVR right)",
    ]


def test_secret_digits_are_nowhere_in_it() -> None:
    assert "4711" not in junit_text(outcome(), FOLDER)


def test_a_run_of_nothing_is_a_report_of_nothing() -> None:
    assert root_of(Outcome()).get("tests") == "0"


def test_writing_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "junit.xml"
    write_junit(outcome(), path)
    write_junit(Outcome(suite=SuiteResult((passed(),))), path)
    assert ElementTree.parse(path).getroot().get("tests") == "1"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_in_the_way_is_an_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        write_junit(outcome(), tmp_path / "junit.xml")
    assert [path.name for path in tmp_path.iterdir()] == ["junit.xml"]
