"""`ivrtest check --witness DIR`: the scenarios that it writes, as people use them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ivrtest.cli.check import command
from ivrtest.cli.run import command as run

SHOP = """\
ivrtest: flow/1
name: shop
entry: main
languages: [en]
prompts: {main_menu: {en: "For an agent, press 0."}, goodbye: {en: "Goodbye."}}
nodes:
  main:
    menu: {prompt: main_menu, keys: {"0": agent}, no_input: {then: agent}, no_match: {retries: 1}}
  agent:
    transfer: {to: "sip:agents@127.0.0.1", busy: bye, no_answer: bye, failed: bye}
  bye:
    hang_up: {prompt: goodbye}
"""
SCENARIO = Path("witness/shop-dead-end-1.yaml")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("flows").mkdir()
    Path("flows/shop.yaml").write_text(SHOP, encoding="utf-8")


def check(*arguments: str) -> tuple[int | str | None, str]:
    result = CliRunner().invoke(command, ["--no-recordings", *arguments], standalone_mode=False)
    return result.return_value, result.output


def test_what_is_found_is_written_as_a_scenario_that_fails_until_it_is_put_right() -> None:
    code, output = check("--witness", "witness")
    assert code == 1
    assert output.endswith(f"1 flow checked: 1 error\nwrote {SCENARIO}\n")
    simulated = CliRunner().invoke(run, ["--simulate", "witness"], standalone_mode=False)
    assert simulated.return_value == 1
    assert 'before a transfer to "sip:agents@127.0.0.1"' in " ".join(simulated.output.split())
    Path("flows/shop.yaml").write_text(SHOP.replace("retries: 1}", "retries: 1, then: agent}"), encoding="utf-8")
    assert CliRunner().invoke(run, ["--simulate", "witness"], standalone_mode=False).return_value == 0


def test_nothing_that_a_call_would_show() -> None:
    Path("flows/shop.yaml").write_text(SHOP.replace("retries: 1}", "retries: 1, then: agent}"), encoding="utf-8")
    code, output = check("--witness", "witness")
    assert code == 0
    assert output == "note: no scenario is written: nothing was found that a call would show\n1 flow checked, nothing wrong\n"
    assert not Path("witness").exists()


def test_what_the_baseline_knows_is_not_written() -> None:
    check("--write-baseline", "known.json")
    check("--baseline", "known.json", "--witness", "witness")
    assert not Path("witness").exists()


def test_a_folder_that_cannot_be_written() -> None:
    Path("witness").symlink_to("/dev/null/nowhere")
    code, output = check("--witness", "witness")
    assert code == 3
    assert f'"{SCENARIO}" cannot be written' in output
