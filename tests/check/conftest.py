"""Flows from files or texts, and what the comments in them expect.

    # error: [rule-name] the whole message
    # how: call, press 2

stand above the line that the finding points at, in the order of the findings on it. `how` is the witness; none if there is none.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from ivrtest.audio.glance import Glance
from ivrtest.check.context import CheckContext, Stray
from ivrtest.flow.model import Flow
from ivrtest.flow.read import load_flow, read_flow
from ivrtest.source.finding import Finding
from ivrtest.source.text import Source

Told = tuple[int, str, str, str, str]
"""Line, severity, rule, message, witness."""

_EXPECTED = re.compile(r"\s*# (?P<severity>error|warning|info): \[(?P<rule>[a-z-]+)\] (?P<message>.*)")
_HOW = re.compile(r"\s*# how: (?P<witness>.*)")

FRAME = """\
ivrtest: flow/1
name: test
entry: main
languages: [en, es]
variables: {variables}
prompts:
  choose: "For English, press 1. Para español, oprima 2."
  ask: {{en: "Hello.", es: "Hola."}}
nodes:
{nodes}
  bye:
    hang_up: {{prompt: ask}}
"""


def _expected(source: Source) -> Iterator[Told]:
    waiting: list[tuple[str, str, str, str]] = []
    for number, line in enumerate(source.lines, 1):
        if match := _EXPECTED.fullmatch(line):
            waiting.append((match["severity"], match["rule"], match["message"], ""))
        elif match := _HOW.fullmatch(line):
            waiting[-1] = (*waiting[-1][:3], match["witness"])
        else:
            yield from ((number, *told) for told in waiting)
            waiting.clear()
    assert not waiting, f"{source.name} ends in an expectation, and no line follows it"


def _context_beside(path: Path, flow: Flow) -> CheckContext:
    flows = {flow.name: flow}
    for other in sorted(path.parent.glob("flow_*.yaml")):
        reading = load_flow(other)
        assert reading.flow is not None
        assert reading.findings == ()
        flows[reading.flow.name] = reading.flow
    recordings: Mapping[str, frozenset[str]] | None = None
    if (listed := path.parent / "recordings.json").is_file():
        recordings = {language: frozenset(names) for language, names in json.loads(listed.read_text(encoding="utf-8")).items()}
    year = int(named.read_text(encoding="utf-8")) if (named := path.parent / "year.txt").is_file() else None
    today = date.fromisoformat(day.read_text(encoding="utf-8").strip()) if (day := path.parent / "today.txt").is_file() else None
    strays: tuple[Stray, ...] = ()
    if (listed := path.parent / f"{path.stem}.strays.json").is_file():
        strays = tuple(Stray(**stray) for stray in json.loads(listed.read_text(encoding="utf-8")))
    return CheckContext(flows=flows, recordings=recordings, sounds=_sounds_beside(path), strays=strays, today=today, year=year)


def _sounds_beside(path: Path) -> dict[tuple[str, str], Glance] | None:
    """What recordings are like: `{"en/ask": [seconds, "what sounds the same has the same name", peak, cut off]}`."""
    if not (listed := path.parent / "sounds.json").is_file():
        return None
    sounds = {}
    for name, (seconds, sound, *levels) in json.loads(listed.read_text(encoding="utf-8")).items():
        language, _, prompt = name.partition("/")
        sounds[prompt, language] = Glance(seconds, sound.encode(), *levels)
    return sounds


@pytest.fixture
def expected() -> Callable[[Source], list[Told]]:
    """What the comments of a source expect, in the order of the file."""
    return lambda source: list(_expected(source))


@pytest.fixture
def told() -> Callable[[tuple[Finding, ...]], list[Told]]:
    """Findings as the comments say them."""
    return lambda findings: [
        (finding.span.line, str(finding.severity), finding.rule, finding.message, ", ".join(map(str, finding.witness)))
        for finding in findings
    ]


@pytest.fixture
def load() -> Callable[[Path], tuple[Flow, CheckContext]]:
    """A flow file, with the flows and recordings that lie beside it."""

    def load(path: Path) -> tuple[Flow, CheckContext]:
        reading = load_flow(path)
        assert reading.flow is not None
        assert reading.findings == ()
        return reading.flow, _context_beside(path, reading.flow)

    return load


@pytest.fixture
def flow() -> Callable[..., Flow]:
    """A flow made of nodes in YAML, which may lead to `bye`."""

    def flow(nodes: str, variables: str = "{}") -> Flow:
        written = textwrap.indent(textwrap.dedent(nodes).strip("\n"), "  ")
        reading = read_flow(Source("test.yaml", FRAME.format(nodes=written, variables=variables)))
        assert reading.flow is not None
        assert reading.findings == ()
        return reading.flow

    return flow
