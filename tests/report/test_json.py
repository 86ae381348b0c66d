from __future__ import annotations

import json

from ivrtest.report.json import findings_text, json_text
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Source, Span
from tests.report.results import FOLDER, outcome


def test_the_counts_and_the_exit_code_stand_on_top() -> None:
    document = json.loads(json_text(outcome(), FOLDER))
    assert {name: document[name] for name in ("format", "started_at", "seconds", "target", "counts", "exit_code")} == {
        "format": "ivrtest/results/1",
        "started_at": "2026-11-23T10:00:00+00:00",
        "seconds": 9.9,
        "target": "the embedded IVR",
        "counts": {"not run": 1, "passed": 1, "failed": 1, "error": 1},
        "exit_code": 2,
    }


def test_a_step_says_what_it_rests_on() -> None:
    scenario = json.loads(json_text(outcome(), FOLDER))["scenarios"][0]
    assert scenario["steps"][0] == {
        "step": 'hear "welcome"',
        "line": 5,
        "status": "passed",
        "message": "",
        "started_s": 0.0,
        "at_s": 3.0,
        "heard": [
            {
                "prompt": "welcome",
                "language": "mul",
                "verdict": "match",
                "score_db": 0.5,
                "start_s": 0.2,
                "end_s": 3.0,
                "decided_at_s": 1.4,
                "diverged_at_s": None,
                "runner_up": None,
            }
        ],
    }
    assert scenario["call"]["recording"] == "recordings/shop-a-caller.wav"


def test_a_scenario_without_a_call_has_none() -> None:
    scenario = json.loads(json_text(outcome(), FOLDER))["scenarios"][2]
    assert (scenario["status"], scenario["message"], scenario["call"]) == ("error", "nobody listens there", None)
    assert scenario["excerpt"].splitlines()[0] == 's.yaml:2:7: error: "A caller": nobody listens there [scenario-error]'


def test_secret_digits_are_nowhere_in_it() -> None:
    assert "4711" not in json_text(outcome(), FOLDER)


def test_findings_carry_their_places() -> None:
    source = Source("f.yaml", "a: b\nc: d\n")
    finding = Finding(
        "dead-end", Severity.ERROR, "stuck", Span(source, 2, 1, 2, 2), (Related("here", Span(source, 1, 1, 1, 2)),), ("call",)
    )
    assert json.loads(findings_text([finding])) == {
        "format": "ivrtest/findings/1",
        "findings": [
            {
                "rule": "dead-end",
                "severity": "error",
                "message": "stuck",
                "file": "f.yaml",
                "line": 2,
                "column": 1,
                "end_line": 2,
                "end_column": 2,
                "related": [{"message": "here", "file": "f.yaml", "line": 1, "column": 1, "end_line": 1, "end_column": 2}],
                "witness": ["call"],
            }
        ],
    }
