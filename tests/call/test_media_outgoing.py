"""What a session sends, frame by frame, without a socket."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.g711 import alaw_encode, ulaw_decode, ulaw_encode
from ivrtest.call.call import KeySent, PlaybackEnded, Samples
from ivrtest.call.codecs import CODECS
from ivrtest.call.outgoing import Outgoing, Sound
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.rtp.dtmf import KeyForm, KeySender
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
