from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from ivrtest.report.console import RunScreen, print_findings, print_summary
from ivrtest.run.events import CallNoted, ScenarioFinished, ScenarioStarted, SuiteFinished, SuiteStarted
from ivrtest.run.result import Note
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Source, Span
from tests.report.results import failed, outcome, passed


def plain() -> Console:
    return Console(file=StringIO(), width=60, highlight=False)


def printed(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_without_a_terminal_each_finished_scenario_is_a_line() -> None:
    console = plain()
    with RunScreen(console) as screen:
        screen.on(SuiteStarted((passed().scenario, failed().scenario), "the embedded IVR"))
        for result in (passed(), failed()):
            screen.on(ScenarioStarted(result.scenario))
            screen.on(CallNoted(result.scenario, Note(1.0, "answered")))
            screen.on(ScenarioFinished(result))
        screen.on(SuiteFinished(outcome().suite))
    assert printed(console) == (
        "2 scenarios against the embedded IVR\n"
        "✓ A caller  shop, 3/3 steps, 9.5 s\n"
        "✗ A caller  shop, 0/2 steps, 9.5 s\n"
        's.yaml:5:5: error: step 1 of "A caller": heard "bye" in "en" from 0.2 s to 1.0 s. "menu" in "en" was expected [scenario-failed]\n'
        "    5 |   - hear: menu\n"
        "      |     ^~~~\n"
    )


def test_in_a_terminal_each_running_call_is_a_line() -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True, highlight=False)
    screen = RunScreen(console)
    scenario = passed().scenario
    screen.on(SuiteStarted((scenario,), "the embedded IVR"))
    screen.on(ScenarioStarted(scenario))
    screen.on(CallNoted(scenario, Note(12.34, 'hears "menu" in "es"')))
    with console.capture() as capture:
        console.print(screen.table())
    lines = [line.split("\x1b[") for line in capture.get().splitlines()]
    shown = ["".join(part.partition("m")[2] if place else part for place, part in enumerate(line)).rstrip() for line in lines]
    assert shown == ['›  A caller       12.3 s  hears "menu" in "es"', "   0 of 1 done"]


def test_the_summary_counts_and_names_the_reports() -> None:
    console = plain()
    print_summary(console, outcome().suite, [Path("reports/junit.xml")])
    assert printed(console) == "1 passed, 1 failed, 1 error, 1 not run in 9.9 s\nwrote reports/junit.xml\n"


def test_brackets_in_a_message_are_no_markup() -> None:
    console = plain()
    span = Span(Source("f.yaml", "keys: [1]"), 1, 7, 1, 10)
    print_findings(console, [Finding("x", Severity.WARNING, 'key "[bold]" is wrong', span)])
    assert printed(console) == 'f.yaml:1:7: warning: key "[bold]" is wrong [x]\n    1 | keys: [1]\n      |       ^~~\n'
