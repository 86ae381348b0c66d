from __future__ import annotations

from pathlib import Path

import pytest

from ivrtest.audio.recording_file import read_comment, write_wav
from ivrtest.audio.synthesis import synthesise
from tests.cli.test_main import ivrtest

FLOW = """\
ivrtest: flow/1
name: shop
entry: start
languages: [en, es]
prompts:
  welcome: Welcome.
  balance_is: {en: Your balance is, es: Su saldo es}
nodes:
  start:
    announce: {prompt: [welcome, balance_is, {digits: "12"}], goto: end}
  end:
    hang_up: {prompt: welcome}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "shop.yaml").write_text(FLOW, encoding="utf-8")
    return tmp_path


def test_missing_recordings_are_rendered_and_marked(shop: Path) -> None:
    done = ivrtest("prompts", "render", cwd=shop)
    assert (done.returncode, done.stdout, done.stderr) == (0, "23 of 23 recordings rendered\n", "")
    spanish = shop / "flows/prompts/shop/es/balance_is.wav"
    assert read_comment(spanish).startswith("synthetic: espeak-ng ")
    assert (shop / "flows/prompts/shop/mul/welcome.wav").exists()
    assert ivrtest("prompts", "render", cwd=shop).stdout == "0 of 23 recordings rendered\n"
    assert ivrtest("prompts", "list", cwd=shop).returncode == 0


def test_changed_words_are_rendered_again_and_recorded_ones_are_left_alone(shop: Path) -> None:
    own = shop / "flows/prompts/shop/mul/welcome.wav"
    own.parent.mkdir(parents=True)
    write_wav(own, synthesise("Hello and welcome", "en"))
    before = own.read_bytes()
    ivrtest("prompts", "render", cwd=shop)
    path = shop / "flows/shop.yaml"
    path.write_text(FLOW.replace("Welcome.", "Welcome back.").replace("Su saldo es", "El saldo es"), encoding="utf-8")
    listed = ivrtest("prompts", "list", cwd=shop)
    assert listed.returncode == 1
    assert "out of date: the words have changed since it was rendered" in listed.stdout
    assert listed.stdout.splitlines()[-1] == "23 recordings needed, 1 missing, out of date or unusable"
    assert ivrtest("prompts", "render", cwd=shop).stdout == "1 of 23 recordings rendered\n"
    assert own.read_bytes() == before


def test_what_cannot_be_used_is_told(shop: Path) -> None:
    done = ivrtest("prompts", "list", "flows/other.yaml", cwd=shop)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == 'flows/other.yaml:1:1: error: there is no file "flows/other.yaml" [unreadable]\n'
    own = shop / "flows/prompts/shop/mul/welcome.wav"
    own.parent.mkdir(parents=True)
    own.write_text("not sound", encoding="utf-8")
    listed = ivrtest("prompts", "list", cwd=shop)
    assert listed.returncode == 1
    assert "Traceback" not in listed.stderr


def test_a_language_without_a_voice_is_told(shop: Path) -> None:
    path = shop / "flows/shop.yaml"
    path.write_text(FLOW.replace("[en, es]", "[en, xx]").replace(" es:", " xx:").replace(', {digits: "12"}', ""), encoding="utf-8")
    done = ivrtest("prompts", "render", cwd=shop)
    assert done.returncode == 3
    assert done.stderr == 'ivrtest: no espeak-ng voice speaks language "xx". did you mean "xex"?\n'
