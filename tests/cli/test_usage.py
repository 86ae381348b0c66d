"""What click says of a command line, in the words of all other messages: whole, and with exit code 3."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_main import ivrtest

TOLD = {
    "run --jobs x": '"--jobs" is "x". it must be a whole number, at least 1',
    "run --jobs": '"--jobs" has no value. give one',
    "run --target": '"--target" has no value. give URI|NAME',
    "run --trace=3": '"--trace" takes no value. leave it out',
    "run --jbos 3": 'there is no option "--jbos". did you mean "--jobs"?',
    "run --zzz": 'there is no option "--zzz"',
    "run --pcap file": '"--pcap" is "file". it must be a folder',
    "check --baseline .": '"--baseline" is ".". it must be a file',
    "check --format xyz": '"--format" is "xyz". it must be "text", "json", "sarif", "github" or "junit"',
    "check --calendar 12": '"--calendar" is "12". it must be a whole number from 1970 to 9998',
    "prompts confusable a.yaml --least -1": '"--least" is "-1.0". it must be a number, at least 0',
    "serve": "FLOW is missing. give one",
    "identify sounds": "AUDIO is missing. give one or more",
    "schema menu": 'LANGUAGE is "menu". it must be "flow", "scenario", "route" or "hearing"',
    "effort a.yaml b.yaml c.yaml": (
        'too many arguments: "b.yaml c.yaml" is left over. give 1 at most, and put what has spaces in it in quotes'
    ),
    "rules a": 'too many arguments: "a" is left over. give none, and put what has spaces in it in quotes',
    "prompts lits": 'no such command "lits". did you mean "list"?',
    "prompts x": 'no such command "x". the commands are compare, confusable, list, render, transcribe',
    "identify sounds a.wav --channel 9": 'there is no channel "9". choose auto, left, right, mix, each, or a number from 1 to 8',
}


@pytest.mark.parametrize("line", list(TOLD))
def test_a_command_line_that_cannot_be_used(line: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    done = ivrtest(*line.split(), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    command = "prompts confusable" if "confusable" in line else line.split()[0]
    assert done.stderr == f"ivrtest: {TOLD[line]}\ntry: python -m ivrtest {command} --help\n"


AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
"""Takes from the superuser that he may read everything."""


@pytest.mark.skipif(bool(AS_ANYBODY) and shutil.which("setpriv") is None, reason="the superuser may read everything")
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("identify closed a.wav", 'LIBRARY is "closed": permission denied. give yourself the right to read it'),
        ("identify sounds closed.wav", 'cannot read recording "closed.wav": permission denied. give yourself the right to read it'),
        ("identify sounds closed.pcap", 'cannot read capture "closed.pcap": permission denied. give yourself the right to read it'),
        ("check --baseline closed.pcap", '"--baseline" is "closed.pcap": permission denied. give yourself the right to read it'),
    ],
)
def test_what_may_not_be_read(line: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    shutil.copy(Path(__file__).parents[2] / "flows/prompts/bank/en/goodbye.wav", tmp_path / "sounds")
    (tmp_path / "closed").mkdir(mode=0)
    for name in ("closed.wav", "closed.pcap"):
        (tmp_path / name).touch(mode=0)
    command = [*AS_ANYBODY, sys.executable, "-m", "ivrtest", *line.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[0]) == (3, "", f"ivrtest: {told}")
