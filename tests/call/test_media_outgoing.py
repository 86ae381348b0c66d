"""What a session sends, frame by frame, without a socket."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.g711 import alaw_encode, ulaw_decode, ulaw_encode
from ivrtest.call.call import KeySent, PlaybackEnded, Samples
from ivrtest.call.codecs import CODECS
from ivrtest.call.outgoing import Outgoing, Sound
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.rtp.dtmf import KeyForm, KeySender, TelephoneEvent
from ivrtest.rtp.packet import RtpPacket

FAR = ("192.0.2.1", 4000)
RAMP: Samples = np.arange(0, 4000, 8, dtype=np.int16)
"""500 samples: three frames and a bit."""


def outgoing(*, limit: int | None = 160_000, sequence: int = 0) -> Outgoing:
    return Outgoing(ssrc=7, sequence=sequence, timestamp=2**32 - 320, keys=KeySender(KeyForm(40, 60)), limit=limit)


def sound(samples: Samples, *, loop: bool = False) -> Sound:
    return Sound.encode(samples, CODECS["PCMU"], loop=loop)


def frames(out: Outgoing, numbers: range) -> list[RtpPacket]:
    packets = [out.packet(160 * number) for number in numbers]
    return [RtpPacket.parse(packet[0]) for packet in packets if packet is not None]


def test_silence_is_a_steady_stream_over_both_wraps() -> None:
    out = outgoing(sequence=65534)
    out.agree(RemoteMedia(FAR))
    packets = frames(out, range(4))
    assert [(packet.sequence, packet.timestamp, packet.marker) for packet in packets] == [
        (65534, 2**32 - 320, True),
        (65535, 2**32 - 160, False),
        (0, 0, False),
        (1, 160, False),
    ]
    assert {packet.payload for packet in packets} == {b"\xff" * 160}


def test_nothing_is_sent_before_terms_are_agreed_and_time_goes_on() -> None:
    out = outgoing()
    assert frames(out, range(3)) == []
    out.agree(RemoteMedia(FAR))
    assert frames(out, range(3, 4))[0].timestamp == 160
    assert len(out.sent()) == 4 * 160


def test_a_recording_ends_where_its_last_sample_is() -> None:
    out = outgoing()
    out.agree(RemoteMedia(FAR))
    out.play(sound(RAMP))
    packets = frames(out, range(10, 15))
    octets = b"".join(packet.payload for packet in packets)
    assert octets == ulaw_encode(RAMP).tobytes() + b"\xff" * 300
    assert out.events == [PlaybackEnded((1600 + 500) / 8000)]
    assert out.sent()[:500].tolist() == ulaw_decode(ulaw_encode(RAMP)).tolist()


def test_an_empty_recording_ends_at_once() -> None:
    out = outgoing()
    out.agree(RemoteMedia(FAR))
    out.play(sound(RAMP[:0]))
    assert frames(out, range(1))[0].payload == b"\xff" * 160
    assert out.events == [PlaybackEnded(0.0)]


def test_a_loop_shorter_than_a_frame() -> None:
    out = outgoing()
    out.agree(RemoteMedia(FAR))
    out.play(sound(RAMP[:70], loop=True))
    octets = b"".join(packet.payload for packet in frames(out, range(7)))
    assert octets == (ulaw_encode(RAMP[:70]).tobytes() * 20)[: 7 * 160]
    assert out.events == []


def test_what_plays_waits_while_we_are_on_hold() -> None:
    out = outgoing()
    out.agree(RemoteMedia(FAR))
    out.play(sound(RAMP))
    before = frames(out, range(2))
    out.agree(RemoteMedia(FAR, sends=False))
    assert frames(out, range(2, 5)) == []
    out.agree(RemoteMedia(FAR))
    after = frames(out, range(5, 7))
    assert b"".join(packet.payload for packet in before + after)[:500] == ulaw_encode(RAMP).tobytes()
    assert (after[0].sequence, after[0].timestamp, after[0].marker) == (2, 5 * 160 - 320, True)


def test_the_codec_may_change_under_way() -> None:
    out = outgoing()
    out.agree(RemoteMedia(FAR))
    out.play(sound(RAMP))
    frames(out, range(1))
    out.agree(RemoteMedia(FAR, payload_type=8, codec="PCMA"))
    packet = frames(out, range(1, 2))[0]
    assert (packet.payload_type, packet.payload) == (8, alaw_encode(RAMP[160:320]).tobytes())
    assert np.abs(out.sent()[:320].astype(int) - RAMP[:320]).max() <= 64


def test_keys_take_the_place_of_sound_which_goes_on_unheard() -> None:
    out = outgoing()
    out.agree(RemoteMedia(FAR, key_payload_type=96))
    out.play(sound(np.tile(RAMP, 10)))
    out.press("2", secret=True)
    packets = [out.packet(160 * number) for number in range(6)]
    parsed = [RtpPacket.parse(packet[0]) for packet in packets if packet is not None]
    assert [packet.payload_type for packet in parsed] == [96, 96, 96, 96, 0, 0]
    assert [packet.timestamp for packet in parsed] == [2**32 - 320] * 4 + [320, 480]
    assert [packet.sequence for packet in parsed] == list(range(6))
    assert [packet.marker for packet in parsed] == [True] + [False] * 5
    assert [packet[1] for packet in packets if packet is not None] == [True] * 4 + [False] * 2
    assert out.events == [KeySent("2", 0.0, 0.04)]
    assert not out.sent()[: 4 * 160].any()
    assert parsed[4].payload == ulaw_encode(np.tile(RAMP, 10)).tobytes()[640:800]


@pytest.mark.parametrize(("sent", "keys"), [(1, []), (2, ["2"]), (3, ["2"]), (4, ["2"]), (5, ["2"])])
def test_a_key_is_sent_once_its_end_has_left_though_the_call_ends_before_that_is_repeated(sent: int, keys: list[str]) -> None:
    out = outgoing()
    out.agree(RemoteMedia(FAR, key_payload_type=96))
    out.press("2", secret=False)
    frames(out, range(sent))
    out.finish()
    assert out.events == [KeySent(key, 0.0, 0.04) for key in keys]


def test_the_recording_ends_at_its_limit_and_says_so() -> None:
    out = outgoing(limit=320)
    frames(out, range(3))
    assert (len(out.sent()), out.cut) == (320, True)


@pytest.mark.parametrize(("ptime", "tick"), [(10, 80), (20, 160), (30, 80), (40, 160), (50, 80), (60, 160)])
def test_packets_of_any_length_follow_each_other_without_a_gap(ptime: int, tick: int) -> None:
    out = outgoing()
    out.agree(RemoteMedia(FAR, ptime_ms=ptime))
    out.play(sound(np.tile(RAMP, 20)))
    assert out.tick == tick
    packets = [(at, out.packet(at)) for at in range(0, 8 * 360, tick)]
    sent = [(at, RtpPacket.parse(packet[0])) for at, packet in packets if packet is not None]
    assert [at for at, _ in sent] == list(range(0, 8 * 360, 8 * ptime))
    assert [(packet.timestamp - 2**32 + 320) % 2**32 for _, packet in sent] == [at for at, _ in sent]
    assert b"".join(packet.payload for _, packet in sent)[: 8 * 300] == ulaw_encode(np.tile(RAMP, 20)).tobytes()[: 8 * 300]


def test_a_key_waits_for_the_end_of_a_long_packet_and_sound_goes_on_when_it_is_over() -> None:
    out = outgoing()
    out.agree(RemoteMedia(FAR, ptime_ms=60, key_payload_type=96))
    out.play(sound(np.tile(RAMP, 20)))
    before = out.packet(0)
    assert before is not None
    out.press("2", secret=False, form=KeyForm(60, 60))
    packets = [(at, out.packet(at)) for at in range(160, 160 * 12, 160)]
    sent = [(at // 160, RtpPacket.parse(packet[0])) for at, packet in packets if packet is not None]
    assert [(tick, packet.payload_type) for tick, packet in sent] == [(3, 96), (4, 96), (5, 96), (6, 96), (7, 96), (8, 0), (11, 0)]
    assert sent[5][1].payload == ulaw_encode(np.tile(RAMP, 20)).tobytes()[8 * 160 : 11 * 160]


def test_the_clock_of_events_is_that_of_the_codec_unless_something_else_was_agreed_on() -> None:
    for agreed, durations in ((None, [960, 1920, 1920, 1920]), (8000, [160, 320, 320, 320])):
        out = outgoing()
        out.agree(RemoteMedia(FAR, 98, "opus", 101, agreed))
        out.press("1", secret=False)
        packets = frames(out, range(4))
        assert [TelephoneEvent.parse(packet.payload).duration for packet in packets] == durations
        assert [packet.timestamp for packet in packets] == [2**32 - 320] * 4
        assert [packet.timestamp for packet in frames(out, range(4, 6))] == [(2**32 - 320 + 960 * number) % 2**32 for number in (4, 5)]


def test_timestamps_go_on_in_the_clock_of_the_new_codec() -> None:
    out = outgoing()
    out.agree(RemoteMedia(FAR))
    frames(out, range(2))
    out.agree(RemoteMedia(FAR, 98, "opus"), 320)
    assert [packet.timestamp for packet in frames(out, range(2, 4))] == [0, 960]
    out.agree(RemoteMedia(FAR, 11, "L16/44100", ptime_ms=10), 640)
    assert [RtpPacket.parse(packet[0]).timestamp for at in (640, 720) if (packet := out.packet(at)) is not None] == [1920, 2361]


def test_comfort_noise_is_sent_while_nothing_is_said() -> None:
    out = Outgoing(ssrc=7, sequence=0, timestamp=0, keys=KeySender(), limit=None, comfort_noise=True)
    out.agree(RemoteMedia(FAR, noise_payload_type=13))
    quiet = [(number, out.packet(160 * number)) for number in range(21)]
    assert [number for number, packet in quiet if packet is not None] == [0, 10, 20]
    packet = quiet[0][1]
    assert packet is not None
    assert (RtpPacket.parse(packet[0]).payload_type, RtpPacket.parse(packet[0]).payload) == (13, b"\x46")
    out.play(sound(RAMP))
    first, second = frames(out, range(21, 23))
    assert (first.payload_type, first.marker, first.timestamp, second.marker) == (0, True, 21 * 160, False)
