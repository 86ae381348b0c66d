"""Many sessions at once."""

from __future__ import annotations

import asyncio

import pytest

from ivrtest.call.call import SAMPLE_RATE, Block, Ringing
from ivrtest.call.media import CROWDS, MediaEngine

pytestmark = pytest.mark.calls


def test_among_many_blocks_are_longer_and_an_event_does_not_wait_for_a_long_one() -> None:
    async def scenario() -> None:
        many, long_ms = next(iter(CROWDS.items()))
        at = 2.03
        async with asyncio.timeout(120), MediaEngine(ports=range(0), batch_ms=40) as engine:
            session = engine.open(record=False)
            session.post(Ringing(at, 180))
            crowd = [engine.open(record=False) for _ in range(many)]
            blocks: list[Block] = []
            heard_at = None
            while heard_at is None or len(blocks[-1].samples) < long_ms * SAMPLE_RATE // 1000:
                item = await session.next()
                if isinstance(item, Block):
                    assert item.start == (blocks[-1].start + len(blocks[-1].samples) if blocks else 0)
                    blocks.append(item)
                else:
                    assert item == Ringing(at, 180)
                    heard_at = blocks[-1].end_s
            assert at <= heard_at < at + 0.04
            assert {len(block.samples) * 1000 // SAMPLE_RATE for block in blocks} <= {*range(40, long_ms, 40), long_ms}
            for one in (session, *crowd):
                one.close()

    asyncio.run(scenario())
