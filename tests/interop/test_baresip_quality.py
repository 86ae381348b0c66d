"""How good a call with baresip is, and what keys it does not act on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.murmur import murmur
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Answered, PlaybackEnded, Samples
from ivrtest.call.keys import KeyMode
from ivrtest.call.line import Line
from ivrtest.call.quality import CallQuality
from ivrtest.probe.by_sound import Heard, difference_db, judged, listen
from ivrtest.probe.dtmf import MODES, Hears
from ivrtest.rtp.rating import Rating
from tests.interop.baresip import Baresip, baresip, needs_baresip
from tests.interop.programs import PATIENCE_S

WITHIN_S = 2.0
SPOKEN_S = 6.0
"""Long enough for reports (RTCP): the first comes after 2.5 to 7.5 s (RFC 3550 section 6.2)."""


def said(library: PromptLibrary) -> Samples:
    recording = library.get("menu", "en")
    assert recording is not None
    return np.concatenate([recording.samples, np.zeros(20 * 8000, np.int16)])


@needs_baresip
def test_the_quality_of_a_call_with_a_telephone(library: PromptLibrary, tmp_path: Path) -> None:
    async def run() -> CallQuality:
        async with asyncio.timeout(PATIENCE_S), baresip(tmp_path / "bob", said(library), answers=True) as bob, Line() as line:
            call = await line.place(bob.uri)
            async for item in call.stream():
                if isinstance(item, Answered):
                    call.play(murmur(SPOKEN_S))
                if isinstance(item, PlaybackEnded):
                    await call.hang_up()
            return call.quality()

    found = asyncio.run(run())
    assert (found.codec, found.one_way, found.stream.lost, found.echo) == ("PCMU", "", 0, None)
    assert isinstance(found.rating, Rating)
    assert found.rating.mos > 4.3
    assert found.stream.frame_ms == pytest.approx(20)
    assert -40 < found.heard.active_dbov < -10
    assert found.remote_lost in {0, None}


@needs_baresip
def test_who_does_not_act_on_keys_does_not_seem_to_hear_them(library: PromptLibrary, tmp_path: Path) -> None:
    """It takes all of them, an INFO with 200 and an event without a word; nothing follows, and that is what counts."""

    async def ask(bob: Baresip, mode: KeyMode, press_s: float | None, *, pressed: bool) -> Heard:
        async with Line() as line:
            call = await line.place(bob.uri, keys=mode)
            heard = await listen(call, "1", press_s=press_s, pressed=pressed, within_s=WITHIN_S)
            await bob.event("CALL_CLOSED")
            return heard

    async def run() -> dict[str, Hears]:
        async with asyncio.timeout(3 * PATIENCE_S), baresip(tmp_path / "bob", said(library), answers=True) as bob:
            first = await ask(bob, "rfc4733", None, pressed=False)
            again = await ask(bob, "rfc4733", first.press_s, pressed=False)
            noise_db = difference_db(first, again, WITHIN_S)
            return {mode: judged(await ask(bob, mode, first.press_s, pressed=True), first, noise_db, WITHIN_S).hears for mode in MODES}

    assert set(asyncio.run(run()).values()) <= {Hears.NO, Hears.REFUSED}
