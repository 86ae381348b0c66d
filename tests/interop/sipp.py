"""SIPp as the IVR that is called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ivrtest.audio.g711 import ulaw_encode
from ivrtest.call.call import Samples
from tests.interop.programs import PEERS, Program, fill, needs, reserved_ports, running

needs_sipp = needs("sipp", "sip-tester")


@asynccontextmanager
async def sipp_ivr(
    folder: Path,
    said: Samples | None = None,
    *options: str,
    host: str = "127.0.0.1",
    calls: int = 1,
    script: str = "ivr.xml",
    **words: object,
) -> AsyncIterator[tuple[str, Program]]:
    """Run SIPp as an IVR which says `said` in each call, and yield its address. After so many calls it ends by itself.

    `script` is what it does, a file among the peers, with `words` filled in.
    """
    says = ""
    if said is not None:
        (folder / "said.ulaw").write_bytes(ulaw_encode(said).tobytes())
        says = f'<nop><action><exec rtp_stream="{folder / "said.ulaw"},1,0"/></action></nop>'
    scenario = fill(PEERS / script, folder / script, says=says, **words)
    with reserved_ports(host) as ports:
        command = [
            *("sipp", "-sf", str(scenario), "-i", host, "-p", str(ports[0]), "-mi", host, "-mp", str(ports[2]), "-m", str(calls)),
            *("-nostdin", "-timeout", "200", "-timeout_error", "-trace_err", "-error_file", str(folder / "errors.log"), *options),
        ]
        async with running(*command, folder=folder) as program:
            await program.port(ports[0])
            shown = f"[{host}]" if ":" in host else host
            yield f"sip:ivr@{shown}:{ports[0]}", program


@asynccontextmanager
async def sipp_caller(
    folder: Path, uri: str, script: str, *options: str, host: str = "127.0.0.1", calls: int = 1, **words: object
) -> AsyncIterator[Program]:
    """Let SIPp call `uri`, a SIP URI with an address and a port. `words` are filled into the script."""
    scenario = fill(PEERS / script, folder / script, **words)
    address = uri.rpartition("@")[2].partition(";")[0]
    with reserved_ports(host) as ports:
        command = [
            *("sipp", "-sf", str(scenario), "-i", host, "-p", str(ports[0]), "-mi", host, "-mp", str(ports[2]), "-m", str(calls)),
            *("-nostdin", "-timeout", "200", "-timeout_error", "-trace_err", "-error_file", str(folder / "errors.log"), *options, address),
        ]
        async with running(*command, folder=folder) as program:
            yield program


def complaints(folder: Path) -> str:
    """Return what SIPp did not like."""
    path = folder / "errors.log"
    return path.read_text(errors="replace")[:3000] if path.exists() else ""
