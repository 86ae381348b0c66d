"""The classic call, end to end through the machine: Spanish, who is calling, the balance, a text message, a survey."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivrtest.flow.action import Action, HangUp, Happening, Key, Lookup, LookupEnded, Play, PlayEnded, Send, SendEnded, StopPlaying
from ivrtest.flow.machine import FlowMachine
from ivrtest.flow.model import Flow
from ivrtest.flow.read import load_flow

FLOWS = Path(__file__).parents[2] / "flows"


@pytest.fixture
def bank() -> FlowMachine:
    flows: dict[str, Flow] = {}
    for path in FLOWS.glob("*.yaml"):
        reading = load_flow(path)
        assert reading.flow is not None
        flows[reading.flow.name] = reading.flow
    return FlowMachine(flows["bank"], start_time=datetime(2026, 3, 4, 15, 0, tzinfo=UTC), flows=flows, caller="+12025550123")


def said(actions: tuple[Action, ...]) -> list[str]:
    return [f"{piece.language} {piece.prompt}" for action in actions if isinstance(action, Play) for piece in action.pieces]


def press(machine: FlowMachine, keys: str, at: float) -> tuple[Action, ...]:
    actions: tuple[Action, ...] = ()
    for place, key in enumerate(keys):
        actions = machine.on(Key(key, at + place / 10))
    return actions


def test_the_spanish_balance(bank: FlowMachine) -> None:
    assert said(bank.start()) == ["mul choose_language"]
    assert said(press(bank, "2", 3)) == ["es welcome"]
    assert said(bank.on(PlayEnded(5))) == ["es main_menu"]
    assert said(press(bank, "1", 7)) == ["es ask_account"]
    assert said(press(bank, "123456#", 9)) == ["es ask_pin"]
    assert bank.takes_secret
    assert said(press(bank, "4711", 12)) == ["es checking"]
    assert bank.on(PlayEnded(14)) == (Lookup("identify", {"account": "123456", "pin": "4711"}, frozenset({"pin"})),)
    assert said(bank.on(LookupEnded("known", 15))) == ["es looking_up"]
    assert bank.on(PlayEnded(15.5)) == (Lookup("balance", {"account": "123456"}),)
    balance = ["es balance_is", "es digits/1", "es digits/2", "es digits/0"]
    assert said(bank.on(LookupEnded("ok", 16, {"balance": 120}))) == balance
    assert said(bank.on(PlayEnded(20))) == ["es after_balance"]
    assert press(bank, "1", 22) == (StopPlaying(), Send("sms", "+12025550123", "Your balance is 120 dollars."))
    assert said(bank.on(SendEnded(True, 23))) == ["es text_sent"]
    assert said(bank.on(PlayEnded(24))) == ["es after_balance"]
    assert said(press(bank, "3", 25)) == ["es how_easy"]
    assert said(press(bank, "5", 26)) == ["es recommend"]
    assert said(press(bank, "10", 28)) == ["es goodbye"]
    assert bank.on(PlayEnded(30)) == (HangUp(),)
    assert [f"{visit.flow} {visit.node}: {visit.exit}" for visit in bank.visits] == [
        "bank language: key 2",
        "bank welcome: then",
        "bank main: key 1",
        "bank identify: identified",
        "identify account: entered",
        "identify pin: entered",
        "identify who: known",
        "bank balance: ok",
        "bank say_balance: then",
        "bank after_balance: key 1",
        "bank enough_texts: otherwise",
        "bank count_texts: then",
        "bank text_balance: sent",
        "bank text_sent: then",
        "bank after_balance: key 3",
        "bank survey: done",
        "bank goodbye: hang up",
    ]
    assert all(visit.trouble == () for visit in bank.visits)
    assert "4711" not in repr(bank.visits)


def test_three_wrong_pins_lead_to_an_agent(bank: FlowMachine) -> None:
    bank.start()
    happenings: list[Happening] = [Key("1", 1), PlayEnded(2), Key("1", 3)]
    for happening in happenings:
        bank.on(happening)
    for at in (10.0, 20.0, 30.0):
        press(bank, "12345#", at)
        press(bank, "0000", at + 2)
        bank.on(PlayEnded(at + 4))
        bank.on(LookupEnded("unknown", at + 5))
        actions = bank.on(PlayEnded(at + 6))
    assert said(actions) == ["en please_hold"]
    assert bank.variables["wrong_tries"] == 3
    assert bank.visits[3].exit == "stranger"
