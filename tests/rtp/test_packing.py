"""Packets for captures: what is put in comes out again, by our own reader and by Wireshark's."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from ivrtest.rtp.ip import Datagram, Segment, Unwrapper
from ivrtest.rtp.packing import LONGEST_SEGMENT, TcpStreams, udp_packet
from ivrtest.rtp.pcap import Frame

HERE, THERE = ("192.0.2.1", 4000), ("192.0.2.2", 5060)
HERE6, THERE6 = ("2001:db8::1", 4000), ("2001:db8::2", 5060)
_RAW = 101


def unwrap(packet: bytes) -> Datagram | Segment:
    found = Unwrapper().unwrap(Frame(1.0, _RAW, packet, len(packet)))
    assert found is not None
    return found


def ones_sum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    return total % 0xFFFF


@given(st.binary(max_size=3000), st.booleans())
def test_a_datagram(data: bytes, sixth: bool) -> None:
    source, destination = (HERE6, THERE6) if sixth else (HERE, THERE)
    assert unwrap(udp_packet(data, source, destination)) == Datagram(1.0, source, destination, data, True)


@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=4000)), max_size=8), st.booleans())
def test_both_directions_of_a_connection_come_out_in_order_and_without_a_gap(said: list[tuple[bool, bytes]], sixth: bool) -> None:
    here, there = (HERE6, THERE6) if sixth else (HERE, THERE)
    streams = TcpStreams()
    heard = {here: b"", there: b""}
    for ours, data in said:
        source, destination = (here, there) if ours else (there, here)
        for packet in streams.packets(data, source, destination):
            segment = unwrap(packet)
            assert isinstance(segment, Segment)
            assert (segment.source, segment.destination, segment.starts) == (source, destination, False)
            assert segment.sequence == len(heard[source]) + 1
            assert 0 < len(segment.payload) <= LONGEST_SEGMENT
            head = packet[40:] if sixth else packet[20:]
            assert struct.unpack_from("!I", head, 8) == (len(heard[destination]) + 1,)
            addresses = packet[8:40] if sixth else packet[12:20]
            assert ones_sum(addresses + struct.pack("!II", 6, len(head)) + head) == 0
            heard[source] += segment.payload
    assert heard[here] == b"".join(data for ours, data in said if ours)
    assert heard[there] == b"".join(data for ours, data in said if not ours)
