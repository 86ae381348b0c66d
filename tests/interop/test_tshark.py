"""The check by Wireshark's dissectors finds what is wrong."""

from __future__ import annotations

from pathlib import Path

from ivrtest.call.capture import Capture
from tests.interop.tshark import complaints, needs_tshark

OPTIONS = (
    b"OPTIONS sip:ivr@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
    b"From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:ivr@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


SHORT_NAME = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\x09short"
"""A question to a name server that says nine letters and has five."""


@needs_tshark
def test_a_malformed_packet_is_complained_of(tmp_path: Path) -> None:
    capture = Capture()
    # To a port of traceroute's, which is worth a remark and no complaint.
    capture.add(OPTIONS, source=("127.0.0.1", 40000), destination=("127.0.0.1", 33450), at=1.0)
    capture.add(SHORT_NAME, source=("127.0.0.1", 40000), destination=("127.0.0.1", 53), at=2.0)
    capture.write(tmp_path / "two.pcap")
    assert complaints(tmp_path / "two.pcap", sip_port=33450) == ["2\tMalformed Packet (Exception occurred)"]
