"""SIPp with the extensions of SIP: reliable provisional responses, session timers, UPDATE, holds, late offers; and OPTIONS."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ivrtest.call.call import Answered, Block, CallEvent, EarlyMedia, Ended, SessionChanged
from ivrtest.call.line import Line
from ivrtest.call.sip_call import SipCall
from tests.interop.programs import PATIENCE_S
from tests.interop.sipp import complaints, needs_sipp, sipp_caller, sipp_ivr
from tests.interop.tshark import complaints as dissected
from tests.interop.tshark import needs_tshark, packets


async def events_of(call: SipCall) -> list[CallEvent]:
    return [item async for item in call.stream() if not isinstance(item, Block)]


@needs_sipp
@needs_tshark
def test_reliable_early_media_a_timer_that_we_refresh_and_a_hold(tmp_path: Path) -> None:
    async def run() -> tuple[list[CallEvent], int, int]:
        async with asyncio.timeout(PATIENCE_S), sipp_ivr(tmp_path, script="reliable.xml") as (uri, sipp), Line(capture=True) as line:
            call = await line.place(uri)
            events = await events_of(call)
            assert call.capture is not None
            call.capture.write(tmp_path / "call.pcap")
            return events, await sipp.end(), int(uri.rpartition(":")[2])

    events, code, port = asyncio.run(run())
    assert code == 0, complaints(tmp_path)
    assert [type(event) for event in events] == [EarlyMedia, Answered, SessionChanged, Ended]
    (change,) = (event for event in events if isinstance(event, SessionChanged))
    assert (change.by, change.direction) == ("them", "recvonly")
    ended = events[-1]
    assert isinstance(ended, Ended)
    assert (ended.by, ended.reason) == ("them", 'Q.850;cause=16;text="Normal call clearing"')
    assert ended.headers["Reason"] == 'Q.850;cause=16;text="Normal call clearing"'
    assert dissected(tmp_path / "call.pcap", sip_port=port) == []
    assert [packet.sip for packet in packets(tmp_path / "call.pcap", sip_port=port) if packet.sip] == [
        "INVITE", "183 INVITE", "PRACK", "200 PRACK", "200 INVITE", "ACK", "UPDATE", "200 UPDATE",
        "INVITE", "100 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE",
    ]  # fmt: skip


@needs_sipp
@needs_tshark
def test_a_caller_who_wants_our_offer_and_reliable_ringing(tmp_path: Path) -> None:
    async def run() -> tuple[SipCall, list[CallEvent], int, int]:
        async with asyncio.timeout(PATIENCE_S), Line(capture=True, answer_headers={"User-to-User": "6869;encoding=hex"}) as line:
            calls = line.incoming()
            async with sipp_caller(tmp_path, line.uri, "caller.xml") as sipp:
                call = await anext(calls)
                await call.ring(early_media=True)
                await call.answer()
                events = await events_of(call)
                assert call.capture is not None
                call.capture.write(tmp_path / "call.pcap")
                return call, events, await sipp.end(), int(line.uri.rpartition(":")[2])

    call, events, code, port = asyncio.run(run())
    assert code == 0, complaints(tmp_path)
    assert call.caller == "+12025550777"
    assert [type(event) for event in events] == [Answered, SessionChanged, Ended]
    assert dissected(tmp_path / "call.pcap", sip_port=port) == []
    seen = [packet.sip for packet in packets(tmp_path / "call.pcap", sip_port=port) if packet.sip]
    assert seen[-13:] == [
        "INVITE", "100 INVITE", "183 INVITE", "PRACK", "200 PRACK", "200 INVITE", "ACK",
        "UPDATE", "200 UPDATE", "OPTIONS", "200 OPTIONS", "BYE", "200 BYE",
    ]  # fmt: skip


@needs_sipp
def test_somebody_answers_options_or_not(tmp_path: Path) -> None:
    async def run() -> float:
        async with asyncio.timeout(PATIENCE_S), Line() as there, Line() as line:
            return await line.ping(there.uri)

    assert asyncio.run(run()) < PATIENCE_S


@needs_sipp
def test_200_of_200_callers_who_lose_a_tenth_of_the_messages_are_served(tmp_path: Path) -> None:
    async def run() -> list[list[CallEvent]]:
        # SIPp gives a call up when it loses its own part of it, without a word: it has no more patience than ten copies.
        options = ("-lost", "10", "-r", "50", "-max_invite_retrans", "9", "-max_non_invite_retrans", "9")
        served: list[asyncio.Task[list[CallEvent]]] = []

        async def serve(call: SipCall) -> list[CallEvent]:
            await call.ring()
            await call.answer()
            return await events_of(call)

        async with asyncio.timeout(180), Line() as line, asyncio.TaskGroup() as group:
            calls = line.incoming()

            async def receive() -> None:
                async for call in calls:
                    served.append(group.create_task(serve(call)))

            reception = group.create_task(receive())
            async with sipp_caller(tmp_path, line.uri, "visitor.xml", *options, calls=200) as sipp:
                code = await sipp.end()
            assert code == 0, complaints(tmp_path)
            reception.cancel()
        return [task.result() for task in served]

    calls = asyncio.run(run())
    assert len(calls) == 200
    for events in calls:
        # Whoever hangs up when each of her ACKs got lost was never known to be there.
        assert [type(event) for event in events if not isinstance(event, Answered)] == [Ended]
        assert isinstance(events[-1], Ended)
        assert (events[-1].by, events[-1].reason) == ("them", "")
