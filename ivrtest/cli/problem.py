"""Telling a person that the input could not be used."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.console import Console

from ivrtest.report.console import print_findings
from ivrtest.source.finding import Finding
from ivrtest.source.words import printable


def complain(findings: Sequence[Finding]) -> None:
    """Print findings on standard error."""
    print_findings(Console(stderr=True, highlight=False), sorted(findings, key=lambda finding: finding.sort_key))


def mention(text: str) -> None:
    """Print one line on standard error. What it names cannot write on the screen."""
    click.echo(f"ivrtest: {printable(text)}", err=True)
