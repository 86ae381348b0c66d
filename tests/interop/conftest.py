"""A small IVR, spoken, and what callers of it say."""

from __future__ import annotations

import pytest

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.flow.model import Flow
from ivrtest.flow.read import read_flow
from ivrtest.source.text import Source

DESK = """
ivrtest: flow/1
name: desk
entry: main
languages: [en]
prompts:
  menu: {en: "For opening hours, press 1. For your account, press 2."}
  account: {en: "Enter your account number."}
  thanks: {en: "Thank you for calling. Goodbye."}
nodes:
  main:
    menu:
      prompt: menu
      keys: {"1": bye, "2": account}
      no_input: {after: 20s, retries: 0, then: bye}
      no_match: {retries: 0, then: bye}
  account:
    collect:
      prompt: account
      into: account
      max: 5
      first_digit: 20s
      inter_digit: 5s
      attempts: 1
      exhausted: bye
      goto: bye
  bye:
    hang_up: {prompt: thanks}
"""


@pytest.fixture(scope="session")
def desk() -> Flow:
    reading = read_flow(Source("desk.yaml", DESK))
    assert reading.findings == ()
    assert reading.flow is not None
    return reading.flow


@pytest.fixture(scope="session")
def library(desk: Flow) -> PromptLibrary:
    return PromptLibrary(
        Recording(name, language, synthesise(words, language), words)
        for name, prompt in desk.prompts.items()
        for language, words in prompt.words.items()
    )
