"""A name server for one test: zones in a text, questions over UDP and TCP on this machine."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone

from ivrtest.sip.transport import Address

HEAD = """
$ORIGIN {origin}.
@ 300 IN SOA ns hostmaster 1 3600 600 86400 30
@ 300 IN NS ns
ns 300 IN A 127.0.0.1
"""


class NameServer(asyncio.DatagramProtocol):
    """Knows one zone, and what it was asked."""

    def __init__(self, origin: str, records: str) -> None:
        self.zone = dns.zone.from_text(HEAD.format(origin=origin) + records, origin=f"{origin}.", relativize=False)
        self.asked: Counter[str] = Counter()
        """Questions: `A pbx.example.com`."""
        self.over_tcp = 0
        self.address: Address = ("", 0)
        self.fails_with: dns.rcode.Rcode | None = None
        """What to answer to everybody."""
        self.truncates = False
        """Whether answers do not fit into a datagram."""
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.address = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Address) -> None:
        assert self._transport is not None
        answer = self._answer(data)
        if self.truncates:
            answer.answer.clear()
            answer.flags |= dns.flags.TC
        self._transport.sendto(answer.to_wire(), addr)

    async def serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        self.over_tcp += 1
        wire = self._answer(await reader.readexactly(length)).to_wire()
        writer.write(struct.pack("!H", len(wire)) + wire)
        await writer.drain()
        writer.close()

    def _answer(self, data: bytes) -> dns.message.Message:
        question = dns.message.from_wire(data)
        name, kind = question.question[0].name, question.question[0].rdtype
        self.asked[f"{dns.rdatatype.to_text(kind)} {str(name).rstrip('.')}"] += 1
        response = dns.message.make_response(question)
        response.flags |= dns.flags.AA | dns.flags.RA
        if self.fails_with is not None:
            response.set_rcode(self.fails_with)
            return response
        if (found := self.zone.get_rrset(name, kind)) is not None:
            response.answer.append(found)
            return response
        soa = self.zone.get_rrset(self.zone.origin or dns.name.root, dns.rdatatype.SOA)
        assert soa is not None
        response.authority.append(soa)
        if self.zone.get_node(name) is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


@asynccontextmanager
async def name_server(origin: str, records: str) -> AsyncIterator[NameServer]:
    """Run one at a free port, the same for UDP and TCP."""
    loop = asyncio.get_running_loop()
    server = NameServer(origin, records)
    while True:
        tcp = await asyncio.start_server(server.serve_tcp, "127.0.0.1", 0)
        try:
            transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=tcp.sockets[0].getsockname())
            break
        except OSError:
            # Somebody has this port for UDP.
            tcp.close()
            await tcp.wait_closed()
    try:
        yield server
    finally:
        transport.close()
        tcp.close()
        await tcp.wait_closed()
