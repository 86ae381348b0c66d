"""A telephone line: a SIP agent on a UDP port, and the sound of its calls. Many calls at a time, in both directions."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Literal, Self
from weakref import WeakValueDictionary

from ivrtest.call.capture import Capture
from ivrtest.call.media import MediaEngine
from ivrtest.call.negotiation import Negotiation
from ivrtest.call.permission import Permission
from ivrtest.call.remote_media import MediaError
from ivrtest.call.sip_call import NOT_ACCEPTABLE_HERE, Origin, SipCall
from ivrtest.call.udp import UdpPort
from ivrtest.sip import events as sip
from ivrtest.sip.agent import Agent
from ivrtest.sip.digest import Secret
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import From
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
_OK = 200
_UNREADABLE_KEPT = 100

_NUMBER = re.compile(r"\+?[0-9]{2,15}")
_CALL_ID = re.compile(rb"^(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_KEY_IN_INFO = re.compile(rb"^(\s*Signal\s*=\s*)[0-9*#A-D]", re.IGNORECASE | re.MULTILINE)


class LineError(Exception):
    """The line cannot be opened, or a call cannot be placed on it. The message says why and what would help."""


class Line:
    """One SIP address of ours.

    async with Line() as line:
        call = await line.place("sip:ivr@127.0.0.1:5060")

    Leaving the block hangs up on everybody.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str = "ivrtest",
        permission: Permission | None = None,
        ports: range = ANY_PORTS,
        record: bool = True,
        capture: bool = False,
    ) -> None:
        """`host` is the IP address to bind and to be reached at, `port` 0 a free one. `user` stands in our own address.

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
        self._calls: dict[str, SipCall] = {}
        """By handle, until the far side knows too that the call is over."""
        self._captured: WeakValueDictionary[str, SipCall] = WeakValueDictionary()
        """By Call-ID, as long as anybody is interested in the call."""
        self._incoming: asyncio.Queue[SipCall] | None = None
        self._traced: list[tuple[float, Literal["in", "out"], bytes, Address]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._quiet = asyncio.Event()
        self.unreadable: deque[sip.Unreadable] = deque(maxlen=_UNREADABLE_KEPT)
        """The latest messages that came and are no proper SIP."""

    @property
    def uri(self) -> str:
        """Our address, for others to call."""
        host, port = self._udp.local_address
        return str(SipUri.of(host, port, user=self._user))

    async def __aenter__(self) -> Self:
        """Open the line. Raises LineError when the address cannot be bound."""
        self._loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            try:
                self._udp = UdpPort(self._host, self._port, receive=self._receive, unreachable=self._unreachable)
            except OSError as error:
                raise LineError(
                    f'cannot open a line at "{self._host}:{self._port}": {error.strerror}. give another host or port'
                ) from error
            stack.callback(self._udp.close)
            self._engine = await stack.enter_async_context(MediaEngine(host=self._host, ports=self._ports))
            trace = self._trace if self._captures else None
            self._agent = Agent(self._udp.local_address, token=_token, user=self._user, trace=trace)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        async with self._stack:
            for call in tuple(self._calls.values()):
                await call.hang_up()
            await self._linger()
            if self._timer is not None:
                self._timer.cancel()

    async def _linger(self) -> None:
        """Wait until the far sides know that the calls are over: a BYE that got lost is sent again."""
        self._quiet.clear()
        if not self._calls:
            return
        try:
            async with asyncio.timeout(LINGER_S):
                await self._quiet.wait()
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
        ring_s: float = RING_S,
    ) -> SipCall:
        """Call somebody. The call's stream tells what becomes of it; after `ring_s` without answer it is given up.

        `caller` is the number or SIP URI to show as ours. `secret` answers whoever asks for a password. `proxy` is the SIP URI of a proxy
        to send the call through.
        Raises DialRefused when the target may not be called, before anything is sent; LineError when it cannot be called.
        """
        uri = _parsed(target, "target")
        self._permission.check(uri)
        if not isinstance(uri, SipUri):
            raise LineError(f'cannot call "{uri}": only SIP addresses can be called. write it like "sip:+18005550100@pbx.example.com"')
        shown_caller = self._from(caller)
        destination = await self._destination(uri, proxy)
        capture = Capture() if self._captures else None
        try:
            session = self._engine.open(record=self._records, capture=capture)
        except MediaError as error:
            raise LineError(f'cannot call "{uri}": {error}') from error
        negotiation = Negotiation(session.local_address, session_id=_session_id())
        handle = self._agent.invite(
            uri,
            destination,
            offer=negotiation.offer(),
            now=self._loop.time(),
            caller=shown_caller,
            headers=tuple((headers or {}).items()),
            secret=secret,
        )
        origin = Origin(handle, handle, caller or self.uri, str(uri), placed=True)
        call = SipCall(self, session, negotiation, origin, capture)
        self._remember(call)
        call.rings_until(self._loop.call_later(ring_s, call.give_up, ring_s))
        self._pump()
        return call

    def incoming(self) -> AsyncIterator[SipCall]:
        """Take calls from now on, and yield them without end. Each is to be answered or hung up.

        On a line where nobody takes them, callers are told 480 Temporarily Unavailable.
        """
        queue = self._incoming = self._incoming or asyncio.Queue()

        async def calls() -> AsyncIterator[SipCall]:
            while True:
                yield await queue.get()

        return calls()

    def _remember(self, call: SipCall) -> None:
        self._calls[call.handle] = call
        self._captured[call.id] = call

    def _from(self, caller: str) -> From | None:
        if not caller:
            return None
        if _NUMBER.fullmatch(caller):
            return From(SipUri.of(self._host, user=caller))
        return From(_parsed(caller, "caller"))

    async def _destination(self, uri: SipUri, proxy: str) -> Address:
        """Return where to send the INVITE."""
        hop = _parsed(proxy, "proxy") if proxy else uri
        if not isinstance(hop, SipUri) or hop.secure or hop.transport not in (None, "udp"):
            way = f' through "{hop}"' if proxy else ""
            raise LineError(f'cannot call "{uri}"{way}: this line speaks SIP over UDP only. leave out "sips" and "transport"')
        if (literal := literal_address(hop)) is not None:
            return literal
        port = hop.port or default_port("UDP")
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            found = await self._loop.getaddrinfo(hop.host, port, family=family, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise LineError(f'cannot call "{uri}": the host "{hop.host}" is not known ({error.strerror}). check its name') from error
        return str(found[0][4][0]), port

    # What calls ask for: see `Signalling`

    def answer(self, handle: str, sdp: bytes) -> None:
        self._agent.answer(handle, sdp, self._loop.time())
        self._pump()

    def reject(self, handle: str, status: int) -> None:
        self._agent.reject(handle, status, self._loop.time())
        self._pump()

    def hang_up(self, handle: str) -> None:
        self._agent.hang_up(handle, self._loop.time())
        self._pump()

    def refer(self, handle: str, to: str) -> None:
        self._agent.refer(handle, parse_uri(f"tel:{to}" if _NUMBER.fullmatch(to) else to), self._loop.time())
        self._pump()

    def accept_refer(self, handle: str) -> None:
        now = self._loop.time()
        self._agent.accept_refer(handle, now)
        self._agent.notify_refer(handle, _OK, now)
        self._pump()

    # The network

    def _receive(self, data: bytes, source: Address) -> None:
        self._agent.receive(data, source, self._loop.time())
        self._pump()

    def _unreachable(self, destination: Address) -> None:
        self._agent.unreachable(destination, self._loop.time())
        self._pump()

    def _wake(self) -> None:
        self._agent.handle_timer(self._loop.time())
        self._pump()

    def _pump(self) -> None:
        """Send what the agent has to send, tell what it has to tell, and set its alarm."""
        for data, destination in self._agent.datagrams():
            self._udp.send(data, destination)
        while (event := self._agent.next_event()) is not None:
            self._tell(event)
        for entry in self._traced:
            self._keep(*entry)
        self._traced.clear()
        if self._timer is not None:
            self._timer.cancel()
        due = self._agent.timer()
        self._timer = None if due is None else self._loop.call_at(due, self._wake)

    def _tell(self, event: sip.Event) -> None:
        match event:
            case sip.IncomingCall():
                self._take(event)
            case sip.Unreadable():
                self.unreadable.append(event)
            case _:
                if (call := self._calls.get(event.handle)) is not None:
                    call.on(event)
                if isinstance(event, sip.Rejected | sip.Cancelled | sip.Ended):
                    self._calls.pop(event.handle, None)
                    if not self._calls:
                        self._quiet.set()

    def _take(self, event: sip.IncomingCall) -> None:
        """Make a call of an INVITE, for whoever takes calls."""
        if self._incoming is None:
            self.reject(event.handle, _TEMPORARILY_UNAVAILABLE)
            return
        capture = Capture() if self._captures else None
        try:
            session = self._engine.open(record=self._records, capture=capture)
        except MediaError:
            self.reject(event.handle, _SERVICE_UNAVAILABLE)
            return
        negotiation = Negotiation(session.local_address, session_id=_session_id())
        origin = Origin(event.handle, event.call_id, _who(event.caller.uri), _who(event.request_uri), placed=False)
        call = SipCall(self, session, negotiation, origin, capture)
        try:
            call.offered(event.offer)
        except (NegotiationError, SdpSyntaxError):
            session.close()
            self.reject(event.handle, NOT_ACCEPTABLE_HERE)
            return
        self._remember(call)
        self._incoming.put_nowait(call)

    # The trace

    def _trace(self, now: float, direction: Literal["in", "out"], data: bytes, address: Address) -> None:
        # Which call it belongs to is known only after the agent has dealt with it: the first INVITE comes before its call.
        self._traced.append((time.time(), direction, data, address))

    def _keep(self, at: float, direction: Literal["in", "out"], data: bytes, address: Address) -> None:
        found = _CALL_ID.search(data)
        call = self._captured.get(found[1].decode("utf-8", "replace")) if found else None
        if call is None or call.capture is None:
            return
        if call.hides_keys:
            data = _KEY_IN_INFO.sub(rb"\1?", data)
        here = self._udp.local_address
        source, destination = (address, here) if direction == "in" else (here, address)
        call.capture.add(data, source=source, destination=destination, at=at)


def _parsed(text: str | Uri, what: str) -> Uri:
    if not isinstance(text, str):
        return text
    try:
        return parse_uri(text)
    except SipSyntaxError as error:
        raise LineError(f'{what} "{text}" cannot be used: {error}') from error


def _who(uri: Uri) -> str:
    """Return a party as people know it: the number, where it is one, else the whole address."""
    return uri.user_text if _NUMBER.fullmatch(uri.user_text) else str(uri)


def _token() -> str:
    return secrets.token_hex(8)


def _session_id() -> int:
    """Return a number for the `o=` line: 62 bits, as it has to fit a signed 64-bit integer (RFC 4566 section 5.2 leaves it open)."""
    return secrets.randbits(62)
