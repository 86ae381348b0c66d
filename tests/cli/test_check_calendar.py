"""`ivrtest check --calendar`: whom callers reach at every minute of a year."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ivrtest.cli.check import command
from tests.cli.test_hours import FLOW


def check(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, ["--no-recordings", *arguments], standalone_mode=False, catch_exceptions=False)
    assert isinstance(done.return_value, int)
    return done.return_value, done.output


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("shop.yaml")
    path.write_text(FLOW, encoding="utf-8")
    return path


def test_a_minute_at_which_nobody_answers_is_a_finding() -> None:
    assert check("--calendar", "2026", "--select", "nobody-answers", "shop.yaml") == (
        1,
        (
            'shop.yaml:8:3: error: nobody answers from "2026-12-25 00:00" to "2026-12-26 00:00": hours "hours" says so. let callers leave '
            "a message or ask for a call back then [nobody-answers]\n"
            "    8 |   hours:\n"
            "      |   ^~~~~\n"
            '  how a caller gets there: call, hours "hours": holiday\n'
            'note: flow "shop": of all 525600 minutes of 2026, callers reach a person in 109200, '
            "an answer later in 414960, nobody in 1440\n"
            "1 flow checked: 1 error\n"
        ),
    )


def test_a_year_without_such_a_minute_is_proved() -> None:
    assert check("--calendar", "2027", "--select", "nobody-answers", "shop.yaml") == (
        0,
        (
            'note: flow "shop": of all 525600 minutes of 2027, callers reach a person in 109620, an answer later in 415980\n'
            "1 flow checked, nothing wrong\n"
        ),
    )


def test_without_a_year_the_rule_does_not_look() -> None:
    with pytest.raises(click.UsageError) as caught:
        check("--select", "nobody-answers", "shop.yaml")
    assert caught.value.message == 'rule "nobody-answers" looks at a year. name one with "--calendar YEAR"'
    (file,) = json.loads(check("--format", "json", "shop.yaml")[1])["files"]
    assert "nobody-answers" not in file["examined"] + file["unexamined"]
    (file,) = json.loads(check("--format", "json", "--calendar", "2026", "shop.yaml")[1])["files"]
    assert "nobody-answers" in file["examined"]
