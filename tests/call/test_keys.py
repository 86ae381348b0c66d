"""Keys as events, as tones and by INFO, both ways."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivrtest.call.call import Answered, Block, CallEvent, Ended, KeyHeard, KeySent
from ivrtest.call.keys import KeyMode, key_by_info, key_in_info, without_key
from ivrtest.call.line import Line
from ivrtest.call.sip_call import SipCall
from ivrtest.sip import events as sip
from tests.call.test_sip_call import Peer, description

PATIENCE_S = 60.0


@pytest.mark.parametrize(
    ("content_type", "body", "key"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", ("5", 0.16)),
        ("application/dtmf-relay", b"Signal= *\nDuration= 100", ("*", 0.1)),
        ("application/dtmf-relay", b"signal=11\r\n", ("#", 0.1)),
        ("application/dtmf-relay", b"Signal=c\r\nDuration=250\r\n", ("C", 0.25)),
        ("application/dtmf-relay", b"Signal=16\r\n", None),
        ("application/dtmf-relay", b"Signal=hash\r\n", None),
        ("application/dtmf", b"7", ("7", 0.1)),
        ("application/dtmf", b" 10\r\n", ("*", 0.1)),
        ("application/dtmf", b"press 5", None),
        ("", b"Signal=1\r\nDuration=80\r\n", ("1", 0.08)),
    ],
)
def test_the_key_in_an_info(content_type: str, body: bytes, key: tuple[str, float] | None) -> None:
    assert key_in_info(content_type, body) == key


def test_the_key_is_taken_out_of_a_message() -> None:
    head = b"INFO sip:ivr SIP/2.0\r\nCSeq: 2 INFO\r\n\r\n"
    assert without_key(head + key_by_info("#")) == head + b"Signal=?\r\nDuration=100\r\n"
    assert without_key(head + b"7\r\n") == head + b"?\r\n"
    assert without_key(head + b"Signal=11\r\n") == head + b"Signal=?\r\n"
    invite = b"INVITE sip:ivr SIP/2.0\r\nCSeq: 2 INVITE\r\n\r\n7"
    assert without_key(invite) == invite


async def listen(call: SipCall, *, press: str = "", secret: bool = False, until: int = 0) -> list[CallEvent]:
    """Return a call's events. Press keys when it is answered; hang up when so many keys were heard."""
    events: list[CallEvent] = []
    async for item in call.stream():
        if isinstance(item, Block):
            continue
        events.append(item)
        if isinstance(item, Answered) and press:
            await call.press(press, secret=secret)
        if until and sum(isinstance(event, KeyHeard) for event in events) == until:
            await call.hang_up()
    return events


@pytest.mark.parametrize(
    ("mode", "how"), [("rfc4733", "rfc4733"), ("auto", "rfc4733"), ("info", "info"), ("info-dtmf", "info"), ("inband", "inband")]
)
def test_every_way_arrives_once(mode: KeyMode, how: str) -> None:
    async def run() -> tuple[list[CallEvent], list[CallEvent]]:
        async with asyncio.timeout(PATIENCE_S), Line() as far, Line() as near, asyncio.TaskGroup() as group:
            calls = far.incoming()
            placed = await near.place(far.uri, keys=mode)
            came = await anext(calls)
            await came.answer()
            here = group.create_task(listen(placed, press="15*#"))
            there = group.create_task(listen(came, until=4))
        return here.result(), there.result()

    here, there = asyncio.run(run())
    assert [(event.key, event.how) for event in there if isinstance(event, KeyHeard)] == [(key, how) for key in "15*#"]
    sent = [(event.key, event.how) for event in here if isinstance(event, KeySent)]
    # The far side hangs up once it has heard the last key.
    assert sent[:3] == [(key, how) for key in "15*"]
    assert isinstance(here[-1], Ended)
    assert here[-1].by == "them"


@pytest.mark.parametrize(("mode", "how"), [("info", "info"), ("inband", "inband")])
def test_secret_keys_are_in_no_capture(tmp_path: Path, mode: KeyMode, how: str) -> None:
    async def run() -> tuple[SipCall, SipCall, list[CallEvent]]:
        async with asyncio.timeout(PATIENCE_S), Line(capture=True) as far, Line(capture=True) as near, asyncio.TaskGroup() as group:
            calls = far.incoming()
            placed = await near.place(far.uri, keys=mode)
            came = await anext(calls)
            came.hide_keys(True)
            await came.answer()
            group.create_task(listen(placed, press="77", secret=True))
            there = group.create_task(listen(came, until=2))
        return placed, came, there.result()

    placed, came, there = asyncio.run(run())
    assert [(event.key, event.how) for event in there if isinstance(event, KeyHeard)] == [("7", how), ("7", how)]
    for call in (placed, came):
        assert call.capture is not None
        call.capture.write(tmp_path / "call.pcap")
        written = (tmp_path / "call.pcap").read_bytes()
        assert b"Signal=7" not in written
        assert (b"Signal=?" in written) == (mode == "info")
    if mode == "inband":
        assert not came.recording().heard.any()
        assert not placed.recording().sent.any()


NO_EVENTS = description("m=audio 9 RTP/AVP 0")


def with_peer(mode: KeyMode) -> list[CallEvent]:
    """Press a key towards a far side that takes no telephone events."""

    async def run() -> list[CallEvent]:
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            peer = Peer()
            call = await line.place(peer.uri, keys=mode)
            came = await peer.wait_for(sip.IncomingCall)
            assert isinstance(came, sip.IncomingCall)
            peer.agent.answer(came.handle, NO_EVENTS, peer.now())
            peer.flush()
            events: list[CallEvent] = []
            async for item in call.stream():
                if not isinstance(item, Block):
                    events.append(item)
                if isinstance(item, Answered):
                    await call.press("5")
                if isinstance(item, KeySent):
                    await call.hang_up()
            peer.close()
            return events

    return asyncio.run(run())


def test_a_far_side_that_takes_no_events_gets_none() -> None:
    end = with_peer("rfc4733")[-1]
    assert isinstance(end, Ended)
    assert (end.by, end.reason) == (
        "lost",
        'keys cannot be sent: the far side takes no telephone events (RFC 4733). with keys = "auto" they go as tones, with "info" by SIP',
    )


def test_a_far_side_that_takes_no_events_gets_tones() -> None:
    assert [(event.key, event.how) for event in with_peer("auto") if isinstance(event, KeySent)] == [("5", "inband")]
