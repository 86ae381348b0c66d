"""The folder of reports of `ivrtest run`: one run at a time writes to it, and what it heard and found stays together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from ivrtest.cli.paths import unusable, unwritable
from ivrtest.report.html import write_html
from ivrtest.report.json import write_json
from ivrtest.report.junit import write_junit
from ivrtest.report.outcome import Outcome
from ivrtest.run.evidence import Evidence, InUseError, claimed, new_evidence, tidy
from ivrtest.run.result import SuiteResult
from ivrtest.source.finding import Finding, InputError
from ivrtest.source.system import unwritten

OTHER_REPORTS: Final = ("results.json", "report.html")


def refuse_unwritable(junit: Path | None, *folders: Path) -> None:
    """Raises InputError for what cannot be written in the end: nobody is called for reports that are lost."""
    findings = []
    if junit is not None and junit.is_dir():
        findings.append(unusable(junit, f'"{junit}" is a folder. name a file for the JUnit report'))
    elif junit is not None and junit.resolve() in {(folder / name).resolve() for folder in folders for name in OTHER_REPORTS}:
        findings.append(unusable(junit, f'"{junit}" is another report of this run. name another file for the JUnit report'))
    for folder in folders if junit is None else (*folders, junit.parent):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            problem = "" if os.access(folder, os.W_OK | os.X_OK) else "permission denied. name another folder"
        except FileExistsError:
            problem = "it is a file. name another folder"
        except OSError as error:
            problem = unwritten(error)
        if problem:
            findings.append(unusable(folder, f'nothing can be written to "{folder}": {problem}'))
    if findings:
        raise InputError(tuple(findings))


@contextmanager
def keeping(folder: Path, junit: Path, pcaps: Path | None, keep: int, *, simulate: bool) -> Iterator[Evidence | None]:
    """Keep other runs away from the folder of reports and the JUnit report, make room there for what this one hears, and clear up in the
    end.

    `pcaps`: where packets go; None: nowhere. `keep`: how many runs' recordings stay. Yield None for a simulation, which hears nothing.
    Raises InputError.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(claimed(folder))
            stack.enter_context(claimed(junit))
            evidence = None if simulate else new_evidence(folder / "recordings", pcaps, datetime.now(UTC))
        except InUseError as error:
            other = 'folder with "--out"' if error.place == folder else 'file with "--junit"'
            message = f'another run writes to "{error.place}" at this moment. wait until it is over, or name another {other}'
            raise InputError((unusable(error.place, message),)) from error
        except OSError as error:
            raise InputError((unwritable(Path(error.filename or folder), error),)) from error
        try:
            yield evidence
        finally:
            try:
                if evidence is not None:
                    tidy(evidence, keep)
            except OSError as error:
                click.echo(f'ivrtest: recordings of old runs in "{folder}" cannot be removed: {unwritten(error)}', err=True)


def write_reports(suite: SuiteResult, folder: Path, junit: Path) -> tuple[list[Path], list[Finding]]:
    """Write every report that can be written; one that cannot does not keep the others from it."""
    outcome = Outcome(suite=suite)
    written: list[Path] = []
    lost: list[Finding] = []
    for path, write in ((junit, write_junit), (folder / "results.json", write_json), (folder / "report.html", write_html)):
        try:
            write(outcome, path)
            written.append(path)
        except OSError as error:
            lost.append(unwritable(path, error))
    return written, lost
