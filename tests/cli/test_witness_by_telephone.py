"""Scenarios that `ivrtest check --witness` writes where words or a recording are missing: red until they are there, by sound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_main import ivrtest

pytestmark = pytest.mark.calls

SHOP = """\
ivrtest: flow/1
name: shop
entry: choose
languages: [en, es]
prompts:
  which: "For English, press 1. Para español, oprima 2."
  hours: {en: We are open from nine to five.}
  bye: {en: Thank you and goodbye., es: Gracias y hasta luego.}
nodes:
  choose:
    menu:
      prompt: which
      keys: {1: {set: {language: en}, goto: say}, 2: {set: {language: es}, goto: say}}
      attempts: 2
      exhausted: end
  say:
    announce: {prompt: hours, goto: end}
  end:
    hang_up: {prompt: bye}
"""
RULES = ("--select", "prompt-not-in-language", "--select", "missing-recording")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The Spanish hours have no words, the English farewell no recording."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/shop.yaml").write_text(SHOP, encoding="utf-8")
    assert ivrtest("prompts", "render", cwd=tmp_path).returncode == 0
    (tmp_path / "flows/prompts/shop/en/bye.wav").unlink()
    assert ivrtest("check", *RULES, "--witness", "witness", cwd=tmp_path).returncode == 1
    return tmp_path


def last_steps(folder: Path) -> dict[str, tuple[str, str]]:
    """Return status and message of the last step of each scenario, by file. All others have passed."""
    found = json.loads((folder / "reports/results.json").read_text(encoding="utf-8"))["scenarios"]
    for scenario in found:
        assert {step["status"] for step in scenario["steps"][:-1]} == {"passed"}
    return {Path(each["file"]).name: (each["steps"][-1]["status"], each["steps"][-1]["message"]) for each in found}


def test_they_fail_until_it_is_there(shop: Path) -> None:
    last = (shop / "witness/shop-missing-recording-1.yaml").read_text(encoding="utf-8").splitlines()[-1]
    assert last == '  - {hear: ["bye"], may_be_missing: true}'
    done = ivrtest("run", "witness", cwd=shop)
    assert (done.returncode, done.stderr) == (1, "")
    found = last_steps(shop)
    assert {name: status for name, (status, _) in found.items()} == {
        "shop-missing-recording-1.yaml": "failed",
        "shop-prompt-not-in-language-1.yaml": "failed",
    }
    assert found["shop-missing-recording-1.yaml"][1].endswith(', before "bye" in "en" was heard')
    assert found["shop-prompt-not-in-language-1.yaml"][1].startswith('heard "hours" in the wrong language: "en" instead of "es", from ')
    words = SHOP.replace("nine to five.}", "nine to five., es: Atendemos de nueve a cinco.}")
    (shop / "flows/shop.yaml").write_text(words, encoding="utf-8")
    assert ivrtest("prompts", "render", cwd=shop).returncode == 0
    done = ivrtest("run", "witness", cwd=shop)
    assert done.returncode == 0, done.stdout
    assert ivrtest("check", *RULES, cwd=shop).returncode == 0


def test_what_may_not_be_missing_is_refused_before_any_call(shop: Path) -> None:
    file = shop / "witness/shop-missing-recording-1.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(", may_be_missing: true", ""), encoding="utf-8")
    done = ivrtest("run", "witness/shop-missing-recording-1.yaml", cwd=shop)
    assert (done.returncode, done.stdout) == (3, "")
    line = len(file.read_text(encoding="utf-8").splitlines())
    assert done.stderr.splitlines()[0] == (
        f'witness/shop-missing-recording-1.yaml:{line}:13: error: there is no recording of prompt "bye" in "en", so nobody could '
        "recognise it. record it, or run: ivrtest prompts render flows/shop.yaml [missing-recording]"
    )
