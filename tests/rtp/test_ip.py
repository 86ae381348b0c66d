"""What frames carry: every link that a capture is made on, both versions of IP, fragments."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.rtp.ip import Datagram, Segment, Unwrapper
from ivrtest.rtp.packing import udp_packet as ip_packet
from ivrtest.rtp.pcap import Frame

FROM, TO = ("192.0.2.1", 4000), ("192.0.2.2", 5000)
FROM6, TO6 = ("2001:db8::1", 4000), ("2001:db8::2", 5000)
V4, V6 = ip_packet(b"hello", FROM, TO), ip_packet(b"hello", FROM6, TO6)
MACS = bytes(12)
SLL = bytes(14)


def unwrap(link_type: int, octets: bytes) -> Datagram | Segment | None:
    return Unwrapper().unwrap(Frame(7.0, link_type, octets, len(octets)))


@pytest.mark.parametrize(
    ("link_type", "head4", "head6"),
    [
        (1, MACS + b"\x08\x00", MACS + b"\x86\xdd"),
        (1, MACS + b"\x81\x00\x00\x05\x08\x00", MACS + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd"),
        (1, MACS + b"\x88\x64\x11\0\0\x01\0\x09\0\x21", MACS + b"\x88\x64\x11\0\0\x01\0\x09\0\x57"),
        (113, SLL + b"\x08\x00", SLL + b"\x86\xdd"),
        (113, SLL + b"\x81\x00\x00\x05\x08\x00", SLL + b"\x81\x00\x00\x05\x86\xdd"),
        (276, b"\x08\x00" + bytes(18), b"\x86\xdd" + bytes(18)),
        (276, b"\x81\x00" + bytes(18) + b"\x00\x05\x08\x00", b"\x81\x00" + bytes(18) + b"\x00\x05\x86\xdd"),
        (0, b"\x02\0\0\0", b"\x1e\0\0\0"),
        (108, b"\0\0\0\x02", b"\0\0\0\x1c"),
        (101, b"", b""),
        (12, b"", b""),
        (228, b"", b""),
        (229, b"", b""),
    ],
    ids=["ethernet", "vlan", "pppoe", "cooked", "cooked-vlan", "cooked2", "cooked2-vlan", "null", "loop", "raw", "raw-bsd", "ipv4", "ipv6"],
)
def test_every_link(link_type: int, head4: bytes, head6: bytes) -> None:
    # Ethernet fills short frames up; what is behind the packet is no part of it.
    assert unwrap(link_type, head4 + V4 + bytes(18)) == Datagram(7.0, FROM, TO, b"hello", True)
    assert unwrap(link_type, head6 + V6 + bytes(18)) == Datagram(7.0, FROM6, TO6, b"hello", True)


def test_a_link_that_cannot_be_looked_into_is_remembered() -> None:
    unwrapper = Unwrapper()
    assert unwrapper.unwrap(Frame(0.0, 127, V4, len(V4))) is None
    assert unwrapper.unknown_links == {127}


def test_what_is_no_ip_is_passed_over() -> None:
    assert unwrap(1, MACS + b"\x08\x06" + bytes(40)) is None
    assert unwrap(1, MACS) is None
    assert unwrap(101, b"") is None
    assert unwrap(101, b"\x45") is None
    assert unwrap(101, b"\x15" + bytes(40)) is None
    assert unwrap(101, V4[:9] + b"\x01" + V4[10:]) is None


def test_options_and_extension_headers() -> None:
    options = b"\x46" + V4[1:2] + struct.pack("!H", len(V4) + 4) + V4[4:20] + bytes(4) + V4[20:]
    assert unwrap(101, options) == Datagram(7.0, FROM, TO, b"hello", True)
    hop_by_hop = V6[:4] + struct.pack("!H", len(V6) - 40 + 8) + b"\x00" + V6[7:40] + b"\x11\x00" + bytes(6) + V6[40:]
    assert unwrap(101, hop_by_hop) == Datagram(7.0, FROM6, TO6, b"hello", True)


def test_a_datagram_of_which_only_the_beginning_was_kept() -> None:
    assert unwrap(101, V4[:-2]) == Datagram(7.0, FROM, TO, b"hel", False)


def test_a_segment_of_tcp() -> None:
    tcp = struct.pack("!HHIIBBHHH", 4000, 5000, 77, 0, 6 << 4, 0x12, 0, 0, 0) + bytes(4) + b"data"
    packet = V4[:2] + struct.pack("!H", 20 + len(tcp)) + V4[4:9] + b"\x06" + V4[10:20] + tcp
    assert unwrap(101, packet) == Segment(7.0, FROM, TO, 77, True, b"data")


def fragments(payload: bytes, sizes: list[int], number: int = 9) -> list[bytes]:
    """An IPv4 datagram in fragments of so many octets each, and the rest."""
    data = ip_packet(payload, FROM, TO)[20:]
    pieces, offset = [], 0
    for size in [*sizes, len(data)]:
        part = data[offset : offset + size]
        more = 0x2000 if offset + len(part) < len(data) else 0
        head = V4[:2] + struct.pack("!HHH", 20 + len(part), number, more | offset // 8) + V4[8:20]
        pieces.append(head + part)
        offset += len(part)
        if not more:
            break
    return pieces


@given(
    st.binary(min_size=1, max_size=3000),
    st.lists(st.integers(1, 100).map(lambda size: 8 * size), max_size=5),
    st.randoms(use_true_random=False),
)
def test_fragments_in_any_order_make_the_datagram(payload: bytes, sizes: list[int], random: object) -> None:
    pieces = fragments(payload, sizes)
    random.shuffle(pieces)  # type: ignore[attr-defined]
    unwrapper = Unwrapper()
    found = [unwrapper.unwrap(Frame(7.0, 101, piece, len(piece))) for piece in pieces]
    assert found[:-1] == [None] * (len(pieces) - 1)
    assert found[-1] == Datagram(7.0, FROM, TO, payload, True)


def test_fragments_of_ipv6() -> None:
    data = ip_packet(bytes(range(200)), FROM6, TO6)[40:]
    unwrapper = Unwrapper()
    found = []
    for offset, more in ((0, 1), (104, 0)):
        part = data[offset : 104 if more else None]
        head = V6[:4] + struct.pack("!HB", 8 + len(part), 44) + V6[7:40]
        octets = head + struct.pack("!BxHI", 17, offset | more, 5) + part
        found.append(unwrapper.unwrap(Frame(7.0, 101, octets, len(octets))))
    assert found == [None, Datagram(7.0, FROM6, TO6, bytes(range(200)), True)]


def test_fragments_that_never_end_are_given_up() -> None:
    unwrapper = Unwrapper()
    first, second = fragments(bytes(100), [40], number=1)
    unwrapper.unwrap(Frame(0.0, 101, first, len(first)))
    for number in range(2, 259):
        piece = fragments(bytes(100), [40], number=number)[0]
        unwrapper.unwrap(Frame(0.0, 101, piece, len(piece)))
    assert unwrapper.unwrap(Frame(0.0, 101, second, len(second))) is None


@given(st.sampled_from([0, 1, 101, 108, 113, 276]), st.binary(max_size=120))
def test_no_octets_are_too_strange(link_type: int, octets: bytes) -> None:
    unwrap(link_type, octets)
    unwrap(link_type, octets[:14] + V4[:20] + octets[14:])
