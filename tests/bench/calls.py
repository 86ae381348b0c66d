"""What calls cost: one core places them, another answers; sound both ways, 50 packets a second.

    python -m tests.bench.calls [--calls 300 1000] [--seconds 10] [--matching 100] [--in-process] [--no-sipp]
    python -m tests.bench.calls --soak 10000

The first prints how fast calls are set up, how evenly their packets leave, what gets lost, and the CPU that a call takes at each end;
then the same while matchers listen to some of the calls, in a process of their own on the caller's core, whose CPU is counted as the
caller's; and beside it what SIPp takes for as many calls on the same two cores. The second places calls one after another, 50 at a time,
and prints memory, descriptors and threads as it goes: they must stay, once the first 32 s are over, for which ended transactions are
remembered (RFC 3261 section 17).
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.connection import Connection

import numpy as np

from ivrtest.audio.matcher import Matcher
from ivrtest.call.call import Answered, Ended
from ivrtest.call.ears.pool import HearingPool
from ivrtest.call.line import Line
from ivrtest.call.pacing import percentile_ms
from tests.bench.ends import Ears, Tally, answer, footprint, hold, pinned, prompts, tally
from tests.bench.sipp import measure_sipp

AT_ONCE = 50
"""Calls that are being set up at one time."""
SETTLE_S = 1.0
"""How long all calls are up before the steady part begins."""


@asynccontextmanager
async def answerer() -> AsyncIterator[tuple[str, Connection]]:
    """Yield the address of the end that answers, and how to ask it things."""
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    process = context.Process(target=answer, args=(far,), daemon=True)
    process.start()
    yield await asyncio.to_thread(near.recv), near
    near.send("stop")
    await asyncio.to_thread(process.join, 20)


async def asked(pipe: Connection) -> Tally:
    pipe.send("tally")
    told: Tally = await asyncio.to_thread(pipe.recv)
    return told


async def listening(stack: AsyncExitStack, *, in_process: bool) -> Ears:
    """Return ears that are ready to hear."""
    library = prompts()
    ears = Ears(library, None if in_process else await stack.enter_async_context(HearingPool([library], Matcher)))
    async with ears.ear():
        return ears


async def measure(count: int, seconds: float, matching: int, *, in_process: bool) -> None:
    music = (4000 * np.sin(np.arange(8000) * 0.3)).astype(np.int16)
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack, answerer() as (uri, far), Line(record=False, ports=range(0)) as line:
        ears = await listening(stack, in_process=in_process) if matching else None
        beside = ears.pids if ears is not None else ()
        began = time.monotonic()
        held = await asyncio.gather(*(hold(line, uri, ears if number < matching else None, gate, music) for number in range(count)))
        took = time.monotonic() - began
        await asyncio.sleep(SETTLE_S)
        calls = [one.call for one in held]
        before = await asyncio.gather(asked(far), tally(calls, beside))
        await asyncio.sleep(seconds)
        after = await asyncio.gather(tally(calls, beside), asked(far))
        if ears is not None:
            ears.over = True
        for call in calls:
            await call.hang_up()
        await asyncio.gather(*(one.task for one in held))
    print(f"{count} calls" + (f", matchers listen to {matching}" if matching else "") + f", {seconds:g} s")
    print(f"  set up in {took:.1f} s: {count / took:.0f} calls a second")
    tell("caller", before[1], after[0], count)
    tell("called", before[0], after[1], count)
    if ears is not None:
        waits = sorted(ears.waits_s) or [0.0]
        print(
            f"  matchers: {ears.known} prompts known, half of them within {1000 * waits[len(waits) // 2]:.0f} ms of their end, "
            f"{len(ears.others)} not" + "".join(f"\n    {other}" for other in ears.others[:10])
        )


def tell(side: str, before: Tally, after: Tally, count: int) -> None:
    load = after.begun.load_since(before.done)
    rate = (after.sent - before.sent) / count / (after.begun.at - before.begun.at)
    print(f"  {side}: {load:.0%} of a core, {1000 * load / count:.2f} ms a second for each call; {rate:.1f} packets a second each")
    for part, late, uneven in (
        ("steady", after.lateness - before.lateness, after.unevenness - before.unevenness),
        ("with the start", after.lateness, after.unevenness),
    ):
        half, most, nearly_all, every = (f"{percentile_ms(late.tolist(), share):.0f} ms" for share in (50, 99, 99.9, 100))
        print(
            f"    {part}: packets left at most {half} late in half of all cases, {most} in 99 %, {nearly_all} in 99.9 %, {every} in all; "
            f"spacing at most {percentile_ms(uneven.tolist(), 99):.0f} ms off in 99 %"
        )
    print(
        f"    of {after.received + after.lost} packets that were to come, {after.lost} were lost, {after.overrun} of them here, "
        f"and {after.late} came too late"
    )


async def soak(count: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    done = 0
    async with answerer() as (uri, far), Line(record=False, ports=range(0)) as line:

        async def one() -> None:
            nonlocal done
            async with gate:
                call = await line.place(uri)
                async for item in call.stream():
                    if isinstance(item, Answered):
                        await call.hang_up()
                    if isinstance(item, Ended) and item.by != "us":
                        print(f"call {done}: {item}")
                done += 1

        began = time.monotonic()
        for _ in range(10):
            await asyncio.gather(*(one() for _ in range(count // 10)))
            far.send("footprint")
            theirs = await asyncio.to_thread(far.recv)
            rate = done / (time.monotonic() - began)
            print(f"{done:>6} calls, {rate:.0f} a second: caller {footprint()}; called {theirs}", flush=True)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, nargs="+", default=[1000], help="how many at once; of several numbers, one after another")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--matching", type=int, default=100, help="how many calls matchers listen to, in the second part")
    parser.add_argument("--in-process", action="store_true", help="let matchers listen in the process that holds the calls")
    parser.add_argument("--no-sipp", action="store_true")
    parser.add_argument("--soak", type=int, default=0, help="place so many calls, one after another, 50 at a time")
    chosen = parser.parse_args(arguments)
    pinned(1)
    if chosen.soak:
        asyncio.run(soak(chosen.soak))
        return
    for count in chosen.calls:
        asyncio.run(measure(count, chosen.seconds, 0, in_process=False))
        if chosen.matching:
            asyncio.run(measure(count, chosen.seconds, min(count, chosen.matching), in_process=chosen.in_process))
        if not chosen.no_sipp:
            measure_sipp(count, chosen.seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
