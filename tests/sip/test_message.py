from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import HEADERS, Allow, ContentLength, ContentType, CSeq, Event, To, Via
from ivrtest.sip.message import MAX_FIELDS, Request, Response, check_message, create_response, parse_message
from ivrtest.sip.status import REASON_PHRASES, reason_phrase
from ivrtest.sip.uri import OtherUri, SipUri

# RFC 3261 section 24.2, F1 (the body is left to the reader there; 142 bytes are announced)
BODY = b"v=0\r\no=alice 53655765 2353687637 IN IP4 pc33.atlanta.com\r\ns=Session SDP\r\nt=0 0\r\nc=IN IP4 pc33.atlanta.com\r\n"
BODY += b"m=audio 3456 RTP/AVP 0 1 3 99\r\na=rtpmap:0 PCMU/8000\r\n"
INVITE = (
    b"INVITE sip:bob@biloxi.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1\r\n"
    b"Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8\r\n"
    b" ;received=192.0.2.1\r\n"
    b"Max-Forwards: 69\r\n"
    b"Record-Route: <sip:bigbox3.site3.atlanta.com;lr>\r\n"
    b"To: Bob <sip:bob@biloxi.com>\r\n"
    b"From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
    b"Call-ID: a84b4c76e66710\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Timestamp: 54\r\n"
    b"Contact: <sip:alice@pc33.atlanta.com>\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: 160\r\n"
    b"\r\n"
) + BODY


def request(data: bytes = INVITE) -> Request:
    message = parse_message(data)
    assert isinstance(message, Request)
    return message


def test_request_is_read() -> None:
    message = request()

    check_message(message)
    assert message == Request(
        "INVITE",
        SipUri(user="bob", host="biloxi.com"),
        Headers(
            [
                ("Via", "SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1"),
                ("Via", "SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8 ;received=192.0.2.1"),
                ("Max-Forwards", "69"),
                ("Record-Route", "<sip:bigbox3.site3.atlanta.com;lr>"),
                ("To", "Bob <sip:bob@biloxi.com>"),
                ("From", "Alice <sip:alice@atlanta.com>;tag=1928301774"),
                ("Call-ID", "a84b4c76e66710"),
                ("CSeq", "314159 INVITE"),
                ("Timestamp", "54"),
                ("Contact", "<sip:alice@pc33.atlanta.com>"),
                ("Content-Type", "application/sdp"),
                ("Content-Length", "160"),
            ]
        ),
        BODY,
    )
    assert bytes(message) == INVITE.replace(b"\r\n ;", b" ;")
    assert message.all(Via)[1].received == "192.0.2.1"
    assert message.text("timestamp") == "54"
    assert message.get(Event) is None


def test_response_is_read() -> None:
    data = b"SIP/2.0 486 Besetzt - \xc3\xb6\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"

    message = parse_message(data)

    assert message == Response(486, "Besetzt - ö", Headers([("CSeq", "1 INVITE"), ("Content-Length", "0")]))
    assert bytes(message) == data
    assert not message.is_provisional
    assert not message.is_success
    assert Response(183, "").is_provisional
    assert Response(202, "").is_success


def test_bytes_that_are_not_utf_8_go_through_unchanged() -> None:
    data = b"OPTIONS sip:a@b SIP/2.0\r\nSubject: \xff\xfe \xc3\xb6\r\nContent-Length: 3\r\n\r\n\x00\xff\n"

    assert bytes(parse_message(data)) == data


def test_stray_line_ends_before_bare_line_feeds_and_junk_behind() -> None:
    message = request(b"\r\n\r\n\nOPTIONS sip:a@b SIP/2.0\nX:\n 1\n\t2\nl:2\n\nokjunk")

    assert list(message.headers) == [("X", "1 2"), ("l", "2")]
    assert message.body == b"ok"


def test_without_length_the_body_is_the_rest() -> None:
    assert request(b"MESSAGE sip:a@b SIP/2.0\r\nTo: x\r\n\r\nthe rest").body == b"the rest"


def test_length_is_written_once_and_right() -> None:
    message = Request("MESSAGE", SipUri(host="b"), Headers([("l", "99"), ("Content-Length", "98"), ("To", "x")]), b"four")

    assert bytes(message) == b"MESSAGE sip:b SIP/2.0\r\nContent-Length: 4\r\nTo: x\r\n\r\nfour"
    assert bytes(Response(200, "")) == b"SIP/2.0 200 \r\nContent-Length: 0\r\n\r\n"
    assert bytes(Response(200, "OK", Headers([("Supported", "")]))) == b"SIP/2.0 200 OK\r\nSupported:\r\nContent-Length: 0\r\n\r\n"


def test_changes_return_copies() -> None:
    message = Request("INVITE", SipUri(host="b"), Headers.of(CSeq(1, "INVITE")))

    assert message.with_header(CSeq(2, "INVITE")).need(CSeq) == CSeq(2, "INVITE")
    assert list(message.with_added(Allow.of("BYE")).headers) == [("CSeq", "1 INVITE"), ("Allow", "BYE")]
    assert list(message.with_first(("X", "y")).headers) == [("X", "y"), ("CSeq", "1 INVITE")]
    assert list(message.without(CSeq).headers) == []
    with_body = message.with_body(b"v=0", "application/sdp")
    assert (with_body.body, with_body.get(ContentType)) == (b"v=0", ContentType("application", "sdp"))
    assert with_body.with_body(b"") == message
    assert message == Request("INVITE", SipUri(host="b"), Headers.of(CSeq(1, "INVITE")))


def test_nothing_can_be_smuggled_into_the_start_line() -> None:
    with pytest.raises(SipSyntaxError) as caught:
        bytes(Response(200, "OK\r\nX: y"))

    assert str(caught.value) == 'start line "SIP/2.0 200 OK\\x0d\\x0aX: y" has a line end in it'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "message is empty. it must start with a request line or a status line"),
        (b"\r\n\r\n", "message is empty. it must start with a request line or a status line"),
        (b"\x00\x01\x02", 'first line "\\x00\\x01\\x02" must be "METHOD URI SIP/2.0" or "SIP/2.0 STATUS REASON"'),
        (b"GET / HTTP/1.1\r\n\r\n", 'first line "GET / HTTP/1.1" must be "METHOD URI SIP/2.0" or "SIP/2.0 STATUS REASON"'),
        (
            b"IN VITE sip:a SIP/2.0\r\n\r\n",
            'first line "IN VITE sip:a SIP/2.0" has too many spaces. it must be "METHOD URI SIP/2.0" with single spaces',
        ),
        (b"IN(VITE sip:a SIP/2.0\r\n\r\n", 'method "IN(VITE" must be a token: letters, digits and -.!%*_+`\'~'),
        (b"INVITE bob SIP/2.0\r\n\r\n", 'URI "bob" must start with a scheme and a colon, such as "sip:"'),
        (b"SIP/2.0 99 X\r\n\r\n", 'status "99" in status line "SIP/2.0 99 X" must be a number from 100 to 699'),
        (b"SIP/2.0  200 X\r\n\r\n", 'status "" in status line "SIP/2.0  200 X" must be a number from 100 to 699'),
        (b"BYE sip:a SIP/2.0\r\n X: y\r\n\r\n", 'line " X: y" continues a header, but there is none before it'),
        (b"BYE sip:a SIP/2.0\r\nX\r\n\r\n", 'header line "X" must be a name, ":" and a value'),
        (b"BYE sip:a SIP/2.0\r\nX y: z\r\n\r\n", 'header name "X y" must be a token: letters, digits and -.!%*_+`\'~'),
        (b"BYE sip:a SIP/2.0\r\n: z\r\n\r\n", 'header name "" must be a token: letters, digits and -.!%*_+`\'~'),
        (b"BYE sip:a SIP/2.0\r\nX: y\r\n", "message has no empty line behind its headers"),
        (b"BYE sip:a SIP/2.0\r\nl: 5\r\n\r\nfour", 'Content-Length "5" is more than the 4 bytes that came behind the headers'),
        (b"BYE sip:a SIP/2.0\r\nl: 4\r\nl: 5\r\n\r\nfour", 'Content-Length is given as "4" and "5". it can be given once only'),
        (b"BYE sip:a SIP/2.0\r\n" + b"X: y\r\n" * (MAX_FIELDS + 1) + b"\r\n", "message has more than 500 header lines"),
        (b"BYE sip:a SIP/2.0\r\nX: " + b"y" * 65536 + b"\r\n\r\n", "start line and headers have 65558 bytes. they can have 65536 at most"),
    ],
)
def test_says_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        parse_message(data)

    assert str(caught.value) == message


def test_a_request_with_a_bad_uri_or_length_can_still_be_refused() -> None:
    with pytest.raises(SipSyntaxError) as caught:
        parse_message(b"INVITE <sip:a@b> SIP/2.0\r\nCall-ID: 1\r\n\r\nx")
    partial = caught.value.partial
    assert isinstance(partial, Request)
    assert partial == Request("INVITE", OtherUri("<sip:a@b>"), Headers([("Call-ID", "1")]))

    with pytest.raises(SipSyntaxError) as caught:
        parse_message(b"INVITE sip:a@b SIP/2.0\r\nCall-ID: 1\r\nl: x\r\n\r\nx")
    partial = caught.value.partial
    assert isinstance(partial, Request)
    assert bytes(create_response(partial, 400)) == b"SIP/2.0 400 Bad Request\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((b"CSeq: 314159 INVITE\r\n", b""), 'message has no "CSeq" header. it must have one'),
        ((b"CSeq: 314159 INVITE\r\n", b"CSeq: 1 INVITE\r\nCSeq: 2 INVITE\r\n"), 'message has 2 "CSeq" headers. it must have one'),
        ((b"314159 INVITE", b"314159 ACK"), 'CSeq method "ACK" must be the request\'s method "INVITE"'),
        ((b"To: Bob <sip:bob@biloxi.com>", b"To: Bob"), 'To: URI "Bob" must start with a scheme and a colon, such as "sip:"'),
        ((b"\r\nVia:", b"\r\nX-Via:"), 'message has no "Via" header'),
    ],
)
def test_what_every_message_needs(change: tuple[bytes, bytes], message: str) -> None:
    changed = request(INVITE.replace(*change))

    with pytest.raises(SipSyntaxError) as caught:
        check_message(changed)

    assert str(caught.value) == message
    assert caught.value.partial is changed


def test_response_takes_over_what_the_rfc_says() -> None:
    assert bytes(create_response(request(), 180, to_tag="a6c85cf", record_route=True)) == (
        b"SIP/2.0 180 Ringing\r\n"
        b"Via: SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1\r\n"
        b"Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8 ;received=192.0.2.1\r\n"
        b"Record-Route: <sip:bigbox3.site3.atlanta.com;lr>\r\n"
        b"From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
        b"To: Bob <sip:bob@biloxi.com>;tag=a6c85cf\r\n"
        b"Call-ID: a84b4c76e66710\r\n"
        b"CSeq: 314159 INVITE\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


def test_response_keeps_a_to_tag_its_own_reason_and_the_timestamp() -> None:
    tagged = request().with_header(To.of("sip:bob@biloxi.com", tag="old"))

    assert create_response(tagged, 200, "Fine", to_tag="new").need(To).tag == "old"
    assert create_response(tagged, 200, "Fine", to_tag="new").start_line == "SIP/2.0 200 Fine"
    assert create_response(request(), 100).text("Timestamp") == "54"
    assert "Record-Route" not in create_response(request(), 100).headers
    bad = create_response(request().with_header(("To", '"x')), 400, to_tag="new")
    assert bad.text(To) == '"x'


def test_reason_phrases() -> None:
    assert reason_phrase(486) == "Busy Here"
    assert [reason_phrase(status) for status in (150, 299, 399, 499, 599, 699)] == [
        "Progress",
        "Success",
        "Redirection",
        "Client Error",
        "Server Error",
        "Global Failure",
    ]
    assert list(REASON_PHRASES) == sorted(REASON_PHRASES)


TOKENS = st.from_regex(r"[A-Za-z0-9.!%*_+`'~-]{1,12}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40).map(lambda text: text.strip(" \t"))


@given(method=TOKENS, fields=st.lists(st.tuples(TOKENS, VALUES), max_size=8), body=st.binary(max_size=50))
def test_any_request_is_read_back(method: str, fields: list[tuple[str, str]], body: bytes) -> None:
    headers = Headers(fields).without(ContentLength)
    message = Request(method, SipUri(user="a", host="b"), headers, body)

    again = request(bytes(message))

    assert again == message.with_added(ContentLength(len(body)))


def check_text(problem: SipSyntaxError) -> None:
    assert str(problem).isprintable()
    assert len(str(problem)) < 400


def assert_reads_or_says_why(data: bytes) -> None:
    try:
        message = parse_message(data)
    except SipSyntaxError as problem:
        check_text(problem)
        return
    for kind in HEADERS:
        try:
            message.all(kind)
        except SipSyntaxError as problem:
            check_text(problem)
    assert parse_message(bytes(message)).body == message.body


@given(data=st.binary(max_size=300))
@example(b"SIP/2.0 200 OK\r\n\r\n")
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    assert_reads_or_says_why(data)


@given(place=st.integers(0, len(INVITE)), cut=st.integers(0, 30), pasted=st.binary(max_size=20))
def test_any_damage_to_a_message_is_survived(place: int, cut: int, pasted: bytes) -> None:
    assert_reads_or_says_why(INVITE[:place] + pasted + INVITE[place + cut :])


@given(name=st.sampled_from([kind.NAME for kind in HEADERS]), value=st.text('aZ09 ",;=<>()\\@:/[]*%\t.-ö', max_size=60))
def test_any_header_value_is_read_or_refused(name: str, value: str) -> None:
    assert_reads_or_says_why(f"BYE sip:a SIP/2.0\r\n{name}: {value}\r\n\r\n".encode())


@pytest.mark.parametrize(
    "value",
    [
        "<" * 60000,
        '"' * 60000,
        '"\\' * 30000,
        ";a" * 30000,
        "," * 60000,
        "a=1," * 15000,
        "Digest " + "a=1," * 8000,
        "tel:+" + "1" * 60000 + "x",
        "(" * 60000,
    ],
    ids=["angle", "quote", "escape", "parameters", "commas", "pairs", "digest", "phone", "comment"],
)
def test_a_datagram_full_of_one_thing_is_read_in_one_go(value: str) -> None:
    for kind in HEADERS:
        try:
            Headers([(kind.NAME, value)]).all(kind)
        except SipSyntaxError as problem:
            check_text(problem)
