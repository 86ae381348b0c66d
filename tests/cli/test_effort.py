"""`ivrtest effort`: keys, menus and seconds to each goal."""

from __future__ import annotations

from pathlib import Path

import pytest
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


def test_what_the_flow_does_not_have_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = FLOW.replace('keys: {"1": people}', 'keys: {"1": peeple, "2": {goto: ask}, "3": people}')
    text = text.replace("hang_up: {prompt: bye}", "hang_up: {prompt: by}")
    Path("shop.yaml").write_text(text + "  ask:\n    call_flow: {flow: nobody, goto: bye}\n", encoding="utf-8")
    done = CliRunner().invoke(command, ["shop.yaml"], standalone_mode=False)
    assert done.return_value == 1
    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        "goal             keys  menus  best     worst",
        "transfer people     2      2  ~5 s en  ~8 s es",
        "hang_up bye         2      2  ~5 s en  ~8 s es",
    ]
    assert [line for line in done.stderr.splitlines() if not line.startswith("   ")] == [
        (
            'shop.yaml:13:38: error: key "1" of menu "staff" leads to "peeple", and no node has that name. '
            'did you mean "people"? [unknown-target]'
        ),
        "  how a caller gets there: call, press 1, press 1",
        'shop.yaml:17:23: error: hang_up "bye" says prompt "by", and the flow has no such prompt. did you mean "bye"? [unknown-prompt]',
        "  how a caller gets there: call, press 1, wait 5 s, wait 5 s, wait 5 s",
        'shop.yaml:19:23: error: call_flow "ask" calls flow "nobody", and no flow has that name. expected "shop" [unknown-flow]',
        "  how a caller gets there: call, press 1, press 2",
        "ivrtest: what callers would reach beyond that is not counted",
    ]
