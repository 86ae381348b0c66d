"""RTCP: exact octets both ways, and what is said about broken ones."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.rtp.packet import RtpSyntaxError
from ivrtest.rtp.rtcp import (
    Goodbye,
    ReceiverReport,
    ReceptionBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    build_compound,
    parse_compound,
)

REPORT = SenderReport(1, 0x0102030405060708, 160, 2, 320, (ReceptionBlock(7, 64, -2, 65537, 12, 0x03040506, 0x8000),))
REPORT_OCTETS = bytes.fromhex(
    "81 c8 000c 00000001 0102030405060708 000000a0 00000002 00000140 00000007 40fffffe 00010001 0000000c 03040506 00008000"
)
DESCRIPTION_OCTETS = bytes.fromhex("81 ca 0003 00000001 0103 612e62 000000")
GOODBYE_OCTETS = bytes.fromhex("81 cb 0002 00000001 03 627965")


def test_octets() -> None:
    compound = (REPORT, SourceDescription(1, "a.b"), Goodbye((1,), "bye"))
    octets = REPORT_OCTETS + DESCRIPTION_OCTETS + GOODBYE_OCTETS
    assert build_compound(*compound) == octets
    assert parse_compound(octets) == compound


def test_padding_and_unknown_packets_are_left_out() -> None:
    application = bytes.fromhex("80 cc 0002 00000001 61626364")
    padded = bytes.fromhex("a0 c9 0002 00000001 00000004")
    assert parse_compound(application + padded) == (ReceiverReport(1),)


@pytest.mark.parametrize(
    ("datagram", "message"),
    [
        ("", "an RTCP datagram holds at least one packet, this one no octet"),
        ("80 c9 00", "an RTCP header has 4 octets, 3 are left at octet 0"),
        ("80 c9 0001 00000001 40c90000", "RTCP version 1 at octet 8, not 2"),
        ("80 c9 0001 0000", "an RTCP packet of 2 words at octet 0 ends at 8, the datagram has 6"),
        ("a0 c9 0001 00000009", "9 octets of padding at octet 8, but 4 in the packet"),
        ("81 c9 0001 00000001", "a receiver report with 1 blocks needs 28 octets, the packet has 4"),
        ("80 c8 0001 00000001", "a sender report with 0 blocks needs 24 octets, the packet has 4"),
        ("81 ca 0001 00000001", "a source description of 1 chunks, at chunk 1, needs 5 octets, the packet has 4"),
        ("81 ca 0002 00000001 01096162", "an item of chunk 1 needs 15 octets, the packet has 8"),
        ("82 cb 0001 00000001", "a goodbye of 2 sources needs 8 octets, the packet has 4"),
    ],
)
def test_broken_datagrams(datagram: str, message: str) -> None:
    with pytest.raises(RtpSyntaxError) as caught:
        parse_compound(bytes.fromhex(datagram))
    assert str(caught.value) == message


def test_what_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="report") as caught:
        build_compound(Goodbye((1,)))
    assert str(caught.value) == "a compound RTCP packet begins with a sender or receiver report (RFC 3550 section 6.1)"
    with pytest.raises(ValueError, match="at most 31") as caught:
        bytes(Goodbye(tuple(range(32))))
    assert str(caught.value) == 'an RTCP packet holds at most 31 blocks or sources, not "32"'
    with pytest.raises(ValueError, match="CNAME") as caught:
        bytes(SourceDescription(1, "x" * 256))
    assert str(caught.value) == f'a CNAME has at most 255 octets, "{"x" * 256}" has 256'


WORDS = st.integers(0, 0xFFFFFFFF)
BLOCKS = st.lists(
    st.builds(ReceptionBlock, WORDS, st.integers(0, 255), st.integers(-(1 << 23), (1 << 23) - 1), WORDS, WORDS, WORDS, WORDS), max_size=4
).map(tuple)
REPORTS = st.builds(SenderReport, WORDS, st.integers(0, 2**64 - 1), WORDS, WORDS, WORDS, BLOCKS) | st.builds(ReceiverReport, WORDS, BLOCKS)
OTHERS = st.builds(SourceDescription, WORDS, st.text("abc@.é", max_size=40)) | st.builds(
    Goodbye, st.lists(WORDS, max_size=5).map(tuple), st.text("abc ü", max_size=20)
)


@settings(deadline=None)
@given(REPORTS, st.lists(OTHERS, max_size=4))
def test_round_trip(report: SenderReport | ReceiverReport, others: list[RtcpPacket]) -> None:
    assert parse_compound(build_compound(report, *others)) == (report, *others)


@settings(deadline=None)
@given(
    st.binary(max_size=60)
    | st.tuples(st.integers(200, 204), st.binary(max_size=11)).map(lambda p: bytes([0x81, p[0], 0, 2]) + p[1][:8].ljust(8))
)
def test_any_octets_are_packets_or_a_syntax_error(datagram: bytes) -> None:
    with contextlib.suppress(RtpSyntaxError):
        parse_compound(datagram)
