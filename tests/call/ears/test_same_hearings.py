"""What is heard in another process is what would be heard in this one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.audio.hearing import Heard, Hearing, Verdict
from ivrtest.audio.prompts import Key, PromptLibrary, Recording
from ivrtest.audio.revoiced import ear_for
from ivrtest.audio.synthesis import synthesise
from ivrtest.call.call import Answered, Samples
from ivrtest.call.drivers.loop import LoopCall, pair
from ivrtest.call.ears.pool import HearingPool
from ivrtest.call.listener import CallEar, Listener, known

WORDS = {
    "welcome": ("Welcome to the bank.", "Bienvenido al banco."),
    "menu": ("For your balance, press one. For a lost card, press two.", "Para su saldo, oprima uno."),
}
LIMIT_DB = 3.0
make = partial(ear_for, limit_db=LIMIT_DB)


def library_of(language: str) -> PromptLibrary:
    place = ("en", "es").index(language)
    return PromptLibrary(Recording(name, language, synthesise(words[place], language), words[place]) for name, words in WORDS.items())


LIBRARIES = {language: library_of(language) for language in ("en", "es")}
PAUSE = np.zeros(3000, np.int16)


def said(language: str) -> Samples:
    """Both recordings, and then the second one cut short."""
    first, second = (recording.samples for recording in LIBRARIES[language].recordings())
    return np.concatenate([PAUSE, first, PAUSE, second, PAUSE, second[: len(second) // 2], PAUSE])


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def pool(loop: asyncio.Runner) -> Iterator[HearingPool]:
    """Return one process for all calls, with both libraries."""
    pool = HearingPool(LIBRARIES.values(), make, most=1)
    loop.run(pool.__aenter__())
    yield pool
    loop.run(pool.__aexit__(None, None, None))


Cut = tuple[int, bool, bool, bool]
"""How long a block is, in samples; whether its first 20 ms are lost; whether the half second before its end is left out; whether what is
expected changes before it."""
cuts = st.lists(st.tuples(st.integers(80, 4000), st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=30)


async def hear(ear: CallEar, sound: Samples, cuts: list[Cut]) -> list[list[Hearing]]:
    """Give an ear a sound in blocks, over and over of these lengths; return what each of them brought."""
    brought: list[list[Hearing]] = []
    begin = number = 0
    expected: tuple[list[Key] | None, ...] = (None, [("welcome", "en")], [("menu", "en"), ("welcome", "en")])
    while begin < len(sound):
        length, loses, masks, expects = cuts[number % len(cuts)]
        block = sound[begin : begin + length].copy()
        lost = np.zeros(len(block), np.bool_)
        lost[:160] = loses
        block[lost] = 0
        begin, number = begin + len(block), number + 1
        if masks:
            ear.mask(begin / 8000 - 0.5, begin / 8000)
        if masks and loses:
            ear.pressed(begin / 8000)
        if expects:
            ear.expect(expected[number % len(expected)])
        brought.append(await known(ear.feed(block, lost)))
    brought.append(await known(ear.finish()))
    return brought


async def both(pool: HearingPool, listen: Callable[[CallEar], Awaitable[object]], library: PromptLibrary) -> tuple[object, object]:
    async with pool.ear(library) as ear:
        return await listen(make(library)), await listen(ear)


@given(cuts)
@settings(max_examples=15)
def test_each_block_brings_the_same_however_long_blocks_are(loop: asyncio.Runner, pool: HearingPool, cuts: list[Cut]) -> None:
    here, there = loop.run(both(pool, lambda ear: hear(ear, said("en"), cuts), LIBRARIES["en"]))
    assert here == there


def test_calls_that_are_listened_to_at_the_same_time_are_each_heard_as_by_themselves(loop: asyncio.Runner, pool: HearingPool) -> None:
    async def run() -> list[tuple[object, object]]:
        calls: list[tuple[str, list[Cut]]] = [
            (language, [(length, number % 2 == 0, number % 3 == 0, language == "en")])
            for number, length in enumerate((160, 400, 800, 1000))
            for language in ("en", "es")
        ]
        return await asyncio.gather(*(both(pool, partial(hear, sound=said(one), cuts=cuts), LIBRARIES[one]) for one, cuts in calls))

    for here, there in loop.run(run()):
        assert here == there


async def held(ear: CallEar, language: str) -> list[object]:
    """Hold a call in virtual time: press a key when it is answered, and then expect the menu."""
    near, far = pair(lost_to_caller=set(range(70, 75)))

    async def speak(call: LoopCall) -> None:
        await call.answer()
        call.play(said(language))
        async for item in call.stream():
            if type(item).__name__ == "PlaybackEnded":
                await call.hang_up()

    async def listen() -> list[object]:
        items: list[object] = []
        async for item in Listener(near, ear).stream():
            items.append(item)
            if isinstance(item, Answered):
                await near.press("1")
                ear.expect([("menu", language)])
        return items

    items, _ = await asyncio.gather(listen(), speak(far))
    return items


def test_calls_with_several_libraries_yield_the_same_items_in_the_same_order(loop: asyncio.Runner, pool: HearingPool) -> None:
    async def run() -> list[tuple[object, object]]:
        languages = ("en", "es", "en")
        return await asyncio.gather(*(both(pool, partial(held, language=language), LIBRARIES[language]) for language in languages))

    for here, there in loop.run(run()):
        assert isinstance(here, list)
        assert here == there
        finals = [item.match for item in here if isinstance(item, Heard)]
        verdicts = [(match.prompt, match.verdict) for match in finals]
        assert verdicts == [("welcome", Verdict.match), ("menu", Verdict.match), ("menu", Verdict.truncated)]


def test_what_no_library_has_cannot_be_expected(loop: asyncio.Runner, pool: HearingPool) -> None:
    async def run() -> None:
        async with pool.ear(LIBRARIES["es"]) as ear:
            with pytest.raises(KeyError) as raised:
                ear.expect([("welcome", "es"), ("welcome", "en")])
            assert raised.value.args == (("welcome", "en"),)
            # The process listens on.
            assert await ear.feed(PAUSE, np.zeros(len(PAUSE), np.bool_)) == []

    loop.run(run())
