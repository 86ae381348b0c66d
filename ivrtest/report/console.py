"""What a person sees in the terminal: findings, a run as it goes, and its summary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ivrtest.report.findings_text import count_of, painted
from ivrtest.report.ladder import ladder_lines
from ivrtest.report.outcome import finding_of
from ivrtest.report.quality import complaints_of
from ivrtest.run.events import CallNoted, RunEvent, ScenarioFinished, ScenarioStarted, SuiteFinished, SuiteStarted
from ivrtest.run.result import ScenarioResult, Status, SuiteResult
from ivrtest.source.finding import Finding

WIDE = 200
"""Columns of a table in a log."""
MARKS = {Status.PASSED: ("✓", "green"), Status.FAILED: ("✗", "red"), Status.ERROR: ("!", "yellow"), Status.NOT_RUN: ("-", "dim")}


def print_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print every finding with its source line."""
    for finding in findings:
        for line in painted(finding):
            console.print(Text.assemble(*line), soft_wrap=True)


def wide_console() -> Console:
    """Return a console for tables: as wide as the terminal, and wide enough for whole words where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDE)


class RunScreen:
    """Follows a run. In a terminal: one line per running call. Elsewhere: one line per finished scenario, so that logs stay readable."""

    def __init__(self, console: Console, *, ladders: bool = False) -> None:
        """`ladders`: print the SIP messages of every call."""
        self.console = console
        self.ladders = ladders
        self.running: dict[int, tuple[str, str]] = {}
        self.finished = 0
        self.total = 0
        self.live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self.live is not None:
            self.live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.live is not None:
            self.live.stop()

    def on(self, event: RunEvent) -> None:
        """Take in one event of the run."""
        match event:
            case SuiteStarted(scenarios=scenarios, target=target):
                self.total = len(scenarios)
                self.console.print(Text.assemble(count_of(self.total, "scenario"), " against ", (target, "bold")), soft_wrap=True)
            case ScenarioStarted(scenario=scenario):
                self.running[id(scenario)] = (scenario.name, "calling")
            case CallNoted(scenario=scenario, note=note):
                self.running[id(scenario)] = (scenario.name, f"{note.at_s:6.1f} s  {note.text}")
            case ScenarioFinished(result=result):
                self.running.pop(id(result.scenario), None)
                self.finished += 1
                self.print_result(result)
            case SuiteFinished():
                self.running.clear()
        if self.live is not None:
            self.live.update(self.table())

    def table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(20, self.console.width * 2 // 5))
        table.add_column(no_wrap=True, overflow="ellipsis", style="dim")
        for name, doing in self.running.values():
            table.add_row(Text("›", "cyan"), Text(name), Text(doing))
        if self.running:
            table.add_row("", Text(f"{self.finished} of {self.total} done", "dim"), "")
        return table

    def print_result(self, result: ScenarioResult) -> None:
        mark, colour = MARKS[result.status]
        steps = f"{sum(step.status is Status.PASSED for step in result.steps)}/{len(result.steps)} steps"
        line = Text.assemble(
            (mark, colour), " ", result.scenario.name, (f"  {result.scenario.flow}, {steps}, {result.seconds:.1f} s", "dim")
        )
        self.console.print(line, soft_wrap=True)
        if finding := finding_of(result):
            print_findings(self.console, [finding])
        if self.ladders and result.call is not None:
            for ladder_line in ladder_lines(result.call):
                self.console.print(Text(f"  {ladder_line}", "dim"), soft_wrap=True)
        for _, complaint in complaints_of(result.call) if result.call is not None else ():
            self.console.print(Text(f"  line: {complaint}", "yellow"), soft_wrap=True)


def print_summary(console: Console, suite: SuiteResult, written: Sequence[Path]) -> None:
    """Print the counts and where the reports are."""
    parts: list[tuple[str, str]] = []
    for status in (Status.PASSED, Status.FAILED, Status.ERROR, Status.NOT_RUN):
        number = suite.count(status)
        if number or status is Status.PASSED:
            label = count_of(number, "error") if status is Status.ERROR else f"{number} {status}"
            parts += [(label, MARKS[status][1] if number else "dim"), (", ", "")]
    console.print(Text.assemble(*parts[:-1], (f" in {suite.seconds:.1f} s", "")), soft_wrap=True)
    for path in written:
        console.print(Text(f"wrote {path}", "dim"), soft_wrap=True)
