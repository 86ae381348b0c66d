"""Limits of the settings hold for every scenario, unless it has its own."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_main import ivrtest

FLOW = """\
ivrtest: flow/1
name: shop
entry: main
prompts: {menu: "For the hours, press 1.", hours: We are open., not_heard: I did not hear you.}
nodes:
  main:
    menu:
      prompt: menu
      keys: {1: wait}
      attempts: 1
      exhausted: bye
  wait:
    lookup: {name: hours, outcomes: {found: bye}, failed: bye, timed_out: bye}
  bye:
    hang_up: {prompt: hours}
"""
SCENARIO = """\
ivrtest: scenario/1
name: A caller hears the hours
flow: shop
given: {lookups: {hours: {outcome: found, after: 1500ms}}}
steps:
  - hear: menu
  - press: 1
  - hear: hours
"""


def run(folder: Path, settings: str, own: str = "") -> tuple[int, str, dict[str, str]]:
    """Simulate. Returns the exit code, the last complaint, and the status of each limit."""
    (folder / "flows").mkdir()
    (folder / "scenarios").mkdir()
    (folder / "flows/shop.yaml").write_text(FLOW, encoding="utf-8")
    (folder / "scenarios/hours.yaml").write_text(SCENARIO + own, encoding="utf-8")
    (folder / "ivrtest.toml").write_text(settings, encoding="utf-8")
    done = ivrtest("run", "--simulate", cwd=folder)
    limits = json.loads((folder / "reports/results.json").read_text(encoding="utf-8"))["scenarios"][0]["limits"]
    complaint = next((line for line in done.stdout.splitlines() if "error: " in line), "")
    return done.returncode, complaint, {limit["measure"]: limit["status"] for limit in limits}


def test_a_limit_of_the_settings_is_broken(tmp_path: Path) -> None:
    code, complaint, limits = run(tmp_path, '[quality]\nresponse = "<= 1s"\nloss = "<= 1 %"\n')
    assert (code, limits) == (1, {"response": "failed", "loss": "not run"})
    assert complaint.startswith('ivrtest.toml:2:1: error: quality of "A caller hears the hours": "response" was 1.')
    assert complaint.endswith("it had to be <= 1s [scenario-failed]")


def test_a_scenario_may_allow_more(tmp_path: Path) -> None:
    code, complaint, limits = run(tmp_path, '[quality]\nresponse = "<= 1s"\n', 'quality: {response: "<= 2s"}\n')
    assert (code, complaint, limits) == (0, "", {"response": "passed"})
