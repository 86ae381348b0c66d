"""The embedded IVR on a machine that stood still: sound leaves later than the clock says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Call, Ended
from ivrtest.call.drivers.loop import Exchange, LoopCall
from ivrtest.flow.model import Flow
from ivrtest.server.ivr import EmbeddedIvr

BEHIND_S = 3.0


@dataclass(frozen=True)
class Late:
    """A call whose sound is behind its clock."""

    call: LoopCall

    @property
    def now(self) -> float:
        return self.call.now + BEHIND_S

    def __getattr__(self, name: str) -> Any:
        return getattr(self.call, name)


class LateExchange(Exchange):
    async def incoming(self) -> AsyncIterator[LoopCall]:
        async for call in super().incoming():
            yield cast(LoopCall, cast(Call, Late(call)))


def test_the_flow_goes_on_although_the_end_of_a_prompt_came_before_its_time(bank: Flow, library: PromptLibrary) -> None:
    async def call() -> Ended:
        exchange = LateExchange()
        async with EmbeddedIvr(bank, library, exchange=exchange) as ivr:
            caller = await exchange.place(ivr.uri)
            async for item in caller.stream():
                if isinstance(item, Ended):
                    return item
                if caller.now > 60:
                    await caller.hang_up()
        raise AssertionError("the stream ended without the call's end")

    assert asyncio.run(call()).by == "them"
