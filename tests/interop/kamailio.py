"""kamailio, a proxy that asks for a password and stays in the way."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.interop.programs import PEERS, Program, fill, needs, reserved_ports, running

needs_kamailio = needs("kamailio", "kamailio")
PASSWORD = "open sesame"


@dataclass(slots=True)
class Kamailio:
    uri: str
    program: Program

    def said(self, what: str) -> list[str]:
        """Return what it reported under one of its words: `came`, `relayed`, `astray`, `asked for a password`,
        `acknowledged`."""
        return [found[1].strip() for line in self.program.lines if (found := re.search(rf"<script>: {what}(?:: )?(.*)", line))]


@asynccontextmanager
async def kamailio(folder: Path, host: str = "127.0.0.1") -> AsyncIterator[Kamailio]:
    """Run one that relays calls to wherever their Request-URI points, for whoever knows the password."""
    shown = f"[{host}]" if ":" in host else host
    with reserved_ports(host) as ports:
        config = fill(PEERS / "kamailio.cfg", folder / "kamailio.cfg", host=shown, port=ports[0], password=PASSWORD)
        command = ("kamailio", "-f", str(config), "-DD", "-E", "-Y", str(folder), "-m", "16", "-M", "4")
        async with running(*command, folder=folder) as program:
            await program.line("ready$")
            yield Kamailio(f"sip:{shown}:{ports[0]}", program)
