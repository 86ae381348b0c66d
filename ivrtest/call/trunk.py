"""One SIP agent on a port of one transport, with the calls that it carries. A line has one for each transport that it uses."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self
from weakref import WeakValueDictionary

from ivrtest.call.binding import Binding
from ivrtest.call.negotiation import warning_of
from ivrtest.call.network import KeepAlive
from ivrtest.call.permission import Permission
from ivrtest.call.signalling import Carried
from ivrtest.call.stream import StreamPort
from ivrtest.call.tls import Tls
from ivrtest.call.udp import UdpPort
from ivrtest.sip import events as sip
from ivrtest.sip.agent import Agent
from ivrtest.sip.digest import Secret
from ivrtest.sip.endpoint import Leash
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import From
from ivrtest.sip.session_timer import SessionTimes
from ivrtest.sip.transport import Address, Transport, written_address
from ivrtest.sip.uri import SipUri, parse_uri

NUMBER = re.compile(r"\+?[0-9]{2,15}")
Watch = Callable[[sip.Event], bool]
"""Sees the events of a call before the call does. Returns whether the call is not to see this one."""

KEEP_ALIVE_S: Final = {"udp": 25.0, "tcp": 100.0, "tls": 100.0}
"""How often a NAT is reminded of us where nothing else is asked for: 24 to 29 s, and 95 to 120 s (RFC 5626 sections 4.4.2 and 4.4.1)."""
_UNREADABLE_KEPT = 100
_CALL_ID = re.compile(rb"^(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Dialling:
    """What goes along with a call that we place."""

    caller: From | None
    shown: str
    """The caller as it was asked for; empty: the line itself."""
    headers: Mapping[str, str]
    secret: Secret | None
    secret_headers: tuple[str, ...] = ()
    """Values in `headers` that are to be kept out of captures."""


class Trunk:
    """Joins an agent with a port: what comes goes in, what is to be sent goes out, and its events go to the calls they are about.

    It is the `Signalling` of its calls.
    """

    def __init__(
        self,
        transport: Transport,
        host: str,
        port: int,
        *,
        user: str,
        take: Callable[[Trunk, sip.IncomingCall], None],
        trace: bool,
        tls: Tls,
        advertise: str = "",
        keep_alive_s: float | None = None,
        keep_alive_by: KeepAlive = "crlf",
        max_calls: int | None = None,
        permission: Permission | None = None,
        session_times: SessionTimes | None = None,
        require_digest: Secret | None = None,
    ) -> None:
        """`take` is given the calls that come in. `trace`: keep messages in the captures of their calls. `advertise`, `keep_alive_*`: see
        `Network`. `max_calls` at once, both ways: further callers are told 503 and when to try again.
        `permission` says whom we do not even ask others to call. `session_times`: how long a call may go on without a refresh.
        `require_digest`: the name and password that callers must know.

        Raises OSError when the address cannot be bound, TlsError for certificates that cannot be used.
        """
        self.calls: dict[str, Carried] = {}
        """By handle, until the far side knows too that the call is over."""
        self.bindings: dict[str, Binding] = {}
        """By handle, as long as there are any."""
        self._asked: dict[str, asyncio.Future[sip.OptionsAnswered]] = {}
        """By handle, who waits for the answer to OPTIONS."""
        self._watches: dict[str, Watch] = {}
        self._destinations: dict[str, Address] = {}
        """Where the requests of our own calls and bindings go, by handle."""
        self._quiet = asyncio.Event()
        """Set whenever one of either is over."""
        self.unreadable: deque[sip.Unreadable] = deque(maxlen=_UNREADABLE_KEPT)
        """The latest messages that came and are no proper SIP."""
        self._take = take
        self._permission = permission or Permission()
        self._loop = asyncio.get_running_loop()
        self._captured: WeakValueDictionary[str, Carried] = WeakValueDictionary()
        """By Call-ID, as long as anybody is interested in the call."""
        self._traced: list[tuple[float, Literal["in", "out"], bytes, Address]] = []
        self._timer: asyncio.TimerHandle | None = None
        self.transport: Final = transport
        self._by_stun = keep_alive_by == "stun"
        self._port = self._udp(host, port) if transport == "udp" else self._stream(host, port, tls if transport == "tls" else None)
        here = (advertise or self._port.local_address[0], self._port.local_address[1])
        self._agent = Agent(
            here,
            token=_token,
            transport=transport,
            user=user,
            trace=self._trace if trace else None,
            max_calls=max_calls,
            session_times=session_times,
            require_digest=require_digest,
            leash=Leash(self._permission.lists, self._permission.strict),
        )
        self._keeps_all_alive = keep_alive_s is not None
        self._beat_s = KEEP_ALIVE_S[transport] if keep_alive_s is None else keep_alive_s
        self._beat = self._loop.call_later(self._beat_s, self._keep_alive) if self._beat_s else None
        uri = SipUri.of(*here, user=user)
        self.uri: Final = uri if transport == "udp" else uri.with_parameter("transport", transport)
        """Our address, for others to call."""

    def _udp(self, host: str, port: int) -> UdpPort | StreamPort:
        changed = self._changed if self._by_stun else None
        return UdpPort(host, port, receive=self._receive, unreachable=self._unreachable, changed=changed)

    def _stream(self, host: str, port: int, tls: Tls | None) -> StreamPort:
        return StreamPort(
            host,
            port,
            receive=self._receive,
            unreachable=self._unreachable,
            closed=self._closed,
            unreadable=self._unreadable,
            tls=tls,
        )

    async def __aenter__(self) -> Self:
        """Take connections, where there are any. Raises OSError."""
        if isinstance(self._port, StreamPort):
            await self._port.listen()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()
        if self._beat is not None:
            self._beat.cancel()
        match self._port:
            case StreamPort() as stream:
                await stream.close()
            case udp:
                udp.close()

    def expect(self, destination: Address, name: str) -> str:
        """See `StreamPort.expect`."""
        return self._port.expect(destination, name) if isinstance(self._port, StreamPort) else name

    def invite(
        self, target: SipUri, destination: Address, *, offer: bytes | None, dialling: Dialling, instead_of: sip.Rejected | None = None
    ) -> str:
        """Prepare an INVITE and return its handle. It leaves when somebody is there to `carry` the call.

        Without `offer` it asks for theirs. `instead_of`: the redirection that it follows.
        """
        handle = self._agent.invite(
            target,
            destination,
            offer=offer,
            now=self._loop.time(),
            caller=dialling.caller,
            headers=tuple(dialling.headers.items()),
            secret=dialling.secret,
            instead_of=instead_of,
        )
        self._destinations[handle] = destination
        return handle

    def ask(self, target: SipUri, destination: Address, *, secret: Secret | None) -> asyncio.Future[sip.OptionsAnswered]:
        """Send OPTIONS, and return what will come of it."""
        handle = self._agent.options(target, destination, now=self._loop.time(), secret=secret)
        asked = self._asked[handle] = self._loop.create_future()
        self._pump()
        return asked

    def carry(self, call: Carried, watch: Watch | None = None) -> None:
        """Tell a call from now on what becomes of it, as far as `watch` lets it."""
        self.calls[call.handle] = call
        if watch is not None:
            self._watches[call.handle] = watch
        self._captured[call.id] = call
        self._pump()

    def abandon(self, handle: str) -> None:
        """Give up an INVITE without telling anybody here. Should it be answered after all, that call is ended at once."""
        self._forget(handle)
        self.hang_up(handle)

    def register(
        self, address: SipUri, registrar: SipUri, destination: Address, binding: Binding, *, secret: Secret | None, expires: int
    ) -> None:
        """Ask a registrar for a binding, and keep it until the trunk is left."""
        handle = self._agent.register(address, registrar, destination, now=self._loop.time(), secret=secret, expires=expires)
        self.bindings[handle] = binding
        self._destinations[handle] = destination
        self._pump()

    def unregister(self) -> None:
        """Ask for the end of all bindings."""
        for handle in tuple(self.bindings):
            self._agent.unregister(handle, self._loop.time())
        self._pump()

    async def rest(self) -> None:
        """Wait until no call and no binding is left."""
        while self.calls or self.bindings:
            self._quiet.clear()
            await self._quiet.wait()

    # What calls ask for: see `Signalling`

    def ring(self, handle: str, sdp: bytes | None) -> None:
        self._agent.ring(handle, self._loop.time(), sdp=sdp)
        self._pump()

    def acknowledge(self, handle: str, sdp: bytes | None, branch: str) -> None:
        self._agent.acknowledge(handle, sdp, self._loop.time(), branch=branch)
        self._pump()

    def can_change(self, handle: str) -> bool:
        return self._agent.can_change(handle)

    def reinvite(self, handle: str, offer: bytes) -> None:
        self._agent.reinvite(handle, offer, self._loop.time())
        self._pump()

    def update(self, handle: str, offer: bytes) -> None:
        self._agent.update(handle, offer, self._loop.time())
        self._pump()

    def answer(self, handle: str, sdp: bytes | None, headers: Mapping[str, str] | None = None) -> None:
        self._agent.answer(handle, sdp, self._loop.time(), headers=tuple((headers or {}).items()))
        self._pump()

    def reject(self, handle: str, status: int, warning: Exception | None = None) -> None:
        headers = [] if warning is None else [("Warning", warning_of(warning, self._port.local_address))]
        self._agent.reject(handle, status, self._loop.time(), headers=headers)
        self._pump()

    def hang_up(self, handle: str) -> None:
        self._agent.hang_up(handle, self._loop.time())
        self._pump()

    def refer(self, handle: str, to: str) -> None:
        uri = parse_uri(f"tel:{to}" if NUMBER.fullmatch(to) else to)
        self._permission.check_never(uri)
        self._agent.refer(handle, uri, self._loop.time())
        self._pump()

    def replaces(self, handle: str) -> str | None:
        return self._agent.replaces(handle)

    def info(self, handle: str, content_type: str, body: bytes) -> None:
        self._agent.info(handle, content_type, body, self._loop.time())
        self._pump()

    def accept_refer(self, handle: str) -> None:
        self._agent.accept_refer(handle, self._loop.time())
        self._pump()

    def notify_refer(self, handle: str, status: int) -> None:
        self._agent.notify_refer(handle, status, self._loop.time())
        self._pump()

    def pass_on(self, handle: str, to: Carried) -> None:
        self.calls[handle] = to

    def let_go(self, handle: str) -> None:
        self.calls.pop(handle, None)
        self._quiet.set()

    # The network

    def _receive(self, data: bytes, source: Address) -> None:
        self._agent.receive(data, source, self._loop.time())
        self._pump()

    def _unreachable(self, destination: Address, problem: str) -> None:
        self._agent.unreachable(destination, self._loop.time(), problem)
        self._pump()

    def _changed(self, destination: Address, how: str) -> None:
        for handle in self._agent.renew(destination, self._loop.time()):
            self.bindings[handle].renewed.append(how)
        self._pump()

    def _closed(self, peer: Address, problem: str) -> None:
        assert isinstance(self._port, StreamPort)
        for address in self._agent.disconnected(peer, problem, self._loop.time()):
            self._port.connect(address)
        self._pump()

    def _unreadable(self, source: Address, problem: SipSyntaxError) -> None:
        self.unreadable.append(sip.Unreadable("", source, str(problem)))

    def _wake(self) -> None:
        self._agent.handle_timer(self._loop.time())
        self._pump()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _keep_alive(self) -> None:
        """Send what keeps the way back open through NATs (RFC 5626 sections 3.5.1 and 4.4.1)."""
        for destination in dict.fromkeys(self._destinations.values()):
            if self._keeps_all_alive or self.transport != "udp" or self._agent.is_behind_nat(destination):
                self._port.keep_alive(destination)
        self._beat = self._loop.call_later(self._beat_s, self._keep_alive)

    def _forget(self, handle: str) -> None:
        self.calls.pop(handle, None)
        self._watches.pop(handle, None)
        self._destinations.pop(handle, None)
        self._quiet.set()

    def _pump(self) -> None:
        """Send what the agent has to send, tell what it has to tell, and set its alarm."""
        for data, destination in self._agent.datagrams():
            self._port.send(data, destination)
        while (event := self._agent.next_event()) is not None:
            self._tell(event)
        for entry in self._traced:
            self._keep(*entry)
        self._traced.clear()
        self._stop()
        due = self._agent.timer()
        self._timer = None if due is None else self._loop.call_at(due, self._wake)

    def _tell(self, event: sip.Event) -> None:
        match event:
            case sip.IncomingCall():
                self._take(self, event)
            case sip.Unreadable():
                self.unreadable.append(event)
            case sip.OptionsAnswered():
                if (asked := self._asked.pop(event.handle, None)) is not None and not asked.done():
                    asked.set_result(event)
            case sip.Registered():
                self.bindings[event.handle].on(event)
            case sip.Unregistered():
                self.bindings.pop(event.handle).on(event)
                self._forget(event.handle)
            case _:
                watch = self._watches.get(event.handle)
                hidden = watch is not None and watch(event)
                if not hidden and (call := self.calls.get(event.handle)) is not None:
                    call.on(event)
                if isinstance(event, sip.Rejected | sip.Cancelled | sip.Ended):
                    self._forget(event.handle)

    # The trace

    def _trace(self, now: float, direction: Literal["in", "out"], data: bytes, address: Address) -> None:
        # Which call it belongs to is known only after the agent has dealt with it: the first INVITE comes before its call.
        self._traced.append((time.time(), direction, data, address))

    def _keep(self, at: float, direction: Literal["in", "out"], data: bytes, address: Address) -> None:
        found = _CALL_ID.search(data)
        call = self._captured.get(found[1].decode("utf-8", "replace")) if found else None
        if call is None:
            return
        at_s = max(0.0, call.now - (time.time() - at))
        peer = written_address(address)
        sent = direction == "out"
        call.trace.add(data, at_s=at_s, sent=sent, transport=self.transport, peer=peer, hides_keys=call.hides_keys, secrets=call.secrets)
        if call.capture is None:
            return
        data = call.capture.shown(data, hides_keys=call.hides_keys, secrets=call.secrets)
        here = self._port.local_address
        source, destination = (address, here) if direction == "in" else (here, address)
        call.capture.add(data, source=source, destination=destination, at=at, connected=self.transport != "udp")


def _token() -> str:
    return secrets.token_hex(8)
