"""`ivrtest check PATH...`: what is wrong with flows, found without a call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console

from ivrtest.check.checker import UnknownRuleError, check, choose
from ivrtest.check.context import CheckContext
from ivrtest.check.rule import Rule
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.paths import flow_files
from ivrtest.cli.settings import load_settings
from ivrtest.flow.model import Flow
from ivrtest.report.console import count_of, print_findings
from ivrtest.report.json import findings_text
from ivrtest.run.bundle import Bundle, FlowFolder, recorded
from ivrtest.source.finding import Finding, InputError, Severity


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How findings are written.")
@click.option("--select", multiple=True, metavar="RULE", help="Run this rule only. May be repeated.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Do not run this rule. May be repeated.")
@click.option("--recordings/--no-recordings", default=True, show_default=True, help="Look whether the recordings exist.")
def command(paths: tuple[Path, ...], style: str, select: tuple[str, ...], ignore: tuple[str, ...], recordings: bool) -> int:
    """Find what is wrong with flows, without calling.

    PATHS are flow files, or folders of them; without any, the folder of flows. Exit code 1 if an error stands, 3 if a file cannot be used.
    """
    try:
        rules = choose(only=select, without=ignore)
    except UnknownRuleError as error:
        raise click.UsageError(f"{error} `ivrtest rules` lists them") from error
    findings: list[Finding] = []
    unusable = False
    checked = 0
    try:
        settings = load_settings()
        files = flow_files(paths or [settings.flows], settings.exclude)
    except InputError as error:
        findings, unusable, files = list(error.findings), True, ()
    folders: dict[Path, FlowFolder] = {}
    for file in files:
        try:
            if file.parent not in folders:
                folders[file.parent] = FlowFolder(file.parent)
            bundle = folders[file.parent].bundle(file)
        except InputError as error:
            findings += error.findings
            unusable = True
            continue
        checked += 1
        unusable = unusable or bundle.reading.flow is None
        findings += findings_of(bundle, rules, recordings)
    findings = sorted(dict.fromkeys(findings), key=lambda finding: finding.sort_key)
    if style == "json":
        click.echo(findings_text(findings), nl=False)
    else:
        show(findings, checked)
    if unusable:
        return UNUSABLE
    return 1 if any(finding.severity is Severity.ERROR for finding in findings) else 0


def findings_of(bundle: Bundle, rules: tuple[type[Rule], ...], recordings: bool) -> Iterator[Finding]:
    """Yield what the reader and the rules say of one flow."""
    yield from bundle.reading.findings
    flow = bundle.reading.flow
    if flow is None:
        return
    others: dict[str, Flow] = {**bundle.called, flow.name: flow}
    context = CheckContext(
        flows=None if bundle.unread else others,
        recordings=recorded(bundle.path, flow) if recordings else None,
        broken=bundle.reading.broken_nodes,
    )
    yield from check(flow, context, rules)


def show(findings: list[Finding], checked: int) -> None:
    """Print the findings, then one line that sums up."""
    console = Console(highlight=False)
    print_findings(console, findings)
    flows = count_of(checked, "flow")
    if not findings:
        console.print(f"{flows} checked, nothing wrong")
        return
    counts = [
        count_of(number, str(severity))
        for severity in sorted(Severity, reverse=True)
        if (number := sum(finding.severity is severity for finding in findings))
    ]
    console.print(f"{flows} checked: {', '.join(counts)}")
