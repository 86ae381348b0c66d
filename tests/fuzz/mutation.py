"""Messages gone wrong: real ones of every kind, spoilt by chance in the ways that networks, bad programs and bad people spoil them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

TORTURE: Final = Path(__file__).parents[1] / "sip" / "torture"
"""The messages of RFC 4475: everything in them stands at some edge."""

HEAD = (
    "Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{token};rport\r\nMax-Forwards: 70\r\nFrom: <sip:fuzz@127.0.0.1>;tag={token}\r\n"
    "To: <sip:ivr@127.0.0.1>{to}\r\nCall-ID: {token}@fuzz\r\nCSeq: {number} {method}\r\nContact: <sip:fuzz@127.0.0.1:{port}>\r\n"
)
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 8 101\r\n"
    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
)
EXTRAS = {
    "INVITE": "Content-Type: application/sdp\r\nSupported: timer, 100rel\r\nSession-Expires: 1800;refresher=uac\r\n",
    "REFER": "Refer-To: <sip:other@127.0.0.1?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>\r\nReferred-By: <sip:fuzz@127.0.0.1>\r\n",
    "NOTIFY": "Event: refer\r\nSubscription-State: active;expires=60\r\nContent-Type: message/sipfrag\r\n",
    "INFO": "Content-Type: application/dtmf-relay\r\n",
    "PRACK": "RAck: 1 1 INVITE\r\n",
    "REGISTER": 'Authorization: Digest username="a",realm="b",nonce="c",uri="sip:d",response="e",nc=00000001,cnonce="f",qop=auth\r\n',
}
BODIES = {"INVITE": SDP, "UPDATE": SDP, "INFO": "Signal=5\r\nDuration=160\r\n", "NOTIFY": "SIP/2.0 200 OK\r\n"}
METHODS = ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", "REFER", "NOTIFY", "PRACK", "REGISTER", "MESSAGE")
TOKENS = (b";", b",", b"<", b">", b'"', b"\r\n", b" ", b"\t", b"=", b":", b"@", b"%", b"\0", b"\xff", b"\xc3\xa9", b"\\", b"(", b"[", b"]")
NUMBERS = (b"0", b"-1", b"4294967296", b"99999999999999999999", b"1e9", b"0x10", b"\xd9\xa3", b"")


def seeds(port: int = 9) -> tuple[bytes, ...]:
    """Return whole messages to begin with. `port` is where answers go."""
    made = []
    for number, method in enumerate(METHODS):
        body = BODIES.get(method, "")
        words = {"port": port, "token": f"seed{number}", "number": 1 + number % 3, "method": method}
        for to in ("", ";tag=there"):
            head = HEAD.format(**words, to=to)
            made.append(f"{method} sip:ivr@127.0.0.1 SIP/2.0\r\n{head}{EXTRAS.get(method, '')}Content-Length: {len(body)}\r\n\r\n{body}")
        for status in ("100 Trying", "180 Ringing", "200 OK", "302 Moved Temporarily", "401 Unauthorized", "486 Busy Here"):
            made.append(f"SIP/2.0 {status}\r\n{HEAD.format(**words, to=';tag=there')}Content-Length: {len(body)}\r\n\r\n{body}")
    return (*(text.encode() for text in made), *(path.read_bytes() for path in sorted(TORTURE.glob("*.dat"))))


def spoilt(message: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Return a message with a few things wrong."""
    data = bytearray(message)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(9):
            case 0:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                data[place:place] = chance.choice(TOKENS) * chance.choice((1, 1, 1, 2, 50))
            case 2:
                del data[place : place + chance.choice((1, 1, 4, 40))]
            case 3:
                del data[place:]
            case 4:
                lines = bytes(data).split(b"\r\n")
                lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
                data = bytearray(b"\r\n".join(lines))
            case 5:
                lines = bytes(data).split(b"\r\n")
                chance.shuffle(lines)
                data = bytearray(b"\r\n".join(lines))
            case 6:
                other = chance.choice(others)
                data[place:] = other[chance.randrange(len(other) + 1) :]
            case 7:
                digits = [at for at, octet in enumerate(data) if 0x30 <= octet <= 0x39]
                if digits:
                    at = chance.choice(digits)
                    data[at : at + 1] = chance.choice(NUMBERS)
            case _:
                data[place:place] = data[max(0, place - 60) : place] * chance.choice((1, 2, 20))
    return bytes(data[:60_000])


def fresh(message: bytes, number: int) -> bytes:
    """Return a message that belongs to nobody else's transaction."""
    return message.replace(b"seed", b"s%d-" % number)


def flood(seed: int, port: int = 9) -> Iterator[bytes]:
    """Yield spoilt messages without end, always the same for a seed."""
    chance = random.Random(seed)
    known = seeds(port)
    number = 0
    while True:
        number += 1
        yield spoilt(fresh(chance.choice(known), number), known, chance)
