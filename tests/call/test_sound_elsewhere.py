"""A far side that wants the sound of a call at a host that nobody called and nobody listed."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest

from ivrtest.call.call import Answered, CallEvent, Ended, LedElsewhere
from ivrtest.call.incoming import Incoming
from ivrtest.call.line import Line
from ivrtest.call.negotiation import Negotiation
from ivrtest.call.permission import LOOPBACK, Permission
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.call.sip_call import SipCall
from ivrtest.call.sound_hosts import HostNotAllowed, SoundHosts
from ivrtest.rtp.packet import RtpPacket
from ivrtest.sip import events as sip
from ivrtest.sip.uri import SipUri
from tests.call.far_side import CODECS, FarSide

PATIENCE_S = 60.0
ELSEWHERE = "127.0.0.9"
"""Of this machine, but not on the list."""
STRICT = Permission(LOOPBACK, strict=True)
REFUSED = (
    f'the other side wants sound at "{ELSEWHERE}", where the call did not go and which is not among the allowed targets. with dial.strict '
    'nothing is sent there. allowed: "sip:*@127.0.0.1", "sip:*@localhost", "sip:*@[::1]"'
)


def media_at(host: str, *, port: str = "{port}", more: str = "") -> str:
    head, _, rest = CODECS.partition("\r\n")
    return f"{head.format(port=port)}\r\nc=IN IP4 {host}\r\n{rest}{more}"


async def told(call: SipCall) -> list[CallEvent]:
    return [item async for item in call.stream() if isinstance(item, Answered | LedElsewhere | Ended)]


@pytest.mark.calls
def test_a_strict_line_ends_a_call_whose_sound_is_wanted_elsewhere_and_sends_none() -> None:
    async def run() -> list[CallEvent]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
            there.bind((ELSEWHERE, 0))
            there.setblocking(False)
            media = media_at(ELSEWHERE, port=str(there.getsockname()[1]))
            async with asyncio.timeout(PATIENCE_S), Line(permission=STRICT) as line, FarSide(media=media) as far:
                events = await told(await line.place(far.uri))
                # The answer is acknowledged, and the call ended.
                await far.next(sip.Confirmed)
                assert (await far.next(sip.Ended)).by is sip.Side.THEM
            with pytest.raises(BlockingIOError):
                there.recv(2048)
        return events

    (ended,) = asyncio.run(run())
    assert isinstance(ended, Ended)
    assert (ended.by, ended.reason) == ("lost", f"the call was answered, but without sound for us: {REFUSED}")


@pytest.mark.calls
def test_a_strict_line_refuses_a_change_that_leads_the_sound_elsewhere_and_the_call_goes_on() -> None:
    async def run() -> tuple[list[CallEvent], int, list[str]]:
        async with asyncio.timeout(PATIENCE_S), Line(permission=STRICT, trace=True) as line, FarSide() as far:
            call = await line.place(far.uri)
            listening = asyncio.create_task(told(call))
            handle = (await far.next(sip.Confirmed)).handle
            far.media = media_at(ELSEWHERE)
            far.reinvite(handle, far.sound)
            unchanged = await far.next(sip.SessionUnchanged)
            far.bye(handle)
            events = await listening
        refusals = [message.text for message in call.trace.messages if message.status == 488]
        return events, unchanged.status, refusals

    events, status, (refusal,) = asyncio.run(run())
    assert [type(event) for event in events] == [Answered, Ended]
    assert status == 488
    text = REFUSED.replace('"', '\\"')
    assert next(line for line in refusal.splitlines() if line.startswith("Warning: 399 ")).endswith(f' "{text}"')


@pytest.mark.calls
def test_a_strict_line_refuses_a_caller_who_wants_sound_elsewhere() -> None:
    async def run() -> int:
        async with asyncio.timeout(PATIENCE_S), Line(permission=STRICT) as line, FarSide(media=media_at(ELSEWHERE)) as far:
            line.incoming()
            far.agent.invite(SipUri.parse(line.uri), offer=far.description(), now=asyncio.get_running_loop().time())
            far.flush()
            return (await far.next(sip.Rejected)).status

    assert asyncio.run(run()) == 488


@pytest.mark.calls
def test_a_line_that_is_not_strict_tells_once_where_sound_goes() -> None:
    async def run() -> list[CallEvent]:
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide(media=media_at(ELSEWHERE)) as far:
            call = await line.place(far.uri)
            listening = asyncio.create_task(told(call))
            handle = (await far.next(sip.Confirmed)).handle
            far.reinvite(handle, far.sound)
            await far.next(sip.SessionChanged)
            far.bye(handle)
            return await listening

    events = asyncio.run(run())
    assert [(event.to, event.followed, event.what) for event in events if isinstance(event, LedElsewhere)] == [(ELSEWHERE, True, "sound")]


def description(media: str) -> bytes:
    return f"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media.format(port=5000)}".encode()


def negotiation(*allow: str, strict: bool = True) -> Negotiation:
    return Negotiation(("198.51.100.1", 4000), session_id=7, hosts=SoundHosts(Permission(allow, strict=strict), ["192.0.2.1"]))


def test_the_host_that_was_called_and_those_on_the_list_may_have_the_sound() -> None:
    _, media = negotiation().answer(description(media_at("192.0.2.1")))
    assert (media.address, media.hosts) == (("192.0.2.1", 5000), frozenset({"192.0.2.1"}))
    _, media = negotiation("sip:*@192.0.2.9").answer(description(media_at("192.0.2.9", more="a=rtcp:6000 IN IP4 192.0.2.9\r\n")))
    assert (media.address, media.rtcp_address) == (("192.0.2.9", 5000), ("192.0.2.9", 6000))
    assert media.hosts == frozenset({"192.0.2.1", "192.0.2.9"})
    _, media = negotiation(strict=False).answer(description(media_at("192.0.2.9")))
    assert media.hosts is None


def test_a_hold_by_an_address_where_nothing_arrives_is_no_host() -> None:
    _, media = negotiation().answer(description(media_at("0.0.0.0")))
    assert (media.sends, media.rtcp_address) == (False, None)


def test_reports_go_to_no_other_host_either() -> None:
    with pytest.raises(HostNotAllowed) as refused:
        negotiation().answer(description(media_at("192.0.2.1", more="a=rtcp:6000 IN IP4 192.0.2.9\r\n")))
    assert str(refused.value) == (
        'the other side wants reports on the sound (RTCP) at "192.0.2.9", where the call did not go and which is not among the allowed '
        "targets. with dial.strict nothing is sent there. allowed: nothing"
    )


def test_a_stranger_at_another_host_is_not_followed() -> None:
    packet = bytes(RtpPacket(0, 1, 160, 7, bytes(160)))
    remote = RemoteMedia(("192.0.2.1", 4000), hosts=frozenset({"192.0.2.1"}))
    incoming = Incoming(limit=None)
    # Before anything is agreed on it may be the far side.
    incoming.datagram(packet, ("192.0.2.66", 9), 0)
    assert incoming.source == ("192.0.2.66", 9)
    incoming.agree(remote)
    incoming.datagram(packet, ("192.0.2.66", 9), 10)
    assert (incoming.source, incoming.strangers) == (None, 1)
    incoming.datagram(packet, ("192.0.2.1", 61_000), 20)
    assert incoming.source == ("192.0.2.1", 61_000)
    incoming = Incoming(limit=None)
    incoming.agree(replace(remote, hosts=None))
    incoming.datagram(packet, ("192.0.2.66", 9), 10)
    assert incoming.source == ("192.0.2.66", 9)
