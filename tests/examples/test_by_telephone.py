"""A handful of the examples as people run them: the command, real SIP and RTP, recognised by sound, and the reports they leave."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.examples.paths import BROKEN, SCENARIOS, expectation, timeless
from tests.examples.test_kept_report import fields, kept

pytestmark = pytest.mark.calls

QUIET = 100
"""No sample of a silent channel is louder: G.711 knows no smaller steps than 8."""
LOUD = 2000


@dataclass(frozen=True)
class Run:
    """What one `ivrtest run` left behind."""

    exit_code: int
    output: str
    folder: Path

    @property
    def result(self) -> dict[str, Any]:
        """The only scenario of `results.json`."""
        (result,) = json.loads((self.folder / "results.json").read_text())["scenarios"]
        assert isinstance(result, dict)
        return result

    @property
    def case(self) -> ElementTree.Element:
        """The only case of `junit.xml`."""
        (case,) = ElementTree.parse(self.folder / "junit.xml").getroot().iter("testcase")
        return case

    def recording(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """What the caller and the IVR sent, 8000 samples a second."""
        (file,) = (self.folder / "recordings").glob("*/*.wav")
        assert self.result["call"]["recording"] == f"recordings/{file.parent.name}/{file.name}"
        with wave.open(str(file)) as sound:
            assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8000, 2)
            samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)
        return samples[:, 0], samples[:, 1]


def call(scenario: Path, flows: Path, folder: Path) -> Run:
    command = [sys.executable, "-m", "ivrtest", "run", str(scenario), "--flows", str(flows), "--out", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=folder)
    return Run(ran.returncode, ran.stdout + ran.stderr, folder)


def loud(samples: np.ndarray[Any, Any]) -> bool:
    return bool(np.abs(samples.astype(int)).max(initial=0) > LOUD)


def silent(samples: np.ndarray[Any, Any]) -> bool:
    return bool(np.abs(samples.astype(int)).max(initial=0) < QUIET)


def shown(keys: str) -> re.Pattern[bytes]:
    """Match keys where they stand for themselves, together or one by one, not within a longer number or a time."""
    between = rb"[ ,\"'\[\]]{0,4}".join(re.escape(key.encode()) for key in keys)
    return re.compile(rb"(?<![0-9A-Za-z.+/])" + between + rb"(?![0-9A-Za-z.+/])")


def check_green(run: Run) -> None:
    assert run.exit_code == 0, run.output
    assert "1 passed in" in run.output
    result = run.result
    assert {step["status"] for step in result["steps"]} == {"passed"}
    assert (run.case.get("classname"), run.case.get("name")) == (result["flow"], result["name"])
    assert [child.tag for child in run.case] == ["system-out"]
    caller, ivr = run.recording()
    assert len(ivr) / 8000 == pytest.approx(result["call"]["ended_s"], abs=0.5)
    assert loud(ivr)
    pressed = [round(note["at_s"] * 8000) for note in result["call"]["notes"] if note["text"].startswith("pressed ")]
    assert pressed
    assert all(silent(caller[at : at + 800]) for at in pressed)
    assert loud(caller) == any(step["step"].startswith("speak") for step in result["steps"])


@pytest.mark.parametrize("name", ["bank/lost_card_at_christmas", "airline/baggage"])
def test_green(name: str, flows: Path, tmp_path: Path) -> None:
    check_green(call(SCENARIOS / f"{name}.yaml", flows, tmp_path))


def test_green_with_a_secret_that_is_in_nothing_it_leaves_behind(flows: Path, tmp_path: Path) -> None:
    scenario = SCENARIOS / "bank" / "spanish_balance.yaml"
    (pin,) = re.findall(r'press: "([0-9]+)"\n    secret: true', scenario.read_text())
    secret = shown(pin)
    assert secret.search(scenario.read_bytes())
    run = call(scenario, flows, tmp_path)
    check_green(run)
    pressed = [note["text"].removeprefix("pressed ") for note in run.result["call"]["notes"] if note["text"].startswith("pressed ")]
    assert "".join(pressed) == "21" + "55310#" + "••••" + "3" + "4" + "10"
    assert not secret.search(run.output.encode())
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"junit.xml", "results.json"} < {file.name for file in files}
    assert [file.name for file in files if secret.search(file.name.encode()) or secret.search(file.read_bytes())] == []


@pytest.mark.parametrize("name", ["language_loop", "language_swapped", "dangling_target"])
def test_red(name: str, flows: Path, tmp_path: Path) -> None:
    scenario = BROKEN / f"{name}.yaml"
    run = call(scenario, flows / "broken", tmp_path)
    assert run.exit_code == 1, run.output
    status, message = expectation(scenario)
    assert (run.result["status"], timeless(run.result["message"])) == (status, message)
    (failure,) = run.case.iter("failure")
    told = timeless(failure.get("message", ""))
    assert (failure.get("type"), told) == ("ivr-failed", f'step {failed_step(run)} of "{run.result["name"]}": {message}')
    assert told in timeless(run.output)
    assert loud(run.recording()[1])
    if name == "language_loop":
        # The kept report is of this scenario: has it the fields that reports have today?
        assert fields(run.result) == fields(kept())


def failed_step(run: Run) -> int:
    """Return the number of the step that decided."""
    return [step["status"] for step in run.result["steps"]].index("failed") + 1
