"""`ivrtest effort`: keys, menus and seconds to each goal."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from ivrtest.cli.effort import command

FLOW = """\
ivrtest: flow/1
name: shop
entry: main
languages: [en, es]
prompts:
  choose: "For English, press 1. Para español, oprima 2."
  menu: {en: "For staff, press 1.", es: "Para hablar con alguien de nuestro personal, oprima 1."}
  bye: {en: "Goodbye.", es: "Adiós."}
nodes:
  main:
    menu: {prompt: choose, keys: {"1": staff, "2": {set: {language: es}, goto: staff}}, attempts: 3, exhausted: staff}
  staff:
    menu: {prompt: menu, keys: {"1": people}, attempts: 3, exhausted: bye}
  people:
    transfer: {to: "+12025550199", prompt: bye, busy: bye, no_answer: bye, failed: bye}
  bye:
    hang_up: {prompt: bye}
"""


def test_a_row_for_each_goal_nearest_first(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(FLOW, encoding="utf-8")
    done = CliRunner().invoke(command, [str(path), "--ways"], standalone_mode=False)
    assert done.return_value == 0
    assert [line.rstrip() for line in done.output.splitlines()] == [
        "goal             keys  menus  best     worst",
        "transfer people     2      2  ~5 s en  ~8 s es",
        "hang_up bye         2      2  ~6 s en  ~8 s es",
        "transfer people: call, press 1, press 1",
        'hang_up bye: call, press 1, press 1, transfer "people": busy',
    ]


def test_a_flow_that_cannot_be_used(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, [str(tmp_path / "none.yaml")], standalone_mode=False)
    assert done.return_value == 3
