"""`ivrtest hours`: one moment, two weeks, a year."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ivrtest.cli.hours import command

FLOW = """\
ivrtest: flow/1
name: shop
entry: hours
languages: [en]
time_zone: America/New_York
prompts: {closed: {en: "We are closed."}}
nodes:
  hours:
    hours:
      schedule: {mon-fri: ["09:00-12:00", "13:00-17:00"]}
      holidays: [{date: "2026-12-25", name: Christmas}]
      open: staff
      closed: box
      holiday: closed
  staff:
    transfer: {to: "+12025550199", busy: box, no_answer: box, failed: box}
  box:
    voicemail: {greeting: closed, recorded: closed, empty: closed}
  closed:
    hang_up: {prompt: closed}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(FLOW, encoding="utf-8")
    return path


def ran(*arguments: object) -> tuple[object, str]:
    done = CliRunner().invoke(command, [str(argument) for argument in arguments], standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.output


def test_a_moment_by_the_clock_of_the_flow(shop: Path) -> None:
    code, output = ran(shop, "--at", "2026-12-24T09:00")
    assert code == 0
    assert output.splitlines() == [
        "2026-12-24 09:00 in America/New_York",
        'hours "hours": open until 2026-12-24 12:00',
        'callers reach a person: call, hours "hours": open',
    ]


def test_a_moment_at_which_nobody_answers(shop: Path) -> None:
    code, output = ran(shop, "--at", "2026-12-25T14:00+00:00")
    assert code == 1
    assert output.splitlines() == [
        "2026-12-25 09:00 in America/New_York",
        'hours "hours": holiday (Christmas) until 2026-12-26 00:00',
        'callers reach nobody: call, hours "hours": holiday',
    ]


def test_every_minute_of_a_year(shop: Path) -> None:
    code, output = ran(shop, "--year", "2026")
    assert code == 1
    shown, _, found = output.partition(f"{shop}:8:3")
    assert shown == (
        'hours "hours", America/New_York, 2026\n'
        "  mon-fri         09:00-12:00, 13:00-17:00\n"
        "  sat-sun         closed\n"
        "  2026-12-25 fri  holiday (Christmas)\n"
        "\n"
        "525600 minutes of 2026 in 1043 periods: 3 combinations of opening hours, each followed to its end\n"
        '  callers reach a person in 109200 minutes (20.8 %): call, hours "hours": open\n'
        '  callers reach an answer later in 414960 minutes (78.9 %): call, hours "hours": closed\n'
        '  callers reach nobody in 1440 minutes (0.3 %): call, hours "hours": holiday\n'
    )
    assert 'nobody answers from "2026-12-25 00:00" to "2026-12-26 00:00": hours "hours" says so.' in found


def test_a_year_without_such_a_minute(shop: Path) -> None:
    code, output = ran(shop, "--year", "2027")
    assert (code, output.splitlines()[-1]) == (0, "there is no minute at which callers reach nobody")


def test_two_weeks(shop: Path) -> None:
    code, output = ran(shop)
    assert code == 0
    lines = output.splitlines()
    assert lines[0].startswith('hours "hours", America/New_York: now ')
    assert len(lines) == 15


def test_a_flow_without_opening_hours(tmp_path: Path) -> None:
    path = tmp_path / "always.yaml"
    path.write_text("ivrtest: flow/1\nname: always\nentry: end\nnodes:\n  end: {hang_up: {}}\n", encoding="utf-8")
    assert ran(path) == (0, 'flow "always" has no opening hours: it is the same at any time\n')


def test_a_flow_that_cannot_be_used(tmp_path: Path) -> None:
    assert ran(tmp_path / "none.yaml")[0] == 3


def test_a_moment_that_is_none(shop: Path) -> None:
    done = CliRunner().invoke(command, [str(shop), "--at", "noon"])
    assert '"--at" is "noon". it must be a moment such as 2026-12-25T09:00' in done.output
