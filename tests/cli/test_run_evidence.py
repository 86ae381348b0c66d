"""What a run leaves in the folder of reports: whole, its own, and there however the run ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ivrtest.run.evidence import claimed
from tests.cli.shops import make_shop
from tests.cli.test_main import ivrtest

pytestmark = pytest.mark.calls

FLOW = """\
ivrtest: flow/1
name: shop
entry: main
prompts: {menu: "For the hours, press 1.", bye: Thank you and goodbye.}
nodes:
  main:
    menu: {prompt: menu, keys: {1: end}, no_input: {after: 60s, then: end}, no_match: {then: end}}
  end:
    hang_up: {prompt: bye}
"""
QUICK = "ivrtest: scenario/1\nname: Quick\nflow: shop\nsteps:\n  - hear: menu\n  - press: 1\n  - hear: bye\n  - ended: {by: ivr}\n"
SLOW = "ivrtest: scenario/1\nname: Slow\nflow: shop\nsteps:\n  - hear: menu\n  - wait: 50s\n  - press: 1\n"
IN_USE = (
    'reports:1:1: error: another run writes to "reports" at this moment. '
    'wait until it is over, or name another folder with "--out" [path]\n'
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path, FLOW, {"a": QUICK})


def results(shop: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shop / "reports/results.json").read_text(encoding="utf-8"))["scenarios"]
    return found


def test_each_run_keeps_recordings_and_packets_of_its_own(shop: Path) -> None:
    named = []
    for _ in range(2):
        assert ivrtest("run", "--pcap", "packets", cwd=shop).returncode == 0
        call = results(shop)[0]["call"]
        named.append(call["recording"])
        run = Path(call["recording"]).parent.name
        assert (shop / "reports" / call["recording"]).is_file()
        assert Path(call["pcap"]) == Path("packets") / run / "shop-quick.pcap"
        assert (shop / call["pcap"]).is_file()
        assert f'src="recordings/{run}/shop-quick.wav"' in (shop / "reports/report.html").read_text(encoding="utf-8")
        assert f"recording: recordings/{run}/shop-quick.wav (caller" in (shop / "reports/junit.xml").read_text(encoding="utf-8")
    assert named[0] != named[1]
    assert sorted(str(path.relative_to(shop / "reports")) for path in shop.glob("reports/recordings/*/*")) == sorted(named)
    assert sorted(path.name for path in (shop / "reports").iterdir()) == ["junit.xml", "recordings", "report.html", "results.json"]


def test_only_the_last_runs_are_kept(shop: Path) -> None:
    (shop / "ivrtest.toml").write_text("[run]\nkeep = 1\n", encoding="utf-8")
    for _ in range(2):
        assert ivrtest("run", "--pcap-failed", cwd=shop).returncode == 0
    (left,) = shop.glob("reports/recordings/*/*")
    assert str(left.relative_to(shop / "reports")) == results(shop)[0]["call"]["recording"]
    assert not (shop / "reports/pcap").exists()


@pytest.mark.parametrize("way", ["--simulate", "--pcap-failed"])
def test_two_runs_never_write_to_one_folder(shop: Path, way: str) -> None:
    (shop / "reports").mkdir()
    with claimed(shop / "reports"):
        done = ivrtest("run", way, cwd=shop)
    assert (done.returncode, done.stderr) == (3, IN_USE)
    assert list((shop / "reports").iterdir()) == []
    assert ivrtest("run", "--simulate", cwd=shop).returncode == 0


@pytest.mark.parametrize("junit", ["junit.xml", "reports/junit.xml"])
def test_two_runs_never_write_one_junit_report(shop: Path, junit: str) -> None:
    (shop / "reports").mkdir()
    arguments = ("run", "--simulate", "--out", "other", "--junit", junit)
    with claimed(shop / junit):
        done = ivrtest(*arguments, cwd=shop)
    in_use = f'"{junit}" at this moment. wait until it is over, or name another file with "--junit" [path]\n'
    assert (done.returncode, done.stderr) == (3, f"{junit}:1:1: error: another run writes to {in_use}")
    assert ivrtest(*arguments, cwd=shop).returncode == 0
    assert list((shop / junit).parent.glob("*junit.xml*")) == [shop / junit]


def test_the_junit_report_is_no_other_report_of_the_run(shop: Path) -> None:
    done = ivrtest("run", "--simulate", "--junit", "reports/../reports/results.json", cwd=shop)
    assert (done.returncode, done.stderr) == (
        3,
        (
            'reports/../reports/results.json:1:1: error: "reports/../reports/results.json" is another report of this run. '
            "name another file for the JUnit report [path]\n"
        ),
    )


def started(shop: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ivrtest", *arguments]
    unbuffered = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=unbuffered)


def until_quick_is_done(run: subprocess.Popen[str]) -> None:
    """Wait until the quick call is over. The slow one, which began with it, has heard the menu before that."""
    assert run.stdout is not None
    assert any(line.startswith("✓ Quick") for line in run.stdout)


@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_what_it_gathered(shop: Path, wish: signal.Signals) -> None:
    (shop / "scenarios/b.yaml").write_text(SLOW, encoding="utf-8")
    (shop / "scenarios/c.yaml").write_text(SLOW.replace("Slow", "Late"), encoding="utf-8")
    run = started(shop, "run", "--jobs", "2")
    try:
        until_quick_is_done(run)
        run.send_signal(wish)
        out, err = run.communicate(timeout=60)
    finally:
        run.kill()
        run.communicate()
    assert (run.returncode, err) == (2, "")
    assert "1 passed, 2 not run in " in out
    quick, slow, late = results(shop)
    assert (quick["status"], slow["status"], late["status"]) == ("passed", "not run", "not run")
    assert slow["message"] == "the run was stopped after 1 of 3 steps"
    assert [step["status"] for step in slow["steps"]] == ["passed", "not run", "not run"]
    assert [heard["prompt"] for heard in slow["steps"][0]["heard"]] == ["menu"]
    assert any(note["text"].startswith('heard "menu"') for note in slow["call"]["notes"])
    for each in (quick, slow):
        assert (shop / "reports" / each["call"]["recording"]).stat().st_size > 16000
    assert [step["status"] for step in late["steps"]] == ["not run"] * 3
    assert "the run was stopped after 1 of 3 steps" in (shop / "reports/junit.xml").read_text(encoding="utf-8")
    assert "the run was stopped after 1 of 3 steps" in (shop / "reports/report.html").read_text(encoding="utf-8")


def test_a_run_that_is_killed_keeps_nobody_out(shop: Path) -> None:
    (shop / "scenarios/b.yaml").write_text(SLOW, encoding="utf-8")
    run = started(shop, "run", "--jobs", "2")
    try:
        until_quick_is_done(run)
        assert ivrtest("run", "--simulate", "scenarios/a.yaml", cwd=shop).stderr == IN_USE
    finally:
        run.kill()
        run.communicate()
    assert ivrtest("run", "--simulate", "scenarios/a.yaml", cwd=shop).returncode == 0


@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_stopped_ends_its_calls(shop: Path, wish: signal.Signals) -> None:
    (shop / "scenarios/b.yaml").write_text(SLOW, encoding="utf-8")
    server = started(shop, "serve", "flows/shop.yaml")
    try:
        assert server.stdout is not None
        run = started(shop, "run", "--target", server.stdout.readline().split()[-1])
        try:
            until_quick_is_done(run)
            server.send_signal(wish)
            out, err = server.communicate(timeout=60)
            assert (server.returncode, out, err) == (0, "", "stopped after 2 calls\n")
            run.communicate(timeout=60)
        finally:
            run.kill()
            run.communicate()
    finally:
        server.kill()
        server.communicate()
    slow = results(shop)[1]
    # A machine that is too busy blames itself.
    assert run.returncode in {1, 2}
    assert re.fullmatch(
        r"(could not tell: this machine was too busy, .*)?the IVR hung up at \d+\.\d s, before the keys could be pressed",
        slow["steps"][2]["message"],
    )
    assert slow["call"]["ended_by"] == "them"
