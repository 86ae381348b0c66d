"""`ivrtest rules`: what the checker looks for."""

from __future__ import annotations

import click

from ivrtest.check.checker import ALL_DOCUMENTED
from ivrtest.check.manual import pages


@click.command()
def command() -> int:
    """List the rules of the checker. `ivrtest explain RULE` tells more of one."""
    from rich.console import Console
    from rich.table import Table

    table = Table("rule", "severity", "what it does", box=None, pad_edge=False)
    for page in pages(ALL_DOCUMENTED):
        table.add_row(page.name, str(page.severity), page.what)
    Console().print(table)
    return 0
