from __future__ import annotations

import json

from ivrtest import __version__
from ivrtest.report.checked import CheckedFile, CheckOutcome
from ivrtest.report.findings_json import findings_text
from tests.report.checks import DEAD_END, outcome


def test_a_finding_carries_its_places_and_what_stays_when_they_move() -> None:
    checked = CheckOutcome((DEAD_END,), (CheckedFile("flows/my shop.yaml", ("dead-end",), ("silent-drop",)),), notes=("a note",))
    assert json.loads(findings_text(checked)) == {
        "format": "ivrtest/findings/1",
        "ivrtest": __version__,
        "exit_code": 1,
        "counts": {"error": 1, "warning": 0, "info": 0},
        "files": [{"file": "flows/my shop.yaml", "usable": True, "examined": ["dead-end"], "unexamined": ["silent-drop"]}],
        "findings": [
            {
                "rule": "dead-end",
                "severity": "error",
                "message": DEAD_END.message,
                "file": "flows/my shop.yaml",
                "line": 8,
                "column": 7,
                "end_line": 8,
                "end_column": 15,
                "related": [
                    {"message": "the menu is here", "file": "flows/my shop.yaml", "line": 5, "column": 3, "end_line": 5, "end_column": 7}
                ],
                "witness": ["call", "press 1", "wait 5 s"],
                "fix": None,
                "fingerprint": "543f0d8362d4c5b67c53da3a7a6d85f8",
            }
        ],
        "fixed": [],
        "known": 0,
        "notes": ["a note"],
    }


def test_the_counts_leave_out_what_the_baseline_knows() -> None:
    document = json.loads(findings_text(outcome()))
    assert {name: document[name] for name in ("exit_code", "counts", "known")} == {
        "exit_code": 3,
        "counts": {"error": 3, "warning": 1, "info": 1},
        "known": 1,
    }
