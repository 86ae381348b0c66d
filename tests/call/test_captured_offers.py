"""What the SIP in a capture says of the RTP in it."""

from __future__ import annotations

import random

from ivrtest.call.captured_offers import CapturedOffers
from ivrtest.rtp.ip import Segment
from tests.call.captures import CALLER, IVR, invite

OPUS_AND_KEYS = "96 97\na=rtpmap:96 PCMA/8000\na=rtpmap:97 telephone-event/8000"


def meanings(offers: CapturedOffers) -> dict[int, str]:
    return {number: each.encoding for number, each in offers.formats(CALLER, IVR).items()}


def test_what_the_receiver_wrote_counts() -> None:
    offers = CapturedOffers()
    assert offers.datagram(invite(IVR[1], OPUS_AND_KEYS))
    assert offers.datagram(invite(CALLER[1], "96\na=rtpmap:96 PCMU/8000", address=CALLER[0]))
    assert meanings(offers) == {96: "PCMA", 97: "telephone-event"}
    assert offers.announced(CALLER, ("203.0.113.1", 1))
    assert not offers.announced(("203.0.113.1", 1), ("203.0.113.1", 2))
    assert offers.formats(IVR, CALLER)[96].encoding == "PCMU"


def test_behind_a_nat_any_description_is_better_than_none() -> None:
    offers = CapturedOffers()
    offers.datagram(invite(7000, OPUS_AND_KEYS, address="10.0.0.1"))
    assert meanings(offers) == {96: "PCMA", 97: "telephone-event"}


def test_encryption_is_seen_until_it_is_taken_back() -> None:
    offers = CapturedOffers()
    offers.datagram(invite(IVR[1], "0", protocol="RTP/SAVP"))
    assert offers.encrypted(CALLER, IVR)
    offers.datagram(invite(IVR[1], "0"))
    assert not offers.encrypted(CALLER, IVR)


def test_keys_that_are_agreed_on_elsewhere_are_seen_until_they_are_taken_back() -> None:
    offers = CapturedOffers()
    offers.datagram(invite(IVR[1], "0", protocol="UDP/TLS/RTP/SAVPF"))
    assert offers.over_dtls(CALLER, IVR)
    assert offers.encrypted(CALLER, IVR)
    offers.datagram(invite(IVR[1], "0", protocol="RTP/SAVP"))
    assert not offers.over_dtls(CALLER, IVR)
    assert offers.encrypted(CALLER, IVR)


def test_what_is_no_sip_or_cannot_be_read_says_nothing() -> None:
    offers = CapturedOffers()
    assert not offers.datagram(b"\x80\x00" + bytes(170))
    assert offers.datagram(b"SIP/2.0 200 OK\r\n\r\nv=0\r\nm=audio x\r\n")
    assert offers.datagram(b"SIP/2.0 nonsense\r\n")
    assert offers.datagram(invite(IVR[1], "0").replace(b"c=IN IP4", b"c=IN IPX"))
    assert meanings(offers) == {}


def test_sip_over_tcp_in_pieces_and_out_of_order() -> None:
    data = invite(IVR[1], OPUS_AND_KEYS) * 2
    first = 0xFFFFFF00
    pieces = [Segment(0.0, CALLER, IVR, (first + 1 + at) & 0xFFFFFFFF, False, data[at : at + 100]) for at in range(0, len(data), 100)]
    # One comes twice, and with more than before, as after a loss.
    pieces.append(Segment(0.0, CALLER, IVR, (first + 1 + 50) & 0xFFFFFFFF, False, data[50:250]))
    random.Random(3).shuffle(pieces)
    offers = CapturedOffers()
    offers.segment(Segment(0.0, CALLER, IVR, first, True, b""))
    for piece in pieces:
        offers.segment(piece)
    assert meanings(offers) == {96: "PCMA", 97: "telephone-event"}


def test_a_tcp_stream_that_was_open_before_the_capture() -> None:
    offers = CapturedOffers()
    offers.segment(Segment(0.0, CALLER, IVR, 50, False, b"the end of something\r\n\r\n"))
    offers.segment(Segment(0.0, CALLER, IVR, 100, False, invite(IVR[1], OPUS_AND_KEYS)))
    assert meanings(offers) == {96: "PCMA", 97: "telephone-event"}


def test_who_called_is_who_sent_the_first_request() -> None:
    offers = CapturedOffers()
    call = invite(CALLER[1], "0", address=CALLER[0])
    offers.datagram(call)
    assert (offers.calls(CALLER, IVR), offers.calls(IVR, CALLER)) == (True, False)
    # The answer has the same From, and a later offer of the other side its own tag in it.
    answer = invite(IVR[1], "0").replace(b"INVITE sip:ivr@192.0.2.10 SIP/2.0", b"SIP/2.0 200 OK", 1)
    offers.datagram(answer)
    assert (offers.calls(CALLER, IVR), offers.calls(IVR, CALLER)) == (True, False)
    third = ("192.0.2.30", 5000)
    offers.datagram(invite(third[1], "0", address=third[0]).replace(b";tag=1", b";tag=2"))
    assert offers.calls(third, CALLER) is False
    assert offers.calls(("192.0.2.40", 1), ("192.0.2.41", 1)) is None
