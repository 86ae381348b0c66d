"""Calls with baresip in other codecs and packet times, and encrypted, both ways."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Answered, Samples
from ivrtest.call.line import Line
from ivrtest.call.remote_media import MediaStats
from ivrtest.call.sound import SoundOptions, Srtp
from ivrtest.flow.model import Flow
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.server.record import CallRecord
from tests.interop.baresip import baresip, needs_baresip
from tests.interop.calls import Conversation, converse, verdicts
from tests.interop.programs import PATIENCE_S
from tests.interop.tshark import complaints, needs_tshark

CM80 = "AES_CM_128_HMAC_SHA1_80"
QUIET = np.zeros(60 * 8000, np.int16)


@dataclass(frozen=True, slots=True)
class Way:
    """How both sides are to talk."""

    ours: SoundOptions
    theirs: str
    """As baresip writes codecs."""
    ptime: int = 20
    srtp: str = ""
    encrypted: str = ""


WAYS = {
    "PCMA in 10 ms": Way(SoundOptions(codecs=("PCMA",), ptime_ms=60), "PCMA/8000/1", ptime=10),
    "G.722": Way(SoundOptions(codecs=("G722", "PCMU")), "G722/16000/1"),
    "L16 at 16 kHz": Way(SoundOptions(codecs=("L16/16000",)), "L16/16000/1"),
    "Opus in 40 ms": Way(SoundOptions(codecs=("opus",)), "opus/48000/2", ptime=40),
    "SRTP": Way(
        SoundOptions(srtp=Srtp.MANDATORY, srtp_in_clear=True), "PCMU/8000/1", srtp="srtp-mand", encrypted="AES_CM_128_HMAC_SHA1_80"
    ),
    "SRTP where they can": Way(
        SoundOptions(srtp=Srtp.OPTIONAL, srtp_in_clear=True), "PCMU/8000/1", srtp="srtp", encrypted="AES_CM_128_HMAC_SHA1_80"
    ),
}


def sound(library: PromptLibrary, prompt: str) -> Samples:
    recording = library.get(prompt, "en")
    assert recording is not None
    return recording.samples


@needs_baresip
@needs_tshark
@pytest.mark.parametrize("name", WAYS)
def test_we_call(name: str, library: PromptLibrary, tmp_path: Path) -> None:
    way = WAYS[name]
    said = np.concatenate([np.zeros(8000, np.int16), sound(library, "menu"), np.zeros(30 * 8000, np.int16)])

    async def run() -> tuple[Conversation, MediaStats, str, Samples, int]:
        async with (
            asyncio.timeout(PATIENCE_S),
            baresip(tmp_path / "bob", said, answers=True, codecs=way.theirs, ptime=way.ptime, srtp=way.srtp) as bob,
            Line(sound=way.ours, capture=True) as line,
        ):
            call = await line.place(bob.uri)
            heard = asyncio.Event()

            async def react(item: object) -> None:
                match item:
                    case Answered():
                        call.play(sound(library, "thanks"))
                    case Heard():
                        heard.set()

            conversing = asyncio.create_task(converse(call, library, react))
            await bob.event("CALL_ESTABLISHED")
            await heard.wait()
            await call.press("4#")
            pressed = [(await bob.event("CALL_DTMF_START"))["param"] for _ in range(2)]
            await bob.event("CALL_DTMF_END")
            await bob.do("hangup")
            conversation = await conversing
            assert call.capture is not None
            call.capture.write(tmp_path / "call.pcap")
            return conversation, call.stats(), "".join(pressed), bob.heard(), int(line.uri.split(":")[2].split(";")[0])

    conversation, stats, pressed, heard_by_bob, sip_port = asyncio.run(run())
    assert conversation.verdicts == [("menu", "match")]
    assert pressed == "4#"
    assert (stats.encrypted, stats.unauthenticated, stats.malformed, stats.unknown_payloads) == (way.encrypted, 0, 0, 0)
    assert verdicts(heard_by_bob, library)[0] == ("thanks", "match")
    if not way.encrypted:  # what it cannot read tshark does not like
        assert complaints(tmp_path / "call.pcap", sip_port=sip_port) == []


@needs_baresip
@pytest.mark.parametrize("name", WAYS)
def test_we_are_called(name: str, desk: Flow, library: PromptLibrary, tmp_path: Path) -> None:
    way = WAYS[name]

    async def run() -> tuple[CallRecord, Samples]:
        async with (
            asyncio.timeout(PATIENCE_S),
            Line(sound=way.ours) as line,
            EmbeddedIvr(desk, library, exchange=line) as ivr,
            baresip(tmp_path / "carol", QUIET, codecs=way.theirs, ptime=way.ptime, srtp=way.srtp) as carol,
        ):
            await carol.do(f"dial {ivr.uri}")
            await carol.event("CALL_ESTABLISHED")
            await carol.press("1")
            await carol.event("CALL_CLOSED")
            return ivr.records[0], carol.heard()

    record, heard = asyncio.run(run())
    assert [(key.key, key.how) for key in record.keys] == [("1", "rfc4733")]
    assert 0.0 < record.keys[0].seconds < 2.0
    assert record.troubles == ()
    assert verdicts(heard, library)[-1] == ("thanks", "match")
