"""The embedded IVR: a declared flow behind a SIP address, for as many callers as come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Protocol, Self
from zoneinfo import ZoneInfo

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Call
from ivrtest.call.line import Line
from ivrtest.call.sound import SoundOptions
from ivrtest.flow.machine import FlowMachine
from ivrtest.flow.model import Flow
from ivrtest.scenario.model import Given
from ivrtest.server.attendant import Attendant
from ivrtest.server.backoffice import BackOffice
from ivrtest.server.faults import Fault, Kind
from ivrtest.server.misbehaviour import FaultyCall, FaultyMachine, FaultyVoice, Stage, usual_level
from ivrtest.server.record import CallRecord
from ivrtest.server.rewired import language_options, rewired
from ivrtest.server.voice import Voice

MOST_RECORDS: Final = 10_000
"""How many calls that are over are remembered."""


class Exchange(Protocol):
    """Where calls come in: a SIP line, or an exchange in this process."""

    @property
    def uri(self) -> str:
        """What to call."""

    def incoming(self) -> AsyncIterator[Call]:
        """Take calls from now on, and yield them without end."""


class EmbeddedIvr:
    """Answers every call and leads it through a flow, as many at a time as come.

    async with EmbeddedIvr(flow, library) as ivr:
        ...  # call ivr.uri

    Leaving the block hangs up on whoever is still there. An error in serving one call ends the block with that error: it is ours.
    """

    def __init__(
        self,
        flow: Flow,
        library: PromptLibrary,
        *,
        flows: Mapping[str, Flow] | None = None,
        libraries: Mapping[str, PromptLibrary] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        given: Given | None = None,
        start_time: datetime | None = None,
        exchange: Exchange | None = None,
        faults: Sequence[Fault] = (),
        seed: int = 0,
        sound: SoundOptions | None = None,
    ) -> None:
        """Listen at `host` and `port` (0: a free one) and speak as `sound` says, or at `exchange` if there is one.

        `flows` are the flows that `flow` may call, by name, and `libraries` their recordings; what one of them has no recording of is
        taken from `library`. `given` is how the surroundings behave. `start_time`, aware, is the wall time at which
        every call begins as far as the flow knows; None: what `given` says, or the real one. `faults`: what it does wrong, on
        purpose; what is random in them follows from `seed` and the number of the call.
        """
        self._flow = _miswired(flow, faults)
        self._flows = {name: _miswired(other, faults) for name, other in (flows or {}).items()} | {flow.name: self._flow}
        self._voice = Voice(library, self._flows, libraries)
        self._address = (host, port)
        self._sound = sound
        self._given = given or Given()
        self._start_time = start_time
        self._exchange = exchange
        self._faults = tuple(faults)
        self._seed = seed
        self._level = usual_level(library) if faults else 0.0
        self._served: dict[int, Attendant | CallRecord] = {}
        """By the number of the call: who serves it, and once it is over what is remembered of it."""
        self._calls: dict[int, Call] = {}
        """Those that are up, by number."""
        self._count = 0
        self._stack = AsyncExitStack()
        self._reception: asyncio.Task[None] | None = None

    @property
    def uri(self) -> str:
        """What to call. Raises RuntimeError outside the block."""
        if self._exchange is None:
            raise RuntimeError("the embedded IVR has no address before it listens. use it with `async with`")
        return self._exchange.uri

    @property
    def records(self) -> tuple[CallRecord, ...]:
        """The latest calls, in the order they came in: those that are up, and up to 10,000 that are over."""
        return tuple(served if isinstance(served, CallRecord) else served.record for served in self._served.values())

    @property
    def count(self) -> int:
        """How many calls came in so far."""
        return self._count

    async def __aenter__(self) -> Self:
        """Begin to listen. Raises LineError when the address cannot be used."""
        async with AsyncExitStack() as stack:
            if self._exchange is None:
                host, port = self._address
                line = Line(host=host, port=port, user=self._flow.name, record=False, answer_headers=self._given.headers, sound=self._sound)
                self._exchange = await stack.enter_async_context(line)
            group = await stack.enter_async_context(asyncio.TaskGroup())
            self._reception = group.create_task(self._receive(self._exchange.incoming(), group))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool | None:
        if self._reception is not None:
            self._reception.cancel()
        for call in tuple(self._calls.values()):
            await call.hang_up()
        if isinstance(error, Exception):
            # It is the block's own, and is not to come out as one of the errors of those who serve.
            await self._stack.__aexit__(None, None, None)
            return None
        return await self._stack.__aexit__(kind, error, trace)

    async def _receive(self, calls: AsyncIterator[Call], group: asyncio.TaskGroup) -> None:
        async for call in calls:
            number = self._count
            attendant = self._served[number] = self._attendant(call)
            self._calls[number] = call
            self._count += 1
            group.create_task(self._serve(number, attendant))

    async def _serve(self, number: int, attendant: Attendant) -> None:
        await attendant.serve()
        # Its sound and all else are let go of: a server may take calls for days.
        self._served[number] = attendant.record
        del self._calls[number]
        while len(self._served) - len(self._calls) > MOST_RECORDS:
            del self._served[next(known for known, served in self._served.items() if isinstance(served, CallRecord))]

    def _attendant(self, call: Call) -> Attendant:
        make = FaultyMachine if self._faults else FlowMachine
        machine = make(self._flow, flows=self._flows, start_time=self._now(), caller=self._given.caller or call.caller, called=call.called)
        given = self._given
        office = BackOffice(given)
        if not isinstance(machine, FaultyMachine):
            return Attendant(call, machine, self._voice, office, ring_s=given.ring_s, early_media=given.early_media)
        stage = Stage()
        voice = FaultyVoice(self._voice, self._faults, stage, self._flow.default_language)
        machine.spoil(self._faults, stage, voice)
        faulty = FaultyCall(call, self._faults, stage, level=self._level, seed=self._seed + self._count)
        return Attendant(faulty, machine, voice, office, ring_s=given.ring_s, early_media=given.early_media)

    def _now(self) -> datetime:
        """Return the wall time at which a call begins that comes in now."""
        if self._start_time is not None:
            return self._start_time
        if self._given.now is not None:
            return self._given.now.replace(tzinfo=ZoneInfo(self._flow.time_zone))
        return datetime.now(UTC)


def _miswired(flow: Flow, faults: Sequence[Fault]) -> Flow:
    """Return the flow as `faults` have it wired: itself, where none of them lies in the tree."""
    loops = [fault for fault in faults if fault.kind is Kind.LOOPING_LANGUAGE]
    return rewired(flow, [menu for menu in language_options(flow) if any(fault.at(menu) for fault in loops)]) if loops else flow
