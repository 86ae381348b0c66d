"""How hard a target is called, in the loop's own time."""

from __future__ import annotations

import asyncio

import pytest

from ivrtest.call.call import Answered, Ended
from ivrtest.call.limits import CallLimits, Gate
from ivrtest.call.line import Line, LineError
from ivrtest.call.network import Network
from ivrtest.call.sip_call import SipCall


class Clockwork(asyncio.SelectorEventLoop):
    """A loop whose time goes by only when nothing is left to do at this moment: nobody waits."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]  # private to asyncio, and so undeclared
        due = [handle.when() for handle in scheduled if not handle.cancelled()]
        if not ready and due:
            self._now = max(self._now, min(due))
        super()._run_once()  # type: ignore[misc]  # as above


def entries(limits: CallLimits, calls: int, lasting_s: float) -> list[float]:
    """Return when so many calls were let through that were all asked for at the beginning."""

    async def run() -> list[float]:
        gate = Gate(limits)
        loop = asyncio.get_running_loop()
        entered: list[float] = []

        async def call() -> None:
            await gate.enter()
            entered.append(round(loop.time(), 6))
            await asyncio.sleep(lasting_s)
            gate.leave()

        async with asyncio.TaskGroup() as group:
            for _ in range(calls):
                group.create_task(call())
        return entered

    with asyncio.Runner(loop_factory=Clockwork) as runner:
        return runner.run(run())


@pytest.mark.parametrize(
    ("limits", "lasting_s", "expected"),
    [
        (CallLimits(), 10.0, [0, 0, 0, 0, 0]),
        (CallLimits(at_once=2), 10.0, [0, 0, 10, 10, 20]),
        (CallLimits(per_second=2), 10.0, [0, 0.5, 1, 1.5, 2]),
        (CallLimits(at_once=2, per_second=0.25), 1.0, [0, 4, 8, 12, 16]),
        (CallLimits(at_once=1, per_second=4), 1.0, [0, 1, 2, 3, 4]),
    ],
)
def test_who_is_over_the_limit_waits(limits: CallLimits, lasting_s: float, expected: list[float]) -> None:
    assert entries(limits, 5, lasting_s) == expected


def test_time_that_nobody_used_is_not_saved_up() -> None:
    async def run() -> list[float]:
        gate, loop = Gate(CallLimits(per_second=1)), asyncio.get_running_loop()
        await asyncio.sleep(100)
        entered = []
        for _ in range(3):
            await gate.enter()
            entered.append(loop.time())
        return entered

    with asyncio.Runner(loop_factory=Clockwork) as runner:
        assert runner.run(run()) == [100, 101, 102]


def test_who_gives_up_waiting_takes_no_place() -> None:
    async def run() -> None:
        gate = Gate(CallLimits(at_once=1, per_second=0.1))
        await gate.enter()
        gate.leave()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await gate.enter()
        await gate.enter()

    with asyncio.Runner(loop_factory=Clockwork) as runner:
        runner.run(run())


async def talk(call: SipCall, answered: list[SipCall]) -> None:
    async for item in call.stream():
        if isinstance(item, Answered):
            answered.append(call)
            assert sum(not other.over for other in answered) == 1
            await call.hang_up()
        if isinstance(item, Ended):
            assert item.by == "us"


def test_a_line_places_no_more_calls_than_the_target_bears() -> None:
    async def run() -> None:
        async with (
            asyncio.timeout(60),
            Line(user="far") as far,
            Line(network=Network(limits=CallLimits(at_once=1))) as near,
            asyncio.TaskGroup() as group,
        ):

            async def answer() -> None:
                async for call in far.incoming():
                    await call.answer()

            answering = group.create_task(answer())
            answered: list[SipCall] = []
            for _ in range(4):
                # What cannot be placed takes no place either.
                with pytest.raises(LineError):
                    await near.place("sip:ivr@[::1]")
                await talk(await near.place(far.uri), answered)
            async with asyncio.TaskGroup() as callers:
                for _ in range(4):
                    callers.create_task(hold(near, far.uri, answered))
            assert len(answered) == 8
            answering.cancel()

    async def hold(line: Line, target: str, answered: list[SipCall]) -> None:
        await talk(await line.place(target), answered)

    asyncio.run(run())
