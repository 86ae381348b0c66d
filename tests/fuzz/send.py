"""Sends spoilt messages, or a flood of good ones, to a server on this machine, as fast as it answers in between.

    python -m tests.fuzz.send 127.0.0.1 5060 100000 [SEED | invite]

Every so many datagrams it asks whether the server is still there (OPTIONS), and waits for the answer: so nothing is lost on the way, and
"sent" means "dealt with". Prints how many datagrams left, and what was answered.
"""

from __future__ import annotations

import itertools
import re
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.fuzz.mutation import EXTRAS, HEAD, SDP, flood

BURST: Final = 50
PATIENCE_S: Final = 1.0
TRIES: Final = 20
_STATUS = re.compile(rb"SIP/2\.0 ([0-9]{3}) ")
_PROBE = re.compile(rb"^Call-ID: probe([0-9]+)@fuzz\r$", re.MULTILINE)


def invites(port: int) -> Iterator[bytes]:
    """Yield callers who never acknowledge anything."""
    for number in itertools.count():
        head = HEAD.format(port=port, token=f"caller{number}", to="", number=1, method="INVITE")
        yield f"INVITE sip:ivr@127.0.0.1 SIP/2.0\r\n{head}{EXTRAS['INVITE']}Content-Length: {len(SDP)}\r\n\r\n{SDP}".encode()


def probe(port: int, number: int) -> bytes:
    head = HEAD.format(port=port, token=f"probe{number}", to="", number=1, method="OPTIONS")
    return f"OPTIONS sip:ivr@127.0.0.1 SIP/2.0\r\n{head}Content-Length: 0\r\n\r\n".encode()


def answered(wire: socket.socket, number: int, seen: Counter[str]) -> bool:
    """Take in what comes until a probe is answered. Returns whether it was."""
    while True:
        try:
            data = wire.recv(65535)
        except TimeoutError:
            return False
        if found := _STATUS.match(data):
            seen[found[1].decode()] += 1
        told = _PROBE.search(data)
        if told is not None and int(told[1]) == number:
            return True


def main(host: str, port: str, count: str, kind: str = "1") -> int:
    there = (host, int(port))
    seen: Counter[str] = Counter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        wire.bind(("127.0.0.1", 0))
        wire.settimeout(PATIENCE_S)
        here = wire.getsockname()[1]
        messages = invites(here) if kind == "invite" else flood(int(kind), here)
        for burst in range(int(count) // BURST):
            for data in itertools.islice(messages, BURST):
                wire.sendto(data, there)
            for number in itertools.count(burst * TRIES):
                wire.sendto(probe(here, number), there)
                if answered(wire, number, seen):
                    break
                if number == burst * TRIES + TRIES - 1:
                    sys.stdout.write(f"no answer after {burst * BURST} datagrams\n")
                    return 1
    told = ", ".join(f"{number} x {status}" for status, number in sorted(seen.items()))
    sys.stdout.write(f"{count} datagrams sent. answered: {told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
