"""What SIPp takes for as many calls with itself, sound both ways, on the same two cores."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from ivrtest.audio.g711 import ulaw_encode
from tests.bench.ends import ALL_CORES


def measure_sipp(count: int, seconds: float) -> None:
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
