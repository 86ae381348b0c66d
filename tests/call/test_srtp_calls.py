"""Encrypted calls between two lines: who gets which, who is refused and told why, and where no key is written."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ivrtest.audio import tones
from ivrtest.call.call import Answered, Block, CallEvent, Ended, KeyHeard, Samples
from ivrtest.call.line import Line, LineError
from ivrtest.call.remote_media import MediaStats
from ivrtest.call.sip_call import SipCall
from ivrtest.call.sound import SoundOptions, Srtp
from ivrtest.call.tls import Tls
from tests.call.authority import Authority

PATIENCE_S = 60.0
READABLE_KEY = (
    "SRTP is mandatory, and its key would go over signalling that is not encrypted, where everybody on the way can read it. "
    "call over TLS, or allow it with srtp_in_clear"
)


def in_clear(srtp: Srtp, **more: Any) -> SoundOptions:
    return SoundOptions(srtp=srtp, srtp_in_clear=True, **more)


async def listen(call: SipCall, done: asyncio.Event) -> list[CallEvent]:
    events: list[CallEvent] = []
    async for item in call.stream():
        if not isinstance(item, Block):
            events.append(item)
            if isinstance(item, KeyHeard):
                done.set()
    return events


async def talk(near: Line, far: Line) -> tuple[list[CallEvent], MediaStats, MediaStats, SipCall]:
    """Call, say a tone, press a key, hang up when it was heard. Return the caller's events and how it went at both ends."""
    taken: list[SipCall] = []
    heard = asyncio.Event()

    async def answer() -> None:
        async for call in far.incoming():
            taken.append(call)
            await call.answer()
            await listen(call, heard)
            return

    answering = asyncio.create_task(answer())
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        call = await near.place(far.uri)
        listening = asyncio.create_task(listen(call, asyncio.Event()))
        call.play(tones.tone((1004,), 0.2))
        await call.press("5")
        waiting = asyncio.create_task(heard.wait())
        await asyncio.wait([waiting, listening], return_when=asyncio.FIRST_COMPLETED)
        await call.hang_up()
        events = await listening
        waiting.cancel()
        if taken:
            await answering
        answering.cancel()
    return events, call.stats(), taken[0].stats() if taken else MediaStats(), call


@asynccontextmanager
async def two(caller: SoundOptions, callee: SoundOptions, **more: Any) -> AsyncIterator[tuple[Line, Line]]:
    async with Line(sound=caller, capture=True, **more) as near, Line(sound=callee, capture=True) as far:
        yield near, far


@pytest.mark.parametrize(
    ("caller", "callee", "encrypted"),
    [
        (Srtp.MANDATORY, Srtp.MANDATORY, True),
        (Srtp.MANDATORY, Srtp.OPTIONAL, True),
        (Srtp.OPTIONAL, Srtp.MANDATORY, True),
        (Srtp.OPTIONAL, Srtp.OPTIONAL, True),
        (Srtp.OPTIONAL, Srtp.OFF, False),
        (Srtp.OFF, Srtp.OPTIONAL, False),
    ],
)
def test_who_is_encrypted(caller: Srtp, callee: Srtp, encrypted: bool, tmp_path: Path) -> None:
    async def run() -> tuple[list[CallEvent], MediaStats, MediaStats, SipCall]:
        async with two(in_clear(caller), in_clear(callee)) as (near, far):
            return await talk(near, far)

    events, ours, theirs, call = asyncio.run(run())
    assert isinstance(events[-1], Ended)
    assert events[-1].by == "us"
    assert any(isinstance(event, Answered) for event in events)
    assert ours.encrypted == theirs.encrypted == ("AES_CM_128_HMAC_SHA1_80" if encrypted else "")
    assert (ours.unauthenticated, theirs.unauthenticated, theirs.malformed) == (0, 0, 0)
    # The file for Wireshark has the call, and no key to read it.
    assert call.capture is not None
    call.capture.write(tmp_path / "call.pcap")
    written = (tmp_path / "call.pcap").read_bytes()
    assert (b"a=crypto:" in written) == (caller is not Srtp.OFF)
    for found in re.findall(rb"inline:(\S+)", written):
        assert found == b"x" * len(found)


@pytest.mark.parametrize(
    ("caller", "callee", "reason"),
    [
        (Srtp.MANDATORY, Srtp.OFF, "only, which needs SRTP, and that is off"),
        (Srtp.OFF, Srtp.MANDATORY, "without a key for SRTP, which is mandatory"),
    ],
)
def test_who_does_not_agree_is_told_why(caller: Srtp, callee: Srtp, reason: str) -> None:
    async def run() -> tuple[list[CallEvent], bytes]:
        async with two(in_clear(caller), in_clear(callee)) as (near, far):
            events, _, _, call = await talk(near, far)
            assert call.capture is not None
            return events, b"".join(packet[3] for packet in call.capture._packets)

    events, sip = asyncio.run(run())
    assert isinstance(events[-1], Ended)
    assert (events[-1].by, events[-1].status) == ("refused", 488)
    assert re.search(rb'\r\nWarning: 302 127\.0\.0\.1:\d+ "audio is offered over \\"RTP/S?AVP\\" ' + reason.encode() + rb'"\r\n', sip)


def test_a_key_that_everybody_could_read_is_not_sent() -> None:
    async def run() -> str:
        async with two(SoundOptions(srtp=Srtp.MANDATORY), SoundOptions()) as (near, far):
            with pytest.raises(LineError) as refused:
                await near.place(far.uri)
            return str(refused.value).replace(far.uri, "URI")

    assert asyncio.run(run()) == f'cannot call "URI": {READABLE_KEY}'


def test_where_sip_is_in_clear_and_srtp_optional_no_key_is_offered() -> None:
    async def run() -> tuple[list[CallEvent], MediaStats, MediaStats, SipCall]:
        async with two(SoundOptions(srtp=Srtp.OPTIONAL), SoundOptions(srtp=Srtp.OPTIONAL)) as (near, far):
            return await talk(near, far)

    events, ours, theirs, _ = asyncio.run(run())
    assert isinstance(events[-1], Ended)
    assert (events[-1].by, ours.encrypted, theirs.encrypted) == ("us", "", "")
    assert theirs.received > 0


def test_over_tls_the_key_is_safe_in_any_codec(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = authority.certificate("127.0.0.1")
    sound = SoundOptions(codecs=("opus", "PCMU"), ptime_ms=40, srtp=Srtp.MANDATORY)

    async def run() -> tuple[list[CallEvent], MediaStats, MediaStats, Samples]:
        async with (
            Line(sound=sound, tls=Tls(ca=authority.file)) as near,
            Line(sound=sound, transport="tls", tls=Tls(certificate=certificate)) as far,
        ):
            events, ours, theirs, call = await talk(near, far)
            return events, ours, theirs, call.recording().sent

    events, ours, theirs, sent = asyncio.run(run())
    assert isinstance(events[-1], Ended)
    assert events[-1].by == "us"
    assert ours.encrypted == theirs.encrypted == "AES_CM_128_HMAC_SHA1_80"
    assert (theirs.lost, theirs.unauthenticated) == (0, 0)
    assert len(sent)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from ivrtest.call.codecs import SoundError

    monkeypatch.setitem(sys.modules, "pylibsrtp", None)
    with pytest.raises(SoundError) as caught:
        SoundOptions(srtp=Srtp.OPTIONAL)
    assert str(caught.value) == 'SRTP needs the extra "srtp". install it: pip install "ivrtest[srtp]"'


def test_keys_are_random_and_of_the_right_length() -> None:
    from ivrtest.call.negotiation import Negotiation

    asked: list[int] = []

    def token(length: int) -> bytes:
        asked.append(length)
        return bytes([len(asked)]) * length

    offer = Negotiation(("127.0.0.1", 4000), session_id=1, sound=in_clear(Srtp.MANDATORY), token=token).offer().decode()
    assert asked == [30, 30]
    keys = re.findall(r"a=crypto:(\d) (\S+) inline:(\S+)", offer)
    assert [(tag, suite, len(base64.b64decode(key))) for tag, suite, key in keys] == [
        ("1", "AES_CM_128_HMAC_SHA1_80", 30),
        ("2", "AES_CM_128_HMAC_SHA1_32", 30),
    ]
    assert "m=audio 4000 RTP/SAVP 0 8 101" in offer
