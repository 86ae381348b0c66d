"""A small bank, and recordings for it."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.flow.model import Flow
from ivrtest.flow.read import read_flow
from ivrtest.source.text import Source

BANK = """
ivrtest: flow/1
name: bank
entry: language
languages: [en, es]
prompts:
  choose: "For English, press 1. Para español, oprima 2."
  menu: {en: "Main menu.", es: "Menú principal."}
  pin: {en: "Your PIN, please.", es: "Su clave, por favor."}
  wait: {en: "Please wait.", es: "Espere, por favor."}
  legal: {en: "Calls are recorded.", es: "Las llamadas se graban."}
  balance: {en: "Your balance is", es: "Su saldo es"}
  music: "La la la."
  leave: {en: "Leave a message.", es: "Deje un mensaje."}
  again: {en: "To keep it, press 1.", es: "Para guardarlo, oprima 1."}
  missing: {en: "Nobody recorded this.", es: "Nadie grabó esto."}
  bye: {en: "Goodbye.", es: "Adiós."}
nodes:
  language:
    menu:
      prompt: choose
      keys:
        "1": {set: {language: en}, goto: main}
        "2": {set: {language: es}, goto: main}
      no_input: {after: 3s, retries: 1, then: bye}
      no_match: {retries: 1, then: bye}
  main:
    menu:
      prompt: menu
      keys: {"1": pin, "2": queue, "3": voicemail, "4": transfer, "5": legal, "6": missing, "7": stay, "8": nowhere}
      no_input: {after: 3s, retries: 0, then: bye}
      no_match: {retries: 0, then: bye}
  legal:
    announce: {prompt: legal, barge_in: false, early_keys: kept, goto: pin}
  pin:
    collect: {prompt: pin, into: pin, min: 4, max: 4, terminator: none, secret: true, attempts: 1, exhausted: bye, goto: lookup}
  lookup:
    lookup:
      name: balance
      prompt: wait
      music: music
      with: {pin: pin}
      timeout: 4s
      outcomes: {found: balance}
      failed: bye
      timed_out: bye
  balance:
    announce: {prompt: [balance, {digits: amount}], goto: bye}
  queue:
    queue:
      name: sales
      prompt: wait
      music: music
      max_wait: 60s
      zero_out: {"0": voicemail}
      overflow: voicemail
      timed_out: bye
      no_agents: bye
  voicemail:
    voicemail: {greeting: leave, max: 10s, silence_end: 2s, review: {prompt: again}, recorded: bye, empty: bye}
  transfer:
    transfer: {to: "+15550100", timeout: 5s, prompt: wait, busy: bye, no_answer: bye, failed: bye}
  stay:
    transfer: {to: "sip:sales@127.0.0.1", answered: bye, busy: bye, no_answer: bye, failed: bye}
  missing:
    announce: {prompt: missing, goto: bye}
  nowhere:
    call_flow: {flow: nowhere, goto: bye}
  bye:
    hang_up: {prompt: bye}
"""

SECONDS = {
    "choose": 2.0,
    "menu": 1.0,
    "pin": 1.0,
    "wait": 0.5,
    "legal": 2.0,
    "balance": 0.5,
    "music": 0.75,
    "leave": 0.5,
    "again": 0.5,
    "bye": 0.5,
}
"""How long each recording is. A spoken digit lasts 0.2 s."""


@pytest.fixture(scope="session")
def bank() -> Flow:
    reading = read_flow(Source("bank.yaml", BANK))
    assert reading.findings == ()
    assert reading.flow is not None
    return reading.flow


@pytest.fixture(scope="session")
def library(bank: Flow) -> PromptLibrary:
    """Each recording is noise of its own, so that it is found sample by sample."""
    seconds = {(name, language): SECONDS[name] for name, prompt in bank.prompts.items() for language in prompt.words if name in SECONDS}
    seconds |= {(f"digits/{digit}", language): 0.2 for digit in range(10) for language in ("en", "es")}
    return PromptLibrary(
        Recording(prompt, language, np.random.default_rng(number).integers(-9000, 9000, round(length * 8000), dtype=np.int16))
        for number, ((prompt, language), length) in enumerate(seconds.items())
    )
