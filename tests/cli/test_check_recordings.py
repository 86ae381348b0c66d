"""`ivrtest check` and the recordings beside a flow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ivrtest.audio.recording_file import write_wav
from ivrtest.cli.check import command

FLOW = """\
ivrtest: flow/1
name: shop
entry: main
languages: [en]
prompts:
  ask: {en: "For sales, press 1."}
  bye: {en: "Goodbye and thank you."}
nodes:
  main:
    announce: {prompt: ask, goto: end}
  end:
    hang_up: {prompt: bye}
"""
TIME = np.arange(12000) / 8000
VOICE = (6000 * np.sin(2 * np.pi * (300 + 200 * np.sin(3 * TIME)) * TIME) * (1 + np.sin(17 * TIME))).astype(np.int16)
SELECTED = ("--select", "indistinguishable-prompts", "--select", "silent-recording")


def checked(folder: Path, *options: str) -> tuple[object, str]:
    done = CliRunner().invoke(command, [str(folder / "shop.yaml"), *SELECTED, *options], standalone_mode=False)
    return done.return_value, done.output


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(FLOW, encoding="utf-8")
    recordings = tmp_path / "prompts" / "shop" / "en"
    recordings.mkdir(parents=True)
    write_wav(recordings / "ask.wav", VOICE)
    write_wav(recordings / "bye.wav", (VOICE * 0.8).astype(np.int16))
    return tmp_path


def test_recordings_that_only_sound_alike_are_found_when_asked_for(shop: Path) -> None:
    assert checked(shop)[0] == 0
    code, output = checked(shop, "--listen")
    assert code == 1
    assert 'recording "en/bye" sounds the same as "en/ask", although the words differ. record one of them again' in output


def test_a_copy_is_found_without_asking(shop: Path) -> None:
    write_wav(shop / "prompts" / "shop" / "en" / "bye.wav", VOICE)
    code, output = checked(shop)
    assert code == 1
    assert 'recording "en/bye" is the same sound as "en/ask", although the words differ. record one of them again' in output


def test_a_silent_recording_is_found(shop: Path) -> None:
    write_wav(shop / "prompts" / "shop" / "en" / "bye.wav", np.zeros(8000, np.int16))
    code, output = checked(shop)
    assert code == 1
    assert 'the recording of prompt "bye" in "en" is silent for its 1.0 s. record the words again' in output


def test_listening_needs_recordings(shop: Path) -> None:
    done = CliRunner().invoke(command, [str(shop / "shop.yaml"), "--listen", "--no-recordings"])
    assert '"--listen" compares recordings, so "--no-recordings" has no meaning with it. give one of them' in done.output
