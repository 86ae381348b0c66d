"""The main job from the command line, with the IVR in another process, as it looks on the wire."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

import pytest

from ivrtest.audio.prompts import PromptLibrary
from tests.interop.desk import lay_out
from tests.interop.private_network import needs_private_network, private_network
from tests.interop.programs import PATIENCE_S, Program, needs_ipv6, running
from tests.interop.tshark import Packet, complaints, needs_tshark, packets

ELSEWHERE = "198.51.100.1"
BEFORE, AFTER = 8, 9
"""Ports of it to which datagrams are sent before the job and after it."""
FRAME = 160
EVENTS = "0123456789*#ABCD"
IVRTEST = (sys.executable, "-m", "ivrtest")


async def capture_job(folder: Path, capture: Path, host: str) -> tuple[Program, int, int]:
    """Run the job, with the IVR at `host`, in a network of its own. Return `ivrtest run`, its exit code, and the SIP port of the IVR.

    Before and after it datagrams are sent elsewhere. They show that this would be seen, and that the capture is complete: tshark says that
    it captures before it does.
    """
    watch = ("tshark", "-n", "-l", "-i", "lo", "-w", str(capture), "-P", "-T", "fields", "-e", "ip.dst", "-e", "udp.dstport")

    def send(port: int) -> tuple[str, ...]:
        words = f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'?', ('{ELSEWHERE}', {port}))"
        return *inside, sys.executable, "-c", words

    async with private_network(folder) as inside, running(*inside, *watch, folder=folder) as watcher:
        captures = asyncio.create_task(watcher.line(rf"^{ELSEWHERE}\t{BEFORE}$"))
        while not captures.done():
            async with running(*send(BEFORE), folder=folder) as sender:
                await sender.end()
            await asyncio.wait([captures], timeout=0.5)
        await captures
        async with running(*inside, *IVRTEST, "serve", "flows/desk.yaml", "--listen", f"{host}:0", folder=folder) as serve:
            uri = (await serve.line(r"^desk answers at (sip:.*)$"))[1]
            async with running(*inside, *IVRTEST, "run", "--target", uri, folder=folder) as run:
                code = await run.end()
        async with running(*send(AFTER), folder=folder):
            await watcher.line(rf"^{ELSEWHERE}\t{AFTER}$")
    return run, code, int(uri.rpartition(":")[2])


@needs_tshark
@needs_private_network
@pytest.mark.parametrize(
    "host", ["127.0.0.1", pytest.param("[::1]", marks=needs_ipv6), "192.0.2.1"], ids=["loopback", "IPv6 loopback", "another address"]
)
def test_the_main_job_on_the_wire(host: str, library: PromptLibrary, tmp_path: Path) -> None:
    lay_out(tmp_path, library, host)
    capture = tmp_path / "job.pcapng"

    async def job() -> tuple[Program, int, int]:
        async with asyncio.timeout(PATIENCE_S):
            return await capture_job(tmp_path, capture, host)

    run, code, sip_port = asyncio.run(job())
    assert code == 0, run.printed
    assert "1 passed" in run.printed
    seen = packets(capture, sip_port=sip_port)
    begun = itertools.dropwhile(lambda packet: ELSEWHERE in (packet.source[0], packet.destination[0]), seen)
    ours = list(itertools.takewhile(lambda packet: packet.destination != (ELSEWHERE, AFTER), begun))
    assert any(packet.destination == (ELSEWHERE, BEFORE) for packet in seen)
    assert any(packet.destination == (ELSEWHERE, AFTER) for packet in seen)
    check_that_nobody_else_is_contacted(ours, host.strip("[]"))
    check_signalling(ours)
    assert complaints(capture, sip_port=sip_port) == []
    assert {packet.protocol for packet in ours} == {"SIP/SDP", "SIP", "RTP", "RTP EVENT", "RTCP"}
    check_sound(ours)
    check_keys(ours)


def check_that_nobody_else_is_contacted(job: list[Packet], host: str) -> None:
    assert {end for packet in job for end in (packet.source[0], packet.destination[0])} == {host}


def streams(job: list[Packet]) -> dict[tuple[str, int], list[Packet]]:
    """Return the packets of each RTP stream, by where it comes from."""
    found: dict[tuple[str, int], list[Packet]] = {}
    for packet in job:
        if packet.ssrc:
            found.setdefault(packet.source, []).append(packet)
    return found


def check_signalling(job: list[Packet]) -> None:
    assert [packet.sip for packet in job if packet.sip] == ["INVITE", "100 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"]


def check_sound(job: list[Packet]) -> None:
    """It goes both ways, 50 times a second, without a gap."""
    found = streams(job)
    (one, there), (other, here) = found.items()
    assert {packet.destination for packet in there} == {other}
    assert {packet.destination for packet in here} == {one}
    for stream in found.values():
        assert len({packet.ssrc for packet in stream}) == 1
        assert all((later.sequence - earlier.sequence) % 65536 == 1 for earlier, later in itertools.pairwise(stream))
        # A frame each 20 ms. Where the machine was busy packets come later, and then faster, but not fewer: at its worst a second later.
        seconds = stream[-1].at - stream[0].at
        assert abs(len(stream) - 1 - 50 * seconds) <= 50
        sound = [packet for packet in stream if packet.event is None]
        assert {packet.payload_type for packet in sound} == {0}
        assert [packet.marker for packet in sound].count(True) == 1
        assert all((packet.timestamp - stream[0].timestamp) % 2**32 % FRAME == 0 for packet in sound)
        assert abs((stream[-1].timestamp - stream[0].timestamp) % 2**32 / 8000 - seconds) < 1.0


def check_keys(job: list[Packet]) -> None:
    """They go as telephone-events."""
    (caller,) = [stream for stream in streams(job).values() if any(packet.event is not None for packet in stream)]
    events = [packet for packet in caller if packet.event is not None]
    keys = [list(key) for _, key in itertools.groupby(events, key=lambda packet: packet.timestamp)]
    assert "".join(EVENTS[key[0].event or 0] for key in keys) == "240795"
    for key in keys:
        assert len({packet.event for packet in key}) == 1
        # RFC 4733 sections 2.5.1.2 to 2.5.1.4: the first is marked, the length grows, the end is said three times.
        assert [packet.marker for packet in key] == [True] + [False] * (len(key) - 1)
        assert [packet.event_samples for packet in key] == [*range(FRAME, 800, FRAME), 800, 800, 800]
        assert [packet.event_ended for packet in key] == [False] * (len(key) - 3) + [True] * 3
