"""A call and a matcher joined: events and hearings on one clock."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard, Recognised, SoundStarted, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.call.call import Answered, Block, Ended, KeySent, Ringing, Samples
from ivrtest.call.drivers.loop import LoopCall, pair
from ivrtest.call.listener import Listener, Tick, is_noisy


@pytest.fixture(scope="module")
def library() -> PromptLibrary:
    words = {"welcome": "Welcome to the bank.", "menu": "For your balance, press one. For a lost card, press two."}
    return PromptLibrary(Recording(name, "en", synthesise(text, "en"), text) for name, text in words.items())


async def play_both(call: LoopCall, library: PromptLibrary) -> None:
    """Answer, say both recordings with half a second between, and hang up a second later."""
    await call.answer()
    pause = np.zeros(4000, np.int16)
    sounds: list[Samples] = [pause]
    for recording in library.recordings():
        sounds += [recording.samples, pause]
    call.play(np.concatenate([*sounds, pause]))
    async for item in call.stream():
        if not isinstance(item, Block) and type(item).__name__ == "PlaybackEnded":
            await call.hang_up()


async def listen(call: LoopCall, library: PromptLibrary) -> tuple[list[object], Samples]:
    listener = Listener(call, Matcher(library))
    items: list[object] = []
    async for item in listener.stream():
        items.append(item)
        if isinstance(item, Answered):
            await call.press("1")
    return items, listener.heard


def test_events_and_hearings_come_in_the_order_of_the_clock(library: PromptLibrary) -> None:
    async def run() -> tuple[list[object], Samples]:
        near, far = pair()
        (heard, _) = await asyncio.gather(listen(near, library), play_both(far, library))
        return heard

    items, audio = asyncio.run(run())
    assert [type(item) for item in items if isinstance(item, Ringing | Answered | KeySent | Ended)] == [Ringing, Answered, KeySent, Ended]
    assert isinstance(items[-1], Ended)
    ticks = [item.at for item in items if isinstance(item, Tick)]
    assert ticks == [pytest.approx((number + 1) * 0.02) for number in range(len(ticks))]
    finals = [item.match for item in items if isinstance(item, Heard)]
    assert [(match.prompt, match.verdict) for match in finals] == [("welcome", Verdict.match), ("menu", Verdict.match)]
    first = library.recordings()[0]
    assert finals[0].start_s == pytest.approx(0.5, abs=0.02)
    assert finals[1].start_s == pytest.approx(1.0 + first.seconds, abs=0.02)
    assert any(isinstance(item, Recognised) and item.match.prompt == "menu" for item in items)
    assert any(isinstance(item, SoundStarted) for item in items)
    assert np.array_equal(audio[4000 : 4000 + len(first.samples)], first.samples)
    assert len(audio) == round(ticks[-1] * 8000)


def test_what_still_plays_when_the_call_ends_is_decided(library: PromptLibrary) -> None:
    async def cut(call: LoopCall) -> None:
        await call.answer()
        recording = library.get("menu", "en")
        assert recording is not None
        call.play(recording.samples)
        async for _ in call.stream():
            if call.now >= 2.5:
                await call.hang_up()

    async def run() -> list[object]:
        near, far = pair()
        ((items, _), _) = await asyncio.gather(listen(near, library), cut(far))
        return items

    items = asyncio.run(run())
    (final,) = [item.match for item in items if isinstance(item, Heard)]
    assert (final.prompt, final.verdict) == ("menu", Verdict.truncated)
    assert isinstance(items[-1], Ended)


@pytest.mark.parametrize(("ratio_db", "verdict"), [(30.0, Verdict.unknown), (5.0, Verdict.inconclusive)])
def test_unknown_speech_in_loud_noise_is_nobodys_fault(library: PromptLibrary, ratio_db: float, verdict: Verdict) -> None:
    speech = synthesise("Nobody ever recorded these words, and nobody will.", "en").astype(np.float64)
    noise = np.random.default_rng(7).normal(0, np.sqrt(np.mean(speech**2)) * 10 ** (-ratio_db / 20), len(speech))

    async def say(call: LoopCall) -> None:
        await call.answer()
        call.play(np.concatenate([np.zeros(4000), speech + noise, np.zeros(8000)]).astype(np.int16))
        async for item in call.stream():
            if type(item).__name__ == "PlaybackEnded":
                await call.hang_up()

    async def run() -> list[object]:
        near, far = pair()
        (heard, _), _ = await asyncio.gather(listen(near, library), say(far))
        return heard

    finals = [item.match for item in asyncio.run(run()) if isinstance(item, Heard) and item.match.end_s - item.match.start_s > 1.5]
    assert {match.verdict for match in finals} == {verdict}


def test_steady_sound_is_noisy_and_speech_with_pauses_is_not() -> None:
    speech = synthesise("Welcome to the bank. For your balance, press one.", "en")
    noise = np.random.default_rng(1).normal(0, 1000, 16000).astype(np.int16)
    assert not is_noisy(speech, 0.0, 3.0)
    assert is_noisy(noise, 0.0, 2.0)
    assert not is_noisy(speech, 99.0, 100.0)
