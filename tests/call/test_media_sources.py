"""Whom a session listens to and what it makes of the rest."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.call.call import KeyHeard
from ivrtest.call.incoming import MOVED_AFTER, Incoming
from ivrtest.call.outgoing import ECHO, SecretSpan
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.rtp.dtmf import TelephoneEvent
from ivrtest.rtp.packet import RtpPacket

SIGNALLED = ("192.0.2.1", 4000)
BEHIND_NAT = ("198.51.100.7", 61000)
STRANGER = ("203.0.113.9", 9)


def audio(number: int, *, payload_type: int = 0, ssrc: int = 1) -> bytes:
    return bytes(RtpPacket(payload_type, number, 160 * number, ssrc, b"\x00" * 160))


def key(number: int, event: TelephoneEvent, *, timestamp: int = 800) -> bytes:
    return bytes(RtpPacket(101, number, timestamp, 1, bytes(event)))


def incoming() -> Incoming:
    ear = Incoming(limit=None)
    ear.agree(RemoteMedia(SIGNALLED))
    return ear


def test_the_signalled_address_is_heard_and_others_are_strangers() -> None:
    ear = incoming()
    ear.datagram(audio(0), SIGNALLED, 800)
    ear.datagram(audio(1, ssrc=66), STRANGER, 900)
    ear.datagram(b"?", STRANGER, 900)
    ear.datagram(audio(1), SIGNALLED, 960)
    assert (ear.source, ear.strangers, ear.malformed) == (SIGNALLED, 2, 0)
    assert ear.timeline.stats.received == 2


def test_behind_a_nat_the_first_that_sends_what_was_agreed_is_heard() -> None:
    ear = incoming()
    ear.datagram(audio(0, payload_type=96), STRANGER, 800)
    ear.datagram(b"not RTP at all", STRANGER, 800)
    assert not ear.source
    assert ear.strangers == 2
    ear.datagram(audio(0), BEHIND_NAT, 800)
    ear.datagram(audio(5), STRANGER, 900)
    assert (ear.source, ear.strangers, ear.timeline.stats.received) == (BEHIND_NAT, 3, 1)


def test_the_signalled_address_takes_over_from_one_that_was_not() -> None:
    ear = incoming()
    ear.datagram(audio(0), BEHIND_NAT, 800)
    ear.datagram(audio(0, ssrc=2), SIGNALLED, 960)
    ear.datagram(audio(1), BEHIND_NAT, 1000)
    assert (ear.source, ear.strangers) == (SIGNALLED, 1)


def test_a_far_side_that_falls_silent_and_goes_on_elsewhere_has_moved() -> None:
    ear = incoming()
    for number in range(3):
        ear.datagram(audio(number), SIGNALLED, 800 + 160 * number)
    # Whoever is not silent has not moved, nor has whoever does not know how the stream goes on.
    ear.datagram(audio(4), STRANGER, 1200)
    ear.datagram(audio(30, ssrc=2), STRANGER, 1120 + MOVED_AFTER)
    ear.datagram(audio(9000), STRANGER, 1120 + MOVED_AFTER)
    ear.datagram(audio(2), STRANGER, 1120 + MOVED_AFTER)
    ear.datagram(audio(30, payload_type=96), STRANGER, 1120 + MOVED_AFTER)
    assert (ear.source, ear.strangers, ear.stranger, ear.moved) == (SIGNALLED, 5, STRANGER, 0)
    ear.datagram(audio(30), BEHIND_NAT, 1120 + MOVED_AFTER)
    ear.datagram(audio(31), BEHIND_NAT, 1280 + MOVED_AFTER)
    assert (ear.source, ear.strangers, ear.moved, ear.timeline.stats.received) == (BEHIND_NAT, 5, 1, 5)
    # It may come back, and then it is at home again.
    ear.datagram(audio(32), SIGNALLED, 1440 + MOVED_AFTER)
    assert (ear.source, ear.moved) == (SIGNALLED, 1)


def test_nobody_moves_to_a_host_that_sound_may_not_go_to() -> None:
    ear = Incoming(limit=None)
    ear.agree(RemoteMedia(SIGNALLED, hosts=frozenset({SIGNALLED[0], BEHIND_NAT[0]})))
    ear.datagram(audio(0), SIGNALLED, 800)
    ear.datagram(audio(30), STRANGER, 960 + MOVED_AFTER)
    assert (ear.source, ear.strangers) == (SIGNALLED, 1)
    ear.datagram(audio(31), BEHIND_NAT, 1120 + MOVED_AFTER)
    assert (ear.source, ear.moved) == (BEHIND_NAT, 1)


def test_another_signalled_address_is_waited_for_again() -> None:
    ear = incoming()
    ear.datagram(audio(0), SIGNALLED, 800)
    ear.agree(RemoteMedia(BEHIND_NAT))
    assert not ear.source
    ear.datagram(audio(1), BEHIND_NAT, 960)
    ear.datagram(audio(1), SIGNALLED, 960)
    assert (ear.source, ear.strangers) == (BEHIND_NAT, 1)


def test_sound_that_comes_before_the_answer_is_heard() -> None:
    ear = Incoming(limit=None)
    ear.datagram(audio(0, payload_type=8), BEHIND_NAT, 0)
    ear.agree(RemoteMedia(BEHIND_NAT))
    assert ear.take(160).samples.any()


@pytest.mark.parametrize(
    ("datagram", "malformed", "unknown"),
    [
        (b"\x80\x00", 1, 0),
        (b"\x9f\x00" + bytes(20), 1, 0),
        (key(1, TelephoneEvent(1, False, 160))[:14], 1, 0),
        (audio(1, payload_type=111), 0, 1),
        (audio(1, payload_type=13), 0, 0),
    ],
)
def test_what_is_no_sound_is_counted(datagram: bytes, malformed: int, unknown: int) -> None:
    ear = incoming()
    ear.datagram(audio(0), SIGNALLED, 800)
    ear.datagram(datagram, SIGNALLED, 960)
    assert (ear.malformed, ear.unknown_payloads) == (malformed, unknown)


def test_sound_in_a_codec_that_nobody_agreed_on_is_not_taken_for_silence() -> None:
    ear = incoming()
    ear.datagram(audio(0, payload_type=18), SIGNALLED, 800)
    ear.datagram(audio(1, payload_type=18), SIGNALLED, 960)
    block = ear.take(1120)
    assert (ear.foreign, block.came, np.flatnonzero(block.lost).tolist()) == ({18: 2}, False, list(range(800, 1120)))
    ear.datagram(audio(2), SIGNALLED, 1120)
    ear.datagram(audio(3, payload_type=18), SIGNALLED, 1280)
    block = ear.take(1600)
    assert (ear.foreign, block.came, np.flatnonzero(block.lost).tolist()) == ({18: 3}, True, list(range(160, 320)))


@pytest.mark.parametrize("payload", [b"", bytes(4), bytes(11)])
def test_what_nobody_agreed_on_and_is_no_sound_hides_nothing(payload: bytes) -> None:
    ear = incoming()
    ear.datagram(audio(0), SIGNALLED, 0)
    ear.datagram(bytes(RtpPacket(97, 1, 160, 1, payload)), SIGNALLED, 160)
    block = ear.take(480)
    assert (len(ear.foreign), ear.unknown_payloads, np.flatnonzero(block.lost).tolist()) == (0, 1, [])


def test_both_codecs_may_come_in_turn() -> None:
    ear = incoming()
    ear.datagram(audio(0, payload_type=0), SIGNALLED, 0)
    ear.datagram(audio(1, payload_type=8), SIGNALLED, 160)
    ear.datagram(audio(2, payload_type=0), SIGNALLED, 320)
    samples = ear.take(480).samples
    # Octet 0 is -32124 in mu-law, -5504 in A-law.
    assert samples.tolist() == [-32124] * 160 + [-5504] * 160 + [-32124] * 160


def test_nothing_is_heard_while_the_far_side_may_not_send() -> None:
    ear = incoming()
    ear.agree(RemoteMedia(SIGNALLED, receives=False))
    ear.datagram(audio(0), SIGNALLED, 0)
    assert not ear.take(160).samples.any()


def test_a_key_lies_where_its_timestamp_does_and_is_hidden_on_demand() -> None:
    ear = incoming()
    ear.datagram(audio(0), SIGNALLED, 1000)
    assert ear.datagram(key(1, TelephoneEvent(7, False, 160)), SIGNALLED, 2000) is False
    ear.hide_keys = True
    assert ear.datagram(key(2, TelephoneEvent(7, True, 800)), SIGNALLED, 2640) is True
    assert ear.events == [KeyHeard("7", 1800 / 8000, 0.1)]


def test_secret_keys_of_ours_that_come_back_are_in_no_recording_and_no_capture() -> None:
    ear = Incoming(limit=8000)
    ear.agree(RemoteMedia(SIGNALLED))
    ear.sent_secrets = [SecretSpan(160, 480, tones=True), SecretSpan(6400, 6560, tones=False)]
    assert [ear.echoes(at, sound=True) for at in (159, 160, 479 + ECHO, 480 + ECHO, 6400)] == [False, True, True, False, False]
    assert [ear.echoes(at, sound=False) for at in (479 + ECHO, 480 + ECHO, 6400, 6559 + ECHO, 6560 + ECHO)] == [
        *(True, False, True, True, False)
    ]
    for number in range(50):
        ear.datagram(audio(number), SIGNALLED, 160.0 * number)
    heard = np.concatenate([ear.take(until).samples for until in (800, 2400, 8000)])
    kept = ear.heard()
    assert not kept[160 : 480 + ECHO].any()
    assert np.array_equal(np.delete(kept, slice(160, 480 + ECHO)), np.delete(heard, slice(160, 480 + ECHO)))
    assert np.count_nonzero(heard) > 7000


def test_a_key_whose_end_is_lost_is_reported_when_its_time_is_over() -> None:
    ear = incoming()
    ear.datagram(audio(0), SIGNALLED, 1000)
    ear.datagram(key(1, TelephoneEvent(7, False, 320)), SIGNALLED, 2000)
    ear.settle(3599)
    assert ear.events == []
    ear.settle(3600)
    assert ear.events == [KeyHeard("7", 1800 / 8000, 0.04)]


def test_the_recording_ends_at_its_limit_and_says_so() -> None:
    ear = Incoming(limit=400)
    ear.datagram(audio(0), SIGNALLED, 0)
    for until in (160, 320, 480):
        ear.take(until)
    assert (len(ear.heard()), ear.cut) == (320, True)
    assert np.array_equal(ear.heard()[:160], np.full(160, -32124))
