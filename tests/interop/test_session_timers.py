"""Session timers with SIPp, by the clock: whoever is to refresh does, and where nobody does the call ends (RFC 4028). Both ways."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivrtest.call.call import Block, CallEvent, Ended
from ivrtest.call.line import Line
from ivrtest.call.sip_call import SipCall
from ivrtest.sip.session_timer import SessionTimes
from tests.interop.programs import PATIENCE_S
from tests.interop.sipp import complaints, needs_sipp, sipp_caller, sipp_ivr
from tests.interop.tshark import complaints as dissected
from tests.interop.tshark import needs_tshark, packets

LEAST = SessionTimes(least=2)
"""The RFC has 90 s. SIPp wants 6: then nobody is too late on a machine that stands still for two."""
ALL, NO_UPDATE = "INVITE, ACK, BYE, CANCEL, UPDATE", "INVITE, ACK, BYE, CANCEL"
EXPIRED = "the session expired: the far side was to refresh it every 6 s, and did not (RFC 4028)"
SDP = """      v=0
      o=ivr 1 1 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 0
"""


def is_refreshed(method: str, refresher: str) -> str:
    """Wait for a refresh, which must come before the time is over, and agree to it."""
    # SIPp fails where it does not come in time.
    described = f"      Content-Type: application/sdp\n      Content-Length: [len]\n\n{SDP}"
    body, acknowledged = (described, '  <recv request="ACK"/>\n') if method == "INVITE" else ("      Content-Length: 0\n", "")
    expected = f'regexp="6;refresher={refresher}" search_in="hdr" header="Session-Expires:" check_it="true"'
    return f"""  <recv request="{method}" timeout="5500">
    <action><ereg {expected} assign_to="peer_{method}"/></action>
  </recv>
  <send><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:ivr@[local_ip]:[local_port];transport=[transport]>
      Require: timer
      Session-Expires: 6;refresher=uac
{body}
  ]]></send>
{acknowledged}  <Reference variables="peer_{method}"/>
"""


def asks(method: str, number: int, *lines: str) -> str:
    """Send a request within the call."""
    more = "".join(f"      {line}\n" for line in lines)
    return f"""  <send retrans="500"><![CDATA[
      {method} [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:ivr@[local_ip]:[local_port]>;tag=[pid]-[call_number]
      To: [$peer]
      Call-ID: [call_id]
      CSeq: {number} {method}
      Max-Forwards: 70
      Contact: <sip:ivr@[local_ip]:[local_port];transport=[transport]>
{more}      Content-Length: 0

  ]]></send>
  <recv response="200"/>
"""


def refreshes(number: int) -> str:
    """Wait a third of the time, and refresh by UPDATE."""
    return '  <pause milliseconds="2000"/>\n' + asks("UPDATE", number, "Supported: timer", "Session-Expires: 6;refresher=uac", "Min-SE: 2")


HANGS_UP = asks("BYE", 90)
IS_LEFT = """  <recv request="BYE" timeout="8000">
    <action><ereg regexp="SIP;cause=408;text=.Session Expired" search_in="hdr" header="Reason:" check_it="true" assign_to="why"/></action>
  </recv>
  <send><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
  <Reference variables="why"/>
"""


async def ending(call: SipCall, path: Path) -> Ended:
    events: list[CallEvent] = [item async for item in call.stream() if not isinstance(item, Block)]
    assert call.capture is not None
    call.capture.write(path)
    assert isinstance(events[-1], Ended)
    return events[-1]


def we_call(folder: Path, refresher: str, steps: str, *, allow: str = ALL) -> tuple[Ended, list[str]]:
    """Call SIPp. Return how the call ended and what was sent."""

    async def run() -> tuple[Ended, int, int]:
        async with (
            asyncio.timeout(PATIENCE_S),
            sipp_ivr(folder, script="timer_ivr.xml", refresher=refresher, steps=steps, allow=allow) as (uri, sipp),
            Line(capture=True, session_times=LEAST) as line,
        ):
            ended = await ending(await line.place(uri), folder / "call.pcap")
            return ended, await sipp.end(), int(uri.rpartition(":")[2])

    return checked(asyncio.run(run()), folder)


def we_are_called(folder: Path, refresher: str, steps: str, *, allow: str = ALL) -> tuple[Ended, list[str]]:
    """Be called by SIPp. Return how the call ended and what was sent."""

    async def run() -> tuple[Ended, int, int]:
        async with asyncio.timeout(PATIENCE_S), Line(capture=True, session_times=LEAST) as line:
            calls = line.incoming()
            async with sipp_caller(folder, line.uri, "timer_caller.xml", refresher=refresher, steps=steps, allow=allow) as sipp:
                call = await anext(calls)
                await call.answer()
                ended = await ending(call, folder / "call.pcap")
                return ended, await sipp.end(), int(line.uri.rpartition(":")[2])

    return checked(asyncio.run(run()), folder)


def checked(outcome: tuple[Ended, int, int], folder: Path) -> tuple[Ended, list[str]]:
    ended, code, port = outcome
    assert code == 0, complaints(folder)
    assert dissected(folder / "call.pcap", sip_port=port) == []
    seen = [packet.sip for packet in packets(folder / "call.pcap", sip_port=port) if packet.sip]
    return ended, [method for method in seen if method in ("INVITE", "UPDATE", "BYE")]


@needs_sipp
@needs_tshark
@pytest.mark.parametrize(("method", "allow"), [("UPDATE", ALL), ("INVITE", NO_UPDATE)])
def test_we_refresh_a_call_of_ours(method: str, allow: str, tmp_path: Path) -> None:
    steps = is_refreshed(method, "uac") * 2 + HANGS_UP
    ended, sent = we_call(tmp_path, "uac", steps, allow=allow)
    assert (ended.by, ended.reason) == ("them", "")
    assert sent == ["INVITE", method, method, "BYE"]


@needs_sipp
@needs_tshark
def test_they_refresh_a_call_of_ours_and_then_no_more(tmp_path: Path) -> None:
    ended, sent = we_call(tmp_path, "uas", refreshes(10) + refreshes(11) + IS_LEFT)
    assert (ended.by, ended.reason) == ("lost", EXPIRED)
    assert sent == ["INVITE", "UPDATE", "UPDATE", "BYE"]


@needs_sipp
@needs_tshark
@pytest.mark.parametrize(("method", "allow"), [("UPDATE", ALL), ("INVITE", NO_UPDATE)])
def test_we_refresh_a_call_of_theirs(method: str, allow: str, tmp_path: Path) -> None:
    steps = is_refreshed(method, "uac") * 2 + HANGS_UP
    ended, sent = we_are_called(tmp_path, "uas", steps, allow=allow)
    assert (ended.by, ended.reason) == ("them", "")
    assert sent == ["INVITE", method, method, "BYE"]


@needs_sipp
@needs_tshark
def test_they_refresh_a_call_of_theirs_and_then_no_more(tmp_path: Path) -> None:
    ended, sent = we_are_called(tmp_path, "uac", refreshes(10) + refreshes(11) + IS_LEFT)
    assert (ended.by, ended.reason) == ("lost", EXPIRED)
    assert sent == ["INVITE", "UPDATE", "UPDATE", "BYE"]
