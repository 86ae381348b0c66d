"""Captures that Wireshark opens."""

from __future__ import annotations

import ipaddress
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from ivrtest.call.capture import Capture
from ivrtest.rtp.dtmf import KeySender
from ivrtest.rtp.packet import RtpPacket

CALLER, IVR = ("192.0.2.1", 4000), ("192.0.2.2", 5004)
SDP = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"
    b"m=audio 5004 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)
SIP = (
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@192.0.2.1>;tag=1\r\nTo: <sip:b@192.0.2.2>;tag=2\r\n"
    b"Call-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:b@192.0.2.2>\r\nContent-Type: application/sdp\r\n"
    b"Content-Length: %d\r\n\r\n" % len(SDP)
) + SDP


def add_keys(capture: Capture, keys: str, *, secret: bool, first: int = 0) -> None:
    sender = KeySender()
    sender.press(keys, secret=secret)
    tick = first
    while sender.busy:
        key = sender.tick(160 * tick)
        if key is None:
            packet = RtpPacket(0, tick, 160 * tick, 7, b"\xff" * 160)
        else:
            packet = RtpPacket(101, tick, key.timestamp, 7, key.payload, key.marker)
        capture.add(bytes(packet), source=CALLER, destination=IVR, at=1000 + 0.02 * tick, secret_key=key is not None and secret)
        tick += 1


def packets(path: Path) -> list[bytes]:
    """The IP packets of a capture."""
    data = path.read_bytes()
    assert data[:24] == bytes.fromhex("4d3cb2a1 0200 0400 00000000 00000000 ffff0000 65000000")
    start, found = 24, []
    while start < len(data):
        _, _, kept, whole = struct.unpack_from("<IIII", data, start)
        assert kept == whole
        found.append(data[start + 16 : start + 16 + kept])
        start += 16 + kept
    return found


def ones_sum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    return total % 0xFFFF


@pytest.mark.parametrize("datagram", [b"odd", b"even"])
def test_headers_and_checksums_of_ip4(tmp_path: Path, datagram: bytes) -> None:
    capture = Capture()
    capture.add(datagram, source=CALLER, destination=IVR, at=1.5)
    capture.write(tmp_path / "call.pcap")
    (packet,) = packets(tmp_path / "call.pcap")
    assert packet[:10] == bytes.fromhex("4500") + struct.pack("!H", 28 + len(datagram)) + bytes.fromhex("00004000 4011")
    assert packet[12:20] == bytes([192, 0, 2, 1, 192, 0, 2, 2])
    assert packet[20:26] == struct.pack("!HHH", 4000, 5004, 8 + len(datagram))
    assert packet[28:] == datagram
    # With its checksum, everything sums up to zero in one's complement (RFC 1071).
    assert ones_sum(packet[:20]) == 0
    assert ones_sum(packet[12:20] + struct.pack("!HH", 17, len(packet) - 20) + packet[20:]) == 0


def test_headers_of_ip6(tmp_path: Path) -> None:
    capture = Capture()
    capture.add(b"x", source=("2001:db8::1", 1), destination=("2001:db8::2", 2), at=1.5)
    capture.write(tmp_path / "call.pcap")
    (packet,) = packets(tmp_path / "call.pcap")
    assert packet[:8] == bytes.fromhex("60000000 0009 11 40")
    assert packet[8:24] == ipaddress.ip_address("2001:db8::1").packed
    assert ones_sum(packet[8:40] + struct.pack("!II", 9, 17) + packet[40:]) == 0


def test_packets_are_in_the_order_of_time(tmp_path: Path) -> None:
    capture = Capture()
    for at in (3.0, 1.0, 2.0):
        capture.add(b"%d" % at, source=CALLER, destination=IVR, at=at)
    capture.write(tmp_path / "call.pcap")
    assert [packet[28:] for packet in packets(tmp_path / "call.pcap")] == [b"1", b"2", b"3"]


def test_secret_keys_are_masked_and_their_packets_stay(tmp_path: Path) -> None:
    capture = Capture()
    add_keys(capture, "4711", secret=True)
    capture.write(tmp_path / "call.pcap")
    found = [RtpPacket.parse(packet[28:]) for packet in packets(tmp_path / "call.pcap")]
    assert [packet.sequence for packet in found] == list(range(len(found)))
    assert {packet.payload[0] for packet in found if packet.payload_type == 101} == {255}


@pytest.mark.parametrize(
    ("datagram", "masked"),
    [
        (bytes(RtpPacket(0, 1, 2, 3, b"\x01" * 160)), bytes(RtpPacket(0, 1, 2, 3, b"\xff" * 160))),
        (b"\x80\x65\x01", b"\0\0\0"),
    ],
)
def test_a_secret_in_another_form_is_blanked(tmp_path: Path, datagram: bytes, masked: bytes) -> None:
    capture = Capture()
    capture.add(datagram, source=CALLER, destination=IVR, at=1, secret_key=True)
    capture.write(tmp_path / "call.pcap")
    assert packets(tmp_path / "call.pcap")[0][28:] == masked


def test_secrets_are_kept_on_demand(tmp_path: Path) -> None:
    capture = Capture(keep_secrets=True)
    add_keys(capture, "4", secret=True)
    capture.write(tmp_path / "call.pcap")
    assert RtpPacket.parse(packets(tmp_path / "call.pcap")[0][28:]).payload[0] == 4


def test_a_capture_ends_at_its_limit_and_says_so(tmp_path: Path) -> None:
    capture = Capture(limit=10)
    for _ in range(3):
        capture.add(b"12345", source=CALLER, destination=IVR, at=1)
    capture.write(tmp_path / "call.pcap")
    assert (len(packets(tmp_path / "call.pcap")), capture.cut) == (2, True)


def test_tshark_reads_signalling_and_keys_and_finds_nothing_malformed(tmp_path: Path) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    capture = Capture()
    capture.add(SIP, source=("192.0.2.2", 5060), destination=("192.0.2.1", 5060), at=999)
    add_keys(capture, "19*#", secret=False)
    add_keys(capture, "8", secret=True, first=40)
    path = tmp_path / "call.pcap"
    capture.write(path)

    def fields(display_filter: str, field: str) -> list[str]:
        options = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "rtp.heuristic_rtp:TRUE"]
        command = [tshark, "-r", str(path), *options, "-Y", display_filter, "-T", "fields", "-e", field]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert fields("sip", "sip.Status-Code") == ["200"]
    assert fields("rtpevent.end_of_event == 1 && rtp.seq", "rtpevent.event_id") == [
        event for event in ("1", "9", "10", "11", "255") for _ in range(3)
    ]
    assert fields("_ws.malformed || ip.checksum.status != 1 || udp.checksum.status != 1", "frame.number") == []
