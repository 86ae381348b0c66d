"""What is in a capture that we wrote, read back by what reads everybody's."""

from __future__ import annotations

from pathlib import Path

from ivrtest.call.sip_call import SipCall
from ivrtest.rtp.ip import Datagram, Segment, Unwrapper
from ivrtest.rtp.packet import RtpPacket, RtpSyntaxError
from ivrtest.rtp.pcap import CaptureFile


def captured(call: SipCall, path: Path) -> list[Datagram | Segment]:
    """Return what a call's capture holds, written to `path` and read again."""
    assert call.capture is not None
    call.capture.write(path)
    unwrapper = Unwrapper()
    with path.open("rb") as file:
        return [packet for frame in CaptureFile(file, str(path)) if (packet := unwrapper.unwrap(frame)) is not None]


def payload_types(call: SipCall, path: Path) -> tuple[list[int], list[int]]:
    """Return the payload types of RTP that were sent and received, in order, without repetitions."""
    found: tuple[list[int], list[int]] = ([], [])
    for packet in captured(call, path):
        try:
            number = RtpPacket.parse(packet.payload).payload_type
        except RtpSyntaxError:
            continue
        side = found[packet.source != call.local_address]
        # 64 to 95 would be RTCP (RFC 5761 section 4).
        if side[-1:] != [number] and number not in range(64, 96):
            side.append(number)
    return found
