"""A telephone line: SIP over UDP, TCP and TLS, and the sound of its calls. Many calls at a time, in both directions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from ivrtest.call.binding import Binding
from ivrtest.call.capture import Capturing
from ivrtest.call.keys import KeyMode
from ivrtest.call.limits import Gate
from ivrtest.call.media import MediaEngine
from ivrtest.call.network import Network
from ivrtest.call.permission import Permission
from ivrtest.call.placing import PING_S, RING_S, Placer, Plan, hop, parsed
from ivrtest.call.placing import LineError as LineError
from ivrtest.call.remote_media import MediaError
from ivrtest.call.signalling import Manner, Origin
from ivrtest.call.sip_call import NOT_ACCEPTABLE_HERE, SipCall
from ivrtest.call.sound import SoundOptions
from ivrtest.call.sound_hosts import SoundHosts
from ivrtest.call.sounds import Sounds
from ivrtest.call.tls import Tls, TlsError
from ivrtest.call.trunk import Trunk
from ivrtest.sip import events as sip
from ivrtest.sip.digest import Secret
from ivrtest.sip.presentation import Presentation, presented
from ivrtest.sip.registration import EXPIRES
from ivrtest.sip.sdp import NegotiationError, SdpSyntaxError
from ivrtest.sip.session_timer import SessionTimes
from ivrtest.sip.transport import Transport
from ivrtest.sip.uri import SipUri, Uri
from ivrtest.source.system import unbound

LINGER_S: Final = 4.0
"""How long a line that is closed waits for the far sides to confirm that their calls are over."""
ANY_PORTS: Final = range(0)

_TEMPORARILY_UNAVAILABLE = 480
_SERVICE_UNAVAILABLE = 503


class Line:
    """One SIP address of ours.

    async with Line() as line:
        call = await line.place("sip:ivr@127.0.0.1:5060")

    Calls come in over one transport, and go out over the one that the target asks for: TLS for `sips:` and `;transport=tls`, TCP for
    `;transport=tcp`, and where it asks for none, as DNS says (RFC 3263), else UDP. Requests too long for a datagram try TCP first then.
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
        capture: bool | Capturing = False,
        trace: bool = False,
        network: Network | None = None,
        max_calls: int | None = None,
        sound: SoundOptions | None = None,
        answer_headers: Mapping[str, str] | None = None,
        session_times: SessionTimes | None = None,
        require_digest: Secret | None = None,
    ) -> None:
        """`host` is the IP address to bind and to be reached at, `port` 0 a free one, `transport` how. `user` stands in our own address.
        `tls`: whom to trust over TLS, and our certificate, without which nobody can open a connection to us.

        `permission` says whom we may call; by default nobody but this machine. `ports` are the even ports to receive sound at; an empty
        range means any free ones. `record`: keep the sound of every call, for `SipCall.recording`; `capture`: keep its datagrams, for
        `SipCall.capture`, and what may stand in them; `trace`: keep its SIP messages, for `SipCall.trace`. `network`: what lies between
        us and the far side. `max_calls` at once, both ways, on each transport: further callers are told 503 and when to try again.
        `sound`: codecs, encryption and the like. `answer_headers`: SIP headers that go with each of our answers.
        `session_times`: how long a call may go on without a refresh (RFC 4028); None: as the other side wants.
        `require_digest`: the name and password that whoever calls us must know (RFC 7616); None: anybody may call.
        """
        self._network = network or Network()
        self._gate = Gate(self._network.limits)
        self._max_calls = max_calls
        self._host = host
        self._port = port
        self._user = user
        self._permission = permission or Permission()
        self._ports = ports
        self._records = record
        self._captures = Capturing() if capture is True else capture or None
        self._traces = trace
        self._sound = sound or SoundOptions()
        self._answer_headers = answer_headers or {}
        self._session_times = session_times
        self._require_digest = require_digest
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
            self._sounds = Sounds(self._engine, self._sound, self._network.advertise, self._records)
            self._placer = Placer(
                host=self._host,
                uri=lambda: self.uri,
                permission=self._permission,
                network=self._network,
                gate=self._gate,
                sounds=self._sounds,
                captures=self._captures,
                trunk=self._trunk,
            )
            await self._trunk(self._transport)
            self._stack = self._stack.pop_all()
        return self

    async def _trunk(self, transport: Transport) -> Trunk:
        """Return the way over a transport. It is opened when it is first wanted."""
        async with self._opening:
            if transport not in self._trunks:
                port = self._port if transport == self._transport else 0
                try:
                    trunk = Trunk(
                        transport,
                        self._host,
                        port,
                        user=self._user,
                        take=self._take,
                        trace=self._traces or self._captures is not None,
                        tls=self._tls,
                        advertise=self._network.advertise,
                        keep_alive_s=self._network.keep_alive_s,
                        keep_alive_by=self._network.keep_alive_by,
                        max_calls=self._max_calls,
                        session_times=self._session_times,
                        require_digest=self._require_digest,
                        permission=self._permission,
                    )
                    self._trunks[transport] = await self._stack.enter_async_context(trunk)
                except OSError as error:
                    raise LineError(f'cannot open a line at "{self._host}:{port}": {unbound(error)}. give another host or port') from error
                except TlsError as error:
                    raise LineError(str(error)) from error
            return self._trunks[transport]

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        async with self._stack:
            self._placer.close()
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
                await self._engine.rest()
        except TimeoutError:
            return  # who does not answer a BYE by now has most likely gone

    # Placing and taking calls

    async def place(
        self,
        target: str | Uri,
        *,
        caller: str = "",
        headers: Mapping[str, str] | None = None,
        presentation: Presentation | None = None,
        secret_headers: Mapping[str, str] | None = None,
        secret: Secret | None = None,
        proxy: str = "",
        keys: KeyMode = "rfc4733",
        ring_s: float = RING_S,
        failover: Sequence[str | Uri] = (),
        late_offer: bool = False,
        follow_transfers: bool = False,
    ) -> SipCall:
        """Call somebody, or the next of `failover` who can be reached and is in service. The call's stream tells what becomes of it; after
        `ring_s` without answer it is given up. Waits first until the limits of the line's `Network` allow one more call.

        `caller` is the number or SIP URI to show as ours, `presentation` what is said of it besides. `headers` are added to the INVITE,
        and `secret_headers`, whose values are kept out of captures. `secret` answers whoever asks for a password. `proxy` is the SIP URI
        of a proxy to send the call through. `keys`: how to send keys. `late_offer`: ask for the far side's session description instead of
        making an offer. `follow_transfers`: when the far side transfers us, call there and go on with whoever answers; else a transfer is
        only reported. Whoever we are sent on to must be allowed to be called, too.
        Raises DialRefused when the target may not be called, before anything is sent; LineError when it cannot be called.
        """
        uri = self._placer.permitted(target, "target")
        others = tuple(self._placer.permitted(other, "failover") for other in failover)
        dialling = self._placer.dialling(uri, caller, presentation or Presentation(), headers or {}, secret_headers or {}, secret)
        return await self._placer.place(uri, others, Plan(dialling, proxy, keys, ring_s, late_offer, follow_transfers))

    async def ping(self, target: str | Uri, *, secret: Secret | None = None, proxy: str = "", within_s: float = PING_S) -> float:
        """Ask a target whether it is there (OPTIONS), and return after how many seconds it answered, whatever it said.

        Raises DialRefused when it may not be called, LineError when it cannot be asked or does not answer within `within_s`.
        """
        return await self._placer.ping(self._placer.permitted(target, "target"), secret, proxy, within_s)

    async def register(self, address: str | Uri, *, secret: Secret | None = None, registrar: str = "", expires: int = EXPIRES) -> Binding:
        """Let calls to `address` come to this line, over the transport that `registrar` asks for, until the line is closed.

        `registrar` is its SIP URI; by default the host of `address`. `expires`: for how many seconds at a time; the binding is made anew
        before they are over. Returns when the registrar has agreed. Raises LineError when it does not, DialRefused when that may not be:
        nobody may be called there under the name in `address`.
        """
        uri = parsed(address, "address")
        if not isinstance(uri, SipUri) or uri.user is None:
            raise LineError(f'cannot register "{uri}": it must be a SIP address with a user, such as "sip:1001@pbx.example.com"')
        next_hop = hop(uri, registrar)
        self._permission.check(next_hop.with_user(uri.user_text))
        for way in await self._placer.ways(uri, registrar):
            binding = Binding(str(uri), str(next_hop), user=secret.username if secret is not None else "")
            way.trunk.register(uri, next_hop, way.target.address, binding, secret=secret, expires=expires)
            await binding.first_answer()
            if not binding.is_unheard:
                break
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

    def _take(self, trunk: Trunk, event: sip.IncomingCall) -> None:
        """Make a call of an INVITE, for whoever takes calls."""
        if self._incoming is None:
            trunk.reject(event.handle, _TEMPORARILY_UNAVAILABLE)
            return
        if event.replaces is not None and isinstance(replaced := trunk.calls.get(event.replaces), SipCall):
            self._take_over(trunk, event, replaced)
            return
        capture = self._captures.of_a_call() if self._captures is not None else None
        try:
            session = self._sounds.open(capture, hears_tones=True)
        except MediaError:
            trunk.reject(event.handle, _SERVICE_UNAVAILABLE)
            return
        hosts = SoundHosts(self._permission, [event.source[0]])
        negotiation = self._sounds.negotiation(session.local_address, confidential=trunk.transport == "tls", hosts=hosts)
        who = presented(event.caller, event.request_uri, event.headers)
        origin = Origin(event.handle, event.call_id, who.caller, who.called, placed=False, name=who.name, diverted_by=who.diverted_by)
        call = SipCall(trunk, session, negotiation, origin, capture, Manner(headers=self._answer_headers), consult=self._placer.consult)
        try:
            call.offers.prepare(event.offer)
        except (NegotiationError, SdpSyntaxError) as error:
            session.close()
            trunk.reject(event.handle, NOT_ACCEPTABLE_HERE, error)
            return
        trunk.carry(call)
        self._incoming.put_nowait(call)

    def _take_over(self, trunk: Trunk, event: sip.IncomingCall, call: SipCall) -> None:
        """Let a call go on with somebody who takes the far side's place (RFC 3891). Its former far side is told goodbye."""
        hosts = SoundHosts(self._permission, [event.source[0]])
        negotiation = self._sounds.negotiation(call.local_address, confidential=trunk.transport == "tls", hosts=hosts)
        try:
            sdp = call.taken_over(trunk, event.handle, negotiation, event.offer)
        except (NegotiationError, SdpSyntaxError) as error:
            trunk.reject(event.handle, NOT_ACCEPTABLE_HERE, error)
            return
        trunk.carry(call)
        trunk.answer(event.handle, sdp)
