"""Offer and answer of one call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivrtest.call.negotiation import Negotiation
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.sip.sdp import NegotiationError


def description(*lines: str, address: str = "192.0.2.7") -> bytes:
    head = ("v=0", f"o=- 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0")
    return "".join(f"{line}\r\n" for line in (*head, *lines)).encode()


def test_the_two_ends_agree() -> None:
    caller, called = Negotiation(("127.0.0.1", 4000), session_id=7), Negotiation(("127.0.0.1", 5000), session_id=9)
    sdp, at_called = called.answer(caller.offer())
    at_caller = caller.answered(sdp)
    assert at_caller == RemoteMedia(("127.0.0.1", 5000), rtcp_address=("127.0.0.1", 5000), rtcp_mux=True, key_clock_rate=8000)
    assert at_called == replace(
        RemoteMedia(("127.0.0.1", 4000)), receive_codecs={0: "PCMU"}, rtcp_address=("127.0.0.1", 4000), rtcp_mux=True, key_clock_rate=8000
    )


def test_the_version_grows_with_each_description() -> None:
    negotiation = Negotiation(("127.0.0.1", 4000), session_id=7)
    first, second = negotiation.offer(), negotiation.answer(description("m=audio 6000 RTP/AVP 0"))[0]
    assert b"o=- 7 7 IN IP4 127.0.0.1" in first
    assert b"o=- 7 8 IN IP4 127.0.0.1" in second


def test_a_hold_is_mirrored() -> None:
    negotiation = Negotiation(("127.0.0.1", 4000), session_id=7)
    sdp, media = negotiation.answer(description("m=audio 6000 RTP/AVP 0", "a=sendonly"))
    assert b"a=recvonly" in sdp
    assert (media.sends, media.receives) == (False, True)


def test_other_payload_types_are_followed() -> None:
    offer = description("m=audio 6000 RTP/AVP 8 97", "a=rtpmap:97 telephone-event/8000")
    _, media = Negotiation(("127.0.0.1", 4000), session_id=7).answer(offer)
    assert media == RemoteMedia(("192.0.2.7", 6000), 8, "PCMA", 97, 8000, {8: "PCMA"}, {97: 8000}, rtcp_address=("192.0.2.7", 6001))


def test_without_telephone_events_keys_are_tones() -> None:
    _, media = Negotiation(("127.0.0.1", 4000), session_id=7).answer(description("m=audio 6000 RTP/AVP 0"))
    assert media.key_payload_type is None
    assert media.receive_keys == {}


def test_no_common_codec() -> None:
    offer = description("m=audio 6000 RTP/AVP 18", "a=rtpmap:18 G729/8000")
    with pytest.raises(NegotiationError) as failed:
        Negotiation(("127.0.0.1", 4000), session_id=7).answer(offer)
    assert str(failed.value) == "no common codec: G729/8000 offered, PCMU/8000, PCMA/8000 known"


def test_a_media_address_that_is_a_name_is_not_looked_up() -> None:
    with pytest.raises(NegotiationError) as failed:
        Negotiation(("127.0.0.1", 4000), session_id=7).answer(description("m=audio 6000 RTP/AVP 0", address="media.example.com"))
    assert str(failed.value) == 'the other side receives audio at "media.example.com", which is no IP address'


def test_an_answer_without_an_offer() -> None:
    with pytest.raises(NegotiationError) as failed:
        Negotiation(("127.0.0.1", 4000), session_id=7).answered(description("m=audio 6000 RTP/AVP 0"))
    assert str(failed.value) == "an answer came, and nothing was offered"
