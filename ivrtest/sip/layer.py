"""The transaction layer (RFC 3261 section 17): which transaction a message belongs to, and what its machine's actions mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import CallId, CSeq, From, MaxForwards, Route, To, Via
from ivrtest.sip.message import Request, Response, create_response
from ivrtest.sip.routing import BRANCH_COOKIE
from ivrtest.sip.timers import Alarms, Timers
from ivrtest.sip.transaction import CLIENT, INVITE_CLIENT, INVITE_SERVER, SERVER, Do, Input, Run, State
from ivrtest.sip.transport import Address, default_port, is_from_elsewhere, response_address


class Sleeper(Protocol):
    """Something that sets alarms."""

    def wake(self, why: str, now: float) -> None:
        """Do what the alarm `why` was set for."""


Clock = Alarms[tuple[Sleeper, str]]
"""All alarms of an agent: whom to wake, and why."""

Send = Callable[[bytes, Address, float], None]

MOST_REQUESTS: Final = 20_000
"""How many requests of others are remembered at a time, for 32 s each at most. Whoever comes beyond that is turned away and forgotten."""

ServerKey = tuple[str, ...]


class ResponseUser(Protocol):
    """Whoever sent a request."""

    def __call__(self, response: Response, now: float, *, local: bool) -> None:
        """Take a response; of the final ones only the first, except that each 2xx to INVITE comes.

        `local`: nobody sent it; it stands for silence (408) or a request that could not be sent (503), as section 8.1.3.1 says.
        """


class ClientTransaction:
    """A request of ours and what came back."""

    def __init__(self, layer: TransactionLayer, request: Request, destination: Address, user: ResponseUser) -> None:
        self.request = request
        """With our Via."""
        self.destination = destination
        self.run = Run(INVITE_CLIENT if request.method == "INVITE" else CLIENT, layer.times, layer.reliable)
        self.problem: str | None = None
        """Why it could not be sent, where that is known."""
        self._layer = layer
        self._data = bytes(request)
        self._user = user

    @property
    def is_proceeding(self) -> bool:
        """Whether a provisional response came and no final one: the only time to send CANCEL (section 9.1)."""
        return self.run.state is State.PROCEEDING

    def begin(self, now: float) -> None:
        """Send the request for the first time."""
        self.run.start(now)
        self._layer.send(self._data, self.destination, now)
        self._layer.schedule(self)

    def feed(self, happened: Input, now: float, response: Response | None = None) -> None:
        """Let something happen."""
        self._act(self.run.feed(happened, now), now, response)

    def wake(self, why: str, now: float) -> None:
        """Fire the timer that is due."""
        timer = min(self.run.deadlines, key=self.run.deadlines.__getitem__)
        self._act(self.run.feed(timer, now), now, None)

    def _act(self, actions: tuple[Do, ...], now: float, response: Response | None) -> None:
        # First the alarms: the user may well start another transaction from within its callback.
        self._layer.schedule(self)
        for action in actions:
            match action, response:
                case Do.SEND, _:
                    self._layer.send(self._data, self.destination, now)
                case Do.ACK, Response():
                    self._layer.send(bytes(acknowledgement(self.request, response)), self.destination, now)
                case Do.TELL, Response():
                    self._user(response, now, local=False)
                case Do.TIMED_OUT, _:
                    self._user(create_response(self.request, 408), now, local=True)
                case Do.UNREACHABLE, _:
                    self._user(create_response(self.request, 503, self.problem), now, local=True)


class ServerTransaction:
    """A request that came, and our responses to it."""

    def __init__(self, layer: TransactionLayer, request: Request, destination: Address, tag: str) -> None:
        self.tag = tag
        """The To tag of all our responses, unless the request names one already (section 8.2.6.2)."""
        self.cancelled: Callable[[Request, float], None] | None = None
        """Whom to tell of a CANCEL."""
        self.request = request
        """As it came, its top Via completed with `received` and `rport` (section 18.2.1, RFC 3581)."""
        self.destination = destination
        """Where the responses go."""
        self.run = Run(INVITE_SERVER if request.method == "INVITE" else SERVER, layer.times, layer.reliable)
        self.key = server_key(request)
        self.merge_key = merge_key(request)
        self._layer = layer
        self._data: bytes | None = None

    @property
    def is_answered(self) -> bool:
        """Whether a final response was sent."""
        return self.run.state not in (State.TRYING, State.PROCEEDING)

    def respond(self, response: Response, now: float) -> None:
        """Send a response."""
        self._data = bytes(response)
        self.feed(Input.of_status(response.status), now)

    def feed(self, happened: Input, now: float) -> tuple[Do, ...]:
        """Let something happen. What the actions ask of the user is for the caller to see."""
        return self._act(self.run.feed(happened, now), now)

    def wake(self, why: str, now: float) -> None:
        """Fire the timer that is due."""
        timer = min(self.run.deadlines, key=self.run.deadlines.__getitem__)
        self._act(self.run.feed(timer, now), now)

    def _act(self, actions: tuple[Do, ...], now: float) -> tuple[Do, ...]:
        self._layer.schedule(self)
        if Do.SEND in actions and self._data is not None:
            self._layer.send(self._data, self.destination, now)
        return actions


class TransactionLayer:
    """All transactions of one agent. They leave when their last timer has fired."""

    def __init__(self, *, times: Timers, reliable: bool, alarms: Clock, send: Send) -> None:
        self.times = times
        self.reliable = reliable
        self.send = send
        self._alarms = alarms
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[ServerKey, ServerTransaction] = {}
        self._merge_keys: dict[ServerKey, ServerTransaction] = {}
        self.seen_elsewhere: set[Address] = set()
        """Who sees our requests come from another address than we have: there is a NAT on the way (RFC 3581 section 4)."""

    def __len__(self) -> int:
        return len(self._clients) + len(self._servers)

    @property
    def is_crowded(self) -> bool:
        """Whether so many requests are remembered that strangers' are not taken any more."""
        return len(self._servers) >= MOST_REQUESTS

    @property
    def is_full(self) -> bool:
        """Whether so many are remembered that nobody's are taken any more but what ends a call."""
        return len(self._servers) >= 2 * MOST_REQUESTS

    def schedule(self, transaction: ClientTransaction | ServerTransaction) -> None:
        """Set the alarm for the transaction's next timer; forget it when it has terminated."""
        deadlines = transaction.run.deadlines
        if deadlines:
            self._alarms.set((transaction, "timer"), min(deadlines.values()))
            return
        self._alarms.clear((transaction, "timer"))
        if transaction.run.state is State.TERMINATED:
            self._forget(transaction)

    def _forget(self, transaction: ClientTransaction | ServerTransaction) -> None:
        if isinstance(transaction, ClientTransaction):
            self._clients.pop(client_key(transaction.request), None)
            return
        self._servers.pop(transaction.key, None)
        if self._merge_keys.get(transaction.merge_key) is transaction:
            del self._merge_keys[transaction.merge_key]

    def request(self, request: Request, destination: Address, user: ResponseUser, now: float) -> ClientTransaction:
        """Send a request that has our Via, and hand its responses to `user`."""
        transaction = ClientTransaction(self, request, destination, user)
        self._clients[client_key(request)] = transaction
        transaction.begin(now)
        return transaction

    def receive_response(self, response: Response, now: float) -> None:
        """Give a response to the transaction it belongs to (section 17.1.3). Strays are dropped. Raises SipSyntaxError."""
        vias = response.all(Via)
        transaction = self._clients.get((vias[0].branch or "", response.need(CSeq).method)) if vias else None
        # Section 8.1.3.3: more than one Via means that it was meant for somebody else; section 18.1.2: so does another sent-by.
        if transaction is None or len(vias) > 1 or vias[0].sent_by != transaction.request.need(Via).sent_by:
            return
        if is_from_elsewhere(vias[0]):
            self.seen_elsewhere.add(transaction.destination)
        else:
            self.seen_elsewhere.discard(transaction.destination)
        transaction.feed(Input.of_status(response.status), now, response)

    def absorb(self, request: Request, now: float) -> bool:
        """Say whether a request belongs to a transaction that is there already, which then deals with it (section 17.2.3)."""
        transaction = self._servers.get(server_key(request))
        if transaction is None:
            return False
        if request.method == "ACK":
            return Do.TELL not in transaction.feed(Input.ACK, now)
        transaction.feed(Input.REQUEST, now)
        return True

    def is_merged(self, request: Request) -> bool:
        """Say whether the same request is there already, having come another way (section 8.2.2.2)."""
        return request.need(To).tag is None and merge_key(request) in self._merge_keys

    def open(self, request: Request, source: Address, tag: str) -> ServerTransaction:
        """Begin a transaction for a request that came from `source`; `tag` goes into our responses."""
        via = request.need(Via)
        stamped = with_source(request, via, source)
        transaction = ServerTransaction(self, stamped, response_address(via, source), tag)
        self._servers[transaction.key] = transaction
        self._merge_keys.setdefault(transaction.merge_key, transaction)
        return transaction

    def invite_of(self, cancel: Request) -> ServerTransaction | None:
        """Return the INVITE that a CANCEL means (section 9.2)."""
        return self._servers.get(server_key(cancel, method="INVITE"))

    def unreachable(self, destination: Address, now: float, problem: str | None = None, *, why: Input = Input.TRANSPORT_ERROR) -> None:
        """Fail the requests that are on their way to `destination`."""
        for transaction in [transaction for transaction in self._clients.values() if transaction.destination == destination]:
            transaction.problem = problem
            transaction.feed(why, now)


def with_source(request: Request, via: Via, source: Address) -> Request:
    """Return a request that came, with its source noted in its top Via `via` (section 18.2.1, RFC 3581 section 4)."""
    return replace(request, headers=request.headers.with_first_value(via.with_source(*source)))


def new_via(transport: str, local: Address, token: str) -> Via:
    """Return the Via for a request of ours (sections 8.1.1.7 and 18.1.1), asking for the answer at the port it was sent from (RFC 3581)."""
    port = None if local[1] == default_port(transport) else local[1]
    return Via.of(transport, local[0], port, branch=BRANCH_COOKIE + token)


def client_key(request: Request) -> tuple[str, str]:
    """Return what a response must repeat (section 17.1.3)."""
    return request.need(Via).branch or "", request.method


def server_key(request: Request, *, method: str | None = None) -> ServerKey:
    """Return what makes two requests the same transaction (section 17.2.3). ACK and `method` ask for the transaction of another request."""
    via = request.need(Via)
    method = method or ("INVITE" if request.method == "ACK" else request.method)
    if via.has_cookie:
        return via.branch or "", via.sent_by, method
    # RFC 2543: no branch to trust. The To tag is left out: an ACK has ours, its INVITE had none.
    return (str(request.uri), *_call_key(request), via.sent_by, via.branch or "", method)


def merge_key(request: Request) -> ServerKey:
    """Return what two requests have in common that are one request forked on its way (section 8.2.2.2)."""
    return (*_call_key(request), request.method)


def _call_key(request: Request) -> tuple[str, str, str]:
    return request.need(From).tag or "", request.need(CallId).value, str(request.need(CSeq).number)


def acknowledgement(invite: Request, response: Response) -> Request:
    """Return the ACK for a response of 300 or more (section 17.1.1.3): same hop, same branch, the response's To."""
    return _same_way("ACK", invite, response.need(To))


def cancellation(invite: Request) -> Request:
    """Return the CANCEL for an INVITE of ours (section 9.1): all as in the INVITE, so that it takes the same way."""
    return _same_way("CANCEL", invite, invite.need(To))


def _same_way(method: str, invite: Request, to: To) -> Request:
    cseq = CSeq(invite.need(CSeq).number, method)
    headers = (invite.need(Via), MaxForwards(70), *invite.all(Route), invite.need(From), to, invite.need(CallId), cseq)
    return Request(method, invite.uri, Headers.of(*headers))
