"""`ivrtest serve FLOW`: the embedded IVR, for softphones, SIPp and other testers."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

import click

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.line import Line, LineError
from ivrtest.call.tls import Tls
from ivrtest.cli.dialling import permission_of
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.problem import complain, mention
from ivrtest.cli.settings import load_settings
from ivrtest.cli.sound_settings import A_PTIME, CODEC_NAMES, PTIMES_MS, SRTP_MODES, SoundSettings
from ivrtest.run.bundle import Bundle, FlowFolder
from ivrtest.scenario.model import Given
from ivrtest.scenario.read import load_scenario
from ivrtest.server.faults import MANNERS, Fault, FaultError, read_fault
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.sip.digest import Secret
from ivrtest.sip.transport import Transport
from ivrtest.source.finding import InputError

PEM_FILE: Final = click.Path(path_type=Path, dir_okay=False)
FAULTS: Final = "\n".join(f"  {manner.example:<32} {manner.meaning}" for manner in MANNERS.values())


@click.command(epilog=f"\b\nFaults:\n{FAULTS}")
@click.argument("flow", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--listen",
    default="127.0.0.1:0",
    show_default=True,
    metavar="[TRANSPORT:]HOST:PORT",
    help="Where to answer calls, over udp, tcp or tls. Port 0: a free one.",
)
@click.option("--certificate", type=PEM_FILE, metavar="FILE", help="For tls: the certificate to show and its key, in one PEM file.")
@click.option("--ca", type=PEM_FILE, metavar="FILE", help="For tls: only callers with a certificate that one of these authorities signed.")
@click.option(
    "--given", type=click.Path(path_type=Path, dir_okay=False), metavar="SCENARIO", help="Surroundings as this scenario gives them."
)
@click.option(
    "--max-calls",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Calls at once. Whoever comes beyond that is told 503 and to try again in 10 s.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=VALUE][@PLACE]",
    help="Do wrong on purpose, such as clipped-prompt=300ms@main_menu; the place is a node or a prompt. May be given again.",
)
@click.option("--user", metavar="NAME", help="Only callers who know this name and its password (digest, RFC 7616).")
@click.option("--password-env", metavar="VARIABLE", help="The environment variable that holds the password of --user.")
@click.option("--codecs", metavar="NAME,NAME", help=f"What to speak, best first: {', '.join(CODEC_NAMES)}. Default: PCMU and PCMA.")
@click.option(
    "--ptime", type=click.IntRange(10, 60), default=20, show_default=True, help="Milliseconds of sound per packet, a multiple of 10."
)
@click.option("--srtp", type=click.Choice(SRTP_MODES), default="off", show_default=True, help="Whether sound is encrypted.")
@click.option("--srtp-in-clear", is_flag=True, help="Encrypt sound also where SIP is not, so that everybody on the way can read the key.")
def command(
    flow: Path,
    listen: str,
    certificate: Path | None,
    ca: Path | None,
    given: Path | None,
    max_calls: int,
    faults: tuple[str, ...],
    user: str | None,
    password_env: str | None,
    codecs: str | None,
    ptime: int,
    srtp: str,
    srtp_in_clear: bool,
) -> int:
    """Answer calls with a flow: the embedded IVR.

    Prints one line with the address when it is ready, and answers until it is stopped (Ctrl-C).
    """
    transport, host, port = address_of(listen)
    if transport == "tls" and certificate is None:
        raise click.UsageError('"--listen" asks for tls, which needs a certificate. give one with "--certificate"')
    if transport != "tls":
        refuse_without_tls(listen, {"--certificate": certificate, "--ca": ca}, keys_in_clear=srtp == "mandatory" and not srtp_in_clear)
        if srtp == "optional" and not srtp_in_clear:
            mention(
                f'"--srtp optional" has no effect: "--listen" is "{listen}", where everybody on the way could read a key. '
                f'{over_tls(listen)}, or add "--srtp-in-clear"'
            )
    if ptime not in PTIMES_MS:
        raise click.UsageError(f'"--ptime" is "{ptime}". {A_PTIME}')
    names = tuple(name.strip() for name in codecs.split(",")) if codecs is not None else ()
    sound = SoundSettings(names, ptime, srtp, srtp_in_clear).options()
    secret = required_secret(user, password_env)
    try:
        bundle = FlowFolder(flow.parent).bundle(flow)
        library = bundle.library()
        surroundings = given_by(given)
        bundle.prompts  # noqa: B018  # raises where two of its flows contradict each other
        line = Line(
            host=host,
            port=port,
            transport=transport,
            tls=Tls(ca, certificate),
            user=bundle.flow.name,
            record=False,
            max_calls=max_calls,
            sound=sound,
            require_digest=secret,
            permission=permission_of(load_settings()),
        )
        wrong = [read_fault(spec, bundle.flow, bundle.called.values()) for spec in faults]
        asyncio.run(serve(bundle, library, surroundings, line, wrong))
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    except FaultError as error:
        raise click.UsageError(f"--fault: {error}") from error
    except LineError as error:
        raise click.ClickException(str(error)) from error
    return 0


async def serve(bundle: Bundle, library: PromptLibrary, given: Given, line: Line, faults: Sequence[Fault] = ()) -> None:
    """Answer calls until SIGINT or SIGTERM. Raises LineError when the address cannot be bound."""
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with line, EmbeddedIvr(bundle.flow, library, flows=bundle.called, given=given, exchange=line, faults=faults) as ivr:
        click.echo(f"{bundle.flow.name} answers at {ivr.uri}")
        await stopped.wait()
    calls = ivr.count
    click.echo(f"stopped after {calls} call{'' if calls == 1 else 's'}", err=True)


def refuse_without_tls(listen: str, files: Mapping[str, Path | None], *, keys_in_clear: bool) -> None:
    """Raises UsageError for options that mean nothing without TLS. `files`: by option. `keys_in_clear`: whether sound must be encrypted
    and its keys could not be."""
    instead = over_tls(listen)
    for option, file in files.items():
        if file is not None:
            raise click.UsageError(f'"{option}" is for TLS, and "--listen" is "{listen}". {instead}, or leave "{option}" out')
    if keys_in_clear:
        raise click.UsageError(
            f'"--srtp mandatory" needs TLS, and "--listen" is "{listen}": everybody on the way could read its key. '
            f'{instead}, or add "--srtp-in-clear"'
        )


def over_tls(listen: str) -> str:
    return f'listen at "tls:{listen.removeprefix("udp:").removeprefix("tcp:")}"'


def required_secret(user: str | None, variable: str | None) -> Secret | None:
    """Return what callers must know; None where anybody may call. Raises UsageError where a part of it is not there."""
    if not user and not variable:
        return None
    if not user:
        raise click.UsageError(f'"--password-env" is "{variable}", and nobody has that password. name who does with "--user"')
    if not variable:
        raise click.UsageError(
            f'"--user" is "{user}", who has no password. name the environment variable that holds it with "--password-env"'
        )
    password = os.environ.get(variable)
    if not password:
        raise click.UsageError(f'the password of "{user}" is not there: set the environment variable "{variable}" to it')
    return Secret(user, password)


def given_by(path: Path | None) -> Given:
    """Return the surroundings that a scenario gives. Raises InputError."""
    if path is None:
        return Given()
    reading = load_scenario(path)
    if reading.scenario is None or reading.findings:
        raise InputError(reading.findings)
    return reading.scenario.given


def address_of(listen: str) -> tuple[Transport, str, int]:
    """Split [TRANSPORT:]HOST:PORT; an IPv6 address stands in brackets. Raises UsageError."""
    found = re.fullmatch(r"(?:(udp|tcp|tls):)?(\[[^\[\]]+\]|[^\[\]:]+):([0-9]{1,5})", listen)
    if found is None or int(found[3]) > 65535:
        raise click.UsageError(f'"--listen" is "{listen}". it must be HOST:PORT such as 127.0.0.1:5060, or udp:, tcp: or tls: before it')
    transport = next(known for known in get_args(Transport) if known == (found[1] or "udp"))
    return transport, found[2].strip("[]"), int(found[3])
