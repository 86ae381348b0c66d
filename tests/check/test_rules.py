"""Every rule against its case files: what each finds, whole messages, places and witnesses; and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ivrtest.check.checker import check
from ivrtest.check.context import CheckContext
from ivrtest.check.rules import ALL
from ivrtest.check.selection import select
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding
from ivrtest.source.text import Source

CASES = Path(__file__).parent / "rules"
RULES = Path(__file__).parents[2] / "ivrtest" / "check" / "rules"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=f"{path.parent.name}/{path.stem}")
        for path in sorted(CASES.glob("*/*.yaml"))
        if not path.name.startswith("flow_")
    ],
)
def test_a_rule_finds_what_its_case_expects_and_nothing_else(
    path: Path,
    load: Callable[[Path], tuple[Flow, CheckContext]],
    expected: Callable[[Source], list[object]],
    told: Callable[[tuple[Finding, ...]], list[object]],
) -> None:
    flow, context = load(path)
    wanted = expected(flow.span.source)
    assert bool(wanted) == path.name.startswith("bad"), "a bad case expects something, a good one nothing"
    assert told(check(flow, context, select(only=[path.parent.name.replace("_", "-")]).rules)) == wanted


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_a_rule_has_a_bad_case_and_a_good_one(rule: type) -> None:
    folder = CASES / rule.__module__.rpartition(".")[2]
    assert list(folder.glob("bad*.yaml")) != []
    assert list(folder.glob("good*.yaml")) != []


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_a_rule_is_called_like_its_file_and_its_class(rule: type) -> None:
    stem = rule.__module__.rpartition(".")[2]
    assert rule.name == stem.replace("_", "-")  # type: ignore[attr-defined]
    assert rule.__name__.lower() == stem.replace("_", "")


def test_every_rule_file_is_listed_once() -> None:
    files = sorted(path.stem for path in RULES.glob("*.py") if path.stem != "__init__")
    assert sorted(rule.__module__.rpartition(".")[2] for rule in ALL) == files


def test_cases_belong_to_rules() -> None:
    assert {path.name for path in CASES.iterdir()} == {rule.__module__.rpartition(".")[2] for rule in ALL}
