"""What a registrar knows of us."""

from __future__ import annotations

import asyncio
from typing import Final

from ivrtest.call.refusal import not_registered
from ivrtest.sip import events as sip

_SILENT: Final = 408
_OUT_OF_SERVICE: Final = 503


class Binding:
    """Calls to `address` come to us, as long as `problem` is empty. Made by `Line.register`.

    `user`: whose password the registrar was given; empty: nobody's.
    """

    def __init__(self, address: str, registrar: str, *, user: str) -> None:
        self.address: Final = address
        self.expires: int | None = None
        """For how many seconds at a time the registrar keeps it; None while it has not said so."""
        self.problem = ""
        """Why calls do not come any more."""
        self.renewed: list[str] = []
        """Why it was made anew before its time: how the way to the registrar had changed."""
        self.is_unheard = False
        """Whether the registrar could not be reached, was silent, or is out of service: another may do (RFC 3263 section 4.3)."""
        self._registrar = registrar
        self._user = user
        self._told = asyncio.Event()

    async def first_answer(self) -> None:
        """Wait until it is known whether the registrar agrees."""
        await self._told.wait()

    def on(self, event: sip.Registered | sip.Unregistered) -> None:
        """Take in what the SIP agent reports of it."""
        match event:
            case sip.Registered(expires=expires):
                self.expires = expires
            case sip.Unregistered(asked=True):
                self.problem = f'"{self.address}" is not registered any more: we removed it'
            case sip.Unregistered():
                self.is_unheard = event.status == _OUT_OF_SERVICE or (event.local and event.status == _SILENT)
                self.problem = f'cannot register "{self.address}" at "{self._registrar}": {not_registered(event, self._user)}'
        self._told.set()
