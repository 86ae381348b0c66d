"""`ivrtest check PATH...`: what is wrong with flows, found without a call."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from ivrtest.check.selection import unknown_rule
from ivrtest.check.spelling import did_you_mean, one_of
from ivrtest.cli.examination import Request, examine, in_order, renewed
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.paths import unusable
from ivrtest.cli.settings import FILE_NAME, SEVERITIES, Settings, load_settings
from ivrtest.report.checked import CheckOutcome
from ivrtest.report.files import write_text
from ivrtest.report.findings_text import count_of, findings_text, painted
from ivrtest.source.finding import Finding, InputError, Severity

FORMATS: Final = {
    "text": "ivrtest.report.findings_text",
    "json": "ivrtest.report.findings_json",
    "sarif": "ivrtest.report.sarif",
    "github": "ivrtest.report.github",
    "junit": "ivrtest.report.findings_junit",
}
"""Name, and the module whose `findings_text` makes it. It is imported when it is asked for."""

A_PATH: Final = click.Path(path_type=Path, dir_okay=False)
A_FOLDER: Final = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default="text", show_default=True, help="What is printed.")
@click.option("-o", "--output", "outputs", multiple=True, metavar="FORMAT=FILE", help="Write this format to a file too. May be repeated.")
@click.option("--select", multiple=True, metavar="RULE", help="Run this rule only, whatever the settings say. May be repeated.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Do not run this rule either. May be repeated.")
@click.option("--severity", "weights", multiple=True, metavar="RULE=LEVEL", help="What a rule finds is an error, a warning or an info.")
@click.option("--baseline", type=A_PATH, metavar="FILE", help="Do not report what this file knows.")
@click.option("--write-baseline", type=A_PATH, metavar="FILE", help="Write all that is found to this file, to be known from now on.")
@click.option("--recordings/--no-recordings", default=True, show_default=True, help="Look at the recordings.")
@click.option("--listen", is_flag=True, help="Compare how the recordings sound, too. A second for ten minutes of them.")
@click.option("--witness", type=A_FOLDER, metavar="DIR", help="Write scenarios to DIR that show on the wire what is wrong.")
@click.option("--watch", "watching", is_flag=True, help="Check again whenever a file changes, until Ctrl-C.")
def command(
    paths: tuple[Path, ...],
    style: str,
    outputs: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    weights: tuple[str, ...],
    baseline: Path | None,
    write_baseline: Path | None,
    recordings: bool,
    listen: bool,
    witness: Path | None,
    watching: bool,
) -> int:
    """Find what is wrong with flows, without calling.

    PATHS are flow files, or folders of them; without any, the folder of flows. Exit code 1 if an error stands, 3 if a file cannot be used.

    One run can print one format and write others: --format text -o sarif=check.sarif -o junit=check.xml. Formats: text for people; json
    for programs; sarif (2.1.0) for code scanning and editors; github for annotations in GitHub Actions; junit for CI and auditors, with a
    case per file and rule.

    Settings: [check] in ivrtest.toml, or [tool.ivrtest.check] in pyproject.toml, with select, ignore and
    severity = {"unused-prompt" = "error"}.

    A baseline lets an old tree in: findings in it are not reported, new ones are. It holds no line numbers, so it outlives edits.

    With --witness DIR, `ivrtest run DIR --flows FOLDER` calls and shows what is wrong: each scenario there fails until it is put right.
    """
    request = Request(paths, select, ignore, weights_of(weights), recordings, baseline, witness is not None, listen)
    if listen and not recordings:
        raise click.UsageError('"--listen" has no meaning with "--no-recordings". give one of them')
    for name in (*select, *ignore, *request.severities):
        if message := unknown_rule(name):
            raise click.UsageError(f"{message} `ivrtest rules` lists them")
    files = files_of(outputs)
    if baseline is not None and write_baseline is not None:
        raise click.UsageError('"--write-baseline" writes all that is found, so "--baseline" has no meaning with it. give one of them')
    if not watching:
        return report(checked(request, write_baseline), style, files, witness)
    if style != "text":
        raise click.UsageError(f'"--watch" prints for people, not "--format {style}". write that to a file with "-o {style}=FILE"')
    if write_baseline is not None:
        raise click.UsageError('"--write-baseline" writes once, so "--watch" has no meaning with it. give one of them')
    return watch_flows(request, files, witness)


def checked(request: Request, write_baseline: Path | None = None) -> CheckOutcome:
    """Check, and write a new baseline if one is wanted and every input could be used."""
    outcome = examine(request, datetime.now(UTC).date())
    if write_baseline is None or not outcome.usable:
        return outcome
    try:
        text, outcome = renewed(outcome, write_baseline)
        write_text(write_baseline, text)
    except InputError as error:
        return replace(outcome, findings=in_order([*outcome.findings, *error.findings]), usable=False)
    except OSError as error:
        problem = unusable(write_baseline, f'"{write_baseline}" cannot be written: {error.strerror}')
        return replace(outcome, findings=in_order([*outcome.findings, *outcome.known, problem]), known=(), usable=False)
    written = f'wrote "{write_baseline}": {count_of(len(outcome.known), "finding")}. check with "--baseline {write_baseline}" from now on'
    return replace(outcome, notes=(*outcome.notes, written))


def report(outcome: CheckOutcome, style: str, files: Mapping[Path, str], witness: Path | None = None) -> int:
    """Write what is asked for and print the rest. Return the exit code."""
    unwritten: list[Finding] = []
    written: list[Path] = []
    texts = {path: rendered(outcome, name) for path, name in files.items()}
    if witness is not None:
        texts |= {witness / name: text for name, text in outcome.scenarios.items()}
    for path, text in texts.items():
        try:
            write_text(path, text)
            written.append(path)
        except OSError as error:
            unwritten.append(unusable(path, f'"{path}" cannot be written: {error.strerror}'))
    text = findings_text(outcome, colour=wants_colour(os.environ, sys.stdout.isatty())) if style == "text" else rendered(outcome, style)
    click.echo(text, nl=False, color=True)
    if style == "text":
        for path in written:
            click.echo(f"wrote {path}")
    for finding in unwritten:
        for line in painted(finding):
            click.echo("".join(piece for piece, _ in line), err=True)
    return UNUSABLE if unwritten else outcome.exit_code


def rendered(outcome: CheckOutcome, name: str) -> str:
    text: str = import_module(FORMATS[name]).findings_text(outcome)
    return text


def watch_flows(request: Request, files: Mapping[Path, str], witness: Path | None) -> int:
    """Check again after every change until Ctrl-C, which is how this ends when all is well."""
    from ivrtest.cli.watch import INTERVAL_S, snapshot, watch

    def act() -> None:
        outcome = checked(request)
        click.clear()
        report(outcome, "text", files, witness)
        click.echo(f"looking for changes every {INTERVAL_S} s. Ctrl-C ends")

    try:
        watch(act, lambda: snapshot(*watched(request)))
    except KeyboardInterrupt:
        click.echo()
    return 0


def watched(request: Request) -> tuple[Sequence[Path], Sequence[Path]]:
    """Return the files and the folders on which the outcome rests."""
    try:
        settings = load_settings()
    except InputError:
        settings = Settings()
    files = [Path(FILE_NAME), Path("pyproject.toml"), *([request.baseline] if request.baseline is not None else [])]
    return files, [path if path.is_dir() else path.parent for path in request.paths or (settings.flows,)]


def files_of(outputs: Sequence[str]) -> dict[Path, str]:
    """Return the files to write, each with its format. Raises UsageError."""
    files: dict[Path, str] = {}
    for output in outputs:
        name, equals, file = output.partition("=")
        if not equals or not file:
            raise click.UsageError(f'"-o {output}" names no file. it must be FORMAT=FILE such as sarif=check.sarif')
        if name not in FORMATS:
            raise click.UsageError(f'unknown format "{name}" in "-o {output}"{did_you_mean(name, FORMATS)}')
        if Path(file) in files:
            raise click.UsageError(f'"{file}" is to hold both {files[Path(file)]} and {name}. give one of them another name')
        files[Path(file)] = name
    return files


def weights_of(weights: Sequence[str]) -> dict[str, Severity]:
    """Return severities by rule. Raises UsageError."""
    severities = {}
    for weight in weights:
        rule, _, name = weight.partition("=")
        if name not in SEVERITIES:
            raise click.UsageError(f'"--severity {weight}" names no severity. it must be RULE=LEVEL, where LEVEL is {one_of(SEVERITIES)}')
        severities[rule] = SEVERITIES[name]
    return severities


def wants_colour(environment: Mapping[str, str], terminal: bool) -> bool:
    """Tell whether to colour what is printed: in a terminal, unless NO_COLOR or a dumb terminal says otherwise; always with FORCE_COLOR."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return terminal and environment.get("TERM") != "dumb"
