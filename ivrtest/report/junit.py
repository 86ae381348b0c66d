"""JUnit XML, as Jenkins, GitLab and auditors read it: one suite per flow, one case per scenario.

`<failure>` means that the IVR did wrong, `<error>` that we could not tell, `<skipped>` that nothing ran. Every case says in
`<system-out>` on what its verdict rests: each step with what was heard, the call, and the recording. Times are wall seconds.

The schema that Jenkins enforces knows neither properties nor a file name on a case; so these facts stand in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from junit_xml import TestCase, TestSuite

from ivrtest import __version__
from ivrtest.audio.hearing import Match, Means
from ivrtest.report.excerpt import excerpt
from ivrtest.report.files import write_text
from ivrtest.report.outcome import Outcome, finding_of
from ivrtest.report.quality import limit_line, rows, worst_of
from ivrtest.report.xunit import xml_text
from ivrtest.run.acts.naming import told
from ivrtest.run.result import CallRecord, ScenarioResult, Status, StepResult, SuiteResult


def write_junit(outcome: Outcome, path: Path) -> None:
    """Write the report. Raises OSError."""
    write_text(path, junit_text(outcome, path.parent))


def junit_text(outcome: Outcome, folder: Path) -> str:
    """Return the report as XML; recordings are named relative to `folder`."""
    flows: dict[str, list[ScenarioResult]] = {}
    for result in outcome.suite.results:
        flows.setdefault(result.scenario.flow, []).append(result)
    return xml_text([suite_of(flow, results, outcome, folder) for flow, results in flows.items()])


def suite_of(flow: str, results: list[ScenarioResult], outcome: Outcome, folder: Path) -> TestSuite:
    return TestSuite(
        flow,
        [case_of(result, folder) for result in results],
        timestamp=min(result.started_at for result in results) or None,
        properties={"ivrtest.version": __version__, "target": outcome.suite.target, **of_route(outcome.suite), **worst_of(results)},
    )


def of_route(suite: SuiteResult) -> dict[str, str]:
    """Return how the line was when it was calibrated and by which limit recordings were judged, where that is known."""
    limit = {} if suite.limit_db is None else {"limit_db": f"{suite.limit_db:g}"}
    return {**limit, **({"route": suite.route} if suite.route else {})}


def case_of(result: ScenarioResult, folder: Path) -> TestCase:
    scenario = result.scenario
    case = TestCase(
        scenario.name,
        classname=scenario.flow,
        elapsed_sec=round(result.seconds, 3),
        stdout="\n".join(story(result, folder)),
    )
    finding = finding_of(result)
    if finding is not None:
        text = excerpt(finding)
        match result.status:
            case Status.FAILED:
                case.add_failure_info(finding.message, text, "ivr-failed")
            case Status.ERROR:
                case.add_error_info(finding.message, text, "could-not-tell")
            case _:
                case.add_skipped_info(finding.message, text)
    return case


def story(result: ScenarioResult, folder: Path) -> Iterator[str]:
    """Yield the steps with their verdicts, then what happened on the call, as lines."""
    yield f"{result.scenario.span}: {result.status}"
    for number, step in enumerate(result.steps, 1):
        yield step_line(number, step)
        yield from (f"     heard {told(match)}{scored(match)}" for match in step.heard)
        if step.message:
            yield f"     {step.message}"
    if result.message:
        yield result.message
    for limit in result.limits:
        yield f"quality {limit_line(limit)}"
        if limit.message:
            yield f"     {limit.message}"
    if result.call is not None:
        yield from call_lines(result.call, folder)


def step_line(number: int, step: StepResult) -> str:
    when = "" if step.at_s is None else f" at {step.at_s:.2f} s"
    return f"{number:>3}. {step.status}{when}: {step.step.describe()}"


def scored(match: Match) -> str:
    if match.words is not None:
        return f", {match.words.errors} of {match.words.of} words differ, known at {match.decided_at_s:.2f} s"
    if match.by is Means.sound and match.prompt:
        return f", by the sound of its words: distance {match.score:.2f}, known at {match.decided_at_s:.2f} s"
    return f", deviation {match.score:.2f} dB, known at {match.decided_at_s:.2f} s" if match.prompt else ""


def call_lines(call: CallRecord, folder: Path) -> Iterator[str]:
    yield f"call {call.id} to {call.target}{f' at {call.reached}' if call.reached else ''}"
    yield from (f"tried before: {failed}" for failed in call.tried)
    yield from (f"  {note.at_s:7.2f} s  {note.text}" for note in call.notes)
    if call.packets_received is not None and call.packets_lost is not None:
        jitter = "" if call.jitter_ms is None else f", jitter {call.jitter_ms:.1f} ms"
        yield f"RTP: {call.packets_received} packets received, {call.packets_lost} lost{jitter}"
    yield from (f"  {row.name}: {row.value}" for row in rows(call))
    if call.pcap is not None:
        yield f"packets: {relative(call.pcap, folder)}"
    if call.recording is not None:
        yield f"recording: {relative(call.recording, folder)} (caller left, IVR right)"


def relative(path: Path, folder: Path) -> str:
    """Return the path as seen from a folder, where it lies below it."""
    # As it is named first: what a link in the folder leads to is reached by the link.
    for there, here in ((path.absolute(), folder.absolute()), (path.resolve(), folder.resolve())):
        if there.is_relative_to(here):
            return there.relative_to(here).as_posix()
    return path.as_posix()
