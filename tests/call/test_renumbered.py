"""A far side that gives a payload type another meaning in mid-call, against RFC 3264 section 8.3.2, means the new one."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.g711 import ulaw_encode
from ivrtest.call.incoming import Incoming
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.rtp.dtmf import KEYS, TelephoneEvent
from ivrtest.rtp.packet import RtpPacket

HERE = ("127.0.0.1", 4000)


def samples(value: int) -> bytes:
    return np.full(160, value, ">i2").tobytes()


def key(which: str, duration: int, *, end: bool) -> bytes:
    return bytes(TelephoneEvent(KEYS.index(which), end, duration, 10))


def test_sound_and_keys_change_their_numbers() -> None:
    incoming = Incoming(limit=None)
    incoming.agree(RemoteMedia(HERE, receive_codecs={96: "L16/8000"}, receive_keys={97: 8000}))
    incoming.datagram(bytes(RtpPacket(96, 1, 0, 7, samples(1000))), HERE, 160.0)
    incoming.agree(RemoteMedia(HERE, receive_codecs={97: "L16/8000"}, receive_keys={96: 8000}))
    incoming.datagram(bytes(RtpPacket(97, 2, 160, 7, samples(2000))), HERE, 320.0)
    for number in range(3, 6):
        incoming.datagram(bytes(RtpPacket(96, number, 320, 7, key("5", 800, end=True), number == 3)), HERE, 480.0)
    incoming.settle(4000.0)
    block = incoming.take(480)
    assert (block.samples[160], block.samples[319], block.samples[320], block.samples[479]) == (1000, 1000, 2000, 2000)
    assert [(event.key, event.seconds) for event in incoming.events] == [("5", 0.1)]
    assert incoming.unknown_payloads == incoming.malformed == 0


@pytest.mark.parametrize("steady", [1, 3])
def test_sound_of_one_codec_goes_on_as_sound_of_another_under_the_same_number(steady: int) -> None:
    """What came before keeps its meaning, also where it waits to be heard and where more of it was expected."""
    incoming = Incoming(limit=None)
    incoming.agree(RemoteMedia(HERE, receive_codecs={96: "L16/8000"}, receive_keys={}))
    for number in range(steady):
        packet = bytes(RtpPacket(96, 1 + number, 160 * number, 7, samples(1000)))
        assert not incoming.datagram(packet, HERE, 160.0 * (number + 1))
    incoming.agree(RemoteMedia(HERE, receive_codecs={96: "PCMU"}, receive_keys={}))
    loud = ulaw_encode(np.full(160, 7932, np.int16)).tobytes()
    for number in range(steady, steady + 3):
        incoming.datagram(bytes(RtpPacket(96, 1 + number, 160 * number, 7, loud)), HERE, 160.0 * (number + 1))
    block = incoming.take(160 * (steady + 4))
    heard = [int(block.samples[160 * frame]) for frame in range(1, steady + 4)]
    assert heard == [1000] * steady + [7932] * 3
    assert incoming.malformed == incoming.timeline.stats.malformed == 0


def test_a_number_that_becomes_that_of_keys_while_sound_is_expected_under_it() -> None:
    incoming = Incoming(limit=None)
    incoming.agree(RemoteMedia(HERE, receive_codecs={96: "L16/8000"}, receive_keys={}))
    for number in range(3):
        incoming.datagram(bytes(RtpPacket(96, 1 + number, 160 * number, 7, samples(1000))), HERE, 160.0 * (number + 1))
    incoming.agree(RemoteMedia(HERE, receive_codecs={0: "PCMU"}, receive_keys={96: 8000}))
    # It has still not heard of it.
    incoming.datagram(bytes(RtpPacket(96, 4, 480, 7, samples(1000))), HERE, 640.0)
    block = incoming.take(640)
    assert [int(block.samples[160 * frame]) for frame in range(1, 4)] == [1000] * 3
