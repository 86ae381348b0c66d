"""A small flow with recordings, and calls to it put together by hand, for the commands around hearing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivrtest.audio.pcm import Samples
from ivrtest.audio.recording_file import write_wav
from ivrtest.audio.synthesis import synthesise
from tests.cli.test_main import ivrtest

FLOW = """\
ivrtest: flow/1
name: shop
entry: start
languages: [en, es]
prompts:
  welcome: Welcome to the shop of all good things.
  menu: {en: "For opening hours, press 1. To speak to an agent, press 0.", es: "Para horarios, oprima 1. Para un agente, oprima 0."}
  goodbye: {en: Thank you and goodbye., es: Gracias y hasta luego.}
nodes:
  start:
    announce: {prompt: [welcome, menu], goto: end}
  end:
    hang_up: {prompt: goodbye}
"""
WORDS = {
    ("welcome", "mul"): ("Welcome to the shop of all good things.", "en"),
    ("menu", "en"): ("For opening hours, press 1. To speak to an agent, press 0.", "en"),
    ("menu", "es"): ("Para horarios, oprima 1. Para un agente, oprima 0.", "es"),
    ("goodbye", "en"): ("Thank you and goodbye.", "en"),
    ("goodbye", "es"): ("Gracias y hasta luego.", "es"),
}
SPOKEN = {key: synthesise(words, voice) for key, (words, voice) in WORDS.items()}
WELCOME, MENU, GOODBYE = SPOKEN["welcome", "mul"], SPOKEN["menu", "en"], SPOKEN["goodbye", "en"]


def silence(seconds: float) -> Samples:
    return np.zeros(round(8000 * seconds), np.int16)


def in_turn(*sounds: Samples) -> Samples:
    """Sounds one after another, with pauses around them."""
    parts = [silence(0.5)]
    for sound in sounds:
        parts += [sound, silence(0.6)]
    return np.concatenate(parts)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with `shop.yaml` and its recordings."""
    (tmp_path / "shop.yaml").write_text(FLOW, encoding="utf-8")
    for (prompt, language), samples in SPOKEN.items():
        path = tmp_path / "prompts" / "shop" / language / f"{prompt}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, samples)
    return tmp_path


def identify(shop: Path, *arguments: str, library: str = "shop.yaml") -> tuple[int, list[dict[str, Any]], str]:
    """Return the exit code, the passages, and what was said on standard error."""
    done = ivrtest("identify", "--json", library, *arguments, cwd=shop)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def heard(passages: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """What a passage says in short: prompt and verdict, or key."""
    return [("key", one["key"]) if one["key"] else (one["prompt"] or "", one["verdict"]) for one in passages]
