"""Far sides that answer our calls with spoilt messages: every call ends, with a reason, and the line goes on."""

from __future__ import annotations

import asyncio
import random
from typing import Any, cast

import pytest

from ivrtest.call.call import Answered, Ended
from ivrtest.call.line import Line
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.message import Request, create_response, parse_message
from ivrtest.sip.transport import Address
from tests.call.far_side import FarSide
from tests.fuzz.mutation import SDP, seeds, spoilt

PATIENCE_S = 60.0
CALLS = 150
RING_S = 3.0


class Babbler(asyncio.DatagramProtocol):
    """Answers every request with a handful of responses, most of them spoilt."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._known = seeds()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = int(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: Address) -> None:
        try:
            request = parse_message(data)
        except SipSyntaxError:
            return
        if not isinstance(request, Request) or request.method == "ACK":
            return
        chance = self._chance
        contact = ("Contact", f"<sip:babbler@127.0.0.1:{self.port}>")
        for status in chance.sample((100, 180, 183, 200, 200, 302, 401, 407, 486, 500), 4):
            response = create_response(request, status, to_tag="b", record_route=True).with_added(contact)
            if status in (183, 200) and request.method == "INVITE":
                response = response.with_added(("Require", "timer"), ("Session-Expires", "90;refresher=uas"), ("RSeq", "1"))
                response = response.with_body(SDP.encode(), "application/sdp")
            wire = bytes(response)
            self._transport.sendto(spoilt(wire, self._known, chance) if chance.random() < 0.8 else wire, addr)
        if chance.random() < 0.5:
            self._transport.sendto(spoilt(data, self._known, chance), addr)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_call_ends_and_the_line_goes_on(seed: int) -> None:
    async def talk(line: Line, target: str) -> Ended:
        call = await line.place(target, ring_s=RING_S)
        async for item in call.stream():
            if isinstance(item, Answered):
                await call.press("1")
                await call.hang_up()
            if isinstance(item, Ended):
                return item
        raise AssertionError("the stream ended without Ended")

    async def run() -> list[Ended]:
        problems: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: problems.append(context))
        transport, babbler = await loop.create_datagram_endpoint(lambda: Babbler(seed), local_addr=("127.0.0.1", 0))
        async with asyncio.timeout(PATIENCE_S), FarSide() as far, Line() as line:
            async with asyncio.TaskGroup() as group:
                talks = [group.create_task(talk(line, f"sip:ivr@127.0.0.1:{babbler.port}")) for _ in range(CALLS)]
            good = await talk(line, far.uri)
        transport.close()
        assert problems == []
        assert (good.by, good.reason) == ("us", "")
        return [task.result() for task in talks]

    ends = asyncio.run(run())
    assert len(ends) == CALLS
    for ended in ends:
        assert ended.by == "us" or ended.reason
    # They got as far as that: some were answered, some refused.
    assert {"us", "refused"} <= {ended.by for ended in ends}
