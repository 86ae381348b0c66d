"""Two sessions on the loopback that talk in other codecs and packet times, encrypted, and report to each other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ivrtest.audio import tones
from ivrtest.audio.dtmf_detector import DtmfDetector
from ivrtest.call.call import Block, KeyHeard, KeySent, PlaybackEnded, Samples
from ivrtest.call.codecs import CODECS
from ivrtest.call.media import MediaEngine
from ivrtest.call.media_session import MediaSession, RemoteMedia
from ivrtest.call.remote_media import Address
from ivrtest.rtp.dtmf import KeyForm
from ivrtest.sip.sdes import SUITES, Crypto
from tests.call.test_codecs import snr_db
from tests.call.test_media import ANY, PATIENCE_S, events, has, in_loop, read, seconds_read, sound

pytestmark = pytest.mark.usefixtures("few_and_crowd")

TONE = tones.tone((1004,), 1.0)


def terms(address: Address, name: str = "PCMU", **more: Any) -> RemoteMedia:
    codec = CODECS[name]
    clock = codec.wire.clock_rate
    payload_type = codec.wire.payload_type
    usual = RemoteMedia(
        address,
        payload_type,
        name,
        receive_codecs={payload_type: name},
        receive_keys={101: clock},
        rtcp_address=(address[0], address[1] + 1),
        ptime_ms=codec.frame_ms(20),
    )
    return replace(usual, **more)


@contextlib.asynccontextmanager
async def pair(name: str = "PCMU", **more: Any) -> AsyncIterator[tuple[MediaSession, MediaSession]]:
    async with MediaEngine(ports=ANY) as engine:
        expected = terms(("", 0), name)
        left, right = engine.open(expected=expected), engine.open(expected=expected)
        left.start(terms(right.local_address, name, **more))
        right.start(terms(left.local_address, name, **more))
        yield left, right


def usual_snr_db(samples: Samples) -> float:
    """Return the median of stretches of 50 ms: on a busy machine the far clock seems to run off, and some samples are left out."""
    stretches = [samples[start : start + 400] for start in range(0, len(samples) - 400, 400)]
    return float(np.median([snr_db(stretch) if stretch.any() else 0.0 for stretch in stretches]))


def loud(samples: Samples) -> Samples:
    """Return what was heard of the tone, without its first and last moments."""
    where = np.flatnonzero(np.abs(samples) > 500)
    return samples[where[0] + 800 : where[-1] - 800]


@pytest.mark.parametrize("name", sorted(CODECS))
@pytest.mark.parametrize("wanted", [10, 20, 60])
def test_a_tone_and_a_key_in_every_codec(name: str, wanted: int) -> None:
    async def run() -> None:
        ptime = CODECS[name].frame_ms(wanted)
        async with pair(name, ptime_ms=ptime) as (left, right):
            left.play(TONE)
            reading = asyncio.create_task(read(right, seconds_read(1.6)))
            ended = events(await read(left, has(PlaybackEnded)))
            items = await reading
            assert usual_snr_db(loud(sound(items))) > 33
            assert not any(item.lost.any() for item in items if isinstance(item, Block))
            assert isinstance(ended[-1], PlaybackEnded)
            left.press("5", form=KeyForm(120, 100))
            heard = events(await read(right, has(KeyHeard)))
            sent = events(await read(left, has(KeySent)))
            stats = right.stats()
        assert isinstance(heard[0], KeyHeard)
        assert (heard[0].key, heard[0].seconds, heard[0].how) == ("5", 0.12, "rfc4733")
        assert isinstance(sent[0], KeySent)
        assert (sent[0].key, sent[0].seconds) == ("5", 0.12)
        assert (stats.lost, stats.late, stats.reanchored, stats.malformed, stats.unknown_payloads) == (0, 0, 0, 0, 0)

    asyncio.run(run())


@in_loop
async def test_packets_of_60_ms_one_way_and_10_ms_the_other() -> None:
    async with MediaEngine(ports=ANY) as engine:
        left, right = engine.open(), engine.open()
        left.start(terms(right.local_address, ptime_ms=60))
        right.start(terms(left.local_address, ptime_ms=10))
        await read(left, seconds_read(0.9))
        sent = left.stats().sent, right.stats().sent
        # 15 and 90, were the clocks and the readers exact; more where they were asked late.
        assert sent[0] >= 12
        assert 6 * (sent[0] - 3) <= sent[1] <= 6 * (sent[0] + 3)


@in_loop
async def test_codec_and_packet_time_change_in_mid_call_and_no_sound_is_lost() -> None:
    async with pair("PCMU") as (left, right):
        right.start(terms(left.local_address, "PCMU", receive_codecs={0: "PCMU", 98: "opus", 96: "L16/8000"}))
        left.play(tones.tone((1004,), 3.0), loop=True)
        items = await read(right, seconds_read(0.5))
        for name, ptime in (("opus", 60), ("L16/8000", 10), ("PCMU", 20)):
            left.update(terms(right.local_address, name, ptime_ms=ptime))
            items += await read(right, seconds_read(round(items[-1].end_s + 0.5, 1)))  # type: ignore[union-attr]
        stats = right.stats()
    heard = sound(items)
    start = int(np.flatnonzero(heard)[0])
    # The tone goes on through all of it. Where a codec begins, it takes some milliseconds to.
    quiet = [number for number in range(start + 80, len(heard) - 80, 80) if not np.abs(heard[number : number + 80]).any()]
    assert len(quiet) <= 3
    assert (stats.lost, stats.unknown_payloads) == (0, 0)


@in_loop
async def test_keys_as_tones_are_as_long_and_as_loud_as_asked_for() -> None:
    async with MediaEngine(ports=ANY) as engine:
        left, right = engine.open(), engine.open(hears_tones=True)
        left.start(terms(right.local_address, key_payload_type=None))
        right.start(terms(left.local_address))
        left.press("7", form=KeyForm(200, 100, volume=20))
        left.press("8", form=KeyForm(80, 60, volume=5))
        items = await read(right, has(KeyHeard, 2))
        heard = [event for event in events(items) if isinstance(event, KeyHeard)]
        assert [(event.key, event.how) for event in heard] == [("7", "inband"), ("8", "inband")]
        assert [event.seconds for event in heard] == pytest.approx([0.2, 0.08], abs=0.021)
        assert heard[1].at - heard[0].at == pytest.approx(0.3, abs=0.021)
        samples = sound(items)
    first = samples[round(8000 * heard[0].at) + 400 :][:800].astype(float)
    # Two sines of -20 dBm0 each: a full-scale sine is 3.17 dBm0.
    level = 10 * np.log10(np.mean(first**2) / (32768**2 / 2)) + 3.17
    assert level == pytest.approx(-17, abs=0.3)
    assert [key.key for key in DtmfDetector().feed(samples)] == ["7", "8"]


@pytest.mark.parametrize("suite", list(SUITES))
@pytest.mark.parametrize("mux", [False, True])
def test_encrypted_both_ways_with_reports(suite: str, mux: bool) -> None:
    async def run() -> None:
        keys = [Crypto(1, suite, bytes([number]) * SUITES[suite]) for number in (1, 2)]
        async with MediaEngine(ports=ANY) as engine:
            left, right = engine.open(), engine.open()
            for session, other, own, theirs in ((left, right, keys[0], keys[1]), (right, left, keys[1], keys[0])):
                port = other.local_address[1] + (not mux)
                session.start(
                    terms(other.local_address, send_crypto=own, receive_crypto=theirs, rtcp_address=("127.0.0.1", port), rtcp_mux=mux)
                )
            left.play(TONE)
            left.press("1")
            heard = events(await read(right, has(KeyHeard)))
            # The first report is due after 1 to 3 s, and the answer to it tells the round trip.
            while left.stats().round_trip_ms is None:
                await right.next()
                await left.next()
            stats = left.stats(), right.stats()
        assert isinstance(heard[0], KeyHeard)
        for one in stats:
            assert one.encrypted == suite
            assert (one.unauthenticated, one.malformed, one.strangers, one.lost) == (0, 0, 0, 0)
        assert stats[0].remote_lost == 0
        assert stats[0].round_trip_ms is not None
        # As long as somebody else may have had the machine, and no longer.
        assert 0 <= stats[0].round_trip_ms < 10_000

    asyncio.run(asyncio.wait_for(run(), PATIENCE_S))


@in_loop
async def test_what_is_encrypted_with_another_key_is_not_heard_and_counted() -> None:
    key, other = (Crypto(1, "AES_CM_128_HMAC_SHA1_80", bytes([number]) * 30) for number in (1, 2))
    async with MediaEngine(ports=ANY) as engine:
        left, right = engine.open(), engine.open(secured=True)
        left.start(terms(right.local_address, send_crypto=key, receive_crypto=key))
        right.start(terms(left.local_address, send_crypto=key, receive_crypto=other))
        left.play(TONE)
        items = await read(right, lambda items: seconds_read(0.4)(items) and right.stats().unauthenticated >= 15)
        stats = right.stats()
        assert not sound(items).any()
        assert stats.received == 0


@in_loop
async def test_a_new_key_in_mid_call_loses_nothing() -> None:
    first, second = (Crypto(1, "AES_CM_128_HMAC_SHA1_80", bytes([number]) * 30) for number in (1, 2))
    async with pair(send_crypto=first, receive_crypto=first) as (left, right):
        left.play(tones.tone((1004,), 2.0))
        items = await read(right, seconds_read(0.5))
        # Whoever gets a new key understands the one before, too, as long as packets may be under way.
        right.update(terms(left.local_address, send_crypto=first, receive_crypto=second))
        items += await read(right, seconds_read(0.7))
        left.update(terms(right.local_address, send_crypto=second, receive_crypto=first))
        items += await read(right, seconds_read(1.2))
        stats = left.stats(), right.stats()
    assert usual_snr_db(loud(sound(items))) > 33
    assert [(one.unauthenticated, one.lost) for one in stats] == [(0, 0), (0, 0)]


@in_loop
async def test_comfort_noise_in_place_of_silence() -> None:
    async with MediaEngine(ports=ANY) as engine:
        left, right = engine.open(comfort_noise=True), engine.open()
        left.start(terms(right.local_address, noise_payload_type=13))
        right.start(terms(left.local_address))
        items = await read(right, seconds_read(0.5))
        left.play(tones.tone((1004,), 0.4))
        # Its sound, and noise again.
        items += await read(right, lambda items: seconds_read(0)(items) and bool(np.count_nonzero(sound(items)) > 3000))
        items += await read(right, seconds_read(items[-1].end_s + 0.4))  # type: ignore[union-attr]  # a block
        passed_s = items[-1].end_s  # type: ignore[union-attr]  # a block, too
        stats = left.stats(), right.stats()
    assert stats[1].noise_dbov == -70
    # 20 packets of sound and one of noise each 200 ms, not one each 20 ms.
    assert stats[1].received <= 20 + passed_s / 0.2 + 5
    assert not any(item.lost.any() for item in items if isinstance(item, Block))
    assert (stats[1].lost, stats[1].unknown_payloads, stats[1].malformed) == (0, 0, 0)
    heard = sound(items)
    assert snr_db(heard[np.flatnonzero(heard)[0] :][800:2400]) > 33


@in_loop
async def test_the_far_side_says_goodbye() -> None:
    async with pair() as (left, right):
        await read(right, seconds_read(0.2))
        left.close()
        async with asyncio.timeout(PATIENCE_S):
            while not right.reporting.reports.goodbye:
                await right.next()
            # The sound that came just before it may be looked at only now.
            for _ in range(2):
                await right.next()
        assert right.stats().after_goodbye == 0


@in_loop
async def test_keys_on_hold_are_heard_and_sound_is_not() -> None:
    async with MediaEngine(ports=ANY) as engine:
        left, right = engine.open(), engine.open()
        left.start(terms(right.local_address))
        right.start(terms(left.local_address, receives=False))
        left.play(TONE, loop=True)
        left.press("4")
        items = await read(right, lambda items: has(KeyHeard)(items) and seconds_read(0.4)(items))
        assert not sound(items).any()
