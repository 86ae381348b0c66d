"""The IVR that these tests call."""

from __future__ import annotations

from pathlib import Path

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.recording_file import write_wav

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
SCENARIO = """
ivrtest: scenario/1
name: A caller types an account number
flow: desk
steps:
  - hear: menu
  - press: 2
  - hear: account
  - press: "40795"
  - hear: thanks
  - ended: {by: ivr}
"""
SETTINGS = """
[dial]
allow = ["sip:*@{host}"]
"""


def lay_out(folder: Path, library: PromptLibrary, host: str) -> None:
    """Write a project: the flow, its recordings, a scenario, and the settings that allow calls to `host`."""
    for name in ("flows/prompts/desk/en", "scenarios"):
        (folder / name).mkdir(parents=True)
    (folder / "flows/desk.yaml").write_text(DESK, encoding="utf-8")
    (folder / "scenarios/account.yaml").write_text(SCENARIO, encoding="utf-8")
    (folder / "ivrtest.toml").write_text(SETTINGS.format(host=host), encoding="utf-8")
    for recording in library.recordings():
        write_wav(folder / f"flows/prompts/desk/{recording.language}/{recording.prompt}.wav", recording.samples)
