from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.sdp import (
    PCMA,
    PCMU,
    AudioStream,
    Codec,
    Direction,
    NegotiationError,
    NoAudio,
    NoCommonCodec,
    NoEncryption,
    SdpSyntaxError,
    SessionDescription,
    Terms,
    answer,
    changed_direction,
    negotiated,
    offer,
    read_events,
)

KEYS = frozenset(range(16))


def remote(*media: str, session: tuple[str, ...] = ("c=IN IP4 198.51.100.7",)) -> SessionDescription:
    lines = ("v=0", "o=- 8 8 IN IP4 198.51.100.7", "s=-", *session, "t=0 0", *media, "")
    return SessionDescription.parse("\r\n".join(lines).encode())


def our_offer() -> SessionDescription:
    return offer("192.0.2.1", 4000, session_id=77)


def our_answer(theirs: SessionDescription) -> SessionDescription:
    return answer(theirs, "192.0.2.1", 4000, session_id=77)


def test_offer() -> None:
    assert bytes(our_offer()) == (
        b"v=0\r\no=- 77 77 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        b"m=audio 4000 RTP/AVP 0 8 101\r\n"
        b"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        b"a=ptime:20\r\na=sendrecv\r\n"
    )


def test_offer_of_other_things() -> None:
    opus = Codec("opus", 48000, 96, 2, "useinbandfec=1")

    written = offer(
        "2001:db8::1",
        4000,
        Terms(codecs=(opus,), ptime_ms=40, dtmf_payload_type=None),
        session_id=7,
        session_version=9,
        direction=Direction.SENDONLY,
    )

    assert bytes(written) == (
        b"v=0\r\no=- 7 9 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\n"
        b"m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=ptime:40\r\na=sendonly\r\n"
    )
    assert str(opus) == "opus/48000/2"


def test_answer_takes_one_codec_and_refuses_the_other_sections_in_order() -> None:
    theirs = remote(
        "m=video 5000 RTP/AVP 31",
        "m=audio 0 RTP/AVP 0",
        "m=audio 5002 RTP/SAVP 0",
        "m=audio 5004/2 RTP/AVPF 18 97 8 0 96",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-16",
        "a=rtpmap:97 telephone-event/16000",
        "m=audio 5006 RTP/AVP 0",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        session=("c=IN IP4 198.51.100.7", "t=3034423619 3042462419"),
    )

    assert bytes(our_answer(theirs)) == (
        b"v=0\r\no=- 77 77 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=3034423619 3042462419\r\n"
        b"m=video 0 RTP/AVP 31\r\n"
        b"m=audio 0 RTP/AVP 0\r\n"
        b"m=audio 0 RTP/SAVP 0\r\n"
        b"m=audio 4000 RTP/AVPF 8 96\r\n"
        b"a=rtpmap:8 PCMA/8000\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
        b"m=audio 0 RTP/AVP 0\r\n"
        b"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    )


def test_rfc_3264_section_10_1() -> None:
    # Alice offers three streams, Bob takes the first and the last; here only one audio stream is ever taken.
    alice = SessionDescription.parse(
        b"v=0\r\no=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\ns=\r\nc=IN IP4 host.anywhere.com\r\nt=0 0\r\n"
        b"m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        b"m=video 51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"
        b"m=video 53000 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n"
    )
    bob = answer(alice, "host.example.com", 49920, session_id=2890844730)

    assert bytes(bob) == (
        b"v=0\r\no=- 2890844730 2890844730 IN IP4 host.example.com\r\ns=-\r\nc=IN IP4 host.example.com\r\nt=0 0\r\n"
        b"m=audio 49920 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n"
        b"m=video 0 RTP/AVP 31\r\n"
        b"m=video 0 RTP/AVP 32\r\n"
    )
    assert (negotiated(alice, bob).address, negotiated(alice, bob).port) == ("host.example.com", 49920)
    assert (negotiated(bob, alice).address, negotiated(bob, alice).port) == ("host.anywhere.com", 49170)


def test_what_our_offer_and_their_answer_come_to() -> None:
    theirs = remote("m=audio 5000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-11", "a=ptime:30", "a=rtcp:5009")

    assert negotiated(our_offer(), theirs) == AudioStream(
        address="198.51.100.7",
        port=5000,
        rtcp_port=5009,
        rtcp_address="198.51.100.7",
        codec=PCMA,
        send_payload_type=8,
        receive_payload_type=8,
        dtmf_send_payload_type=101,
        dtmf_receive_payload_type=101,
        dtmf_events=frozenset(range(12)),
        ptime_ms=30,
        direction=Direction.SENDRECV,
        dtmf_receive={101: 8000},
    )


@pytest.mark.parametrize(
    ("value", "port", "address"),
    [
        ("53020", 53020, "198.51.100.7"),
        ("53020 IN IP4 126.16.64.4", 53020, "126.16.64.4"),
        ("53020 IN IP6 2001:DB8::1", 53020, "2001:DB8::1"),
        ("53020 ATM NSAP x", 53020, "198.51.100.7"),
        ("53020 IN IP4", 53020, "198.51.100.7"),
        ("0", 5001, "198.51.100.7"),
        ("", 5001, "198.51.100.7"),
    ],
)
def test_where_reports_go(value: str, port: int, address: str) -> None:
    """RFC 3605 section 2.1."""
    stream = negotiated(our_offer(), remote("m=audio 5000 RTP/AVP 8", f"a=rtcp:{value}"))
    assert (stream.rtcp_port, stream.rtcp_address) == (port, address)


def test_each_side_has_its_own_payload_types() -> None:
    wide = Codec("L16", 8000, 96)
    ours = offer("192.0.2.1", 4000, Terms(codecs=(wide, PCMU), dtmf_payload_type=97), session_id=1)
    theirs = remote(
        "m=audio 5000 RTP/AVP 110 111 0",
        "a=rtpmap:110 telephone-event/8000",
        "a=rtpmap:111 l16/8000",
        "a=fmtp:111 x=1",
    )

    stream = negotiated(ours, theirs)

    assert (stream.codec, stream.send_payload_type, stream.receive_payload_type) == (wide, 111, 96)
    assert (stream.dtmf_send_payload_type, stream.dtmf_receive_payload_type, stream.dtmf_events) == (110, 97, KEYS)
    assert (stream.rtcp_port, stream.ptime_ms) == (5001, 20)


def test_static_payload_types_need_no_map_and_keys_may_be_missing() -> None:
    theirs = remote("m=audio 5000 RTP/AVP 18 0")

    stream = negotiated(our_answer(theirs), theirs)

    assert (stream.codec, stream.send_payload_type) == (PCMU, 0)
    assert (stream.dtmf_send_payload_type, stream.dtmf_receive_payload_type, stream.dtmf_events) == (None, None, frozenset())


def test_keys_can_be_left_out_of_an_answer() -> None:
    theirs = remote("m=audio 5000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")

    ours = answer(theirs, "192.0.2.1", 4000, Terms(dtmf_payload_type=None), session_id=1)

    assert ours.media[0].formats == ("0",)
    assert negotiated(ours, theirs).dtmf_send_payload_type is None


def test_the_longest_packet_time_is_kept() -> None:
    theirs = remote("m=audio 5000 RTP/AVP 0", "a=ptime:60", "a=maxptime:40")

    assert negotiated(our_offer(), theirs).ptime_ms == 40


HOLDS = {
    "a=sendrecv": ("a=sendrecv", True, True),
    "a=sendonly": ("a=recvonly", False, True),
    "a=recvonly": ("a=sendonly", True, False),
    "a=inactive": ("a=inactive", False, False),
    "c=IN IP4 0.0.0.0": ("a=recvonly", False, True),
    "c=IN IP6 ::": ("a=recvonly", False, True),
    "c=IN IP6 hold.invalid": ("a=recvonly", False, True),
}


@pytest.mark.parametrize("line", HOLDS)
def test_holds(line: str) -> None:
    said, sends, receives = HOLDS[line]
    theirs = remote("m=audio 5000 RTP/AVP 0", line)

    ours = our_answer(theirs)
    stream = negotiated(ours, theirs)

    assert ours.media[0].lines[-1] == ("a", said[2:])
    assert (stream.sends, stream.receives, stream.held) == (sends, receives, not sends)


def test_a_session_wide_hold() -> None:
    theirs = remote("m=audio 5000 RTP/AVP 0", session=("c=IN IP4 198.51.100.7", "a=sendonly"))

    assert negotiated(our_answer(theirs), theirs).direction == Direction.RECVONLY


def test_we_hold() -> None:
    held = changed_direction(our_offer(), Direction.SENDONLY, 78)

    assert bytes(held) == bytes(our_offer()).replace(b"77 77", b"77 78").replace(b"sendrecv", b"sendonly")
    theirs = remote("m=audio 5000 RTP/AVP 0", "a=recvonly")
    assert negotiated(held, theirs).direction == Direction.SENDONLY
    ours = answer(remote("m=audio 5000 RTP/AVP 0"), "192.0.2.1", 4000, session_id=1, direction=Direction.INACTIVE)
    assert ours.media[0].lines[-1] == ("a", "inactive")


@pytest.mark.parametrize(
    ("media", "error", "message"),
    [
        ((), NoAudio, "offer has no audio section that is in use"),
        (("m=video 5000 RTP/AVP 31", "m=audio 0 RTP/AVP 0"), NoAudio, "offer has no audio section that is in use"),
        (
            ("m=audio 5000 RTP/SAVP 0",),
            NoEncryption,
            'audio is offered over "RTP/SAVP" only, which needs SRTP, and that is off',
        ),
        (
            ("m=audio 5000 RTP/AVP 18 96 101", "a=rtpmap:96 opus/48000/2", "a=rtpmap:101 telephone-event/8000"),
            NoCommonCodec,
            "no common codec: G729/8000, opus/48000 offered, PCMU/8000, PCMA/8000 known",
        ),
        (
            ("m=audio 5000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"),
            NoCommonCodec,
            "no common codec: nothing offered, PCMU/8000, PCMA/8000 known",
        ),
    ],
)
def test_says_why_an_offer_cannot_be_answered(media: tuple[str, ...], error: type[NegotiationError], message: str) -> None:
    with pytest.raises(error) as caught:
        our_answer(remote(*media))

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("media", "error", "message"),
    [
        (("m=audio 0 RTP/AVP 0",), NoAudio, 'the other side refused the audio section (port "0")'),
        (("m=video 5000 RTP/AVP 31",), NoAudio, "the descriptions have no audio section in common"),
        (
            ("m=audio 5000 RTP/AVP 101 18", "a=rtpmap:101 telephone-event/8000"),
            NoCommonCodec,
            "no common codec: G729/8000 on the other side, PCMU/8000, PCMA/8000 on this side",
        ),
    ],
)
def test_says_why_an_answer_is_of_no_use(media: tuple[str, ...], error: type[NegotiationError], message: str) -> None:
    with pytest.raises(error) as caught:
        negotiated(our_offer(), remote(*media))

    assert str(caught.value) == message


def test_events() -> None:
    assert read_events(None) == KEYS
    assert read_events("0-15") == KEYS
    assert read_events("0-9, 11 ,66,70-71") == frozenset((*range(10), 11, 66, 70, 71))
    assert read_events("events=0-1") == frozenset((0, 1))
    for text in ("", "x", "1-", "256", "0-999", "-1"):
        with pytest.raises(SdpSyntaxError) as caught:
            read_events(text)
        assert str(caught.value) == f'telephone-event parameters "{text}" must be numbers and ranges from 0 to 255, such as "0-15"'


@given(
    codecs=st.lists(st.sampled_from([PCMU, PCMA, Codec("G722", 8000, 9), Codec("opus", 48000, 96, 2)]), min_size=1, unique=True),
    known=st.lists(st.sampled_from([PCMU, PCMA, Codec("opus", 48000, 111, 2)]), min_size=1, unique=True),
    dtmf=st.none() | st.integers(97, 127),
    wish=st.sampled_from(list(Direction)),
    other_wish=st.sampled_from(list(Direction)),
)
def test_both_sides_come_to_the_same(
    codecs: list[Codec], known: list[Codec], dtmf: int | None, wish: Direction, other_wish: Direction
) -> None:
    offered = offer("192.0.2.1", 4000, Terms(codecs=tuple(codecs), dtmf_payload_type=dtmf), session_id=1, direction=wish)
    offered = SessionDescription.parse(bytes(offered))
    try:
        answered = answer(offered, "192.0.2.2", 5000, Terms(codecs=tuple(known)), session_id=2, direction=other_wish)
    except NoCommonCodec:
        assert not {codec.name for codec in codecs} & {codec.name for codec in known}
        return
    answered = SessionDescription.parse(bytes(answered))

    caller, callee = negotiated(offered, answered), negotiated(answered, offered)

    assert caller.codec.name == callee.codec.name
    assert (caller.send_payload_type, caller.receive_payload_type) == (callee.receive_payload_type, callee.send_payload_type)
    assert (caller.dtmf_send_payload_type, caller.dtmf_receive_payload_type) == (
        callee.dtmf_receive_payload_type,
        callee.dtmf_send_payload_type,
    )
    assert (caller.sends, caller.receives) == (callee.receives, callee.sends)
    assert (caller.address, caller.port, callee.address, callee.port) == ("192.0.2.2", 5000, "192.0.2.1", 4000)
    assert replace(caller.codec, payload_type=0) == replace(callee.codec, payload_type=0)
