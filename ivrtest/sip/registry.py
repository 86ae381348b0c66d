"""Which call a message belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ivrtest.sip.dialog import DialogId, dialog_id
from ivrtest.sip.message import Request
from ivrtest.sip.peer import Peer

if TYPE_CHECKING:
    from ivrtest.sip.leg import Leg


class Registry:
    """All calls of an agent, by handle and by dialog."""

    def __init__(self) -> None:
        self.legs: dict[str, Leg] = {}
        self._peers: dict[DialogId, tuple[Leg, Peer]] = {}

    def add(self, leg: Leg) -> None:
        """Know a call by its handle."""
        self.legs[leg.handle] = leg

    def join(self, leg: Leg, peer: Peer) -> None:
        """Know a call by one more dialog."""
        self._peers[peer.dialog.id] = (leg, peer)

    def find(self, request: Request) -> tuple[Leg, Peer] | None:
        """Return the call and the other end that a request comes from. Raises SipSyntaxError."""
        return self._peers.get(dialog_id(request))

    def at(self, dialog: DialogId) -> Leg | None:
        """Return the call that a dialog belongs to."""
        found = self._peers.get(dialog)
        return None if found is None else found[0]

    def remove(self, leg: Leg, peers: Iterable[Peer]) -> None:
        """Forget a call and its dialogs."""
        # A call that was redirected has its handle still.
        if self.legs.get(leg.handle) is leg:
            del self.legs[leg.handle]
        for peer in peers:
            self._peers.pop(peer.dialog.id, None)
