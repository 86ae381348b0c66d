"""A call as a ladder."""

from __future__ import annotations

import pytest

from ivrtest.call.trace import SipMessage
from ivrtest.report.ladder import draw_ladder, ladder_lines, rung_of, rungs
from ivrtest.run.result import CallRecord
from ivrtest.run.timing import CallTiming, KeyTiming


def at(seconds: float, first: str, cseq: str, *, sent: bool, sdp: bool = False) -> SipMessage:
    body = "Content-Type: application/sdp\r\n" if sdp else ""
    return SipMessage(seconds, sent, "udp", "192.0.2.2:5060", f"{first}\r\nCSeq: {cseq}\r\n{body}\r\n")


CALL = CallRecord(
    id="1",
    target="sip:ivr@192.0.2.2",
    ended_s=9.0,
    ended_by="lost",
    timing=CallTiming(keys=(KeyTiming("•", 2.5, 0.1, "rfc4733", None), KeyTiming("3", 4.0, 0.1, "info", None))),
    trace=(
        at(0.0, "INVITE sip:ivr@192.0.2.2 SIP/2.0", "1 INVITE", sent=True, sdp=True),
        at(0.1, "SIP/2.0 180 Ringing", "1 INVITE", sent=False),
        at(1.25, "SIP/2.0 200 OK", "1 INVITE", sent=False, sdp=True),
        at(1.25, "ACK sip:ivr@192.0.2.2 SIP/2.0", "1 ACK", sent=True),
        at(4.0, "INFO sip:ivr@192.0.2.2 SIP/2.0", "2 INFO", sent=True),
        at(4.1, "SIP/2.0 415 Unsupported Media Type", "2 INFO", sent=False),
    ),
)


def test_text() -> None:
    assert list(ladder_lines(CALL)) == [
        "            ivrtest                udp 192.0.2.2:5060",
        "   0.000 s  |-- INVITE (SDP) ---------------------->|  CSeq 1 INVITE",
        "   0.100 s  |<-- 180 Ringing -----------------------|  CSeq 1 INVITE",
        "   1.250 s  |<-- 200 OK (SDP) ----------------------|  CSeq 1 INVITE",
        "   1.250 s  |-- ACK ------------------------------->|  CSeq 1 ACK",
        "   2.500 s  |-- key • ----------------------------->|  RFC 4733 event",
        "   4.000 s  |-- INFO ------------------------------>|  CSeq 2 INFO",
        "   4.100 s  |<-- 415 Unsupported Media Type --------|  CSeq 2 INFO",
        "   9.000 s  |           the line was lost            |",
    ]


def test_what_each_rung_is() -> None:
    assert [(rung.kind, rung.way) for rung in rungs(CALL)] == [
        ("request", "out"),
        ("provisional", "in"),
        ("success", "in"),
        ("request", "out"),
        ("key", "out"),
        ("request", "out"),
        ("failure", "in"),
        ("end", "none"),
    ]


@pytest.mark.parametrize(
    ("kind", "body", "label"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "INFO (key 5)"),
        ("application/dtmf-relay", "Signal=?\r\nDuration=160\r\n", "INFO (key •)"),
        ("application/dtmf", "#", "INFO (key #)"),
        ("application/dtmf", "?", "INFO (key •)"),
        ("text/plain", "hello", "INFO"),
    ],
)
def test_keys_by_info_are_named(kind: str, body: str, label: str) -> None:
    text = f"INFO sip:a@b SIP/2.0\r\nCSeq: 2 INFO\r\nContent-Type: {kind}\r\n\r\n{body}"
    assert rung_of(SipMessage(0.0, True, "udp", "192.0.2.2:5060", text)).label == label


def test_drawing() -> None:
    drawing = draw_ladder(CALL)
    assert drawing is not None
    assert drawing.them == "udp 192.0.2.2:5060"
    assert [arrow.offset for arrow in drawing.arrows][:4] == ["0.000 s", "0.100 s", "1.250 s", ""]
    places = [arrow.y for arrow in drawing.arrows]
    assert places == sorted(places)
    assert places[-1] < drawing.height


def test_a_call_without_messages_has_none() -> None:
    assert list(ladder_lines(CallRecord("1", "a"))) == []
    assert draw_ladder(CallRecord("1", "a")) is None
