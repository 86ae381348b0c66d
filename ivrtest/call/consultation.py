"""Attended transfers that we ask for: we call whom the far side is to go on with, and hand that call over (RFC 5589 section 7)."""

from __future__ import annotations

import asyncio
from typing import Final

from ivrtest.call.call import Answered, Ended, TransferFinished
from ivrtest.call.refusal import SILENT_STATUS
from ivrtest.call.sip_call import SipCall
from ivrtest.sip.uri import SipUri

HANDED_OVER_S: Final = 5.0
"""How long a call that was handed over is kept for whoever takes it over."""


class Consultation:
    """One call's transfer, from our call to whom it is transferred to until that call was taken over."""

    def __init__(self, call: SipCall, to: SipUri) -> None:
        """`call` is to be transferred to `to`."""
        self._call = call
        self._to = to
        self._over = asyncio.Event()

    def finished(self) -> None:
        """The far side has told how its own call to there went, or has gone."""
        self._over.set()

    def failed(self, status: int) -> None:
        """Nobody answers there."""
        if not self._call.over:
            self._call.post(TransferFinished(status, self._call.now))

    async def hold(self, consulted: SipCall) -> None:
        """Wait until the call to there is answered, ask the far side to take it over, and keep it until then."""
        ending = asyncio.create_task(self._let_go(consulted))
        answered = False
        try:
            async for item in consulted.stream():
                match item:
                    case Answered():
                        answered = True
                        replaces = consulted.signalling.replaces(consulted.handle)
                        if not self._call.over and replaces is not None:
                            self._call.signalling.refer(self._call.handle, str(self._to.with_header("Replaces", replaces)))
                    case Ended(status=status) if not answered:
                        self.failed(status or SILENT_STATUS)
                    case _:
                        pass
        finally:
            ending.cancel()

    async def _let_go(self, consulted: SipCall) -> None:
        await self._over.wait()
        await asyncio.sleep(HANDED_OVER_S)
        await consulted.hang_up()
