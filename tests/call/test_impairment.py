"""A bad network, packet by packet, and calls that travel over one."""

from __future__ import annotations

import asyncio

import pytest

from ivrtest.call.call import Block, Ended
from ivrtest.call.drivers.loop import pair
from ivrtest.call.impairment import BadNetwork, Impairment
from ivrtest.call.line import Line


def arrivals(impairment: Impairment, count: int = 5000) -> list[tuple[int, float]]:
    """Send packets every 20 ms and return the numbers and times of those that arrive, looked for every 5 ms."""
    network = BadNetwork(impairment)
    arrived = []
    for step in range(4 * count + 200):
        if step % 4 == 0 and step < 4 * count:
            network.send((step // 4).to_bytes(4, "big"), step * 0.005)
        arrived += [(int.from_bytes(datagram, "big"), step * 0.005) for datagram in network.due(step * 0.005)]
    return arrived


def test_a_good_network_delivers_at_once() -> None:
    assert [(number, round(at, 3)) for number, at in arrivals(Impairment(), 10)] == [
        (number, round(number * 0.02, 3)) for number in range(10)
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("burst", "runs"), [(1.0, (1.0, 1.15)), (4.0, (3.5, 4.7))])
def test_the_share_of_lost_packets_and_how_many_are_lost_in_a_row(burst: float, runs: tuple[float, float], seed: int) -> None:
    arrived = {number for number, _ in arrivals(Impairment(loss=0.1, burst=burst, seed=seed), 20_000)}
    lost = [number not in arrived for number in range(20_000)]
    begins = sum(now and not before for before, now in zip([False, *lost], lost, strict=False))
    assert sum(lost) / len(lost) == pytest.approx(0.1, rel=0.15)
    assert runs[0] <= sum(lost) / begins <= runs[1]


def test_all_is_lost() -> None:
    assert arrivals(Impairment(loss=1.0), 50) == []
    assert arrivals(Impairment(loss=1.0, burst=4.0), 50) == []


def test_jitter_delays_and_keeps_the_order() -> None:
    arrived = arrivals(Impairment(jitter_s=0.05))
    assert [number for number, _ in arrived] == list(range(5000))
    delays = [at - number * 0.02 for number, at in arrived]
    assert -1e-9 <= min(delays) < 0.006
    assert 0.045 < max(delays) <= 0.055 + 1e-9


def test_some_packets_arrive_after_the_one_that_follows_them() -> None:
    numbers = [number for number, _ in arrivals(Impairment(reordering=0.1))]
    assert sorted(numbers) == list(range(5000))
    overtaken = sum(numbers[place] > numbers[place + 1] for place in range(len(numbers) - 1))
    assert overtaken / len(numbers) == pytest.approx(0.09, abs=0.02)


def test_the_same_seed_loses_the_same_packets() -> None:
    assert arrivals(Impairment(loss=0.2, seed=7)) == arrivals(Impairment(loss=0.2, seed=7))
    assert arrivals(Impairment(loss=0.2, seed=7)) != arrivals(Impairment(loss=0.2, seed=8))


def test_a_call_in_process_loses_blocks_while_it_is_impaired() -> None:
    async def run() -> list[bool]:
        caller, called = pair()
        await called.answer()
        called.leave()
        lost = []
        async for item in caller.stream():
            if isinstance(item, Block):
                lost.append(bool(item.lost.all()))
                if len(lost) == 10:
                    called.impair(Impairment(loss=1.0))
                if len(lost) == 20:
                    called.impair(None)
                if len(lost) == 30:
                    await caller.hang_up()
        return lost

    lost = asyncio.run(run())
    assert lost[:10] == [False] * 10
    assert lost[10:20] == [True] * 10
    assert lost[20:30] == [False] * 10


def test_who_placed_or_answered_a_call_cannot_refuse_it() -> None:
    async def run() -> None:
        caller, called = pair(name="c")
        with pytest.raises(RuntimeError, match=r'^cannot refuse the call "c": it is our own$'):
            await caller.refuse(486)
        await called.answer()
        with pytest.raises(RuntimeError, match=r'^cannot refuse the call "c": it is answered$'):
            await called.refuse(486)

    asyncio.run(run())


@pytest.mark.parametrize("status", [302, 486, 503])
def test_a_sip_call_is_refused_with_the_status_that_was_asked_for(status: int) -> None:
    async def run() -> tuple[Ended, Ended]:
        async with asyncio.timeout(60), Line() as ours, Line() as theirs:
            incoming = theirs.incoming()
            placed = await ours.place(theirs.uri)
            call = await anext(incoming)
            await call.refuse(status)
            ends = [[item async for item in each.stream() if isinstance(item, Ended)] for each in (placed, call)]
            return ends[0][0], ends[1][0]

    placed, refused = asyncio.run(run())
    assert (placed.by, placed.status) == ("refused", status)
    assert (refused.by, refused.status, refused.reason) == ("us", status, "refused")


def test_the_sound_of_a_sip_call_gets_lost_on_its_way() -> None:
    async def run() -> tuple[int, int]:
        async with asyncio.timeout(60), Line() as ours, Line() as theirs:
            incoming = theirs.incoming()
            placed = await ours.place(theirs.uri)
            call = await anext(incoming)
            await call.answer()
            call.impair(Impairment(loss=0.5, seed=1))
            async for item in placed.stream():
                if isinstance(item, Block) and item.end_s > 3:
                    await placed.hang_up()
            return placed.stats().received, placed.stats().lost

    received, lost = asyncio.run(run())
    assert lost / (received + lost) == pytest.approx(0.5, abs=0.15)
