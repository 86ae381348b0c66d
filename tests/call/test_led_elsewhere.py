"""A far side that wants the rest of the call at another host, over real sockets."""

from __future__ import annotations

import asyncio

import pytest

from ivrtest.call.call import Answered, CallEvent, Ended, LedElsewhere
from ivrtest.call.line import Line
from ivrtest.call.permission import LOOPBACK, Permission
from ivrtest.sip import events as sip
from ivrtest.sip.headers import Contact
from tests.call.far_side import FarSide

pytestmark = pytest.mark.calls

PATIENCE_S = 60.0


def test_a_strict_line_sends_nothing_there_and_the_call_goes_on() -> None:
    async def run() -> list[CallEvent]:
        told: list[CallEvent] = []
        async with asyncio.timeout(PATIENCE_S), Line(permission=Permission(LOOPBACK, strict=True)) as line, FarSide() as far:
            far.agent._endpoint.contact = Contact.parse("<sip:far@192.0.2.1>")
            call = await line.place(far.uri)
            async for item in call.stream():
                if isinstance(item, Answered | LedElsewhere | Ended):
                    told.append(item)
                if isinstance(item, Answered):
                    # The ACK came, and so did BYE below: both where the call went.
                    await far.next(sip.Confirmed)
                    await call.hang_up()
            assert (await far.next(sip.Ended)).by is sip.Side.THEM
        return told

    told = asyncio.run(run())
    (led,) = [event for event in told if isinstance(event, LedElsewhere)]
    assert (led.to, led.followed) == ("sip:far@192.0.2.1", False)
    assert [event.by for event in told if isinstance(event, Ended)] == ["us"]
