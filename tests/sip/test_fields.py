from __future__ import annotations

import pytest

from ivrtest.sip.fields import (
    Allow,
    CallId,
    ContentDisposition,
    ContentLength,
    ContentType,
    CSeq,
    Event,
    Expires,
    MinSE,
    RAck,
    Reason,
    Replaces,
    Require,
    RetryAfter,
    RSeq,
    SessionExpires,
    Subject,
    SubscriptionState,
    Supported,
)
from ivrtest.sip.grammar import Parameters, SipSyntaxError
from ivrtest.sip.header import Header
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import HEADERS


@pytest.mark.parametrize(
    ("text", "expected", "written"),
    [
        ("a84b4c76e66710@pc33", CallId("a84b4c76e66710@pc33"), "a84b4c76e66710@pc33"),
        ("  0009 \t INVITE ", CSeq(9, "INVITE"), "9 INVITE"),
        ("2147483647 invite", CSeq(2**31 - 1, "invite"), "2147483647 invite"),
        ("776656 1  INVITE", RAck(776656, 1, "INVITE"), "776656 1 INVITE"),
        ("988789", RSeq(988789), "988789"),
        (" 0 ", ContentLength(0), "0"),
        ("3600", Expires(3600), "3600"),
        ("1800 ; Refresher=UAC", SessionExpires(1800, Parameters((("Refresher", "UAC"),))), "1800;Refresher=UAC"),
        ("90", MinSE(90), "90"),
        ("18000;duration=3600", RetryAfter(18000, None, Parameters((("duration", "3600"),))), "18000;duration=3600"),
        ("120 (I'm in a meeting)", RetryAfter(120, "I'm in a meeting"), "120 (I'm in a meeting)"),
        ("5 (a (b); c);x", RetryAfter(5, "a (b); c", Parameters((("x", None),))), "5 (a (b); c);x"),
        ("Application / SDP", ContentType("application", "sdp"), "application/sdp"),
        (
            'multipart/mixed; boundary="a;b"',
            ContentType("multipart", "mixed", Parameters((("boundary", '"a;b"'),))),
            'multipart/mixed;boundary="a;b"',
        ),
        ("INVITE, ACK,,BYE", Allow(("INVITE", "ACK", "BYE")), "INVITE, ACK, BYE"),
        ("", Supported(()), ""),
        ("refer;id=93809824", Event("refer", Parameters((("id", "93809824"),))), "refer;id=93809824"),
        (
            "terminated;reason=noresource;retry-after=5",
            SubscriptionState("terminated", Parameters((("reason", "noresource"), ("retry-after", "5")))),
            "terminated;reason=noresource;retry-after=5",
        ),
        (
            'Q.850 ;cause=16 ;text="Terminated; bye"',
            Reason("Q.850", Parameters((("cause", "16"), ("text", '"Terminated; bye"')))),
            'Q.850;cause=16;text="Terminated; bye"',
        ),
        ("session;handling=optional", ContentDisposition.of("session", handling="optional"), "session;handling=optional"),
        ("425928@b.net;to-tag=7743;from-tag=6472", Replaces("425928@b.net", "7743", "6472"), "425928@b.net;to-tag=7743;from-tag=6472"),
        (
            "9@b;from-tag=6;early-only;to-tag=7",
            Replaces("9@b", "7", "6", early_only=True),
            "9@b;to-tag=7;from-tag=6;early-only",
        ),
        (" hello, world; ", Subject("hello, world;"), "hello, world;"),
    ],
)
def test_is_read_and_written(text: str, expected: Header, written: str) -> None:
    assert type(expected).parse(text) == expected
    assert str(expected) == written
    assert type(expected).parse(written) == expected


def test_what_parameters_mean() -> None:
    assert SessionExpires.parse("1800;refresher=UAS").refresher == "uas"
    assert SessionExpires(1800).refresher is None
    assert (Event.parse("refer;id=5").package, Event.parse("refer;id=5").id, Event("refer").id) == ("refer", "5", None)
    state = SubscriptionState.parse("Active;expires=60")
    assert (state.state, state.expires, state.reason) == ("active", 60, None)
    assert SubscriptionState.of("terminated", reason="noresource").reason == "noresource"
    assert SubscriptionState("terminated").expires is None
    reason = Reason.of("SIP", cause=200, text="Call completed elsewhere")
    assert str(reason) == 'SIP;cause=200;text="Call completed elsewhere"'
    assert (reason.cause, reason.text, Reason("SIP").cause) == (200, "Call completed elsewhere", None)
    assert ContentType.parse("application/sdp;charset=utf-8").media_type == "application/sdp"


def test_sets_are_read_over_all_their_fields() -> None:
    headers = Headers([("Supported", "100rel, timer"), ("k", "replaces"), ("Supported", "")])

    assert headers.all(Supported) == (Supported.of("100rel", "timer", "replaces"),)
    supported = headers.need(Supported)
    assert "TIMER" in supported
    assert "path" not in supported
    assert headers.all(Require) == ()


def test_several_reasons_in_one_field() -> None:
    headers = Headers([("Reason", 'SIP ;cause=600 ;text="Busy, everywhere", Q.850;cause=16')])

    assert headers.all(Reason) == (Reason.of("SIP", cause=600, text="Busy, everywhere"), Reason.of("Q.850", cause=16))


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (CallId, "a b", 'Call-ID "a b" must be one word'),
        (CallId, "", 'Call-ID "" must be one word'),
        (CSeq, "INVITE", 'CSeq "INVITE" must be a number and a method, such as "1 INVITE"'),
        (CSeq, "INVITE 1", 'CSeq number "INVITE" must be a whole number from 0 to 2147483647'),
        (CSeq, "１ INVITE", 'CSeq number "１" must be a whole number from 0 to 2147483647'),
        (CSeq, "2147483648 INVITE", 'CSeq number "2147483648" is too great. it can be 2147483647 at most'),
        (CSeq, "1 IN(VITE", 'CSeq method "IN(VITE" must be a token: letters, digits and -.!%*_+`\'~'),
        (RAck, "1 INVITE", 'RAck "1 INVITE" must be two numbers and a method, such as "1 1 INVITE"'),
        (RSeq, "-1", 'RSeq "-1" must be a whole number from 0 to 4294967295'),
        (Expires, "Thu, 01 Dec 1994 16:00:00 GMT", 'Expires "Thu, 01 Dec 1994 16:00:00 GMT" must be a whole number from 0 to 4294967295'),
        (SessionExpires, ";refresher=uac", 'Session-Expires "" must be a whole number from 0 to 4294967295'),
        (RetryAfter, "5 (x", 'Retry-After "5 (x" has no closing ")" behind its comment'),
        (ContentType, "sdp", 'Content-Type "sdp" must be a type and a subtype, such as "application/sdp"'),
        (Allow, "INVITE, A CK", 'Allow "A CK" must be a token: letters, digits and -.!%*_+`\'~'),
        (Event, "", 'Event "" must be a token: letters, digits and -.!%*_+`\'~'),
        (Replaces, "1@x;to-tag=5", 'Replaces "1@x;to-tag=5" must have a to-tag and a from-tag'),
    ],
)
def test_says_what_is_wrong(kind: type[Header], text: str, message: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        kind.parse(text)

    assert str(caught.value) == message


def test_no_two_headers_share_a_name() -> None:
    names = [kind.NAME.lower() for kind in HEADERS]
    compact = [kind.COMPACT for kind in HEADERS if kind.COMPACT is not None]

    assert len(set(names)) == len(names)
    assert len(set(compact)) == len(compact)
    assert {kind.COMPACT: kind.NAME for kind in HEADERS if kind.COMPACT} == {
        "b": "Referred-By",
        "c": "Content-Type",
        "f": "From",
        "i": "Call-ID",
        "k": "Supported",
        "l": "Content-Length",
        "m": "Contact",
        "o": "Event",
        "r": "Refer-To",
        "s": "Subject",
        "t": "To",
        "u": "Allow-Events",
        "v": "Via",
        "x": "Session-Expires",
    }
