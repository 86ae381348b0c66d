"""What the SIP in a capture says of the RTP in it: which payload type is which codec, by the address that packets go to."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Final

from ivrtest.rtp.ip import Address, Segment
from ivrtest.sip.address import From
from ivrtest.sip.fields import CallId
from ivrtest.sip.framer import MessageFramer
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.message import Message, Request, parse_message
from ivrtest.sip.sdes import Crypto, offered_keys
from ivrtest.sip.session_description import RtpFormat, SessionDescription

_FIRST_LINE: Final = 512
"""Octets in which a SIP message says that it is one."""
_MOST_STREAMS: Final = 512
"""TCP streams that are followed at one time."""
_MOST_EARLY: Final = 64
"""Pieces of one TCP stream that are kept until those before them come."""


class CapturedOffers:
    """Collects the session descriptions of a capture, offers and answers alike."""

    def __init__(self) -> None:
        self._formats: dict[Address, dict[int, RtpFormat]] = {}
        self._encrypted: set[Address] = set()
        self._over_dtls: set[Address] = set()
        self._keys: dict[Address, list[Crypto]] = {}
        self._callers: dict[str, str | None] = {}
        """By Call-ID, the tag of who called."""
        self._calls: dict[Address, bool] = {}
        """Whether an address is that of who called."""
        self._streams: OrderedDict[tuple[Address, Address], _Stream] = OrderedDict()

    def datagram(self, payload: bytes) -> bool:
        """Look into a datagram. Returns whether it is SIP."""
        if b"SIP/2.0" not in payload[:_FIRST_LINE].partition(b"\n")[0]:
            return False
        self._message(payload)
        return True

    def segment(self, segment: Segment) -> None:
        """Look into a piece of a TCP stream."""
        name = (segment.source, segment.destination)
        if segment.starts:
            self._streams.pop(name, None)
        if name not in self._streams:
            if not segment.starts and b"SIP/2.0" not in segment.payload[:_FIRST_LINE].partition(b"\n")[0]:
                return
            self._streams[name] = _Stream((segment.sequence + segment.starts) & 0xFFFFFFFF)
            if len(self._streams) > _MOST_STREAMS:
                self._streams.popitem(last=False)
        for message in self._streams[name].feed(segment.sequence, segment.payload):
            self._message(message)

    def formats(self, source: Address, destination: Address) -> dict[int, RtpFormat]:
        """Return what payload types mean between two addresses.

        The numbers are those of the side that receives. Where its address is not the one it wrote, as behind a NAT, those of the side that
        sends are nearly always the same; and after them those of any other description.
        """
        formats: dict[int, RtpFormat] = {}
        for known in (*self._formats.values(), self._formats.get(source, {}), self._formats.get(destination, {})):
            formats.update(known)
        return formats

    def announced(self, source: Address, destination: Address) -> bool:
        """Return whether a session description names one of two addresses."""
        return source in self._formats or destination in self._formats

    def encrypted(self, source: Address, destination: Address) -> bool:
        """Return whether SRTP was agreed on between two addresses (RFC 3711)."""
        return source in self._encrypted or destination in self._encrypted

    def over_dtls(self, source: Address, destination: Address) -> bool:
        """Return whether two addresses were to agree on keys of their own (DTLS-SRTP, RFC 5763)."""
        return source in self._over_dtls or destination in self._over_dtls

    def calls(self, source: Address, destination: Address) -> bool | None:
        """Return whether `source` called `destination`; None where no session description tells."""
        if source in self._calls:
            return self._calls[source]
        return not self._calls[destination] if destination in self._calls else None

    def keys(self, source: Address) -> list[Crypto]:
        """Return the keys that an address may encrypt with, its own first, then those of all others: it may have another name here."""
        own = self._keys.get(source, [])
        return [*own, *(key for address, keys in self._keys.items() if address != source for key in keys)]

    def _message(self, data: bytes) -> None:
        try:
            message = parse_message(data)
            body, calls = message.body, self._by_caller(message)
            if not body.lstrip().startswith(b"v=0"):
                return
            session = SessionDescription.parse(body.lstrip())
        except SipSyntaxError:
            # Its streams are then taken for what their payload types usually are.
            return
        for media in session.media:
            if media.kind != "audio" or not media.port:
                continue
            try:
                address = (_normal(session.media_address(media)), media.port)
                formats = media.rtp_formats()
            except SipSyntaxError:
                continue
            self._calls.setdefault(address, calls)
            self._formats.setdefault(address, {}).update({each.payload_type: each for each in formats})
            try:
                keys = offered_keys(media)
            except SipSyntaxError:
                keys = ()
            known = self._keys.setdefault(address, [])
            known += [key for key in keys if key not in known]
            protocol = media.protocol.upper()
            for ways, told in ((self._encrypted, "SAVP" in protocol), (self._over_dtls, "/TLS/" in protocol)):
                (ways.add if told else ways.discard)(address)

    def _by_caller(self, message: Message) -> bool:
        """Return whether a message comes from who called: whose tag stands in the first request of the call."""
        sender = message.get(From)
        tag = sender.tag if sender is not None else None
        caller = self._callers.setdefault(message.text(CallId) or "", tag)
        # A response has the From of its request, and comes from the other side.
        return (tag == caller) == isinstance(message, Request)


class _Stream:
    """One direction of a TCP connection, put in order."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._early: dict[int, bytes] = {}
        self._framer = MessageFramer()

    def feed(self, sequence: int, payload: bytes) -> list[bytes]:
        """Take a piece; return the messages that are whole now."""
        if payload and len(self._early) < _MOST_EARLY:
            self._early[sequence] = payload
        messages: list[bytes] = []
        while (found := self._due()) is not None:
            self._next = (self._next + len(found)) & 0xFFFFFFFF
            messages += self._framer.feed(found)
        return messages

    def _due(self) -> bytes | None:
        """Return what continues the stream, if it is there."""
        for sequence in list(self._early):
            behind = (self._next - sequence) & 0xFFFFFFFF
            if behind >= 1 << 31:
                continue
            payload = self._early.pop(sequence)
            if behind < len(payload):
                return payload[behind:]
        return None


def _normal(address: str) -> str:
    """Return an IP address as packets name it; a host name as it is."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
