"""Captures of calls whose SIP goes over TCP and TLS: segments, which Wireshark reads as SIP on any port."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from ivrtest.call.call import Block, KeySent
from ivrtest.call.captured_streams import look_through
from ivrtest.call.keys import without_key
from ivrtest.call.line import Line
from ivrtest.call.sip_call import SipCall
from ivrtest.call.tls import Tls
from ivrtest.rtp.ip import Datagram, Segment
from ivrtest.sip.uri import SipUri
from tests.call.authority import Authority
from tests.call.captured import captured
from tests.call.test_line_over_streams import ANYBODY, PATIENCE_S

INFO = b"INFO sip:ivr SIP/2.0\r\nCSeq: 2 INFO\r\nContent-Length: %d\r\n\r\n%s"


async def call_with_a_secret(near: Line, far: Line, target: str) -> SipCall:
    """Hold a call over a connection in which a secret key goes by INFO."""
    calls = far.incoming()
    placed = await near.place(target, keys="info")
    came = await anext(calls)
    await came.answer()

    async def press() -> None:
        pressed = sent = False
        async for item in placed.stream():
            sent = sent or isinstance(item, KeySent)
            # There is sound both ways before the key.
            if not pressed and placed.stats().received > 5 and placed.stats().sent > 5:
                pressed = True
                await placed.press("7", secret=True)
            if sent:
                await placed.hang_up()

    async def listen() -> list[Block]:
        return [item async for item in came.stream() if isinstance(item, Block)]

    async with asyncio.TaskGroup() as group:
        group.create_task(press())
        group.create_task(listen())
    return placed


def connected(transport: str, folder: Path) -> tuple[SipCall, int]:
    """Return a call over TCP or TLS, and the port of the far side."""

    async def run() -> tuple[SipCall, int]:
        if transport == "tcp":
            async with asyncio.timeout(PATIENCE_S), Line(transport="tcp", user="far") as far, Line(capture=True) as near:
                return await call_with_a_secret(near, far, far.uri), SipUri.parse(far.uri).port or 0
        authority = Authority(folder)
        async with (
            asyncio.timeout(PATIENCE_S),
            Line(transport="tls", tls=Tls(certificate=authority.certificate("localhost")), user="far") as far,
            Line(tls=Tls(ca=authority.file), permission=ANYBODY, capture=True) as near,
        ):
            port = SipUri.parse(far.uri).port or 0
            return await call_with_a_secret(near, far, f"sips:far@localhost:{port}"), port

    return asyncio.run(run())


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_sip_is_in_segments_and_sound_in_datagrams(transport: str, tmp_path: Path) -> None:
    call, port = connected(transport, tmp_path)
    path = tmp_path / "call.pcap"
    packets = captured(call, path)
    signalling = [packet for packet in packets if isinstance(packet, Segment)]
    first_lines = [packet.payload.partition(b"\r\n")[0] for packet in signalling if b"SIP/2.0" in packet.payload[:200].partition(b"\n")[0]]
    assert [line.split()[0] if not line.startswith(b"SIP") else line.split()[1] for line in first_lines] == [
        *(b"INVITE", b"100", b"200", b"ACK", b"INFO", b"200", b"BYE", b"200")
    ]
    assert {packet.destination[1] for packet in signalling if packet.source[1] != port} == {port}
    assert any(isinstance(packet, Datagram) for packet in packets)
    assert b"Signal=7" not in path.read_bytes()
    assert b"Signal=?" in path.read_bytes()
    # Our own reader finds the session descriptions, and with them whose sound it is.
    streams = look_through(path).streams
    assert len(streams) == 2

    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")

    def fields(display_filter: str, *names: str) -> list[str]:
        options = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
        words = [word for name in names for word in ("-e", name)]
        command = [tshark, "-r", str(path), *options, "-Y", display_filter, "-T", "fields", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    # Nothing is said of ports: it knows SIP by itself.
    assert fields("sip.Method", "sip.Method") == ["INVITE", "ACK", "INFO", "BYE"]
    assert fields("sip.Status-Code", "sip.Status-Code") == ["100", "200", "200", "200"]
    assert fields("_ws.malformed || _ws.expert.severity >= 0x600000", "frame.number", "_ws.expert.message") == []
    checksums = " || ".join(f"{protocol}.checksum.status == 0" for protocol in ("ip", "tcp", "udp"))
    assert fields(f"tcp.analysis.flags || {checksums}", "frame.number") == []
    assert len(set(fields("tcp", "tcp.stream"))) == 1
    assert len(set(fields("rtp", "rtp.ssrc"))) == 2


@pytest.mark.parametrize("key", [b"7", b"11"])
def test_a_key_that_is_taken_out_leaves_no_trace_of_its_length(key: bytes) -> None:
    body = b"Signal=%s\r\nDuration=100\r\n" % key
    hidden = b"Signal=?\r\nDuration=100\r\n"
    assert without_key(INFO % (len(body), body)) == INFO % (len(hidden), hidden)
