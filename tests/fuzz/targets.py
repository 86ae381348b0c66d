"""What must hold for every input: findings in words, each at a place in the text, or a flow; never another exception."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ivrtest.check.checker import RuleCrashed, check
from ivrtest.check.context import CheckContext
from ivrtest.check.witness import witness_scenarios
from ivrtest.flow.read import read_flow
from ivrtest.flow.write import write_flow
from ivrtest.report.findings_text import painted
from ivrtest.scenario.read import read_scenario
from ivrtest.source.file import decode
from ivrtest.source.finding import Finding, InputError
from ivrtest.source.text import Source


def flow(data: bytes) -> None:
    """Read these bytes as a flow; check what is read; write it, and read that again."""
    source = _source(data)
    if source is None:
        return
    try:
        reading = read_flow(source)
    except InputError as error:
        _in_order(error.findings)
        return
    _in_order(reading.findings)
    if reading.flow is None:
        assert reading.findings, "nothing was read, and nothing is said about it"
        return
    context = CheckContext(flows={reading.flow.name: reading.flow}, broken=reading.broken_nodes, broken_prompts=reading.broken_prompts)
    found = check(reading.flow, context)
    _in_order(found)
    assert not [finding.message for finding in found if finding.rule == RuleCrashed.name]
    for name, (_, scenario) in witness_scenarios(found, reading.flow, {}).items():
        assert read_scenario(Source(name, scenario)).findings == ()
    if not reading.findings:
        assert read_flow(Source("written.yaml", write_flow(reading.flow))).findings == ()


def scenario(data: bytes) -> None:
    """Read these bytes as a scenario."""
    source = _source(data)
    if source is None:
        return
    try:
        reading = read_scenario(source)
    except InputError as error:
        _in_order(error.findings)
        return
    _in_order(reading.findings)
    assert (reading.scenario is None) == bool(reading.findings), "a scenario is read whole, or what is wrong is said"


TARGETS: Mapping[str, Callable[[bytes], None]] = {"flow": flow, "scenario": scenario}


def _source(data: bytes) -> Source | None:
    try:
        return Source("fuzz.yaml", decode(data, "fuzz.yaml"))
    except InputError as error:
        _in_order(error.findings)
        return None


def _in_order(findings: Iterable[Finding]) -> None:
    """Check that each finding says something, without moving a terminal, of a place that there is."""
    for finding in findings:
        assert finding.message
        for line in painted(finding):
            assert all(text.isprintable() for text, _ in line), repr(line)
        for span in (finding.span, *(related.span for related in finding.related)):
            lines = max(1, len(span.source.lines))
            assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column), repr(span)
            assert span.end_line <= lines + 1, repr(span)
            assert span.column <= len(span.source.line(span.line)) + 2, repr(span)
