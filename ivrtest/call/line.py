"""A telephone line: SIP over UDP, TCP and TLS, and the sound of its calls. Many calls at a time, in both directions."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self, get_args

from ivrtest.call.binding import Binding
from ivrtest.call.capture import Capture
from ivrtest.call.keys import KeyMode
from ivrtest.call.media import MediaEngine
from ivrtest.call.negotiation import Negotiation
from ivrtest.call.permission import Permission
from ivrtest.call.remote_media import MediaError
from ivrtest.call.sip_call import NOT_ACCEPTABLE_HERE, Origin, SipCall
from ivrtest.call.tls import Tls, TlsError
from ivrtest.call.trunk import NUMBER, Dialling, Transport, Trunk
from ivrtest.sip import events as sip
from ivrtest.sip.digest import Secret
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import From
from ivrtest.sip.registration import EXPIRES
from ivrtest.sip.sdp import NegotiationError, SdpSyntaxError
from ivrtest.sip.transport import Address, default_port, literal_address
from ivrtest.sip.uri import SipUri, Uri, parse_uri

RING_S: Final = 60.0
"""How long a call that we place may ring."""
LINGER_S: Final = 4.0
"""How long a line that is closed waits for the far sides to confirm that their calls are over."""
ANY_PORTS: Final = range(0)

_TEMPORARILY_UNAVAILABLE = 480
_SERVICE_UNAVAILABLE = 503


class LineError(Exception):
    """The line cannot be opened, or a call cannot be placed on it. The message says why and what would help."""


class Line:
    """One SIP address of ours.

    async with Line() as line:
        call = await line.place("sip:ivr@127.0.0.1:5060")

    Calls come in over one transport, and go out over the one that the target asks for: TLS for `sips:` and `;transport=tls`, TCP for
    `;transport=tcp`, else UDP, whatever their length (RFC 3261 section 18.1.1 would have long ones go over TCP unasked).
    Leaving the block hangs up on everybody.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        transport: Transport = "udp",
        tls: Tls | None = None,
        user: str = "ivrtest",
        permission: Permission | None = None,
        ports: range = ANY_PORTS,
        record: bool = True,
        capture: bool = False,
    ) -> None:
        """`host` is the IP address to bind and to be reached at, `port` 0 a free one, `transport` how. `user` stands in our own address.
        `tls`: whom to trust over TLS, and our certificate, without which nobody can open a connection to us.

        `permission` says whom we may call; by default nobody but this machine. `ports` are the even ports to receive sound at; an empty
        range means any free ones. `record`: keep the sound of every call, for `SipCall.recording`; `capture`: keep its datagrams, for
        `SipCall.capture`.
        """
        self._host = host
        self._port = port
        self._user = user
        self._permission = permission or Permission()
        self._ports = ports
        self._records = record
        self._captures = capture
        self._transport: Transport = transport
        self._tls = tls or Tls()
        self._trunks: dict[Transport, Trunk] = {}
        self._opening = asyncio.Lock()
        self._incoming: asyncio.Queue[SipCall] | None = None

    @property
    def unreadable(self) -> tuple[sip.Unreadable, ...]:
        """The latest messages that came and are no proper SIP."""
        return tuple(event for trunk in self._trunks.values() for event in trunk.unreadable)

    @property
    def uri(self) -> str:
        """Our address, for others to call."""
        return str(self._trunks[self._transport].uri)

    async def __aenter__(self) -> Self:
        """Open the line. Raises LineError when the address cannot be bound, or the certificates cannot be used."""
        self._loop = asyncio.get_running_loop()
        if self._transport == "tls" and self._tls.certificate is None:
            raise LineError('a line cannot take calls over TLS without a certificate. give one as "certificate"')
        async with AsyncExitStack() as self._stack:
            self._engine = await self._stack.enter_async_context(MediaEngine(host=self._host, ports=self._ports))
            await self._trunk(self._transport)
            self._stack = self._stack.pop_all()
        return self

    async def _trunk(self, transport: Transport) -> Trunk:
        """Return the way over a transport. It is opened when it is first wanted."""
        async with self._opening:
            if transport not in self._trunks:
                port = self._port if transport == self._transport else 0
                try:
                    trunk = Trunk(transport, self._host, port, user=self._user, take=self._take, trace=self._captures, tls=self._tls)
                    self._trunks[transport] = await self._stack.enter_async_context(trunk)
                except OSError as error:
                    raise LineError(f'cannot open a line at "{self._host}:{port}": {error.strerror}. give another host or port') from error
                except TlsError as error:
                    raise LineError(str(error)) from error
            return self._trunks[transport]

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        async with self._stack:
            for trunk in self._trunks.values():
                for call in tuple(trunk.calls.values()):
                    await call.hang_up()
                trunk.unregister()
            await self._linger()

    async def _linger(self) -> None:
        """Wait until the far sides know that the calls are over: a BYE that got lost is sent again."""
        try:
            async with asyncio.timeout(LINGER_S):
                for trunk in self._trunks.values():
                    await trunk.rest()
        except TimeoutError:
            return  # who does not answer a BYE by now has most likely gone

    # Placing and taking calls

    async def place(
        self,
        target: str | Uri,
        *,
        caller: str = "",
        headers: Mapping[str, str] | None = None,
        secret: Secret | None = None,
        proxy: str = "",
        keys: KeyMode = "rfc4733",
        ring_s: float = RING_S,
    ) -> SipCall:
        """Call somebody. The call's stream tells what becomes of it; after `ring_s` without answer it is given up.

        `caller` is the number or SIP URI to show as ours. `secret` answers whoever asks for a password. `proxy` is the SIP URI of a proxy
        to send the call through. `keys`: how to send keys.
        Raises DialRefused when the target may not be called, before anything is sent; LineError when it cannot be called.
        """
        uri = _parsed(target, "target")
        self._permission.check(uri)
        if not isinstance(uri, SipUri):
            raise LineError(f'cannot call "{uri}": only SIP addresses can be called. write it like "sip:+18005550100@pbx.example.com"')
        shown_caller = self._from(caller)
        trunk, destination = await self._reach(uri, proxy)
        capture = Capture() if self._captures else None
        try:
            session = self._engine.open(record=self._records, capture=capture)
        except MediaError as error:
            raise LineError(f'cannot call "{uri}": {error}') from error
        negotiation = Negotiation(session.local_address, session_id=_session_id())
        dialling = Dialling(shown_caller, headers or {}, secret)
        handle = trunk.invite(uri, destination, offer=negotiation.offer(), dialling=dialling)
        origin = Origin(handle, handle, caller or self.uri, str(uri), placed=True)
        call = SipCall(trunk, session, negotiation, origin, capture, keys)
        trunk.carry(call)
        call.rings_until(self._loop.call_later(ring_s, call.give_up, ring_s))
        return call

    async def register(self, address: str | Uri, *, secret: Secret | None = None, registrar: str = "", expires: int = EXPIRES) -> Binding:
        """Let calls to `address` come to this line, over the transport that `registrar` asks for, until the line is closed.

        `registrar` is its SIP URI; by default the host of `address`. `expires`: for how many seconds at a time; the binding is made anew
        before they are over. Returns when the registrar has agreed. Raises LineError when it does not, DialRefused when that may not be:
        nobody may be called there under the name in `address`.
        """
        uri = _parsed(address, "address")
        if not isinstance(uri, SipUri) or uri.user is None:
            raise LineError(f'cannot register "{uri}": it must be a SIP address with a user, such as "sip:1001@pbx.example.com"')
        hop = _hop(uri, registrar)
        self._permission.check(hop.with_user(uri.user_text))
        trunk, destination = await self._reach(uri, registrar)
        binding = Binding(str(uri), str(hop), knows_password=secret is not None)
        trunk.register(uri, hop, destination, binding, secret=secret, expires=expires)
        await binding.first_answer()
        if binding.problem:
            raise LineError(binding.problem)
        return binding

    def incoming(self) -> AsyncIterator[SipCall]:
        """Take calls from now on, and yield them without end. Each is to be answered or hung up.

        On a line where nobody takes them, callers are told 480 Temporarily Unavailable.
        """
        queue = self._incoming = self._incoming or asyncio.Queue()

        async def calls() -> AsyncIterator[SipCall]:
            while True:
                yield await queue.get()

        return calls()

    def _from(self, caller: str) -> From | None:
        if not caller:
            return None
        if NUMBER.fullmatch(caller):
            return From(SipUri.of(self._host, user=caller))
        return From(_parsed(caller, "caller"))

    async def _reach(self, uri: SipUri, proxy: str) -> tuple[Trunk, Address]:
        """Return over what to reach somebody, and where to send. Raises LineError."""
        transport, destination = await self._way(uri, proxy)
        trunk = await self._trunk(transport)
        host = _hop(uri, proxy).host
        if (expected := trunk.expect(destination, host)) != host:
            raise LineError(
                f'cannot call "{uri}": "{destination[0]}:{destination[1]}" is known as "{expected}" on this line. call "{host}" on another'
            )
        return trunk, destination

    async def _way(self, uri: SipUri, proxy: str) -> tuple[Transport, Address]:
        """Return over what and where to send the INVITE."""
        hop = _hop(uri, proxy)
        transport = _transport(hop)
        if transport is None:
            known = ", ".join(f'"{name}"' for name in get_args(Transport))
            raise LineError(f'cannot call "{uri}": the transport "{hop.transport}" is not known. known are {known}')
        if uri.secure and transport != "tls":
            raise LineError(f'cannot call "{uri}" through "{proxy}": "sips" asks for TLS on the whole way. write the proxy with "sips" too')
        if (literal := literal_address(hop)) is not None:
            return transport, literal
        port = hop.port or default_port(transport.upper())
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            found = await self._loop.getaddrinfo(hop.host, port, family=family, type=socket.SOCK_STREAM)
        except OSError as error:
            raise LineError(f'cannot call "{uri}": the host "{hop.host}" is not known ({error.strerror}). check its name') from error
        return transport, (str(found[0][4][0]), port)

    def _take(self, trunk: Trunk, event: sip.IncomingCall) -> None:
        """Make a call of an INVITE, for whoever takes calls."""
        if self._incoming is None:
            trunk.reject(event.handle, _TEMPORARILY_UNAVAILABLE)
            return
        capture = Capture() if self._captures else None
        try:
            session = self._engine.open(record=self._records, hears_tones=True, capture=capture)
        except MediaError:
            trunk.reject(event.handle, _SERVICE_UNAVAILABLE)
            return
        negotiation = Negotiation(session.local_address, session_id=_session_id())
        origin = Origin(event.handle, event.call_id, _who(event.caller.uri), _who(event.request_uri), placed=False)
        call = SipCall(trunk, session, negotiation, origin, capture)
        try:
            call.offered(event.offer)
        except (NegotiationError, SdpSyntaxError):
            session.close()
            trunk.reject(event.handle, NOT_ACCEPTABLE_HERE)
            return
        trunk.carry(call)
        self._incoming.put_nowait(call)


def _parsed(text: str | Uri, what: str) -> Uri:
    if not isinstance(text, str):
        return text
    try:
        return parse_uri(text)
    except SipSyntaxError as error:
        raise LineError(f'{what} "{text}" cannot be used: {error}') from error


def _hop(uri: SipUri, proxy: str) -> SipUri:
    """Return whom to send the INVITE to. Raises LineError."""
    if not proxy:
        return uri
    hop = _parsed(proxy, "proxy")
    if not isinstance(hop, SipUri):
        raise LineError(f'proxy "{proxy}" cannot be used: it must be a SIP URI such as "sip:proxy.example.com"')
    return hop


def _transport(hop: SipUri) -> Transport | None:
    """Return the transport that a URI asks for (section 26.2.2 for `sips`); None for one that we do not speak."""
    match hop.secure, hop.transport:
        case (True, None | "tcp" | "tls") | (False, "tls"):
            return "tls"
        case False, None | "udp":
            return "udp"
        case False, "tcp":
            return "tcp"
        case _:
            return None


def _who(uri: Uri) -> str:
    """Return a party as people know it: the number, where it is one, else the whole address."""
    return uri.user_text if NUMBER.fullmatch(uri.user_text) else str(uri)


def _session_id() -> int:
    """Return a number for the `o=` line: 62 bits, as it has to fit a signed 64-bit integer (RFC 4566 section 5.2 leaves it open)."""
    return secrets.randbits(62)
