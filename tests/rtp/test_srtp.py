"""Encryption of packets."""

from __future__ import annotations

import pytest

from ivrtest.rtp.packet import RtpPacket
from ivrtest.rtp.rtcp import ReceiverReport, build_compound
from ivrtest.rtp.srtp import SrtpError, SrtpReceiver, SrtpReplay, SrtpSender
from ivrtest.sip.sdes import SUITES

PACKET = bytes(RtpPacket(0, 1, 160, 7, b"\xff" * 160))
REPORT = build_compound(ReceiverReport(7))


def key(suite: str, seed: int = 0) -> bytes:
    return bytes((seed + number) % 256 for number in range(SUITES[suite]))


@pytest.mark.parametrize("suite", list(SUITES))
def test_round_trip(suite: str) -> None:
    sender, receiver = SrtpSender(suite, key(suite)), SrtpReceiver(suite, key(suite))
    protected, report = sender.protect(PACKET), sender.protect_rtcp(REPORT)
    assert protected[:12] == PACKET[:12]
    assert PACKET[12:] not in protected
    assert receiver.unprotect(protected) == PACKET
    assert receiver.unprotect_rtcp(report) == REPORT


def test_another_key_a_changed_packet_and_one_that_came_before() -> None:
    suite = "AES_CM_128_HMAC_SHA1_80"
    protected = SrtpSender(suite, key(suite)).protect(PACKET)
    with pytest.raises(SrtpError):
        SrtpReceiver(suite, key(suite, 1)).unprotect(protected)
    receiver = SrtpReceiver(suite, key(suite))
    with pytest.raises(SrtpError):
        receiver.unprotect(protected[:-1] + bytes([protected[-1] ^ 1]))
    receiver.unprotect(protected)
    with pytest.raises(SrtpReplay):
        receiver.unprotect(protected)
    with pytest.raises(SrtpError):
        receiver.unprotect(bytes(2000))
