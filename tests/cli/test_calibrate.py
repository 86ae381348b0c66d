"""`ivrtest calibrate` and `ivrtest run` against an embedded IVR in another process, over lines that are good, bad and too bad."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ivrtest.run.route_file import route_path, route_text
from tests.cli.shops import HOURS, calibrated, corner_shop, serving, with_faults
from tests.cli.test_main import ivrtest
from tests.run.test_route import ROUTE

pytestmark = pytest.mark.calls

SCENARIO = f"""{HOURS}\
  - {{hear: [welcome, main_menu], in: en, within: 4s}}
  - press: 1
  - {{hear: [hours, goodbye], within: 4s}}
  - ended: {{by: ivr}}
"""
HEARD = 5
STAGING = '[targets.staging]\nuri = "sip:shop:topsecret@127.0.0.1"\nproxy = "{proxy}"\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return corner_shop(tmp_path, SCENARIO)


@contextmanager
def staging(shop: Path, *faults: str) -> Iterator[str]:
    """Yield the address of an embedded IVR; "staging" is reached through it, wherever it listens this time."""
    with serving(shop, *with_faults(*faults)) as uri:
        (shop / "ivrtest.toml").write_text(STAGING.format(proxy=uri.replace("shop@", "")), encoding="utf-8")
        yield uri


def calibrated_by(shop: Path, *faults: str, code: int = 0) -> dict[str, Any]:
    with staging(shop, *faults):
        found = calibrated(shop, "staging")
    assert found["exit_code"] == code, found
    assert found == json.loads((shop / ".ivrtest" / "routes" / "staging.json").read_text(encoding="utf-8"))
    return found


def test_a_good_line_and_what_becomes_of_it(shop: Path) -> None:
    with staging(shop):
        done = ivrtest("calibrate", "--target", "staging", cwd=shop)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[:3] == ["staging, 1 call", "codec PCMU", lines[2]]
    assert lines[2] in {"gain +0.0 dB", "gain -0.0 dB"}
    assert {"band 200 Hz or less to 3500 Hz or more", "noise none"} <= set(lines)
    trials = "[0-9]+ others accepted \\(at most [0-9.]+ %\\)"
    assert re.fullmatch(f"3.2 dB: 0 of {HEARD} genuine refused \\(at most 45.1 %\\), 0 of {trials}", lines[-2])
    assert lines[-1] == "wrote .ivrtest/routes/staging.json"

    with staging(shop):
        ran = ivrtest("run", "--target", "staging", cwd=shop)
        plain = ivrtest("run", "--target", "staging", "--no-calibration", "--out", "plain", cwd=shop)
    assert (ran.returncode, plain.returncode) == (0, 0), ran.stdout + plain.stdout
    assert ran.stdout.splitlines()[0].endswith("; calls are judged by the calibrated 3.2 dB")
    found = json.loads((shop / "reports" / "results.json").read_text(encoding="utf-8"))
    assert (found["limit_db"], found["route"]) == (3.2, ran.stdout.splitlines()[0])
    assert f'<property name="route" value="{found["route"]}"' in (shop / "reports" / "junit.xml").read_text(encoding="utf-8")
    assert "calibrated" not in plain.stdout
    assert json.loads((shop / "plain" / "results.json").read_text(encoding="utf-8"))["route"] == ""

    # The same target, with a noise that was not there.
    with staging(shop, "noisy=3dB"):
        ran = ivrtest("run", "--target", "staging", cwd=shop)
    assert ran.returncode == 2, ran.stdout
    assert ran.stdout.startswith("route as calibrated at ")
    (result,) = json.loads((shop / "reports" / "results.json").read_text(encoding="utf-8"))["scenarios"]
    assert result["status"] == "error"
    assert re.fullmatch(r"noise came at -[0-9]+ dBov, and none was heard then", result["call"]["line_worse"])
    assert f"  line: worse than when it was calibrated: {result['call']['line_worse']}" in ran.stdout.splitlines()
    assert "<dt>Route</dt><dd>route as calibrated at " in (shop / "reports" / "report.html").read_text(encoding="utf-8")


def test_a_name_that_stands_for_another_target_now(shop: Path) -> None:
    (shop / "ivrtest.toml").write_text('[targets.staging]\nuri = "sip:shop:topsecret@127.0.0.1:9"\n', encoding="utf-8")
    path = shop / route_path("staging")
    path.parent.mkdir(parents=True)
    path.write_text(route_text(replace(ROUTE, made_at=datetime.now(UTC).isoformat(), uri="sip:shop@192.0.2.1")), encoding="utf-8")
    ran = ivrtest("run", "--target", "staging", cwd=shop)
    assert ran.stdout.splitlines()[0].endswith(
        '; calls are judged by the usual 3.2 dB, not by the calibration: "staging" was "sip:shop@192.0.2.1" then, '
        'and is "sip:shop@127.0.0.1:9" now. calibrate anew'
    )
    (result,) = json.loads((shop / "reports" / "results.json").read_text(encoding="utf-8"))["scenarios"]
    assert (result["status"], result["call"]["line_worse"]) == ("error", "")


def test_a_quiet_line_with_losses(shop: Path) -> None:
    found = calibrated_by(shop, "quiet=-20dB", "loss=1%")
    assert found["line"]["gain_db"] == pytest.approx(-20, abs=1)
    assert 0 < found["line"]["loss"] < 0.08
    assert found["genuine"]["number"] == HEARD
    assert found["accepted"]["count"] == 0


def test_a_noisy_line(shop: Path) -> None:
    found = calibrated_by(shop, "noisy=20dB")
    assert 13 < found["line"]["snr_db"] < 24
    assert found["genuine"]["worst_db"] < found["limit_db"] < found["nearest_db"]


def test_a_line_that_is_too_bad_to_judge(shop: Path) -> None:
    with staging(shop, "noisy=5dB"):
        done = ivrtest("calibrate", "--target", "staging", cwd=shop)
    assert done.returncode == 2, done.stdout + done.stderr
    problem = json.loads((shop / ".ivrtest" / "routes" / "staging.json").read_text(encoding="utf-8"))["problem"]
    heard_none = r"no recording was heard as it is in 1 call\. the first call that went wrong: could not tell: .*"
    assert re.fullmatch(rf"[1-5] of [1-5] recordings could not be told: speech stands [0-9] dB above the noise|{heard_none}", problem)
    assert f"too bad to judge: {problem}" in done.stdout.splitlines()


def test_a_recording_that_is_refused_is_told_with_its_place(shop: Path) -> None:
    found = calibrated_by(shop, "clipped-prompt=500ms@hours", code=1)
    assert found["refused"]["count"] == 1
    (complaint,) = found["complaints"]
    assert re.fullmatch(
        r'"A caller hears the hours", step 5: "hours" in "en" '
        r'was cut off at [0-9.]+ s, before "the week." \([0-9.]+ s into the recording\)',
        complaint,
    )


def test_nobody_there(shop: Path) -> None:
    """What was measured before still holds."""
    (shop / "route.json").write_text("as before", encoding="utf-8")
    done = ivrtest("calibrate", "--target", "sip:shop@127.0.0.1:9", "--out", "route.json", cwd=shop)
    assert done.returncode == 2
    assert "too bad to judge: no recording was heard as it is in 1 call. the first call that went wrong: " in done.stdout
    assert done.stdout.splitlines()[-1] == "no call was answered: nothing was written to route.json"
    assert (shop / "route.json").read_text(encoding="utf-8") == "as before"


def test_nothing_to_hold(shop: Path) -> None:
    (shop / "nothing").mkdir()
    done = ivrtest("calibrate", "nothing", "--target", "sip:shop@127.0.0.1:9", cwd=shop)
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        'ivrtest: there is no scenario in "nothing". a scenario is a file ".yaml" with "ivrtest: scenario/1"\n',
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), '"--target" is missing. give one'),
        (("--target", "stagign"), '"stagign" is neither a URI nor the name of a target. ivrtest.toml names no targets. give a SIP URI'),
        (
            ("--target", "pyvoip:1001"),
            'pyVoIP shows nobody its packets, so "pyvoip:1001" cannot be calibrated. give a SIP URI',
        ),
    ],
)
def test_what_cannot_be_used(shop: Path, arguments: tuple[str, ...], message: str) -> None:
    done = ivrtest("calibrate", *arguments, cwd=shop)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines()[0] == f"ivrtest: {message}"


def test_a_spoilt_route_is_told_before_anybody_is_called(shop: Path) -> None:
    path = shop / ".ivrtest" / "routes" / "sip-shop-127.0.0.1-9.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}", encoding="utf-8")
    done = ivrtest("run", "--target", "sip:shop@127.0.0.1:9", cwd=shop)
    assert done.returncode == 3
    assert "holds no calibrated route (\"ivrtest/route/1\"): the whole: 'format' is a required property" in done.stderr + done.stdout


def test_nobody_is_called_for_a_route_that_cannot_be_written(shop: Path) -> None:
    (shop / "file").write_text("x", encoding="utf-8")
    done = ivrtest("calibrate", "--target", "sip:shop@127.0.0.1:9", "--out", "file/route.json", cwd=shop)
    assert (done.returncode, done.stdout, done.stderr) == (
        3,
        "",
        'file:1:1: error: nothing can be written to "file": it is a file. name another folder [path]\n',
    )
