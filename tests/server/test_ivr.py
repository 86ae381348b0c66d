"""The embedded IVR by telephone: real sockets, our own line and SIPp as callers."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Block, Ended, KeySent, Samples
from ivrtest.call.line import Line, LineError
from ivrtest.flow.model import Flow
from ivrtest.flow.read import read_flow
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.server.record import CallRecord
from ivrtest.source.text import Source
from tests.interop.programs import reserved_ports

PATIENCE_S = 60.0
PEERS = Path(__file__).with_name("peers")
SIPP = shutil.which("sipp")
DTMF_PCAP = Path("/usr/share/sip-tester/dtmf_2833_2.pcap")

needs_sipp = pytest.mark.skipif(SIPP is None, reason="sipp is not installed. it comes with the package sip-tester")


def test_a_caller_hears_the_prompts_sample_by_sample_and_presses_2(bank: Flow, library: PromptLibrary) -> None:
    async def run() -> CallRecord:
        async with asyncio.timeout(PATIENCE_S), EmbeddedIvr(bank, library) as ivr, Line() as line:
            call = await line.place(ivr.uri, caller="+15550199")
            began_s = pressed_s = math.inf
            async for item in call.stream():
                if isinstance(item, Block):
                    heard.append(item.samples)
                    if item.samples.any():
                        began_s = min(began_s, item.start_s)
                    # It speaks for 2 s, and waits for a key for 3 s more.
                    if item.end_s >= began_s + 2.4 and pressed_s == math.inf:
                        pressed_s = item.end_s
                        await call.press("2")
                    if item.end_s >= pressed_s + 2.5:
                        await call.hang_up()
                if isinstance(item, KeySent):
                    keys.append(item.key)
        return ivr.records[0]

    heard: list[Samples] = []
    keys: list[str] = []
    record = asyncio.run(run())
    audio = np.concatenate(heard)
    choose, menu = place_of(audio, library, "choose", "mul"), place_of(audio, library, "menu", "es")
    assert choose + 8000 * 2 < menu
    assert keys == ["2"]
    assert [visit.node for visit in record.visits] == ["language", "main"]
    assert [visit.language for visit in record.visits] == ["en", "es"]
    assert [key.key for key in record.keys] == ["2"]
    assert record.troubles == ()
    assert (record.caller, record.ended and record.ended.by) == ("+15550199", "them")


def place_of(audio: Samples, library: PromptLibrary, prompt: str, language: str) -> int:
    """Return where a recording was heard, from its first to its last sample. Fails if it was not."""
    recording = library.get(prompt, language)
    assert recording is not None
    expected = ulaw_decode(ulaw_encode(recording.samples))
    for place in np.flatnonzero(audio[: len(audio) - len(expected) + 1] == expected[0]):
        if np.array_equal(audio[place : place + len(expected)], expected):
            return int(place)
    pytest.fail(f'"{prompt}" in "{language}" was not heard, or not as recorded')


def test_leaving_the_block_hangs_up_on_everybody(bank: Flow, library: PromptLibrary) -> None:
    async def run() -> list[Ended]:
        ends: list[Ended] = []

        async def listen() -> None:
            call = await line.place(ivr.uri)
            async for item in call.stream():
                if isinstance(item, Block) and item.end_s > 0.5:
                    talking.set()
                if isinstance(item, Ended):
                    ends.append(item)

        talking = asyncio.Event()
        async with asyncio.timeout(PATIENCE_S), Line() as line, asyncio.TaskGroup() as group, EmbeddedIvr(bank, library) as ivr:
            for _ in range(3):
                group.create_task(listen())
            await talking.wait()
        assert len(ivr.records) == 3
        return ends

    assert [ended.by for ended in asyncio.run(run())] == ["them", "them", "them"]


def test_it_has_no_address_before_it_listens(bank: Flow, library: PromptLibrary) -> None:
    ivr = EmbeddedIvr(bank, library)
    with pytest.raises(RuntimeError, match=r"^the embedded IVR has no address before it listens\. use it with `async with`$"):
        assert ivr.uri


def test_an_address_that_is_taken(bank: Flow, library: PromptLibrary) -> None:
    async def run() -> None:
        async with Line() as line:
            port = int(line.uri.rpartition(":")[2])
            with pytest.raises(LineError) as failed:
                await EmbeddedIvr(bank, library, port=port).__aenter__()
            assert str(failed.value) == f'cannot open a line at "127.0.0.1:{port}": somebody else listens there. give another host or port'

    asyncio.run(run())


@needs_sipp
def test_200_of_200_calls_survive_a_line_that_loses_a_tenth_of_the_signalling(bank: Flow, library: PromptLibrary, tmp_path: Path) -> None:
    # A caller whose BYE is lost again and again stays long. The IVR must not lose its patience first.
    patient = read_flow(Source("bank.yaml", bank.span.source.text.replace("after: 3s", "after: 60s"))).flow
    assert patient is not None
    records = asyncio.run(call_with_sipp(patient, library, tmp_path, "caller.xml", "-m", "200", "-l", "200", "-r", "40", "-lost", "10"))
    assert len(records) == 200
    # The flow begins when the caller has acknowledged our answer. SIPp does not send a lost ACK again, and takes a copy of our answer that
    # comes after its BYE for the answer to that; if the BYE was lost too, nobody has hung up until the block is left.
    served = [record for record in records if record.visits]
    assert {record.visits[0].node for record in served} == {"language"}
    assert {record.ended.by for record in served if record.ended} == {"them"}
    assert len(served) > 160


@needs_sipp
@pytest.mark.skipif(
    os.geteuid() != 0 or not DTMF_PCAP.exists(), reason="SIPp replays keys from a pcap, which needs root and its pcap files"
)
def test_a_key_that_sipp_presses_is_heard_once(bank: Flow, library: PromptLibrary, tmp_path: Path) -> None:
    (record,) = asyncio.run(call_with_sipp(bank, library, tmp_path, "caller_pressing_2.xml", "-m", "1"))
    assert [(key.key, key.secret) for key in record.keys] == [("2", False)]
    assert [(visit.node, visit.language) for visit in record.visits] == [("language", "en"), ("main", "es")]


async def call_with_sipp(bank: Flow, library: PromptLibrary, folder: Path, scenario: str, *options: str) -> tuple[CallRecord, ...]:
    """Let SIPp call the embedded IVR, and return what the IVR says of the calls. Fails with SIPp's own words unless all went well."""
    assert SIPP is not None
    # SIPp takes two for sound and two for pictures, whether or not there are any.
    with reserved_ports() as ports:
        async with EmbeddedIvr(bank, library) as ivr:
            command = [
                *(SIPP, "-sf", str(PEERS / scenario), "-s", "bank", ivr.uri.partition("@")[2], *options),
                *("-i", "127.0.0.1", "-p", str(ports[0]), "-mi", "127.0.0.1", "-mp", str(ports[2])),
                *("-nostdin", "-timeout", "200", "-timeout_error", "-trace_err", "-error_file", str(folder / "errors.log")),
            ]
            process = await asyncio.create_subprocess_exec(
                *command, cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
            )
            try:
                async with asyncio.timeout(240):
                    _, said = await process.communicate()
            except TimeoutError:
                process.kill()
                await process.wait()
                raise
    errors = folder / "errors.log"
    told = errors.read_text(errors="replace")[:2000] if errors.exists() else ""
    assert process.returncode == 0, f"sipp ended with {process.returncode}: {said.decode(errors='replace')[-500:]}\n{told}"
    return ivr.records
