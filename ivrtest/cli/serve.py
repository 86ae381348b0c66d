"""`ivrtest serve FLOW`: the embedded IVR, for softphones, SIPp and other testers."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import click

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.line import LineError
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.problem import complain
from ivrtest.run.bundle import Bundle, FlowFolder
from ivrtest.scenario.model import Given
from ivrtest.scenario.read import load_scenario
from ivrtest.server.faults import Fault, FaultError, read_fault
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.source.finding import InputError


@click.command()
@click.argument("flow", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--listen", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT", help="Where to answer calls. Port 0: a free one.")
@click.option(
    "--given", type=click.Path(path_type=Path, dir_okay=False), metavar="SCENARIO", help="Surroundings as this scenario gives them."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=VALUE][@PLACE]",
    help="Do wrong on purpose, such as clipped-prompt=300ms@main_menu; the place is a node or a prompt. May be given again.",
)
def command(flow: Path, listen: str, given: Path | None, faults: tuple[str, ...]) -> int:
    """Answer calls with a flow: the embedded IVR.

    Prints one line with the address when it is ready, and answers until it is stopped (Ctrl-C).
    """
    host, port = address_of(listen)
    try:
        bundle = FlowFolder(flow.parent).bundle(flow)
        library = bundle.library()
        surroundings = given_by(given)
        bundle.prompts  # noqa: B018  # raises where two of its flows contradict each other
        wrong = [read_fault(spec, bundle.flow, bundle.called.values()) for spec in faults]
        asyncio.run(serve(bundle, library, surroundings, host, port, wrong))
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    except FaultError as error:
        raise click.UsageError(f"--fault: {error}") from error
    except LineError as error:
        raise click.ClickException(str(error)) from error
    return 0


async def serve(bundle: Bundle, library: PromptLibrary, given: Given, host: str, port: int, faults: Sequence[Fault] = ()) -> None:
    """Answer calls until SIGINT or SIGTERM. Raises LineError when the address cannot be bound."""
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with EmbeddedIvr(bundle.flow, library, flows=bundle.called, host=host, port=port, given=given, faults=faults) as ivr:
        click.echo(f"{bundle.flow.name} answers at {ivr.uri}")
        await stopped.wait()
    calls = len(ivr.records)
    click.echo(f"stopped after {calls} call{'' if calls == 1 else 's'}", err=True)


def given_by(path: Path | None) -> Given:
    """Return the surroundings that a scenario gives. Raises InputError."""
    if path is None:
        return Given()
    reading = load_scenario(path)
    if reading.scenario is None or reading.findings:
        raise InputError(reading.findings)
    return reading.scenario.given


def address_of(listen: str) -> tuple[str, int]:
    """Split HOST:PORT; an IPv6 address stands in brackets. Raises UsageError."""
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise click.UsageError(f'"--listen" is "{listen}". it must be HOST:PORT such as 127.0.0.1:5060')
    return host.removeprefix("[").removesuffix("]"), int(port)
