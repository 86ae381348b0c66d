"""Another codec in mid-call, asked for by either side, by re-INVITE and by UPDATE: two lines of ours, and far sides that refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.tones import tone
from ivrtest.call.call import SAMPLE_RATE, Answered, ChangeMethod, Ended, KeyHeard, SessionChanged
from ivrtest.call.capture import Capturing
from ivrtest.call.codecs import CODECS, SoundError
from ivrtest.call.line import Line
from ivrtest.call.sip_call import SipCall
from ivrtest.call.sound import SoundOptions, Srtp
from ivrtest.rtp.dtmf import KeyForm
from ivrtest.scenario.steps.codec import CODEC_NAMES
from ivrtest.sip import events as sip
from tests.call.captured import payload_types
from tests.call.ear import Ear
from tests.call.far_side import FarSide

PATIENCE_S = 60.0
HZ = 440.0


class ToneEar(Ear):
    """Hears a tone, and how the session changes meanwhile."""

    async def changed(self, count: int = 1) -> SessionChanged:
        return await self.until(SessionChanged, count)

    async def hears(self, seconds: float) -> None:
        """Wait until so much more was heard."""
        end = len(self.blocks) + round(seconds * SAMPLE_RATE / 160)
        await self.when(lambda: len(self.blocks) >= end)

    @property
    def changes(self) -> list[SessionChanged]:
        return self.those(SessionChanged)

    def steady(self) -> bool:
        """Whether the tone went on without a gap from when it was first heard to when it was last heard."""
        audio = np.concatenate([block.samples for block in self.blocks]).astype(float)
        frames = audio[: len(audio) // 160 * 160].reshape(-1, 160)
        loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > 1000)
        lost = sum(int(block.lost.sum()) for block in self.blocks[loud[0] + 1 : loud[-1]])
        return len(loud) > 25 and bool((np.diff(loud) == 1).all()) and lost == 0


def stood_still(call: SipCall) -> bool:
    """Whether this machine did, for so long in this call that sound got lost by that."""
    return call.stats().worst_late_ms > 30


Script = Callable[[SipCall, ToneEar, SipCall, ToneEar], Awaitable[None]]


def conversation(script: Script, *, near: SoundOptions | None = None, far: SoundOptions | None = None) -> tuple[ToneEar, ToneEar, SipCall]:
    """Hold a call between two lines which send a tone to each other; the near one placed it, and is captured."""

    async def run() -> tuple[ToneEar, ToneEar, SipCall]:
        ears = ToneEar(), ToneEar()
        capture = Capturing()
        async with (
            asyncio.timeout(PATIENCE_S),
            Line(user="near", sound=near, capture=capture) as near_line,
            Line(user="far", sound=far) as far_line,
        ):
            calls = far_line.incoming()
            ours = await near_line.place(far_line.uri)
            theirs = await anext(calls)
            async with asyncio.TaskGroup() as group:
                for ear, call in zip(ears, (ours, theirs), strict=True):
                    group.create_task(ear.listen(call))
                await theirs.answer()
                for ear in ears:
                    await ear.until(Answered)
                for call in (ours, theirs):
                    call.play(tone((HZ,), 1.0), loop=True)
                await ears[0].hears(0.3)
                await script(ours, ears[0], theirs, ears[1])
                await ears[0].hears(0.3)
                await ours.hang_up()
        return *ears, ours

    return asyncio.run(run())


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize("ours", [True, False])
def test_either_side_asks_for_another_codec_and_the_sound_goes_on(ours: bool, method: ChangeMethod, tmp_path: Path) -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        await (near if ours else far).change_codec("PCMA", method=method)
        for ear, asks in ((near_ear, ours), (far_ear, not ours)):
            change = await ear.changed()
            assert (change.by, change.status, change.codec) == ("us" if asks else "them", 200, "PCMA")

    near, far, call = conversation(script)
    assert near.steady() or stood_still(call)
    assert far.steady() or stood_still(call)
    assert payload_types(call, tmp_path / "a.pcap") == ([0, 8], [0, 8])
    stats = call.stats()
    assert (stats.lost, stats.unknown_payloads, stats.reanchored) == (0, 0, 0)


@pytest.mark.parametrize("codec", ["G722", "L16/16000", "opus"])
def test_to_a_codec_with_another_clock_and_back(codec: str, tmp_path: Path) -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        await near.change_codec(codec)
        assert (await far_ear.changed()).codec == codec
        await near_ear.hears(0.3)
        await far.change_codec("PCMU")
        assert (await near_ear.changed(2)).codec == "PCMU"

    near, far, call = conversation(script, far=SoundOptions(("PCMU", "G722", "L16/16000", "opus")))
    sent, received = payload_types(call, tmp_path / "a.pcap")
    assert sent == received == [0, CODECS[codec].wire.payload_type, 0]
    assert far.steady() or stood_still(call)
    assert near.steady() or stood_still(call)


@pytest.mark.parametrize("codec", ["L16/16000", "opus"])
def test_keys_go_by_the_clock_of_the_new_codec(codec: str) -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        await near.change_codec(codec)
        await far_ear.changed()
        await near.press("5", form=KeyForm(ms=200))
        await far.press("#")
        for ear in (near_ear, far_ear):
            await ear.until(KeyHeard)

    near, far, call = conversation(script, far=SoundOptions(("PCMU", "L16/16000", "opus")))
    heard = [[(event.key, round(event.seconds, 2)) for event in ear.events if isinstance(event, KeyHeard)] for ear in (near, far)]
    if not stood_still(call):
        assert heard == [[("#", 0.1)], [("5", 0.2)]]
    assert [[key for key, _ in keys] for keys in heard] == [["#"], ["5"]]


def test_a_hold_after_a_change_keeps_the_codec() -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        await near.change_codec("PCMA")
        await near_ear.changed()
        await near.hold()
        assert (await near_ear.changed(2)).direction == "sendonly"
        await near.resume()
        assert (await near_ear.changed(3)).direction == "sendrecv"

    near, far, _ = conversation(script)
    assert [change.codec for change in near.changes] == [change.codec for change in far.changes] == ["PCMA"] * 3


def test_a_hold_does_not_take_back_what_the_other_side_has_changed_since() -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        await near.change_codec("PCMA")
        await near_ear.changed()
        await far.change_codec("PCMU")
        await near_ear.changed(2)
        await near.hold()
        await near_ear.changed(3)
        await near.resume()
        await near_ear.changed(4)

    near, far, _ = conversation(script)
    assert [(change.by, change.codec) for change in near.changes] == [("us", "PCMA"), ("them", "PCMU"), ("us", "PCMU"), ("us", "PCMU")]
    assert far.changes[-1].codec == "PCMU"


def test_encrypted_sound_goes_on_under_its_key() -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        await near.change_codec("PCMA")
        await far_ear.changed()
        await far.change_codec("G722")
        assert (await near_ear.changed(2)).codec == "G722"

    sound = SoundOptions(("PCMU", "PCMA", "G722"), srtp=Srtp.MANDATORY, srtp_in_clear=True)
    near, far, call = conversation(script, near=sound, far=sound)
    assert near.steady() or stood_still(call)
    assert far.steady() or stood_still(call)
    stats = call.stats()
    assert (stats.unauthenticated, stats.unknown_payloads, stats.encrypted) == (0, 0, "AES_CM_128_HMAC_SHA1_80")


def test_a_hold_offers_what_the_other_side_has_chosen_first() -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        await far.change_codec("PCMA")
        await near_ear.changed()
        await near.hold()
        await near_ear.changed(2)

    near, _, _ = conversation(script)
    assert [(change.by, change.codec) for change in near.changes] == [("them", "PCMA"), ("us", "PCMA")]


def test_a_hold_and_a_change_at_the_same_time_come_one_after_the_other() -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        await near.hold()
        await near.change_codec("PCMA")
        change = await near_ear.changed(2)
        assert (change.direction, change.codec) == ("sendonly", "PCMA")

    near, _, _ = conversation(script)
    assert (near.changes[0].direction, near.changes[0].codec) == ("sendonly", "PCMU")


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_both_ask_at_the_same_time_and_both_are_heard(method: ChangeMethod) -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        await near.change_codec("PCMA", method=method)
        await far.change_codec("PCMA", method=method)
        await near_ear.changed(2)

    near, far, call = conversation(script)
    # Each tries again after the time of RFC 3261 section 14.1: who was called first. What who called asks for then is so already.
    assert [(change.by, change.codec) for change in near.changes] == [("them", "PCMA"), ("us", "PCMA")]
    assert [(change.by, change.codec) for change in far.changes] == [("us", "PCMA")]
    assert near.steady() or stood_still(call)


def test_a_codec_that_the_other_side_does_not_speak_is_refused_and_all_stays_as_it_was() -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        await near.change_codec("G722")
        change = await near_ear.changed()
        assert (change.by, change.status, change.codec) == ("us", 488, "PCMU")
        await near.hold()
        assert (await near_ear.changed(2)).status == 200
        await near.resume()
        await near_ear.changed(3)

    near, far, call = conversation(script)
    assert [change.codec for change in far.changes] == ["PCMU", "PCMU"]
    assert not call.stats().unknown_payloads
    assert isinstance(near.events[-1], Ended)


def test_a_codec_that_nobody_knows() -> None:
    async def script(near: SipCall, near_ear: ToneEar, far: SipCall, far_ear: ToneEar) -> None:
        with pytest.raises(SoundError, match=r'^codec "PCMB" is unknown\. did you mean "PCMU"\?$'):
            await near.change_codec("PCMB")

    conversation(script)


def test_after_a_refused_change_a_refresh_repeats_what_holds() -> None:
    """The session timer's INVITE changes nothing, so it has the description that was agreed on, not the one that was refused."""

    async def run() -> tuple[bytes, bytes, bytes]:
        ear = ToneEar()
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide(answers=False) as far:
            call = await line.place(far.uri)
            async with asyncio.TaskGroup() as group:
                group.create_task(ear.listen(call))
                handle = (await far.next(sip.IncomingCall)).handle
                far.agent.answer(handle, far.description(), asyncio.get_running_loop().time())
                far.flush()
                await ear.when(lambda: bool(ear.events))
                await call.change_codec("PCMA")
                await far.next(sip.SessionOffered)
                far.agent.reject(handle, 488, asyncio.get_running_loop().time())
                far.flush()
                await ear.changed()
                trunk = line._trunks["udp"]
                trunk._agent._registry.legs[call.handle].understood = frozenset()
                trunk._agent._registry.legs[call.handle].changes.refresh(asyncio.get_running_loop().time())
                trunk._pump()
                await far.next(sip.SessionOffered)
                far.agent.answer(handle, far.description(), asyncio.get_running_loop().time())
                far.flush()
                await far.next(sip.Confirmed)
                await ear.hears(0.1)
                await call.hang_up()
        first, refused, refresh = far.offers
        return first, refused, refresh

    first, refused, refresh = asyncio.run(run())
    assert refresh == first != refused


def test_the_names_in_scenarios_are_those_of_the_codecs() -> None:
    assert tuple(CODECS) == CODEC_NAMES
