"""A hold of ours: it lasts until we end it, whatever the far side changes meanwhile (RFC 3264 section 8.4)."""

from __future__ import annotations

import asyncio

from ivrtest.call.call import CallEvent, SessionChanged
from ivrtest.call.line import Line
from ivrtest.call.sip_call import SipCall
from ivrtest.sip import events as sip
from ivrtest.sip.session_description import Direction, SessionDescription
from tests.call.far_side import FarSide

PATIENCE_S = 60.0


def direction(sdp: bytes | None) -> Direction:
    assert sdp is not None
    description = SessionDescription.parse(sdp)
    return description.direction(description.media[0])


async def events_of(call: SipCall) -> list[CallEvent]:
    return [item async for item in call.stream() if isinstance(item, SessionChanged)]


async def answered(far: FarSide, kind: str, status: int = 200) -> bytes | None:
    """Answer the next change that is asked for, as the test says, and return what was offered."""
    offered = await far.next(sip.SessionOffered)
    now = asyncio.get_running_loop().time()
    if status == 200:
        far.agent.answer(offered.handle, far.description() + f"a={kind}\r\n".encode(), now)
    else:
        far.agent.reject(offered.handle, status, now)
    far.flush()
    return offered.offer


async def answers_to_changes(line: Line, far: FarSide, hold_status: int) -> list[Direction]:
    """Hold the call, and return what our answers say to a change that the far side asks for; and again when we have ended a hold."""
    call = await line.place(far.uri)
    listening = asyncio.create_task(events_of(call))
    far.agent.answer((await far.next(sip.IncomingCall)).handle, far.description(), asyncio.get_running_loop().time())
    far.flush()
    handle = (await far.next(sip.Confirmed)).handle
    said: list[Direction] = []
    for change, kind, status in ((call.hold, "recvonly", hold_status), (call.resume, "sendrecv", hold_status)):
        if said == [Direction.SENDRECV]:
            break
        await change()
        await answered(far, kind, status)
        if status == 200:
            await far.next(sip.Confirmed)
        far.reinvite(handle, far.sound)
        said.append(direction((await far.next(sip.SessionChanged)).sdp))
    far.bye(handle)
    await listening
    return said


def run(hold_status: int) -> list[Direction]:
    async def main() -> list[Direction]:
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide(answers=False) as far:
            return await answers_to_changes(line, far, hold_status)

    return asyncio.run(main())


def test_a_change_of_theirs_does_not_end_our_hold() -> None:
    assert run(200) == [Direction.SENDONLY, Direction.SENDRECV]


def test_a_hold_that_they_refused_is_none() -> None:
    assert run(488) == [Direction.SENDRECV]
