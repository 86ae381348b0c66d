"""`ivrtest schema flow|scenario|route|hearing`: the JSON Schemas that editors complete from, and that explain what is written."""

from __future__ import annotations

from importlib.resources import files

import click

SCHEMAS = {
    "flow": ("ivrtest.flow", "flow.schema.json"),
    "scenario": ("ivrtest.scenario", "scenario.schema.json"),
    "route": ("ivrtest.run", "route.schema.json"),
    "hearing": ("ivrtest.run", "hearing.schema.json"),
}


@click.command()
@click.argument("language", type=click.Choice(list(SCHEMAS)))
def command(language: str) -> int:
    """Print the JSON Schema of flows and scenarios, or of what is measured: routes ("ivrtest calibrate", .ivrtest/routes) and hearing
    ("ivrtest prompts transcribe", .ivrtest/hearing).

    Editors with a YAML language server complete and check while you type, if the file's first line is

    \b
      # yaml-language-server: $schema=PATH-OF-THE-SCHEMA
    """
    package, name = SCHEMAS[language]
    click.echo(files(package).joinpath(name).read_text(encoding="utf-8"), nl=False)
    return 0
