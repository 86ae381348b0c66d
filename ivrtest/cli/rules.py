"""`ivrtest rules`: what the checker looks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from ivrtest.check.checker import ALL_DOCUMENTED
from ivrtest.check.manual import Page, handbook, pages
from ivrtest.check.reader_manual import READER
from ivrtest.source.json import to_json


@click.command()
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True, help="What is printed."
)
def command(style: str) -> int:
    """List the rules of the checker. `ivrtest explain RULE` tells more of one.

    A rule with a mark in the column "fix" has findings that `ivrtest check --fix` puts right. text is a table for people; json and
    markdown hold the whole manual. The last ones, which the reader of files finds, cannot be switched off.
    """
    rules = pages(tuple(rule for rule in ALL_DOCUMENTED if rule not in READER))
    reader = pages(READER)
    STYLES[style](rules, reader)
    return 0


def print_table(rules: Sequence[Page], reader: Sequence[Page]) -> None:
    from rich.table import Table
    from rich.text import Text

    from ivrtest.report.console import wide_console

    table = Table("rule", "severity", "fix", "what it does", box=None, pad_edge=False)
    for page in rules:
        table.add_row(page.name, str(page.severity), "yes" if page.fix else "", Text(page.what))
    table.add_section()
    for page in reader:
        table.add_row(page.name, str(page.severity), "yes" if page.fix else "", Text(page.what))
    wide_console().print(table)


def print_json(rules: Sequence[Page], reader: Sequence[Page]) -> None:
    """Print what programs may want to know. Fields are only ever added."""
    known = [(page, True) for page in rules] + [(page, False) for page in reader]
    data = [
        {
            "rule": page.name,
            "severity": str(page.severity),
            "selectable": selectable and page.name != "rule-crashed",
            "fixable": bool(page.fix),
            "what": page.what,
            "why": page.why,
            "example": page.example,
            "instead": page.instead,
            "fix": page.fix or None,
        }
        for page, selectable in known
    ]
    click.echo(to_json({"format": "ivrtest/rules/1", "rules": data}, indent=2))


def print_markdown(rules: Sequence[Page], reader: Sequence[Page]) -> None:
    click.echo(handbook(rules, reader), nl=False)


STYLES: dict[str, Callable[[Sequence[Page], Sequence[Page]], None]] = {
    "text": print_table,
    "json": print_json,
    "markdown": print_markdown,
}
