"""Calls in virtual time: what one end sends is what the other one gets, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.call.call import (
    Answered,
    Block,
    Call,
    CallEvent,
    EarlyMedia,
    Ended,
    KeyHeard,
    KeySent,
    PlaybackEnded,
    Ringing,
    Samples,
    TransferAsked,
    TransferFinished,
)
from ivrtest.call.drivers.loop import Exchange, LoopCall, pair

Act = Callable[[LoopCall], Awaitable[None]]


async def listen(call: LoopCall, acts: dict[float, Act], out: list[Block | CallEvent]) -> None:
    """Take everything from `call`, and do each act when its time has come."""
    plan = sorted(acts.items())
    async for item in call.stream():
        out.append(item)
        while plan and call.now >= plan[0][0]:
            await plan.pop(0)[1](call)


def converse(
    caller: dict[float, Act], called: dict[float, Act], ends: tuple[LoopCall, LoopCall] | None = None
) -> tuple[list[Block | CallEvent], list[Block | CallEvent]]:
    """Run a call by two plans. Return what the caller got and what the called one got."""

    async def run() -> None:
        near, far = ends or pair()
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(near, caller, near_items))
            group.create_task(listen(far, called, far_items))

    near_items: list[Block | CallEvent] = []
    far_items: list[Block | CallEvent] = []
    asyncio.run(run())
    return near_items, far_items


def events(items: list[Block | CallEvent]) -> list[CallEvent]:
    return [item for item in items if not isinstance(item, Block)]


def audio(items: list[Block | CallEvent]) -> Samples:
    """Join the blocks, which must be without a gap from 0 on."""
    blocks = [item for item in items if isinstance(item, Block)]
    position = 0
    for block in blocks:
        assert block.start == position
        position += len(block.samples)
    return np.concatenate([block.samples for block in blocks])


async def answer(call: LoopCall) -> None:
    await call.answer()


async def hang_up(call: LoopCall) -> None:
    await call.hang_up()


def playing(samples: Samples, *, loop: bool = False) -> Act:
    async def act(call: LoopCall) -> None:
        call.play(samples, loop=loop)

    return act


def pressing(keys: str) -> Act:
    async def act(call: LoopCall) -> None:
        await call.press(keys)

    return act


def noise(length: int) -> Samples:
    return np.random.default_rng(7).integers(-9000, 9000, length, dtype=np.int16)


@given(length=st.integers(0, 1000), begin=st.integers(0, 5), blocks=st.sampled_from([160, 320, 800]))
def test_what_is_played_arrives_sample_by_sample(length: int, begin: int, blocks: int) -> None:
    samples = noise(length)
    start_s = begin * blocks / 8000
    caller, called = converse({1.0: hang_up}, {0.0: answer, start_s: playing(samples)}, pair(block_samples=blocks))
    heard = audio(caller)
    first = max(begin, 1) * blocks  # a plan is looked at when the first block has come
    assert np.array_equal(heard[first : first + length], samples)
    assert not heard[:first].any()
    assert not heard[first + length :].any()
    assert PlaybackEnded((first + length) / 8000) in called


def test_a_call_from_ringing_to_the_end() -> None:
    caller, called = converse({0.5: hang_up}, {0.1: answer})
    assert events(caller) == [Ringing(0.0), Answered(0.1), Ended("us", 0.5)]
    assert events(called) == [Answered(0.1), Ended("them", 0.5)]
    assert len(audio(caller)) == len(audio(called)) == 4000


def test_events_stand_before_the_first_block_that_starts_after_them() -> None:
    caller, called = converse({1.0: hang_up}, {0.1: answer, 0.2: playing(noise(1000))})
    for items in (caller, called):
        clock = 0.0
        for item in items:
            if isinstance(item, Block):
                assert item.start_s == clock
                clock = item.end_s
            else:
                assert item.at <= clock


def test_keys_take_100_ms_with_100_ms_between() -> None:
    caller, called = converse({0.1: answer_never, 0.2: pressing("1#"), 1.0: hang_up}, {0.02: answer})
    assert events(called)[1:-1] == [KeyHeard("1", 0.2, 0.1, "loop"), KeyHeard("#", 0.4, 0.1, "loop")]
    assert events(caller)[2:-1] == [KeySent("1", 0.2, 0.1), KeySent("#", 0.4, 0.1)]


async def answer_never(call: LoopCall) -> None:
    with pytest.raises(RuntimeError, match=r'^cannot answer the call "loop": we placed it$'):
        await call.answer()


def test_no_audio_leaves_while_a_key_is_down() -> None:
    samples = np.full(8000, 5000, np.int16)
    caller, _ = converse({1.5: hang_up}, {0.0: answer, 0.1: playing(samples), 0.2: pressing("5")})
    heard = audio(caller)
    assert not heard[1600:2400].any()
    assert (heard[800:1600] == 5000).all()
    assert (heard[2400:8800] == 5000).all()
    assert not heard[8800:].any()


def test_music_loops_until_it_is_stopped() -> None:
    async def stop(call: LoopCall) -> None:
        call.stop_playing()

    samples = noise(700)
    caller, called = converse({1.0: hang_up}, {0.0: answer, 0.1: playing(samples, loop=True), 0.6: stop})
    heard = audio(caller)
    assert np.array_equal(heard[800:4800], np.tile(samples, 6)[:4000])
    assert not heard[4800:].any()
    assert not any(isinstance(item, PlaybackEnded) for item in called)


def test_new_samples_take_the_place_of_the_old_ones() -> None:
    old, new = noise(4000), noise(800)[::-1]
    caller, called = converse({1.0: hang_up}, {0.0: answer, 0.1: playing(old), 0.2: playing(new)})
    heard = audio(caller)
    assert np.array_equal(heard[1600:2400], new)
    assert not heard[2400:].any()
    assert [item for item in called if isinstance(item, PlaybackEnded)] == [PlaybackEnded(0.3)]


def test_lost_blocks_are_silent_and_marked() -> None:
    caller, _ = converse({0.4: hang_up}, {0.0: answer, 0.1: playing(np.full(8000, 99, np.int16))}, pair(lost_to_caller={6, 8}))
    blocks = [item for item in caller if isinstance(item, Block)]
    assert [number for number, block in enumerate(blocks) if block.lost.all()] == [6, 8]
    assert [number for number, block in enumerate(blocks) if block.lost.any()] == [6, 8]
    assert [number for number, block in enumerate(blocks) if block.samples.any()] == [5, 7, *range(9, 20)]


def test_early_media_reaches_the_caller_before_the_answer() -> None:
    samples = noise(800)
    caller, called = converse({0.1: playing(samples), 1.0: hang_up}, {0.2: playing(samples), 0.5: answer})
    assert events(caller)[:3] == [Ringing(0.0), PlaybackEnded(0.2), EarlyMedia(0.2)]
    assert np.array_equal(audio(caller)[1600:2400], samples)
    assert not audio(called).any()


def test_a_transfer_is_asked_and_accepted() -> None:
    async def transfer(call: LoopCall) -> None:
        await call.transfer("sip:agent@example.com")

    caller, called = converse({0.5: hang_up}, {0.0: answer, 0.2: transfer})
    assert events(caller)[2] == TransferAsked("sip:agent@example.com", 0.2)
    assert events(called)[1] == TransferFinished(200, 0.2)


def test_a_call_that_is_cancelled() -> None:
    caller, called = converse({0.1: hang_up}, {})
    assert events(caller)[-1] == Ended("us", 0.1, 487, "cancelled")
    assert events(called)[-1] == Ended("them", 0.1, 487, "cancelled")


def test_a_call_that_is_refused() -> None:
    caller, called = converse({}, {0.1: hang_up})
    assert events(caller)[-1] == Ended("refused", 0.1, 603, "declined")
    assert events(called)[-1] == Ended("us", 0.1, 603, "declined")


def test_two_ends_that_wait_for_each_other_are_told_that_the_call_is_lost() -> None:
    caller, called = converse({}, {0.0: answer}, pair(limit_s=10))
    assert caller[-1] == called[-1] == Ended("lost", 10.0, reason="nobody hung up within 10 s")


def test_hanging_up_twice_ends_once() -> None:
    caller, called = converse({0.2: hang_up}, {0.0: answer, 0.2: hang_up})
    assert [isinstance(item, Ended) for item in caller].count(True) == 1
    assert [isinstance(item, Ended) for item in called].count(True) == 1


def test_one_end_may_leave_without_stopping_the_clock() -> None:
    async def run() -> Samples:
        near, far = pair()
        far.leave()
        await far.answer()
        far.play(samples)
        blocks = []
        async for item in near.stream():
            if isinstance(item, Block):
                blocks.append(item.samples)
            if near.now >= 1.0:
                await near.hang_up()
        return np.concatenate(blocks)

    samples = noise(4000)
    assert np.array_equal(asyncio.run(run())[:4000], samples)


def test_a_stream_is_iterated_once() -> None:
    async def run() -> None:
        near, far = pair()
        far.leave()
        await anext(near.stream())
        with pytest.raises(RuntimeError, match=r'^the stream of the call "loop" may be iterated only once$'):
            await anext(near.stream())

    asyncio.run(run())


def test_blocks_are_of_20_ms_or_a_multiple() -> None:
    with pytest.raises(ValueError, match=r'^block_samples "100" is not a positive multiple of 160$'):
        pair(block_samples=100)


def test_an_exchange_joins_who_places_and_who_listens() -> None:
    async def serve(calls: AsyncIterator[LoopCall]) -> str:
        call = await anext(calls)
        await call.answer()
        async for _ in call.stream():
            pass
        return f"{call.id} from {call.caller} to {call.called}"

    async def run() -> str:
        exchange = Exchange()
        task = asyncio.create_task(serve(exchange.incoming()))
        call: Call = await exchange.place("loop:bank", caller="+15550100")
        async for _ in call.stream():
            if call.now > 0.1:
                await call.hang_up()
        return await task

    assert asyncio.run(run()) == "loop-1 from +15550100 to loop:bank"
