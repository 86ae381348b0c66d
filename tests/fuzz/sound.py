"""RTP and RTCP gone wrong."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from ivrtest.rtp.dtmf import TelephoneEvent
from ivrtest.rtp.packet import RtpPacket


def seeds() -> tuple[bytes, ...]:
    """Return proper packets of every kind to begin with."""
    sound = [bytes(RtpPacket(payload_type, 100, 1000, 1, bytes(160))) for payload_type in (0, 8, 9, 13, 111)]
    keys = [
        bytes(RtpPacket(101, 100, 1000, 1, bytes(TelephoneEvent(event, end, 800)))) for event in (0, 11, 15, 99) for end in (False, True)
    ]
    report = struct.pack("!BBHI", 0x81, 201, 7, 1) + bytes(24)
    sender = struct.pack("!BBHI", 0x81, 200, 12, 1) + bytes(44)
    bye = struct.pack("!BBHI", 0x81, 203, 1, 1)
    text = struct.pack("!BBHI", 0x81, 202, 3, 1) + b"\x01\x05fuzz\0\0"
    return (
        *sound,
        *keys,
        report,
        sender,
        bye,
        text,
        report + text,
        sender + text + bye,
        bytes(RtpPacket(0, 1, 1, 1, bytes(40), padding=4)),
    )


def rubbish(seed: int) -> Iterator[bytes]:
    """Yield spoilt packets without end, always the same for a seed."""
    chance = random.Random(seed)
    known = seeds()
    while True:
        data = bytearray(chance.choice(known))
        for _ in range(chance.choice((1, 1, 2, 4))):
            place = chance.randrange(len(data) + 1)
            match chance.randrange(5):
                case 0:
                    # The header is where the meaning is.
                    data[min(place, 13) : min(place, 13) + 1] = bytes([chance.randrange(256)])
                case 1:
                    del data[place:]
                case 2:
                    data[place:place] = chance.randbytes(chance.choice((1, 4, 1500)))
                case 3:
                    data[2:12] = chance.randbytes(10)
                case _:
                    data[place : place + 4] = b"\xff\xff\xff\xff"
        yield bytes(data[:60_000])
