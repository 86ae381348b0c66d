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


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        ("prompts", "../elsewhere/shop"),
        ("prompts/shop", "../elsewhere"),
        ("prompts/shop/es", "../elsewhere"),
        ("prompts/shop/es/digits", "../elsewhere"),
    ],
)
def test_nothing_is_rendered_through_a_link_that_leads_out_of_the_folder(link: str, leads_to: str, shop: Path) -> None:
    (shop / "elsewhere").mkdir()
    folder = shop / "flows" / link
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(shop / "elsewhere")
    done = ivrtest("prompts", "render", cwd=shop)
    told = "prompts/shop" if link == "prompts" else link
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines()[0] == (
        f'flows/shop.yaml:2:7: error: the folder of recordings "{told}" lies outside of the flow\'s folder, at "{leads_to}". '
        f'copy it to "{told}" [flow-file-outside-root]'
    )
    assert list((shop / "elsewhere").iterdir()) == []


def test_nor_is_a_recording_elsewhere_spoken_anew(shop: Path) -> None:
    assert ivrtest("prompts", "render", cwd=shop).returncode == 0
    (shop / "away").mkdir()
    own = shop / "flows/prompts/shop/mul/welcome.wav"
    own.rename(shop / "away/welcome.wav")
    own.symlink_to(shop / "away/welcome.wav")
    (shop / "flows/shop.yaml").write_text(FLOW.replace("Welcome.", "Hello."), encoding="utf-8")
    done = ivrtest("prompts", "render", cwd=shop)
    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == (
        'flows/shop.yaml:6:12: error: the recording of "welcome" in "mul" lies outside of the flow\'s folder, at "../away/welcome.wav". '
        'copy it to "prompts/shop/mul/welcome.wav" [flow-file-outside-root]'
    )
    assert own.is_symlink()


def test_links_within_the_folder_are_followed(shop: Path) -> None:
    (shop / "flows/sounds").mkdir()
    (shop / "flows/prompts/shop").mkdir(parents=True)
    (shop / "flows/prompts/shop/mul").symlink_to("../../sounds")
    assert ivrtest("prompts", "render", cwd=shop).returncode == 0
    assert [path.name for path in (shop / "flows/sounds").iterdir()] == ["welcome.wav"]
