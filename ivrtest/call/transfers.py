"""Transfers that the far side of a call asks for (REFER): told, and followed where that is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol, TypeVar

from ivrtest.call.call import Ended, TransferAsked, Transferred
from ivrtest.call.host import Host
from ivrtest.call.signalling import told
from ivrtest.sip import events as sip
from ivrtest.sip.uri import SipUri, Uri

_OK: Final = 200

C = TypeVar("C", contravariant=True)


class Follow(Protocol[C]):
    """Calls whom the far side asks us to call, and lets the call go on there."""

    def __call__(self, call: C, event: sip.ReferReceived) -> None:
        """Begin. `Transfers.finished` says how it went."""


class Consulting(Protocol):
    """An attended transfer of ours that is under way."""

    def finished(self) -> None:
        """The far side has told how its own call went, or has gone."""


class Consult(Protocol[C]):
    """Calls whom we transfer the far side to, before it is told."""

    def __call__(self, call: C, to: str, ring_s: float) -> Consulting | None:
        """Begin. None: nobody can be called there, or may be."""


class Transferable(Host, Protocol):
    """The call that is transferred."""

    def end(self, ended: Ended) -> None:
        """The call is over."""


class Transfers:
    """The transfers of one call. One at a time is followed."""

    def __init__(self, host: Transferable) -> None:
        self._host = host
        self._followed: sip.ReferReceived | None = None
        self._left: Ended | None = None
        """How the far side ended its call while a transfer was being followed."""

    def asked(self, event: sip.ReferReceived, *, follows: bool) -> bool:
        """The far side wants us to call somebody. Return whether that is to be done now. Where the call does not follow, it is told, and
        counts as done."""
        signalling, handle = self._host.signalling, self._host.handle
        signalling.accept_refer(handle)
        self._host.post(TransferAsked(place(event.to), self._host.now, told(event.headers)))
        if not follows or self._followed is not None:
            signalling.notify_refer(handle, _OK)
            return False
        self._followed = event
        return True

    def finished(self, problem: str = "") -> None:
        """The transfer that we followed has come to its end; it failed if there is a problem. Then the call goes on as it was, if its
        far side is still there."""
        asked, self._followed = self._followed, None
        left, self._left = self._left, None
        if self._host.over or asked is None:
            return
        self._host.post(Transferred(place(asked.to), self._host.now, problem))
        if problem and left is not None:
            self._host.end(Ended("lost", self._host.now, reason=f'the transfer to "{place(asked.to)}" failed: {problem}'))

    def outlast(self, ended: Ended) -> bool:
        """Say whether the call goes on although its far side has ended it: it follows a transfer."""
        if self._followed is None:
            return False
        self._left = ended
        return True


def place(to: Uri) -> str:
    """Return who is meant, without the headers that the call there is to have: such as whose call it takes over."""
    return str(replace(to, headers=())) if isinstance(to, SipUri) else str(to)
