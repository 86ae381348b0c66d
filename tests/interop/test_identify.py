"""What a real call's recording and capture hold is what the run heard, and the streams are those that Wireshark sees."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ivrtest.call.captured_streams import look_through
from tests.cli.test_main import ivrtest
from tests.interop.programs import needs
from tests.interop.tshark import packets

ROOT = Path(__file__).parents[2]
SCENARIOS = ("scenarios/bank/wrong_keys.yaml", "scenarios/bank/lost_card_at_christmas.yaml", "scenarios/bank/balance_system_down.yaml")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run of some scenarios, with captures. Each test has calls of its own: no two are alike to the millisecond."""
    folder = tmp_path / "run"
    done = ivrtest("run", *SCENARIOS, "--out", str(folder), "--pcap", str(folder / "pcap"), "--pcap-secrets", "mask", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def heard_by_the_run(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what was heard in each scenario, by the name of its recording."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return {
        Path(scenario["call"]["recording"]).stem: [heard for step in scenario["steps"] for heard in step["heard"]]
        for scenario in results["scenarios"]
    }


def identified(*arguments: str) -> list[dict[str, Any]]:
    done = ivrtest("identify", "--json", "flows/bank.yaml", *arguments, cwd=ROOT)
    assert done.returncode != 3, done.stderr
    return [one for one in map(json.loads, done.stdout.splitlines()) if one["verdict"] not in ("key", "tone")]


@pytest.mark.parametrize("kind", ["recordings", "pcap"])
def test_a_run_is_heard_again(run: Path, kind: str) -> None:
    for name, expected in heard_by_the_run(run).items():
        (file,) = (run / kind).glob(f"*/{name}.*")
        ours = [one for one in identified(str(file)) if one["note"] != "the caller's voice"]
        assert [(one["prompt"], one["language"]) for one in ours] == [(one["prompt"], one["language"]) for one in expected]
        assert {one["opinion"] for one in ours} <= ({"fine", "unsure"} if kind == "pcap" else {"fine", "unsure", "wrong"})
        if kind == "recordings":
            assert [one["start_s"] for one in ours] == pytest.approx([one["start_s"] for one in expected], abs=0.15)


@needs("tshark", "tshark")
def test_wireshark_sees_the_same_streams(run: Path) -> None:
    for file in sorted((run / "pcap").glob("*/*.pcap")):
        seen = Counter((one.source, one.destination, int(one.ssrc, 16)) for one in packets(file, sip_port=5060) if one.ssrc)
        found = {(stream.source, stream.destination, stream.ssrc): stream.packets for stream in look_through(file).streams}
        assert found == dict(seen)
