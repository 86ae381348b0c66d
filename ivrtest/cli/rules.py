"""`ivrtest rules`: what the checker looks for."""

from __future__ import annotations

import click

from ivrtest.check.checker import ALL_DOCUMENTED
from ivrtest.check.manual import pages


@click.command()
def command() -> int:
    """List the rules of the checker. `ivrtest explain RULE` tells more of one."""
    from rich.table import Table

    from ivrtest.report.console import wide_console

    table = Table("rule", "severity", "what it does", box=None, pad_edge=False)
    for page in pages(ALL_DOCUMENTED):
        table.add_row(page.name, str(page.severity), page.what)
    wide_console().print(table)
    return 0
