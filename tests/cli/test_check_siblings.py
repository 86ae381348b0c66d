"""Flows that call others, of which some cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ivrtest.cli.check import command

SHOP = """\
ivrtest: flow/1
name: shop
entry: who
languages: [en]
prompts:
  goodbye: {en: "Goodbye."}
nodes:
  who:
    call_flow: {flow: identify, goto: bye}
  bye:
    hang_up: {prompt: goodbye}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.yaml").write_text(SHOP, encoding="utf-8")


def check(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, ["--no-recordings", *arguments], standalone_mode=False, catch_exceptions=False)
    assert isinstance(done.return_value, int)
    return done.return_value, done.output


def told(wrong: str) -> str:
    return (
        'shop.yaml:9:23: error: call_flow "who" calls flow "identify", and "other.yaml" cannot be read. put it right first [unknown-flow]\n'
        "    9 |     call_flow: {flow: identify, goto: bye}\n"
        "      |                       ^~~~~~~~\n" + wrong + "1 flow checked: 1 error\n"
    )


def test_a_flow_whose_file_is_no_yaml_is_said_to_be_broken_where_it_is_called() -> None:
    Path("other.yaml").write_text("ivrtest: flow/1\nname: identify\nentry: {\n", encoding="utf-8")
    assert check("shop.yaml") == (
        1,
        told("other.yaml:3:9: note: a value is missing\n    3 | entry: {\n      |         ^\n"),
    )


def test_a_flow_that_is_read_in_part_is_broken_too() -> None:
    Path("other.yaml").write_text(SHOP.replace("shop", "identify").replace("hang_up", "hang_upp"), encoding="utf-8")
    code, text = check("shop.yaml")
    assert (code, text.splitlines()[3].split(" ")[0]) == (1, "other.yaml:11:5:")
    assert text.splitlines()[0] == told("").splitlines()[0]


def test_a_broken_file_that_nobody_calls_is_nobodys_business() -> None:
    Path("shop.yaml").write_text(SHOP.replace("call_flow: {flow: identify, goto", "announce: {prompt: goodbye, goto"), encoding="utf-8")
    Path("other.yaml").write_text("ivrtest: flow/1\nname: identify\nentry: {\n", encoding="utf-8")
    assert check("shop.yaml") == (0, "1 flow checked, nothing wrong\n")


def test_a_name_that_is_near_is_proposed_though_nobody_calls_it() -> None:
    Path("other.yaml").write_text(SHOP.replace("shop", "identity").replace("identify", "identity"), encoding="utf-8")
    assert check("shop.yaml", "--select", "unknown-flow")[1].splitlines()[0] == (
        'shop.yaml:9:23: error: call_flow "who" calls flow "identify", and no flow has that name. did you mean "identity"? [unknown-flow]'
    )


def test_a_flow_that_comes_to_call_a_broken_one_is_told_of_it_too() -> None:
    text = SHOP.replace("shop", "identify").replace("flow: identify", "flow: deeper")
    Path("identify.yaml").write_text(text, encoding="utf-8")
    Path("other.yaml").write_text("ivrtest: flow/1\nname: deeper\nentry: {\n", encoding="utf-8")
    assert check("shop.yaml") == (1, told("other.yaml:3:9: note: a value is missing\n    3 | entry: {\n      |         ^\n"))
