"""The door: finds the command, and turns every way of failing into a message and an exit code.

Exit codes: 0 all well; 1 the IVR or the flow is wrong; 2 we could not tell; 3 the command or its input could not be used.
"""

from __future__ import annotations

import codecs
import errno
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Final, NoReturn

import click

from ivrtest import __version__
from ivrtest.cli.output import nothing_more, unminding

UNUSABLE: Final = 3
AS_READABLE: Final = "ivrtest-readable"
"""How what is printed is encoded where it cannot be: see `as_readable`."""

COMMANDS: Final = {
    "calibrate": ("ivrtest.cli.calibrate", "Measure the line to a target whose prompts are right."),
    "check": ("ivrtest.cli.check", "Find what is wrong with flows, without calling."),
    "dtmf-probe": ("ivrtest.cli.dtmf_probe", "Find out which ways of sending a key an IVR really hears."),
    "effort": ("ivrtest.cli.effort", "Show what it costs callers to get where they want."),
    "explain": ("ivrtest.cli.explain", "Explain a rule of the checker."),
    "hours": ("ivrtest.cli.hours", "Show whom callers reach when, at any minute of a year."),
    "identify": ("ivrtest.cli.identify", "Name the recordings that a sound file or a capture holds."),
    "prompts": ("ivrtest.cli.prompts", "List, render and compare the recordings of flows."),
    "rules": ("ivrtest.cli.rules", "List the rules of the checker."),
    "run": ("ivrtest.cli.run", "Call the IVR and hold scenarios against it."),
    "schema": ("ivrtest.cli.schema", "Print the JSON Schema of flows or scenarios, for editors."),
    "serve": ("ivrtest.cli.serve", "Answer calls with a flow: the embedded IVR."),
}
"""Name, module with a click command `command`, and the line that `--help` shows without importing it."""


_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What is said of a disk that takes no more."""


class Commands(click.Group):
    """A group that imports a command only when it is called, so that `--help` starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            # click does not say of which command it was where an option lacks its value.
            if error.ctx is None and ctx.invoked_subcommand and (command := self.get_command(ctx, ctx.invoked_subcommand)):
                error.ctx = click.Context(command, ctx, ctx.invoked_subcommand)
            raise

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from ivrtest.cli.usage import no_command

            raise click.UsageError(no_command(args[0], COMMANDS), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="ivrtest %(version)s")
def program() -> None:
    """Phone menus, tested before callers meet them.

    Exit codes: 0 all well; 1 the IVR or the flow is wrong; 2 we could not tell; 3 the command or its input could not be used.
    """


def main() -> NoReturn:
    """Run the command line and exit. Commands return their exit code."""
    codecs.register_error(AS_READABLE, as_readable)
    # Not every terminal has a check mark, not every file name is text, and not everybody reads to the end.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout = unminding(sys.stdout, AS_READABLE)
    if isinstance(sys.stderr, TextIOWrapper):
        sys.stderr = unminding(sys.stderr, AS_READABLE)
    try:
        code = program.main(standalone_mode=False)
        if sys.stdout is not None:
            # What cannot be written is to be known here, and not when Python has gone.
            sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else error.format_message())
        sys.exit(UNUSABLE)
    except click.ClickException as error:
        complain(error)
        sys.exit(UNUSABLE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("ivrtest: stopped", err=True)
        sys.exit(130)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        from ivrtest.source.system import unwritten

        # Or Python would complain of it at the end.
        nothing_more(sys.stdout.fileno())
        click.echo(f"ivrtest: what is printed cannot be written: {unwritten(error)}", err=True)
        sys.exit(UNUSABLE)
    sys.exit(code if isinstance(code, int) else 0)


def as_readable(error: UnicodeError) -> tuple[str, int]:
    """Stand in for what a stream cannot encode: bytes of file names as everywhere, letters by their numbers."""
    from ivrtest.source.words import readable

    assert isinstance(error, UnicodeEncodeError)
    return readable(error.object[error.start : error.end]).encode("ascii", "backslashreplace").decode("ascii"), error.end


def complain(error: click.ClickException) -> None:
    """Say on standard error what could not be used, and where help is."""
    from ivrtest.cli.usage import told
    from ivrtest.source.words import printable

    context = getattr(error, "ctx", None)
    click.echo("\n".join(printable(line) for line in f"ivrtest: {told(error)}".split("\n")), err=True)
    if isinstance(error, click.UsageError) and context is not None:
        click.echo(f"try: {context.command_path} --help", err=True)
