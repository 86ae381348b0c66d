"""How much `ivrtest check` prints, and where a rule that crashes leaves its traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivrtest.check.context import CheckContext
from ivrtest.check.rules.dead_end import DeadEnd
from ivrtest.cli.check import command
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding

HEAD = """\
ivrtest: flow/1
name: shop
entry: main
languages: [en]
prompts:
  ask: {en: "Hello."}
nodes:
  main:
    announce: {prompt: ask, goto: n1}
"""


def check(*arguments: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(command, ["--no-recordings", *arguments], standalone_mode=False, catch_exceptions=False)
    assert isinstance(done.return_value, int)
    return done.return_value, done.output.splitlines()


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    nodes = "".join(f"  n{number}:\n    announce: {{prompt: ask}}\n" for number in range(1, 31))
    Path("shop.yaml").write_text(HEAD + nodes, encoding="utf-8")


def test_of_many_findings_of_a_rule_some_are_shown_and_all_are_counted() -> None:
    code, lines = check("--select", "dead-end", "--select", "unreachable-node", "--max-per-rule", "3", "shop.yaml")
    assert code == 1
    assert sum(line.endswith("[dead-end]") for line in lines) == 3
    assert "shop.yaml: and 27 more [dead-end]. --max-per-rule 0 shows them" in lines
    assert lines[-1] == "1 flow checked: 30 errors, 29 warnings"


def test_machines_get_all_of_them() -> None:
    _, lines = check("--select", "dead-end", "--format", "json", "--max-per-rule", "3", "-o", "text=all.txt", "shop.yaml")
    assert len(json.loads("\n".join(lines))["findings"]) == 30
    assert sum(line.endswith("[dead-end]") for line in Path("all.txt").read_text(encoding="utf-8").splitlines()) == 30


def test_all_are_shown_to_whoever_asks() -> None:
    assert sum(line.endswith("[dead-end]") for line in check("--select", "dead-end", "--max-per-rule", "0", "shop.yaml")[1]) == 30
    assert sum(line.endswith("[dead-end]") for line in check("--select", "dead-end", "shop.yaml")[1]) == 20


def crash(self: DeadEnd, flow: Flow, context: CheckContext) -> Iterator[Finding]:
    yield from ()
    raise KeyError("gone")


def test_where_a_rule_crashed_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeadEnd, "check", crash)
    code, lines = check("--select", "dead-end", "--debug", "log/crash.txt", "shop.yaml")
    assert (code, lines[-2:]) == (1, ["1 flow checked: 1 error", "wrote log/crash.txt"])
    log = Path("log/crash.txt").read_text(encoding="utf-8").splitlines()
    message = 'rule "dead-end" crashed with "KeyError: \'gone\'". this is a fault of the rule: what it looks for was not checked'
    assert log[:2] == [f"shop.yaml:2:7: {message}", "Traceback (most recent call last):"]
    assert log[-1] == "KeyError: 'gone'"


def test_without_a_file_for_it_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeadEnd, "check", crash)
    assert 'note: where a rule crashed is written to a file with "--debug FILE"' in check("--select", "dead-end", "shop.yaml")[1]
    (file,) = json.loads("\n".join(check("--select", "dead-end", "--format", "json", "shop.yaml")[1]))["files"]
    assert (file["examined"], file["unexamined"]) == ([], ["dead-end"])


def test_where_nothing_crashes_nothing_is_written() -> None:
    check("--select", "dead-end", "--debug", "crash.txt", "shop.yaml")
    assert not Path("crash.txt").exists()
