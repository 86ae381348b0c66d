"""Followed transfers: we call whom the far side asks us to call, and the call goes on there (RFC 3515, RFC 5589 as the transferee)."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Sequence
from typing import Final

from ivrtest.call.agreement import Agreement
from ivrtest.call.capture import Capture
from ivrtest.call.refusal import explained, rang_in_vain
from ivrtest.call.resolver import Attempt
from ivrtest.call.signalling import Signalling
from ivrtest.call.sip_call import SipCall
from ivrtest.call.trace import Trace
from ivrtest.sip import events as sip
from ivrtest.sip.sdp import NegotiationError, SdpSyntaxError

TRYING: Final = 100
OK: Final = 200
NOT_ACCEPTABLE_HERE: Final = 488
REQUEST_TIMEOUT: Final = 408
SERVICE_UNAVAILABLE: Final = 503


class TransferLeg:
    """The call to whom we were transferred, until it is answered. Then the call that was transferred goes on in its place.

    Whoever asked for the transfer is told how it goes, and let go when it has succeeded.
    """

    def __init__(self, call: SipCall, signalling: Signalling, handle: str, agreement: Agreement) -> None:
        """`call` is the one that was transferred."""
        self.handle = handle
        self.id = handle
        self.over = False
        self.attempts: Sequence[Attempt] = ()
        self._call = call
        self._from = call.signalling, call.handle
        self._signalling = signalling
        self._agreement = agreement
        self._progress: list[int] = []
        self._ring_limit: TimerHandle | None = None

    @property
    def trace(self) -> Trace:
        """That of the call that was transferred."""
        return self._call.trace

    @property
    def now(self) -> float:
        """See `SipCall.now`."""
        return self._call.now

    @property
    def capture(self) -> Capture | None:
        """That of the call that was transferred: its story goes on."""
        return self._call.capture

    @property
    def hides_keys(self) -> bool:
        """See `SipCall.hides_keys`."""
        return self._call.hides_keys

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `SipCall.secrets`."""
        return self._call.secrets

    def rings_until(self, limit: TimerHandle) -> None:
        """Note what will call `give_up`."""
        self._ring_limit = limit

    def give_up(self, seconds: float) -> None:
        """Nobody answered within so many seconds."""
        if not self.over:
            self._failed(REQUEST_TIMEOUT, rang_in_vain(seconds, self._progress))
            self._signalling.hang_up(self.handle)

    def goes_on_at(self, signalling: Signalling, handle: str) -> None:
        """It was placed anew, somewhere else."""
        self._signalling, self.handle, self.id = signalling, handle, handle

    async def hang_up(self) -> None:
        """End it; it was not answered yet."""
        if not self.over:
            self._close()
            self._signalling.hang_up(self.handle)

    def on(self, event: sip.Event) -> None:
        """Take in what becomes of it."""
        if self.over:
            return
        match event:
            case sip.Progress(status=status):
                self._progress.append(status)
                if status > TRYING:
                    self._report(status)
            case sip.Answered():
                self._answered(event)
            case sip.Rejected(status=status):
                text = explained(event, codecs=())
                self._failed(status, event.reason if event.local and status == SERVICE_UNAVAILABLE else text)
            case sip.Cancelled() | sip.Ended():
                self._failed(REQUEST_TIMEOUT, "it was given up")
            case _:
                pass

    def _answered(self, event: sip.Answered) -> None:
        try:
            if event.sdp is None:
                raise NegotiationError("the answer has no session description")
            self._agreement.take_answer(event.sdp)
        except (NegotiationError, SdpSyntaxError) as error:
            self._failed(NOT_ACCEPTABLE_HERE, f"it was answered, but without sound for us: {error}")
            self._signalling.hang_up(self.handle)
            return
        self._close()
        self._report(OK)
        signalling, handle = self._from
        self._call.goes_on_with(self._signalling, self.handle, self._agreement)
        self._call.transfers.finished()
        signalling.hang_up(handle)

    def _failed(self, status: int, problem: str) -> None:
        self._close()
        self._report(status)
        self._call.transfers.finished(problem)

    def _report(self, status: int) -> None:
        signalling, handle = self._from
        signalling.notify_refer(handle, status)

    def _close(self) -> None:
        self.over = True
        if self._ring_limit is not None:
            self._ring_limit.cancel()
