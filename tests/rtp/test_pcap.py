"""Captures on disk, of every kind that is met, and what is said of broken ones."""

from __future__ import annotations

import gzip
import io
import random
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.rtp.pcap import CaptureError, CaptureFile, Frame
from tests.call.captures import block, interface, packet, pcap, section

FRAMES = [(1000, 500_000, b"first"), (1001, 250_000, b"second!")]


def read(data: bytes) -> tuple[list[Frame], str | None]:
    opened = CaptureFile(io.BytesIO(data), "c.pcap")
    frames = list(opened)
    return frames, opened.cut


def refused(data: bytes) -> str:
    with pytest.raises(CaptureError) as caught:
        read(data)
    return str(caught.value)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("mark", [0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34])
def test_pcap_of_any_kind(order: str, mark: int) -> None:
    unit = 1e-9 if mark == 0xA1B23C4D else 1e-6
    frames, cut = read(pcap(1, FRAMES, order=order, mark=mark))
    assert [frame[1:] for frame in frames] == [(1, b"first", 5), (1, b"second!", 7)]
    assert [frame.at for frame in frames] == pytest.approx([1000 + 500_000 * unit, 1001 + 250_000 * unit])
    assert cut is None


def test_the_checksum_flag_of_a_link_type_is_no_part_of_it() -> None:
    frames, _ = read(pcap(0x14000001, FRAMES[:1]))
    assert frames[0].link_type == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_with_an_interface_for_each_packet(order: str) -> None:
    microseconds = interface(1, order=order)
    # A power of two, and a time that begins later.
    option = struct.pack(f"{order}HHBxxx", 9, 1, 0x80 | 10) + struct.pack(f"{order}HHq", 14, 8, 500) + struct.pack(f"{order}HH", 0, 0)
    binary = interface(113, option, order=order)
    data = section(order) + microseconds + binary + block(4, b"names of hosts", order)
    data += packet(0, 7_500_000, b"one", order=order) + packet(1, 2048, b"two", order=order, length=900)
    assert read(data) == ([Frame(7.5, 1, b"one", 3), Frame(502.0, 113, b"two", 900)], None)


def test_a_section_has_interfaces_of_its_own_and_its_own_byte_order() -> None:
    data = (
        section()
        + interface(1)
        + packet(0, 1_000_000, b"a")
        + section(">")
        + interface(101, order=">")
        + packet(0, 2_000_000, b"b", order=">")
    )
    assert read(data) == ([Frame(1.0, 1, b"a", 1), Frame(2.0, 101, b"b", 1)], None)


def test_old_and_simple_packets() -> None:
    old = block(2, struct.pack("<HHIIII", 0, 0, 0, 3_000_000, 3, 3) + b"old")
    simple = block(3, struct.pack("<I", 900) + b"simp")
    assert read(section() + interface(1, snap_length=4) + old + simple) == ([Frame(3.0, 1, b"old", 3), Frame(3.0, 1, b"simp", 900)], None)


def test_gzip_is_unpacked() -> None:
    packed = gzip.compress(pcap(1, FRAMES))
    assert [frame.octets for frame in read(packed)[0]] == [b"first", b"second!"]
    for missing in range(1, 9):
        assert read(packed[:-missing])[1] == 'capture "c.pcap" is cut off after 2 packets: what follows is not known'
    large = gzip.compress(pcap(1, [(number, 0, random.Random(number).randbytes(5000)) for number in range(9)]))
    frames, cut = read(large[: len(large) // 2])
    assert 0 < len(frames) < 5
    assert cut == f'capture "c.pcap" is cut off after {len(frames)} packets: what follows is not known'
    spoilt = bytearray(packed)
    spoilt[-5] ^= 1
    assert read(bytes(spoilt))[1] == 'capture "c.pcap" cannot be unpacked any further after 2 packets: what follows is not known'
    assert refused(b"\x1f\x8bno gzip") == 'capture "c.pcap" is packed with gzip and cannot be unpacked. copy it again'


def test_what_is_no_capture() -> None:
    assert refused(b"") == 'capture "c.pcap" is empty. a capture begins with the mark of pcap or pcapng'
    assert refused(b"Hello world") == 'capture "c.pcap" is no capture: it begins with "Hell", not with the mark of pcap or pcapng'
    assert refused(pcap(1, [])[:20]) == 'capture "c.pcap" is cut off: its header has 20 octets, not 24. copy it again'


@pytest.mark.parametrize(
    ("data", "frames", "cut"),
    [
        (pcap(1, FRAMES)[:-1], 1, 'capture "c.pcap" is cut off after 1 packets: what follows is not known'),
        (pcap(1, FRAMES)[:-10], 1, 'capture "c.pcap" is cut off after 1 packets: what follows is not known'),
        (
            pcap(1, FRAMES) + struct.pack("<IIII", 1, 1, 1 << 30, 1 << 30),
            2,
            'capture "c.pcap" is broken: a packet of 1073741824 octets is announced after 2 packets: what follows is not known',
        ),
        (section()[:-9], 0, 'capture "c.pcap" is cut off after 0 packets: what follows is not known'),
        (section()[:10], 0, 'capture "c.pcap" is cut off after 0 packets: what follows is not known'),
        (
            section() + interface(1) + packet(0, 1, b"x") + packet(3, 1, b"x"),
            1,
            'capture "c.pcap" is broken: a block is shorter than what it holds after 1 packets: what follows is not known',
        ),
        (
            section() + interface(1) + block(6, b"short"),
            0,
            'capture "c.pcap" is broken: a block is shorter than what it holds after 0 packets: what follows is not known',
        ),
        (
            section() + struct.pack("<II", 6, 0xFFFFFFF0),
            0,
            'capture "c.pcap" is broken: a block of 4294967280 octets is announced after 0 packets: what follows is not known',
        ),
        (
            b"\x0a\x0d\x0d\x0a\x1c\0\0\0abcd" + bytes(16),
            0,
            'capture "c.pcap" is broken: a section has no byte order after 0 packets: what follows is not known',
        ),
    ],
)
def test_a_broken_end_is_told_and_what_is_before_it_read(data: bytes, frames: int, cut: str) -> None:
    found, told = read(data)
    assert (len(found), told) == (frames, cut)


@given(st.sampled_from([pcap(1, FRAMES), section() + interface(1) + packet(0, 1, b"abc") + packet(0, 2, b"d")]), st.data())
def test_nothing_in_a_file_is_more_than_a_message(whole: bytes, data: st.DataObject) -> None:
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(0, len(broken)))
    for piece in (bytes(broken), bytes(broken[:length])):
        with suppress(CaptureError):
            read(piece)
