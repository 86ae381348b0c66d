from __future__ import annotations

import pytest

from ivrtest.sip.fields import CallId, Subject
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import CSeq, MaxForwards, Via

FIELDS = [("Via", "SIP/2.0/UDP a"), ("X-One", "1"), ("v", "SIP/2.0/UDP b"), ("x-one", "2"), ("Call-ID", "c")]


def test_keeps_order_names_and_values() -> None:
    headers = Headers(FIELDS)

    assert list(headers) == FIELDS
    assert len(headers) == 5
    assert headers == Headers(FIELDS)
    assert hash(headers) == hash(Headers(FIELDS))
    assert headers != Headers(FIELDS[:4])
    assert repr(Headers(FIELDS[:1])) == "Headers([('Via', 'SIP/2.0/UDP a')])"


def test_finds_by_name_in_any_letter_case_and_compact_form() -> None:
    headers = Headers(FIELDS)

    assert headers.texts("X-ONE") == ("1", "2")
    assert headers.texts("via") == headers.texts("V") == headers.texts(Via) == ("SIP/2.0/UDP a", "SIP/2.0/UDP b")
    assert headers.fields(Via) == (("Via", "SIP/2.0/UDP a"), ("v", "SIP/2.0/UDP b"))
    assert headers.text("i") == "c"
    assert headers.text("absent") is None
    assert "VIA" in headers
    assert Via in headers
    assert CSeq not in headers


def test_reads_typed_headers() -> None:
    headers = Headers(FIELDS)

    assert headers.get(CallId) == headers.need(CallId) == CallId("c")
    assert headers.get(MaxForwards) is None
    assert [via.host for via in headers.all(Via)] == ["a", "b"]
    assert headers.all(Via) is headers.all(Via)


def test_one_bad_header_spoils_only_itself() -> None:
    headers = Headers([("CSeq", "x"), ("Call-ID", "c")])

    assert headers.get(CallId) == CallId("c")
    with pytest.raises(SipSyntaxError):
        headers.get(CSeq)


def test_missing_header() -> None:
    with pytest.raises(SipSyntaxError) as caught:
        Headers().need(CSeq)

    assert str(caught.value) == 'message has no "CSeq" header'


def test_sets_in_place_of_the_first() -> None:
    headers = Headers(FIELDS)

    assert list(headers.with_set(Via.parse("SIP/2.0/TCP z"))) == [
        ("Via", "SIP/2.0/TCP z"),
        ("X-One", "1"),
        ("x-one", "2"),
        ("Call-ID", "c"),
    ]
    assert list(headers.with_set(("x-One", "3"), ("X-ONE", "4"), CallId("d"))) == [
        ("Via", "SIP/2.0/UDP a"),
        ("x-One", "3"),
        ("X-ONE", "4"),
        ("Call-ID", "d"),
        ("v", "SIP/2.0/UDP b"),
    ]
    assert list(Headers(FIELDS[:1]).with_set(Subject("s"))) == [FIELDS[0], ("Subject", "s")]
    assert list(headers) == FIELDS


def test_adds_at_either_end_and_removes() -> None:
    headers = Headers(FIELDS[:2])

    assert list(headers.with_added(("X-One", "9"), Subject("s"))) == [*FIELDS[:2], ("X-One", "9"), ("Subject", "s")]
    assert list(headers.with_first(Subject("s"), ("Via", "z"))) == [("Subject", "s"), ("Via", "z"), *FIELDS[:2]]
    assert list(Headers(FIELDS).without("x-one", Via)) == [("Call-ID", "c")]
    assert list(headers.without("absent")) == FIELDS[:2]


def test_is_built_from_types_and_pairs() -> None:
    assert list(Headers.of(CallId("c"), ("X", "y"))) == [("Call-ID", "c"), ("X", "y")]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("", "x", 'header name "" must be a token: letters, digits and -.!%*_+`\'~'),
        ("X Y", "x", 'header name "X Y" must be a token: letters, digits and -.!%*_+`\'~'),
        ("Ünal", "x", 'header name "Ünal" must be a token: letters, digits and -.!%*_+`\'~'),
        ("X", "a\r\nVia: b", 'header "X" has a line end in its value "a\\x0d\\x0aVia: b"'),
        ("X", "a\rb", 'header "X" has a line end in its value "a\\x0db"'),
    ],
)
def test_nothing_can_be_smuggled_in(name: str, value: str, message: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        Headers([(name, value)])

    assert str(caught.value) == message
