"""Placing calls: whom we may call, by which ways, and where they go when they are sent on to somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from ivrtest.call.capture import Capturing
from ivrtest.call.consultation import Consultation
from ivrtest.call.hunt import MOST_IN_A_DATAGRAM, Hunt, NotFollowed, OpenTrunk, Way, invite_size, tcp_first, ways
from ivrtest.call.keys import KeyMode
from ivrtest.call.limits import Gate
from ivrtest.call.network import Network
from ivrtest.call.permission import DialRefused, Permission
from ivrtest.call.redirection import Redirections
from ivrtest.call.refusal import UNREACHABLE_STATUS
from ivrtest.call.remote_media import MediaError
from ivrtest.call.resolver import ResolveError
from ivrtest.call.signalling import Manner, Origin
from ivrtest.call.sip_call import FORBIDDEN, SipCall
from ivrtest.call.sound_hosts import SoundHosts
from ivrtest.call.sounds import Sounds
from ivrtest.call.transferee import TransferLeg
from ivrtest.call.trunk import Dialling
from ivrtest.sip import events as sip
from ivrtest.sip.digest import Secret
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import From
from ivrtest.sip.presentation import NUMBER, Presentation, check_headers
from ivrtest.sip.sdp import NegotiationError
from ivrtest.sip.transport import asked_transport
from ivrtest.sip.uri import SipUri, Uri, parse_uri

RING_S: Final = 60.0
"""How long a call that we place may ring."""
PING_S: Final = 5.0
"""How long a target may take to answer OPTIONS."""


class LineError(Exception):
    """The line cannot be opened, or a call cannot be placed on it. The message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a call is to be placed, and what is done when it is sent on to somebody else."""

    dialling: Dialling
    proxy: str = ""
    keys: KeyMode = "rfc4733"
    ring_s: float = RING_S
    late_offer: bool = False
    """Whether to ask for the far side's session description instead of making an offer."""
    follow_transfers: bool = False


class Placer:
    """Places the calls of one line."""

    def __init__(
        self,
        *,
        host: str,
        uri: Callable[[], str],
        permission: Permission,
        network: Network,
        gate: Gate,
        sounds: Sounds,
        captures: Capturing | None,
        trunk: OpenTrunk,
    ) -> None:
        """`host` is our IP address; `uri` returns our SIP address; `trunk` opens the way over a transport."""
        self._host = host
        self._uri = uri
        self._permission = permission
        self._network = network
        self._resolver = network.resolver()
        self._gate = gate
        self._sounds = sounds
        self._captures = captures
        self._trunk = trunk
        self._tasks: set[asyncio.Task[None]] = set()
        """Transfers that are being followed, and those of ours that are attended."""

    def close(self) -> None:
        """Follow no transfer any more."""
        for task in self._tasks:
            task.cancel()

    async def place(self, uri: SipUri, others: Sequence[SipUri], plan: Plan) -> SipCall:
        """Call the first of `uri` and `others` who can be reached and is in service. Raises LineError."""
        await self._gate.enter()
        try:
            return await self._placed(uri, others, plan)
        except BaseException:
            self._gate.leave()
            raise

    async def _placed(self, uri: SipUri, others: Sequence[SipUri], plan: Plan) -> SipCall:
        choice = [way for each in (uri, *others) for way in await self.ways(each, plan.proxy)]
        capture = self._captures.of_a_call() if self._captures is not None else None
        try:
            session = self._sounds.open(capture, hears_tones=False)
        except MediaError as error:
            raise LineError(f'cannot call "{uri}": {error}') from error
        # The offer is the same whoever takes the call, so a key may be in it only if nobody on any way could read it.
        confidential = _is_confidential(choice)
        hosts = self._hosts(choice)
        negotiation = self._sounds.negotiation(session.local_address, confidential=confidential, hosts=hosts)
        try:
            offer = None if plan.late_offer else negotiation.offer()
        except NegotiationError as error:
            session.close()
            raise LineError(f'cannot call "{uri}": {error}') from error
        if invite_size(uri, offer, plan.dialling) > MOST_IN_A_DATAGRAM:
            choice = await tcp_first(choice, self._trunk)
        hunt = self._hunt(uri, choice, offer, plan, hosts, self._gate.leave)
        origin = Origin(hunt.handle, hunt.handle, plan.dialling.shown or self._uri(), str(uri), placed=True)
        call = SipCall(
            hunt.trunk,
            session,
            negotiation,
            origin,
            capture,
            Manner(plan.keys, plan.dialling.secret_headers),
            follow=partial(self._follow, plan) if plan.follow_transfers else None,
        )
        hunt.carry(call)
        call.rings_until(asyncio.get_running_loop().call_later(plan.ring_s, call.give_up, plan.ring_s))
        return call

    def _hosts(self, choice: Sequence[Way]) -> SoundHosts:
        return SoundHosts(self._permission, (way.target.address[0] for way in choice))

    def _hunt(
        self, uri: SipUri, choice: Sequence[Way], offer: bytes | None, plan: Plan, hosts: SoundHosts, over: Callable[[], None]
    ) -> Hunt:
        redirections = Redirections(uri, partial(self._ways_on, proxy=plan.proxy, confidential=_is_confidential(choice), hosts=hosts))
        return Hunt(choice, offer=offer, dialling=plan.dialling, silent_s=self._network.silent_s, over=over, redirect=redirections)

    async def _ways_on(self, to: Uri, *, proxy: str, confidential: bool, hosts: SoundHosts) -> list[Way]:
        """Return the ways to somebody whom the far side names. Raises NotFollowed."""
        try:
            found = await self.ways(self.permitted(to, "contact"), proxy)
        except (DialRefused, LineError) as error:
            raise NotFollowed(str(error)) from error
        if confidential and not _is_confidential(found):
            raise NotFollowed(f'a call over TLS is not sent on to "{to}", which is reached in clear')
        hosts.expect(way.target.address[0] for way in found)
        return found

    def _follow(self, plan: Plan, call: SipCall, event: sip.ReferReceived) -> None:
        """Call whom a call of ours was transferred to, and let it go on there."""
        task = asyncio.get_running_loop().create_task(self._transfer(call, event, plan))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _transfer(self, call: SipCall, event: sip.ReferReceived, plan: Plan) -> None:
        try:
            uri = self.permitted(event.to, "transfer target")
            choice = await self.ways(uri, plan.proxy)
            hosts = self._hosts(choice)
            negotiation = self._sounds.negotiation(call.local_address, confidential=_is_confidential(choice), hosts=hosts)
            offer = negotiation.offer()
        except (DialRefused, LineError, NegotiationError) as error:
            call.signalling.notify_refer(call.handle, FORBIDDEN if isinstance(error, DialRefused) else UNREACHABLE_STATUS)
            call.transfers.finished(str(error))
            return
        if call.over:
            return
        by = {} if event.referred_by is None else {"Referred-By": f"<{event.referred_by}>"}
        dialling = replace(plan.dialling, headers={**plan.dialling.headers, **by})
        hunt = self._hunt(uri, choice, offer, replace(plan, dialling=dialling), hosts, lambda: None)
        leg = TransferLeg(call, hunt.trunk, hunt.handle, call.offers.agreement.with_another(negotiation))
        hunt.carry(leg)
        leg.rings_until(asyncio.get_running_loop().call_later(plan.ring_s, leg.give_up, plan.ring_s))

    def consult(self, call: SipCall, to: str, ring_s: float) -> Consultation | None:
        """Call whom a call is to be transferred to, and let the far side take that call over when it is answered."""
        try:
            uri = self.permitted(to, "transfer target")
            plan = Plan(self.dialling(uri, "", Presentation(), {}, {}, None), ring_s=ring_s)
        except (DialRefused, LineError):
            return None
        consultation = Consultation(call, uri)
        task = asyncio.get_running_loop().create_task(self._consult(consultation, uri, plan))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return consultation

    async def _consult(self, consultation: Consultation, uri: SipUri, plan: Plan) -> None:
        try:
            consulted = await self.place(uri, (), plan)
        except LineError:
            consultation.failed(UNREACHABLE_STATUS)
        else:
            await consultation.hold(consulted)

    async def ping(self, uri: SipUri, secret: Secret | None, proxy: str, within_s: float) -> float:
        """Ask somebody whether she is there, and return after how many seconds she answered. Raises LineError."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        problem = ""
        try:
            async with asyncio.timeout(within_s):
                for way in await self.ways(uri, proxy):
                    answered = await way.trunk.ask(uri, way.target.address, secret=secret)
                    if not answered.local:
                        return loop.time() - began
                    problem = problem or (answered.reason if answered.status == UNREACHABLE_STATUS else "no SIP response within 32 s")
        except TimeoutError:
            problem = f"no SIP response within {within_s:g} s"
        raise LineError(f'"{uri}" does not answer OPTIONS: {problem}. check its address, and that it runs')

    def permitted(self, target: str | Uri, what: str) -> SipUri:
        """Return a target that may be called. Raises DialRefused, or LineError for what cannot be."""
        uri = parsed(target, what)
        self._permission.check(uri)
        if not isinstance(uri, SipUri):
            raise LineError(f'cannot call "{uri}": only SIP addresses can be called. write it like "sip:+18005550100@pbx.example.com"')
        return uri

    def dialling(
        self,
        uri: SipUri,
        caller: str,
        presentation: Presentation,
        headers: Mapping[str, str],
        secret_headers: Mapping[str, str],
        secret: Secret | None,
    ) -> Dialling:
        """Return what goes along with a call to `uri`. Raises LineError for what cannot."""
        own = From(parsed(self._uri(), "address"))
        shown = own
        if caller:
            shown = From(SipUri.of(self._host, user=caller) if NUMBER.fullmatch(caller) else parsed(caller, "caller"))
        try:
            check_headers({**headers, **secret_headers})
            added = {**dict(presentation.added(self._host, uri)), **headers, **secret_headers}
        except SipSyntaxError as error:
            raise LineError(f'cannot call "{uri}": {error}') from error
        name = presentation.caller(shown)
        return Dialling(None if name == own else name, caller, added, secret, tuple(secret_headers.values()))

    async def ways(self, uri: SipUri, proxy: str) -> list[Way]:
        """Return the ways to somebody, best first; at least one. Raises LineError, or DialRefused for a proxy that may not be used."""
        next_hop = hop(uri, proxy)
        if proxy:
            self._permission.check_hop(uri, next_hop)
        try:
            if uri.secure and asked_transport(next_hop) != "tls":
                raise LineError(
                    f'cannot call "{uri}" through "{proxy}": "sips" asks for TLS on the whole way. write the proxy with "sips" too'
                )
            found = await ways(uri, next_hop, resolver=self._resolver, host=self._host, trunk=self._trunk)
        except (ResolveError, SipSyntaxError) as error:
            raise LineError(f'cannot call "{uri}": {error}') from error
        for way in found:
            host, port = way.target.address
            if (expected := way.trunk.expect(way.target.address, way.target.name)) != way.target.name:
                raise LineError(
                    f'cannot call "{uri}": "{host}:{port}" is known as "{expected}" on this line. call "{way.target.name}" on another'
                )
        return found


def _is_confidential(choice: Sequence[Way]) -> bool:
    return all(way.target.transport == "tls" for way in choice)


def parsed(text: str | Uri, what: str) -> Uri:
    """Read a URI, which is called `what` if it cannot be. Raises LineError."""
    if not isinstance(text, str):
        return text
    try:
        return parse_uri(text)
    except SipSyntaxError as error:
        raise LineError(f'{what} "{text}" cannot be used: {error}') from error


def hop(uri: SipUri, proxy: str) -> SipUri:
    """Return whom to send requests for `uri` to. Raises LineError."""
    if not proxy:
        return uri
    found = parsed(proxy, "proxy")
    if not isinstance(found, SipUri):
        raise LineError(f'proxy "{proxy}" cannot be used: it must be a SIP URI such as "sip:proxy.example.com"')
    return found
