"""Codecs of others: SIPp in G.722, L16 and Opus under numbers of its own, and changes of the codec in mid-call with SIPp and baresip.

SIPp sends back what it hears, so what we play must be heard by us whole.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard, Recognised
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Answered, CallEvent, Samples, SessionChanged
from ivrtest.call.line import Line
from ivrtest.call.listener import Tick
from ivrtest.call.sound import SoundOptions
from tests.call.captured import payload_types
from tests.interop.baresip import baresip, needs_baresip
from tests.interop.calls import Conversation, converse
from tests.interop.programs import PATIENCE_S
from tests.interop.sipp import complaints, needs_sipp, sipp_caller, sipp_ivr
from tests.interop.tshark import complaints as dissected
from tests.interop.tshark import needs_tshark

CODECS = {
    "G722": (9, "G722/8000"),
    "L16/8000": (96, "L16/8000"),
    "L16/16000": (97, "L16/16000"),
    "L16/44100": (11, "L16/44100"),
    "opus": (98, "opus/48000/2"),
}


def sound(library: PromptLibrary, prompt: str) -> Samples:
    recording = library.get(prompt, "en")
    assert recording is not None
    return recording.samples


def port_of(uri: str) -> int:
    return int(uri.split(":")[2].partition(";")[0])


@needs_sipp
@pytest.mark.parametrize("name", CODECS)
def test_we_call_sipp(name: str, library: PromptLibrary, tmp_path: Path) -> None:
    number, written = CODECS[name]

    async def run() -> tuple[Conversation, int, tuple[list[int], list[int]]]:
        async with (
            asyncio.timeout(PATIENCE_S),
            sipp_ivr(tmp_path, None, "-rtp_echo", script="echo.xml", payload_type=number, codec=written) as (uri, sipp),
            Line(sound=SoundOptions(codecs=(name,)), capture=True) as line,
        ):
            call = await line.place(uri)

            async def react(item: object) -> None:
                if isinstance(item, Answered):
                    call.play(sound(library, "thanks"))
                if isinstance(item, Heard):
                    await call.hang_up()

            conversation = await converse(call, library, react)
            return conversation, await sipp.end(), payload_types(call, tmp_path / "call.pcap")

    conversation, code, numbers = asyncio.run(run())
    assert code == 0, complaints(tmp_path)
    assert conversation.verdicts == [("thanks", "match")]
    assert numbers == ([number], [number])


@needs_sipp
@pytest.mark.parametrize("name", CODECS)
def test_sipp_calls_with_a_number_of_its_own(name: str, library: PromptLibrary, tmp_path: Path) -> None:
    number, written = CODECS[name]
    number = {96: 118, 97: 119, 98: 111}.get(number, number)

    async def run() -> tuple[Conversation, int, tuple[list[int], list[int]]]:
        async with asyncio.timeout(PATIENCE_S), Line(sound=SoundOptions(codecs=("PCMU", name)), capture=True) as line:
            calls = line.incoming()
            async with sipp_caller(tmp_path, line.uri, "one_codec.xml", "-rtp_echo", payload_type=number, codec=written) as sipp:
                call = await anext(calls)
                await call.answer()

                async def react(item: object) -> None:
                    if isinstance(item, Answered):
                        call.play(sound(library, "thanks"))
                    if isinstance(item, Heard):
                        await call.hang_up()

                conversation = await converse(call, library, react)
                return conversation, await sipp.end(), payload_types(call, tmp_path / "call.pcap")

    conversation, code, numbers = asyncio.run(run())
    assert code == 0, complaints(tmp_path)
    assert conversation.verdicts == [("thanks", "match")]
    assert numbers == ([number], [number])


def changes(conversation: Conversation) -> list[tuple[str, int, str]]:
    return [(event.by, event.status, event.codec) for event in conversation.events if isinstance(event, SessionChanged)]


@needs_sipp
@needs_tshark
def test_changes_with_sipp_by_reinvite_and_update_and_through_a_glare(library: PromptLibrary, tmp_path: Path) -> None:
    said = np.concatenate([np.zeros(1600, np.int16), sound(library, "menu"), np.zeros(80_000, np.int16)])

    async def run() -> tuple[Conversation, int, tuple[list[int], list[int]], int]:
        async with (
            asyncio.timeout(PATIENCE_S),
            sipp_ivr(tmp_path, None, "-rtp_echo", script="change.xml") as (uri, sipp),
            Line(capture=True) as line,
        ):
            call = await line.place(uri)

            changing = False

            async def react(item: object) -> None:
                nonlocal changing
                match item:
                    case Answered():
                        call.play(said)
                    case Tick() if not changing and call.stats().sent > 5:
                        changing = True
                        await call.change_codec("PCMA")
                    case SessionChanged(by="us", codec="PCMA"):
                        await call.change_codec("PCMU", method="UPDATE")

            conversation = await converse(call, library, react)
            return conversation, await sipp.end(), payload_types(call, tmp_path / "call.pcap"), port_of(uri)

    conversation, code, numbers, port = asyncio.run(run())
    assert code == 0, complaints(tmp_path)
    assert changes(conversation) == [("us", 200, "PCMA"), ("us", 200, "PCMU"), ("them", 200, "PCMA")]
    # An echo comes back as it was sent.
    assert numbers[0] == [0, 8, 0, 8]
    assert conversation.verdicts == [("menu", "match")]
    assert dissected(tmp_path / "call.pcap", sip_port=port) == []


@needs_baresip
@needs_tshark
@pytest.mark.parametrize("codec", ["PCMA", "G722"])
def test_changes_with_baresip(codec: str, library: PromptLibrary, tmp_path: Path) -> None:
    said = np.concatenate([np.zeros(8000, np.int16), sound(library, "menu"), np.zeros(30 * 8000, np.int16)])
    number = {"PCMA": 8, "G722": 9}[codec]

    async def run() -> tuple[list[CallEvent], tuple[list[int], list[int]], int, list[tuple[str, str]]]:
        async with (
            asyncio.timeout(PATIENCE_S),
            baresip(tmp_path / "bob", said, answers=True, codecs="PCMU/8000/1,PCMA/8000/1,G722/16000/1") as bob,
            Line(capture=True) as line,
        ):
            call = await line.place(bob.uri)
            heard = asyncio.Event()

            async def react(item: object) -> None:
                match item:
                    case Recognised():
                        # In the middle of what it says.
                        await call.change_codec(codec)
                    case Heard():
                        heard.set()

            conversing = asyncio.create_task(converse(call, library, react))
            await heard.wait()
            await bob.do("hangup")
            conversation = await conversing
            return conversation.events, payload_types(call, tmp_path / "call.pcap"), port_of(line.uri), conversation.verdicts

    events, numbers, port, verdicts = asyncio.run(run())
    if codec == "PCMA":  # for a codec of another rate it plays its file anew
        assert verdicts == [("menu", "match")]
    assert [(event.by, event.status, event.codec) for event in events if isinstance(event, SessionChanged)] == [("us", 200, codec)]
    assert numbers == ([0, number], [0, number])
    assert dissected(tmp_path / "call.pcap", sip_port=port) == []
