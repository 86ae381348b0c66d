"""What click says of a command line, in the words of all other messages: whole, and with exit code 3."""

from __future__ import annotations

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
