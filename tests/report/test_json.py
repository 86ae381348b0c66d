from __future__ import annotations

import json

from ivrtest.report.json import json_text
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
                "heard_by": "recording",
                "words": None,
                "score_db": 0.5,
                "distance": None,
                "start_s": 0.2,
                "end_s": 3.0,
                "decided_at_s": 1.4,
                "diverged_at_s": None,
                "resumed": None,
                "runner_up": None,
                "others": [],
                "doubt": None,
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
