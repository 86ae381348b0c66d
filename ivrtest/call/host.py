"""What the parts of a call, its offers, keys and transfers, ask of the call itself."""

from __future__ import annotations

from typing import Protocol

from ivrtest.call.call import CallEvent
from ivrtest.call.signalling import Signalling


class Host(Protocol):
    """The call whose part it is."""

    @property
    def signalling(self) -> Signalling:
        """The way to the far side."""

    @property
    def handle(self) -> str:
        """How the line knows the call."""

    @property
    def now(self) -> float:
        """Seconds on the call's clock."""

    @property
    def over(self) -> bool:
        """Whether the call is over."""

    def post(self, event: CallEvent) -> None:
        """Put an event into the call's stream."""

    def fail(self, reason: str, status: int | None = None) -> None:
        """End the call: it cannot go on, for `reason`. `status` is that of the response that says so."""
