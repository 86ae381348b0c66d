"""What a check found, printed and written to files."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from ivrtest.check.checker import Crash
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.paths import unwritable
from ivrtest.report.checked import CheckOutcome
from ivrtest.report.files import write_text
from ivrtest.report.findings_text import MOST_OF_ONE_RULE, findings_text, painted
from ivrtest.source.finding import Finding

FORMATS: Final = {
    "text": "ivrtest.report.findings_text",
    "json": "ivrtest.report.findings_json",
    "sarif": "ivrtest.report.sarif",
    "github": "ivrtest.report.github",
    "junit": "ivrtest.report.findings_junit",
}
"""Name, and the module whose `findings_text` makes it. It is imported when it is asked for."""


class Reporter:
    """Writes every file that is asked for, and prints."""

    def __init__(
        self,
        style: str = "text",
        files: Mapping[Path, str] | None = None,
        *,
        witness: Path | None = None,
        debug: Path | None = None,
        most: int = MOST_OF_ONE_RULE,
        to_standard_error: bool = False,
    ) -> None:
        """`files`: each with its format. `witness`: the folder for scenarios. `debug`: the file for tracebacks of rules.

        `most`: how many findings of a rule in a file are printed; 0 for all.
        """
        self.style = style
        self.files = files or {}
        self.witness = witness
        self.debug = debug
        self.most = most
        self.to_standard_error = to_standard_error

    def report(self, outcome: CheckOutcome) -> int:
        """Report, and return the exit code."""
        crashes = [finding for finding in outcome.findings if isinstance(finding, Crash)]
        if crashes and self.debug is None:
            outcome = replace(outcome, notes=(*outcome.notes, 'where a rule crashed is written to a file with "--debug FILE"'))
        texts = {path: rendered(outcome, name) for path, name in self.files.items()}
        if self.witness is not None:
            texts |= {self.witness / name: text for name, text in outcome.scenarios.items()}
        if crashes and self.debug is not None:
            texts[self.debug] = "\n".join(f"{crash.span}: {crash.message}\n{crash.traceback}" for crash in crashes)
        unwritten: list[Finding] = []
        written: list[Path] = []
        for path, text in texts.items():
            try:
                write_text(path, text)
                written.append(path)
            except OSError as error:
                unwritten.append(unwritable(path, error))
        self.print(self.text(outcome))
        for path in written if self.style == "text" else ():
            self.print(f"wrote {path}\n")
        for finding in unwritten:
            for line in painted(finding):
                click.echo("".join(piece for piece, _ in line), err=True)
        return UNUSABLE if unwritten else outcome.exit_code

    def text(self, outcome: CheckOutcome) -> str:
        if self.style != "text":
            return rendered(outcome, self.style)
        stream = sys.stderr if self.to_standard_error else sys.stdout
        width = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
        return findings_text(outcome, colour=wants_colour(os.environ, stream.isatty()), most=self.most, width=width or None)

    def print(self, text: str) -> None:
        click.echo(text, nl=False, color=True, err=self.to_standard_error)


def rendered(outcome: CheckOutcome, name: str) -> str:
    text: str = import_module(FORMATS[name]).findings_text(outcome)
    return text


def wants_colour(environment: Mapping[str, str], terminal: bool) -> bool:
    """Tell whether to colour what is printed: in a terminal, unless NO_COLOR or a dumb terminal says otherwise; always with FORCE_COLOR."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return terminal and environment.get("TERM") != "dumb"
