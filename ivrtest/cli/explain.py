"""`ivrtest explain RULE`: one page of the manual."""

from __future__ import annotations

import textwrap

import click

from ivrtest.check.checker import UnknownRuleError, documented
from ivrtest.check.manual import page
from ivrtest.source.words import sentence


@click.command()
@click.argument("rule")
def command(rule: str) -> int:
    """Explain a rule: what it does, why it matters to the caller, an example, and what to write instead."""
    try:
        text = str(page(documented(rule)))
    except UnknownRuleError as error:
        raise click.UsageError(f"{sentence(str(error))} `ivrtest rules` lists them") from error
    for line in text.splitlines():
        click.echo("\n".join(textwrap.wrap(line, 100, subsequent_indent="    ")) if line.strip() else line)
    return 0
