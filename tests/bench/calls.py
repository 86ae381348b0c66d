"""What calls cost: one core places them, another answers; sound both ways, 50 packets a second.

    python -m tests.bench.calls [--calls 1000] [--seconds 10] [--heard 100] [--no-sipp]
    python -m tests.bench.calls --soak 10000

The first prints how fast calls are set up, how evenly their packets leave, what gets lost, and the CPU that a call takes at each end;
then the same while matchers listen to some of the calls; and beside it what SIPp takes for as many calls on the same two cores. The
second places calls one after another, 50 at a time, and prints memory, descriptors and threads as it goes: they must stay, once the first
32 s are over, for which ended transactions are remembered (RFC 3261 section 17).
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from ivrtest.audio.g711 import ulaw_encode
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.call.call import Answered, Ended
from ivrtest.call.line import Line
from ivrtest.call.listener import Listener
from ivrtest.call.remote_media import MediaStats
from ivrtest.call.sip_call import SipCall

ALL_CORES = frozenset(range(os.cpu_count() or 1))
AT_ONCE = 50
"""Calls that are being set up at one time."""
WORDS = (
    "For billing, press 1. For opening hours, press 2. To hear this again, press star.",
    "Your call is important to us. Please hold the line.",
    "Please enter your account number, followed by the pound key.",
    "Thank you for calling. Goodbye.",
)


def prompts() -> PromptLibrary:
    return PromptLibrary(Recording(f"prompt_{number}", "en", synthesise(words, "en"), words) for number, words in enumerate(WORDS))


def pinned(core: int) -> None:
    """Keep this process on one core, and let it have a descriptor for every socket of many calls."""
    cores = sorted(ALL_CORES)
    os.sched_setaffinity(0, {cores[core % len(cores)]})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


# ---------------------------------------------------------------- the end that answers


def answer(pipe: Connection) -> None:
    """Answer every call, and speak to it, until told to stop."""
    pinned(0)
    asyncio.run(_answer(pipe))


async def _answer(pipe: Connection) -> None:
    said = np.concatenate([np.concatenate([recording.samples, np.zeros(4000, np.int16)]) for recording in prompts().recordings()])
    calls: list[SipCall] = []
    async with Line(record=False, ports=range(0)) as line:
        pipe.send(line.uri)

        async def attend(call: SipCall) -> None:
            await call.answer()
            call.play(said, loop=True)
            async for item in call.stream():
                if isinstance(item, Ended):
                    calls.remove(call)

        async def take(group: asyncio.TaskGroup) -> None:
            async for call in line.incoming():
                calls.append(call)
                group.create_task(attend(call))

        async with asyncio.TaskGroup() as group:
            taking = group.create_task(take(group))
            while (asked := await asyncio.to_thread(pipe.recv)) != "stop":
                pipe.send((time.process_time(), [call.stats() for call in calls] if asked == "stats" else footprint()))
            taking.cancel()
            for call in tuple(calls):
                await call.hang_up()


# ---------------------------------------------------------------- the end that calls


@dataclass(slots=True)
class Held:
    """A call that goes on."""

    call: SipCall
    task: asyncio.Task[None]


async def hold(line: Line, uri: str, library: PromptLibrary | None, gate: asyncio.Semaphore, music: np.ndarray) -> Held:
    """Place a call and wait for its answer; then keep it up, with a matcher at its ear if there is a library."""
    async with gate:
        call = await line.place(uri)
        answered = asyncio.Event()

        async def follow() -> None:
            if library is not None:
                matcher = Matcher(library)
                async for percept in Listener(call, matcher).stream():
                    if isinstance(percept, Answered):
                        answered.set()
                return
            async for item in call.stream():
                if isinstance(item, Answered):
                    answered.set()

        task = asyncio.create_task(follow())
        await answered.wait()
    call.play(music, loop=True)
    return Held(call, task)


async def measure(count: int, seconds: float, heard: int) -> None:
    library = prompts() if heard else None
    if library is not None:
        _ = library.index
    music = (4000 * np.sin(np.arange(8000) * 0.3)).astype(np.int16)
    near, far = multiprocessing.get_context("spawn").Pipe()
    answerer = multiprocessing.get_context("spawn").Process(target=answer, args=(far,), daemon=True)
    answerer.start()
    uri = await asyncio.to_thread(near.recv)
    gate = asyncio.Semaphore(AT_ONCE)
    async with Line(record=False, ports=range(0)) as line:
        began = time.monotonic()
        calls = await asyncio.gather(*(hold(line, uri, library if number < heard else None, gate, music) for number in range(count)))
        took = time.monotonic() - began
        await asyncio.sleep(1.0)
        far_before, stats_before = await asked(near, "stats")
        near_before, wall = time.process_time(), time.monotonic()
        own_before = [held.call.stats() for held in calls]
        await asyncio.sleep(seconds)
        wall = time.monotonic() - wall
        near_cpu = time.process_time() - near_before
        far_after, stats_after = await asked(near, "stats")
        own_after = [held.call.stats() for held in calls]
        for held in calls:
            await held.call.hang_up()
        await asyncio.gather(*(held.task for held in calls))
    near.send("stop")
    await asyncio.to_thread(answerer.join, 20)
    who = f"{count} calls" + (f", matchers listen to {heard}" if heard else "")
    print(f"{who}, {seconds:g} s")
    print(f"  set up in {took:.1f} s: {count / took:.0f} calls a second")
    told("caller", own_before, own_after, near_cpu / wall, count, wall)
    told("called", stats_before, stats_after, (far_after - far_before) / wall, count, wall)


async def asked(pipe: Connection, what: str) -> tuple[float, list[MediaStats]]:
    pipe.send(what)
    answered: tuple[float, list[MediaStats]] = await asyncio.to_thread(pipe.recv)
    return answered


def told(side: str, before: Sequence[MediaStats], after: Sequence[MediaStats], load: float, count: int, wall: float) -> None:
    sent = sum(one.sent for one in after) - sum(one.sent for one in before)
    lost = sum(one.lost for one in after) - sum(one.lost for one in before)
    late = sum(one.late for one in after) - sum(one.late for one in before)
    usual, worst = sorted(one.late_p99_ms for one in after)[len(after) // 2], max(one.late_p99_ms for one in after)
    print(
        f"  {side}: {load:.0%} of a core, {1000 * load / count:.2f} ms a second for each call; "
        f"sent {sent / count / wall:.1f} packets a second each, lost {lost}, too late {late}; "
        f"99 % left at most {usual:.0f} ms late (worst call {worst:.0f} ms)"
    )


# ---------------------------------------------------------------- SIPp beside it


def sipp(count: int, seconds: float) -> None:
    """Let SIPp do the same with itself."""
    if shutil.which("sipp") is None:
        print("SIPp is not installed, so there is nothing to compare with. it comes with the package sip-tester")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said = ulaw_encode((4000 * np.sin(np.arange(8000 * 4) * 0.3)).astype(np.int16)).tobytes()
        (folder / "said.ulaw").write_bytes(said)
        play = f'<nop><action><exec rtp_stream="{folder / "said.ulaw"},-1,0"/></action></nop>'
        (folder / "called.xml").write_text(CALLED.format(play=play), encoding="utf-8")
        (folder / "caller.xml").write_text(CALLER.format(play=play, ms=round(1000 * (seconds + count / 100 + 3))), encoding="utf-8")
        common = ("-i", "127.0.0.1", "-mi", "127.0.0.1", "-nostdin", "-l", str(count), "-m", str(count))
        callee = started(folder, 0, "-sf", "called.xml", "-p", "25060", "-mp", "26000", *common)
        caller = started(folder, 1, "-sf", "caller.xml", "-p", "25061", "-mp", "40000", "-r", "100", *common, "127.0.0.1:25060")
        try:
            time.sleep(count / 100 + 1)
            before, wall = (cpu_of(callee.pid), cpu_of(caller.pid)), time.monotonic()
            time.sleep(seconds)
            after, wall = (cpu_of(callee.pid), cpu_of(caller.pid)), time.monotonic() - wall
        finally:
            for process in (caller, callee):
                process.kill()
                process.wait()
    loads = [(one - other) / wall for one, other in zip(after, before, strict=True)]
    print(f"SIPp with itself, {count} calls, {seconds:g} s")
    for side, load in zip(("called", "caller"), loads, strict=True):
        print(f"  {side}: {load:.0%} of a core, {1000 * load / count:.2f} ms a second for each call")


def started(folder: Path, core: int, *arguments: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(("sipp", *arguments), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cores = sorted(ALL_CORES)
    os.sched_setaffinity(process.pid, {cores[core % len(cores)]})
    return process


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that a process has taken. 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


CALLED = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="called">
  <recv request="INVITE" crlf="true"/>
  <send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
  ]]></send>
  <recv request="ACK"/>
  {play}
  <recv request="BYE"/>
</scenario>
"""
CALLER = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
  <send retrans="500"><![CDATA[
INVITE sip:ivr@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:caller@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:ivr@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="200" rtd="true"/>
  <send><![CDATA[
ACK sip:ivr@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:caller@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:ivr@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

  ]]></send>
  {play}
  <pause milliseconds="{ms}"/>
</scenario>
"""


# ---------------------------------------------------------------- many calls in a row


@dataclass(frozen=True, slots=True)
class Footprint:
    memory_mb: float
    descriptors: int
    threads: int

    def __str__(self) -> str:
        return f"{self.memory_mb:.1f} MB, {self.descriptors} descriptors, {self.threads} threads"


def footprint() -> Footprint:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Footprint(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(list(Path("/proc/self/fd").iterdir())), threading.active_count())


async def soak(count: int) -> None:
    near, far = multiprocessing.get_context("spawn").Pipe()
    answerer = multiprocessing.get_context("spawn").Process(target=answer, args=(far,), daemon=True)
    answerer.start()
    uri = await asyncio.to_thread(near.recv)
    gate = asyncio.Semaphore(AT_ONCE)
    done = 0

    async with Line(record=False, ports=range(0)) as line:

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
        for part in range(10):
            await asyncio.gather(*(one() for _ in range(count // 10)))
            near.send("footprint")
            _, theirs = await asyncio.to_thread(near.recv)
            rate = done / (time.monotonic() - began)
            print(f"{done:>6} calls, {rate:.0f} a second: caller {footprint()}; called {theirs}", flush=True)
            del part
    near.send("stop")
    await asyncio.to_thread(answerer.join, 20)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--heard", type=int, default=100, help="how many calls matchers listen to, in the second part")
    parser.add_argument("--no-sipp", action="store_true")
    parser.add_argument("--soak", type=int, default=0, help="place so many calls, one after another, 50 at a time")
    chosen = parser.parse_args(arguments)
    pinned(1)
    if chosen.soak:
        asyncio.run(soak(chosen.soak))
        return
    asyncio.run(measure(chosen.calls, chosen.seconds, 0))
    if chosen.heard:
        asyncio.run(measure(chosen.calls, chosen.seconds, chosen.heard))
    if not chosen.no_sipp:
        sipp(chosen.calls, chosen.seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
