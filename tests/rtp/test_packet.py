"""RTP packets: exact octets both ways, and what is said about broken ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.rtp.packet import HeaderExtension, RtpPacket, RtpSyntaxError

PLAIN = bytes.fromhex("80 00 3039 000000a0 deadbeef ff7f")
FULL = bytes.fromhex("b2 e5 ffff ffffffff 00000001 0000000a 0000000b bede0002 1122334455667788 010a0320 00000004")


def test_plain_packet() -> None:
    packet = RtpPacket.parse(PLAIN)
    assert packet == RtpPacket(payload_type=0, sequence=12345, timestamp=160, ssrc=0xDEADBEEF, payload=b"\xff\x7f")
    assert bytes(packet) == PLAIN


def test_packet_with_everything() -> None:
    packet = RtpPacket.parse(FULL)
    assert packet == RtpPacket(
        payload_type=101,
        sequence=0xFFFF,
        timestamp=0xFFFFFFFF,
        ssrc=1,
        payload=bytes.fromhex("010a0320"),
        marker=True,
        csrcs=(10, 11),
        extension=HeaderExtension(0xBEDE, bytes.fromhex("1122334455667788")),
        padding=4,
    )
    assert bytes(packet) == FULL


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("80", "an RTP header has 12 octets, the datagram 1"),
        ("00 00 3039 000000a0 deadbeef", "RTP version 0, not 2"),
        ("82 00 3039 000000a0 deadbeef 00000001", "2 CSRCs end at octet 20, the datagram has 16"),
        ("90 00 3039 000000a0 deadbeef bede", "an extension header ends at octet 16, the datagram has 14"),
        ("90 00 3039 000000a0 deadbeef bede0002 00000000", "an extension of 2 words ends at octet 24, the datagram has 20"),
        ("a0 00 3039 000000a0 deadbeef ffff09", "9 octets of padding, but 3 after the header"),
        ("a0 00 3039 000000a0 deadbeef ffff00", "0 octets of padding, but 3 after the header"),
    ],
)
def test_broken_packets(data: str, message: str) -> None:
    with pytest.raises(RtpSyntaxError) as caught:
        RtpPacket.parse(bytes.fromhex(data))
    assert str(caught.value) == message


PACKETS = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=40),
    marker=st.booleans(),
    csrcs=st.lists(st.integers(0, 0xFFFFFFFF), max_size=15).map(tuple),
    extension=st.none()
    | st.builds(
        HeaderExtension,
        profile=st.integers(0, 0xFFFF),
        data=st.integers(0, 5).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words)),
    ),
    padding=st.integers(0, 255),
)


@settings(deadline=None)
@given(PACKETS)
def test_round_trip(packet: RtpPacket) -> None:
    assert RtpPacket.parse(bytes(packet)) == packet


@settings(deadline=None)
@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda data: b"\x80" + data))
def test_any_octets_are_a_packet_or_a_syntax_error(data: bytes) -> None:
    try:
        packet = RtpPacket.parse(data)
    except RtpSyntaxError:
        return
    assert RtpPacket.parse(bytes(packet)) == packet
