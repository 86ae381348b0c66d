"""`ivrtest check PATH...`: what is wrong with flows, found without a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from ivrtest.check.selection import unknown_rule
from ivrtest.check.spelling import did_you_mean, one_of
from ivrtest.cli.check_settings import SEVERITIES
from ivrtest.cli.examination import Request, examine, in_order, renewed
from ivrtest.cli.paths import unwritable
from ivrtest.cli.reporting import FORMATS, Reporter
from ivrtest.cli.settings import FILE_NAME, Settings, load_settings
from ivrtest.cli.standard_input import with_standard_input
from ivrtest.report.checked import CheckOutcome
from ivrtest.report.files import write_text
from ivrtest.report.findings_text import MOST_OF_ONE_RULE, count_of
from ivrtest.source.finding import InputError, Severity
from ivrtest.source.words import sentence

A_PATH: Final = click.Path(path_type=Path, dir_okay=False)
A_FOLDER: Final = click.Path(path_type=Path, file_okay=False)
PER_RULE: Final = "Print at most N findings of a rule in a file; 0 for all. All are counted, and files and other formats hold all."
TOGETHER: Final = '"{}" {}, so "{}" has no meaning with it. give one of them'


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
@click.option("--calendar", type=click.IntRange(1970, 9998), metavar="YEAR", help="Prove whom callers reach at every minute of a year.")
@click.option("--fix", "fixing", is_flag=True, help="Put right what can be meant in one way only, and report the rest.")
@click.option("--diff", "showing", is_flag=True, help="Show what --fix would write, and write nothing.")
@click.option("--witness", type=A_FOLDER, metavar="DIR", help="Write scenarios to DIR that show on the wire what is wrong.")
@click.option("--max-per-rule", type=click.IntRange(0), default=MOST_OF_ONE_RULE, show_default=True, metavar="N", help=PER_RULE)
@click.option("--stdin-filename", type=A_PATH, metavar="FILE", help="Take what is read from - for this file, in its folder.")
@click.option("--debug", type=A_PATH, metavar="FILE", help="Write to FILE where a rule crashed, if one did.")
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
    calendar: int | None,
    fixing: bool,
    showing: bool,
    witness: Path | None,
    max_per_rule: int,
    stdin_filename: Path | None,
    debug: Path | None,
    watching: bool,
) -> int:
    """Find what is wrong with flows, without calling.

    PATHS are flow files, or folders of them; without any, the folder of flows; - is standard input. Exit code 1 if an error stands, 3 if
    a file cannot be used.

    One run can print one format and write others: --format text -o sarif=check.sarif -o junit=check.xml. Formats: text for people; json
    for programs; sarif (2.1.0) for code scanning and editors; github for annotations in GitHub Actions; junit for CI and auditors, with a
    case per file and rule.

    Settings: [check] in ivrtest.toml, or [tool.ivrtest.check] in pyproject.toml, with select, ignore and
    severity = {"unused-prompt" = "error"}.

    A baseline lets an old tree in: findings in it are not reported, new ones are. It holds no line numbers, so it outlives edits.

    --fix changes what nobody can have meant otherwise, and keeps comments, quotes and line ends. `ivrtest rules` marks the rules that it
    knows, `ivrtest explain RULE` says what it does. What comes from - goes, fixed, to standard output, and the report to standard error;
    so does what --diff shows.

    With --witness DIR, `ivrtest run DIR --flows FOLDER` calls and shows what is wrong: each scenario there fails until it is put right.
    """
    request = Request(paths, select, ignore, weights_of(weights), recordings, baseline, witness is not None, listen, calendar)
    files = files_of(outputs)
    for name in (*select, *ignore, *request.severities):
        if message := unknown_rule(name):
            raise click.UsageError(f"{sentence(message)} `ivrtest rules` lists them")
    refuse_together(
        ("--listen", "compares recordings", listen, "--no-recordings", not recordings),
        ("--write-baseline", "writes all that is found", write_baseline is not None, "--baseline", baseline is not None),
        ("--diff", "prints a diff", showing, f"--format {style}", style != "text"),
        ("--diff", "writes nothing", showing, "--write-baseline", write_baseline is not None),
        ("--watch", "prints for people", watching, f"--format {style}", style != "text"),
        ("--write-baseline", "writes once", write_baseline is not None, "--watch", watching),
        ("--fix", "writes once", fixing, "--watch", watching),
        ("--diff", "looks once", showing, "--watch", watching),
        ("-", "is read once", Path("-") in paths, "--watch", watching),
    )
    reporter = Reporter(style, files, witness=witness, debug=debug, most=max_per_rule)
    try:
        request = with_standard_input(request, stdin_filename)
    except InputError as error:
        return reporter.report(CheckOutcome(in_order(error.findings), usable=False))
    if watching:
        return watch_flows(request, reporter)
    if fixing or showing:
        return put_right(request, reporter, write_baseline, showing=showing)
    return reporter.report(baselined(examine(request, datetime.now(UTC).date()), write_baseline))


def refuse_together(*pairs: tuple[str, str, bool, str, bool]) -> None:
    """Raise UsageError for the first pair of options that are both given: one, what it does, whether it is given; the other, too."""
    for one, does, given, other, other_given in pairs:
        if given and other_given:
            raise click.UsageError(TOGETHER.format(one, does, other))


def baselined(outcome: CheckOutcome, path: Path | None) -> CheckOutcome:
    """Write a new baseline if one is wanted and every input could be used."""
    if path is None or not outcome.usable:
        return outcome
    try:
        text, outcome = renewed(outcome, path)
        write_text(path, text)
    except InputError as error:
        return replace(outcome, findings=in_order([*outcome.findings, *error.findings]), usable=False)
    except OSError as error:
        problem = unwritable(path, error)
        return replace(outcome, findings=in_order([*outcome.findings, *outcome.known, problem]), known=(), usable=False)
    written = f'wrote "{path}": {count_of(len(outcome.known), "finding")}. check with "--baseline {path}" from now on'
    return replace(outcome, notes=(*outcome.notes, written))


def put_right(request: Request, reporter: Reporter, write_baseline: Path | None, *, showing: bool) -> int:
    """Put right what can be, or show how, and report the rest."""
    # Imported where it is used: a check from the shell is quick.
    from ivrtest.cli.fixing import Kept, differences, fix_flows, rewrite

    kept = Kept()
    piped = bool(request.sources)
    outcome = fix_flows(request, datetime.now(UTC).date(), kept.keep if showing or piped else rewrite)
    reporter.to_standard_error = showing or piped
    if showing:
        for line in differences(kept.texts):
            click.echo(line, nl=False)
        told = f"the diff puts {count_of(len(outcome.fixed), 'finding')} right" if outcome.fixed else "there is nothing that --fix would do"
        return reporter.report(replace(outcome, fixed=(), notes=(*outcome.notes, told)))
    for path, source in request.sources.items():
        _, after = kept.texts.get(path, (source, source))
        click.echo(after.text, nl=False)
    return reporter.report(baselined(outcome, write_baseline))


def watch_flows(request: Request, reporter: Reporter) -> int:
    """Check again after every change until Ctrl-C, which is how this ends when all is well, or until nobody reads it any more."""
    from ivrtest.cli.output import has_reader
    from ivrtest.cli.watch import INTERVAL_S, pause, snapshot, watch

    def wait() -> None:
        if not has_reader():
            raise KeyboardInterrupt
        pause()

    def act() -> None:
        outcome = examine(request, datetime.now(UTC).date())
        click.clear()
        reporter.report(outcome)
        click.echo(f"looking for changes every {INTERVAL_S} s. Ctrl-C ends")

    try:
        watch(act, lambda: snapshot(*watched(request)), wait)
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
