"""The other end of a dialog, and what we ask of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ivrtest.sip.dialog import Dialog
from ivrtest.sip.digest import Secret
from ivrtest.sip.endpoint import Endpoint
from ivrtest.sip.events import LedElsewhere, OtherTransport
from ivrtest.sip.exchange import Exchange
from ivrtest.sip.header import Header
from ivrtest.sip.layer import ResponseUser
from ivrtest.sip.message import Request, Response
from ivrtest.sip.transport import Address


@dataclass(frozen=True, slots=True)
class _Errand:
    """A request that waits for its turn."""

    method: str
    headers: tuple[Header | tuple[str, str], ...]
    body: bytes
    content_type: str | None
    user: ResponseUser


class Peer:
    """Sends requests within one dialog."""

    def __init__(self, endpoint: Endpoint, dialog: Dialog, *, handle: str, origin: Address | None, secret: Secret | None) -> None:
        """`handle`: the call's. `origin`: where the dialog began. Requests go there when the name of the next hop has no address, or when
        we may not be led to another host."""
        self.dialog = dialog
        self._handle = handle
        self._told: set[str] = set()
        """Where we were led that nobody listed, or by another transport, as far as that was told."""
        self._endpoint = endpoint
        self._origin = origin
        self._secret = secret
        self._errands: deque[_Errand] = deque()

    @property
    def address(self) -> Address | None:
        """Where requests go."""
        leash = self._endpoint.leash
        if self._is_led_away and leash is not None and leash.strict:
            return self._origin
        return self._endpoint.address_of(self.dialog.next_hop) or self._origin

    @property
    def _is_led_away(self) -> bool:
        """Whether the next hop is at another host than the call went to, and not listed."""
        leash, hop = self._endpoint.leash, self.dialog.next_hop
        named = self._endpoint.address_of(hop)
        if leash is None or named is None or self._origin is None or named[0] == self._origin[0]:
            return False
        return not leash.listed(hop)

    def address_now(self) -> Address | None:
        """Return where a request goes that leaves now, and report where we are led."""
        address, hop = self.address, self.dialog.next_hop
        if self._is_led_away and str(hop) not in self._told:
            self._told.add(str(hop))
            self._endpoint.emit(LedElsewhere(self._handle, hop, followed=address != self._origin))
        elif hop.transport not in {None, self._endpoint.transport.lower()} and not hop.secure and str(hop) not in self._told:
            self._told.add(str(hop))
            self._endpoint.emit(OtherTransport(self._handle, hop))
        return address

    def send(self, request: Request, user: ResponseUser, now: float) -> None:
        """Send a request at once."""
        self.exchange(request, user).begin(now)

    def exchange(self, request: Request, user: ResponseUser) -> Exchange:
        """Prepare a request."""
        return Exchange(self._endpoint, request, self.address_now(), user, secret=self._secret, renumber=self.dialog.next_number)

    def bye(self, user: ResponseUser, now: float, cause: str | None = None) -> None:
        """Send BYE at once, with `cause` as its Reason header (RFC 3326)."""
        request = self.dialog.request("BYE")
        self.send(request if cause is None else request.with_added(("Reason", cause)), user, now)

    def ask(
        self,
        method: str,
        user: ResponseUser,
        now: float,
        *headers: Header | tuple[str, str],
        body: bytes = b"",
        content_type: str | None = None,
    ) -> None:
        """Send a request when those asked before are answered. So none overtakes another, to be refused for its CSeq (section 12.2.2)."""
        self._errands.append(_Errand(method, headers, body, content_type, user))
        if len(self._errands) == 1:
            self._next(now)

    def drop(self, *methods: str) -> None:
        """Do not send what waits for its turn, of these methods."""
        under_way = list(self._errands)[:1]
        self._errands = deque([*under_way, *(errand for errand in list(self._errands)[1:] if errand.method not in methods)])

    def _next(self, now: float) -> None:
        errand = self._errands[0]
        request = self.dialog.request(errand.method).with_added(*errand.headers)
        if errand.content_type is not None:
            request = request.with_body(errand.body, errand.content_type)
        self.send(request, self._answered, now)

    def _answered(self, response: Response, now: float, *, local: bool) -> None:
        if response.is_provisional:
            return
        errand = self._errands.popleft()
        errand.user(response, now, local=local)
        if self._errands:
            self._next(now)


def ignore(response: Response, now: float, *, local: bool) -> None:
    """Take no notice of a response."""
