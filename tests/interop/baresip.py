"""baresip, a telephone: it plays a file to whom it talks to, and keeps what it hears."""

from __future__ import annotations

import asyncio
import json
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivrtest.audio.pcm import resample
from ivrtest.audio.recording_file import read_audio
from ivrtest.call.call import Samples
from tests.interop.programs import PEERS, Program, fill, needs, reserved_ports, running

needs_baresip = needs("baresip", "baresip-core")
MODULES = Path("/usr/lib/baresip/modules")


@dataclass(slots=True)
class Baresip:
    """One that runs, and the connection that it is told what to do over (netstrings of JSON, its module ctrl_tcp)."""

    uri: str
    program: Program
    folder: Path
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    async def do(self, command: str) -> None:
        """Give a command, such as `dial sip:...`, `hold`, `resume`, `hangup`; `sndcode 1` presses a key. Fails when it is not accepted."""
        name, _, parameters = command.partition(" ")
        text = json.dumps({"command": name, "params": parameters, "token": command}).encode()
        self._writer.write(b"%d:%s," % (len(text), text))
        while not (said := await self._next()).get("response"):
            pass
        assert said["ok"], f'baresip did not accept "{command}": {said["data"]}'

    async def event(self, kind: str, parameter: str | None = None) -> dict[str, Any]:
        """Return the next event of this kind, such as `CALL_ESTABLISHED`. Those before it are passed over."""
        while True:
            said = await self._next()
            if said.get("type") == "CALL_CLOSED" != kind:
                pytest.fail(f'baresip\'s call is over ("{said.get("param")}"), and there was no {kind}:\n{self.program.printed[-3000:]}')
            if said.get("type") == kind and parameter in (None, said.get("param")):
                return said

    async def press(self, keys: str) -> None:
        """Press keys one after another; each goes down and comes up again."""
        for key in keys:
            await self.do(f"sndcode {key}")

    def heard(self) -> Samples:
        """Return what it heard in the call that is over. After a hold it keeps nothing more."""
        (path,) = self.folder.glob("dump-*-dec.wav")
        return read_audio(path)

    async def _next(self) -> dict[str, Any]:
        length = await self._reader.readuntil(b":")
        text = await self._reader.readexactly(int(length[:-1]) + 1)
        said = json.loads(text[:-1])
        assert isinstance(said, dict)
        return said


@asynccontextmanager
async def baresip(
    folder: Path,
    said: Samples,
    *,
    host: str = "127.0.0.1",
    user: str = "bob",
    answers: bool = False,
    codecs: str = "PCMU/8000/1,PCMA/8000/1",
    ptime: int = 20,
    srtp: str = "",
) -> AsyncIterator[Baresip]:
    """Run one that says `said` in its call. `answers`: it takes calls at once. `srtp`: `srtp`, where the other side can, or `srtp-mand`.

    What it plays has the rate and the channels of its first codec, for it is no good at changing them.
    """
    _, rate, channels = codecs.partition(",")[0].split("/")
    with reserved_ports(host) as ports:
        words = {
            "host": f"[{host}]" if ":" in host else host,
            "user": user,
            "sip_port": ports[0],
            # The port after that of SIP is for SIP over TLS.
            "control_port": ports[2],
            "first_rtp_port": ports[4],
            "last_rtp_port": ports[14],
            "modules": MODULES,
            "folder": folder,
            "said": folder / "said.wav",
            "answers": "auto" if answers else "manual",
            "codecs": codecs,
            "rate": rate,
            "channels": channels,
            "ptime": ptime,
            "encryption": f";mediaenc={srtp}" if srtp else "",
        }
        set_up(folder, said, words)
        async with running("baresip", "-6" if ":" in host else "-4", "-s", "-f", str(folder), folder=folder) as program:
            await program.line(r"^baresip is ready")
            reader, writer = await asyncio.open_connection("127.0.0.1", ports[2])
            try:
                yield Baresip(f"sip:{user}@{words['host']}:{ports[0]}", program, folder, reader, writer)
            finally:
                writer.close()


def set_up(folder: Path, said: Samples, words: Mapping[str, object]) -> None:
    folder.mkdir(exist_ok=True)
    rate, channels = int(str(words["rate"])), int(str(words["channels"]))
    with wave.open(str(folder / "said.wav"), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(np.repeat(resample(said, 8000, rate), channels).astype("<i2").tobytes())
    for name in ("config", "accounts"):
        fill(PEERS / "baresip" / name, folder / name, **words)
    (folder / "contacts").touch()
