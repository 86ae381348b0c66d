"""A byte of a file name that is no text is written as `\xff` in the terminal and in every report, and as `%FF` in addresses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ivrtest.report.html import recording_of
from ivrtest.run.result import CallRecord
from tests.cli.test_main import ivrtest

FLOW = "ivrtest: flow/1\nname: shop\nentry: end\nlanguages: [en]\nnodes:\n  end:\n    hang_up: {}\n"
SCENARIO = "ivrtest: scenario/1\nname: Silence\nflow: shop\nsteps:\n  - ended: {by: ivr}\n"
FORMATS = ("json", "sarif", "junit", "github", "text")
TOLD = (
    r'f\xff.yaml:6:3: error: hang_up "end" ends the call before anything is said. '
    "say something first, such as {hang_up: {prompt: goodbye}} [silent-drop]"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / os.fsdecode(b"f\xff.yaml")).write_text(FLOW, encoding="utf-8")
    return tmp_path


def test_reports_of_a_check(shop: Path) -> None:
    done = ivrtest("check", ".", *(word for one in FORMATS for word in ("-o", f"{one}={one}.out")), cwd=shop)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[0] == TOLD
    text = {one: (shop / f"{one}.out").read_text(encoding="utf-8") for one in FORMATS}
    assert text["text"].splitlines()[0] == TOLD
    assert text["github"].startswith(r"::error file=f\xff.yaml,line=6,")
    assert [finding["file"] for finding in json.loads(text["json"])["findings"]] == [r"f\xff.yaml"]
    assert '"uri": "f%FF.yaml"' in text["sarif"]
    assert r'<testsuite errors="0" failures="1" name="f\xff.yaml"' in text["junit"]
    assert ElementTree.fromstring(text["junit"]).find("testsuite/testcase/failure") is not None


def test_a_baseline_knows_it_again(shop: Path) -> None:
    assert ivrtest("check", ".", "--write-baseline", "known.json", cwd=shop).returncode == 0
    assert json.loads((shop / "known.json").read_text(encoding="utf-8"))["findings"][0]["file"] == r"f\xff.yaml"
    done = ivrtest("check", ".", "--baseline", "known.json", cwd=shop)
    assert (done.returncode, done.stdout) == (0, '1 flow checked, nothing new; 1 known finding of "known.json" not shown\n')


@pytest.mark.calls
def test_reports_of_a_run(shop: Path) -> None:
    scenario = os.fsdecode(b"s\xff.yaml")
    (shop / scenario).write_text(SCENARIO, encoding="utf-8")
    out = os.fsdecode(b"o\xe9")
    done = ivrtest("run", scenario, "--flows", ".", "--out", out, "--junit", f"{out}.xml", cwd=shop)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-3:] == [r"wrote o\xe9.xml", r"wrote o\xe9/results.json", r"wrote o\xe9/report.html"]
    result = json.loads((shop / out / "results.json").read_text(encoding="utf-8"))["scenarios"][0]
    assert result["file"] == r"s\xff.yaml"
    junit = ElementTree.parse(shop / f"{out}.xml")
    story = junit.findtext("testsuite/testcase/system-out") or ""
    assert story.splitlines()[0] == r"s\xff.yaml:2:7: passed"
    assert f"recording: o\\xe9/{result['call']['recording']} (caller left, IVR right)" in story
    assert r"s\xff.yaml:2:7" in (shop / out / "report.html").read_text(encoding="utf-8")


def test_the_page_finds_such_a_recording(tmp_path: Path) -> None:
    name = os.fsdecode(b"call\xe9.wav")
    call = CallRecord("1", "sip:ivr@127.0.0.1", recording=tmp_path / "recordings" / name)
    recording = recording_of(call, tmp_path)
    assert recording is not None
    assert recording.url == "recordings/call%E9.wav"


def test_a_folder_of_recordings_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/recordings").symlink_to(tmp_path / "sounds")
    call = CallRecord("1", "sip:ivr@127.0.0.1", recording=tmp_path / "reports/recordings/call.wav")
    recording = recording_of(call, tmp_path / "reports")
    assert recording is not None
    assert recording.url == "recordings/call.wav"


def test_what_cannot_be_used(shop: Path) -> None:
    done = ivrtest("run", os.fsdecode(b"m\xffn\xc3\xbc.yaml"), cwd=shop)
    assert (done.returncode, done.stderr) == (3, r'm\xffnü.yaml:1:1: error: there is no file or folder "m\xffnü.yaml" [unreadable]' + "\n")
    done = ivrtest("effort", os.fsdecode(b"f\xff.yaml"), os.fsdecode(b"g\xff.yaml"), cwd=shop)
    assert done.stderr.splitlines()[0] == (
        r'ivrtest: too many arguments: "g\xff.yaml" is left over. give 1 at most, and put what has spaces in it in quotes'
    )
