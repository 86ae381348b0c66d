from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.session_description import (
    Direction,
    Media,
    Origin,
    RtpFormat,
    SdpSyntaxError,
    SessionDescription,
    is_nowhere,
)

# RFC 8866 section 5, the example
EXAMPLE = (
    b"v=0\r\n"
    b"o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\n"
    b"s=Call to John Smith\r\n"
    b"i=SDP Offer #1\r\n"
    b"u=http://www.jdoe.example.com/home.html\r\n"
    b"e=Jane Doe <jane@jdoe.example.com>\r\n"
    b"p=+1 617 555-6011\r\n"
    b"c=IN IP4 198.51.100.1\r\n"
    b"t=0 0\r\n"
    b"m=audio 49170 RTP/AVP 0\r\n"
    b"m=audio 49180 RTP/AVP 0\r\n"
    b"m=video 51372 RTP/AVP 99\r\n"
    b"c=IN IP6 2001:db8::2\r\n"
    b"a=rtpmap:99 h263-1998/90000\r\n"
)


def description(*lines: str) -> SessionDescription:
    return SessionDescription.parse("\r\n".join(("v=0", *lines, "")).encode())


def test_example_of_the_rfc() -> None:
    read = SessionDescription.parse(EXAMPLE)

    assert bytes(read) == EXAMPLE
    assert read.origin == Origin("jdoe", "3724394400", "3724394405", "198.51.100.1")
    assert read.value("s") == "Call to John Smith"
    assert read.media == (
        Media("audio", 49170, "RTP/AVP", ("0",)),
        Media("audio", 49180, "RTP/AVP", ("0",)),
        Media("video", 51372, "RTP/AVP", ("99",), (("c", "IN IP6 2001:db8::2"), ("a", "rtpmap:99 h263-1998/90000"))),
    )
    assert [read.media_address(media) for media in read.media] == ["198.51.100.1", "198.51.100.1", "2001:db8::2"]
    assert read.media[2].rtp_formats() == (RtpFormat(99, "h263-1998", 90000),)


def test_line_feeds_empty_lines_and_unknown_lines() -> None:
    read = SessionDescription.parse(b"v=0\n\no=- 1 1 IN IP4 a\nX=what\nm=audio 1/2 RTP/AVP 0  8\ny=\xff\n")

    assert bytes(read) == b"v=0\r\no=- 1 1 IN IP4 a\r\nX=what\r\nm=audio 1/2 RTP/AVP 0 8\r\ny=\xff\r\n"
    assert (read.media[0].port_count, read.media[0].formats) == (2, ("0", "8"))


def test_payload_types() -> None:
    media = description(
        "m=audio 4000 RTP/AVP 0 96 8 18 97 101 77 300 x 0",
        "a=rtpmap:96 opus/48000/2",
        "a=fmtp:96 useinbandfec=1; stereo=0",
        "a=rtpmap:97 PCMA/16000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=rtpmap:8 pcma/8000/1",
        "a=fmtp:18 annexb=no",
    ).media[0]

    assert media.rtp_formats() == (
        RtpFormat(0, "PCMU", 8000),
        RtpFormat(96, "opus", 48000, 2, "useinbandfec=1; stereo=0"),
        RtpFormat(8, "pcma", 8000),
        RtpFormat(18, "G729", 8000, 1, "annexb=no"),
        RtpFormat(97, "PCMA", 16000),
        RtpFormat(101, "telephone-event", 8000, 1, "0-16"),
    )
    assert media.rtp_formats()[2].same_encoding("PCMA", 8000)
    assert not media.rtp_formats()[4].same_encoding("PCMA", 8000)


def test_direction_of_a_section_is_its_own_then_the_sessions_then_both_ways() -> None:
    read = description("a=sendonly", "m=audio 1 RTP/AVP 0", "m=audio 2 RTP/AVP 0", "a=inactive")
    assert [read.direction(media) for media in read.media] == [Direction.SENDONLY, Direction.INACTIVE]

    read = description("m=audio 1 RTP/AVP 0")
    assert read.direction(read.media[0]) == Direction.SENDRECV
    assert read.media[0].with_direction(Direction.RECVONLY).lines == (("a", "recvonly"),)


def test_directions() -> None:
    table = {direction: (direction.sends, direction.receives) for direction in Direction}

    assert table == {
        Direction.SENDRECV: (True, True),
        Direction.SENDONLY: (True, False),
        Direction.RECVONLY: (False, True),
        Direction.INACTIVE: (False, False),
    }
    assert all(Direction.of(sends=sends, receives=receives) == direction for direction, (sends, receives) in table.items())


@pytest.mark.parametrize(
    ("text", "expected"), [("20", 20), ("20.0", 20), (" 30 ", 30), ("0", None), ("", None), ("x", None), ("-20", None), ("99999", None)]
)
def test_packet_times(text: str, expected: int | None) -> None:
    media = description("m=audio 1 RTP/AVP 0", f"a=ptime:{text}", f"a=maxptime:{text}").media[0]

    assert (media.ptime, media.max_ptime) == (expected, expected)


def test_attributes() -> None:
    media = description("m=audio 1 RTP/AVP 0", "a=rtcp-mux", "a=candidate:1 a", "a=candidate:2 b").media[0]

    assert media.attributes("candidate") == ("1 a", "2 b")
    assert (media.attribute("rtcp-mux"), media.attribute("ptime")) == ("", None)


def test_refused_section() -> None:
    media = Media.parse("video 5000/2 RTP/AVP 31 32")

    assert media.refused().start_line == "video 0 RTP/AVP 31 32"


@pytest.mark.parametrize(
    ("address", "nowhere"),
    [
        ("0.0.0.0", True),
        ("::", True),
        ("x.invalid", True),
        ("x.INVALID.", True),
        ("192.0.2.1", False),
        ("::1", False),
        ("invalid.com", False),
    ],
)
def test_addresses_where_nothing_arrives(address: str, nowhere: bool) -> None:
    assert is_nowhere(address) == nowhere


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", 'session description is empty. it must start with "v=0"'),
        (b"\r\n", 'session description is empty. it must start with "v=0"'),
        (b"v=1\r\n", 'session description starts with "v=1". it must start with "v=0"'),
        (b"m=audio 1 RTP/AVP 0\r\n", 'session description starts with "m=audio 1 RTP/AVP 0". it must start with "v=0"'),
        (b"v=0\r\nhello\r\n", 'SDP line "hello" must be a letter, "=" and a value'),
        (b"v=0\r\nm =audio 1 RTP/AVP 0\r\n", 'SDP line "m =audio 1 RTP/AVP 0" must be a letter, "=" and a value'),
        (
            b"v=0\r\nm=audio RTP/AVP 0\r\n",
            'SDP line "m=" "audio RTP/AVP 0" must be kind, port, protocol and formats, such as "audio 4000 RTP/AVP 0"',
        ),
        (b"v=0\r\nm=audio x RTP/AVP 0\r\n", 'SDP media port "x" must be a whole number from 0 to 65535'),
        (b"v=0\r\nm=audio 1/ RTP/AVP 0\r\n", 'SDP media port count "" must be a whole number from 0 to 65535'),
        (b"v=0\r\n" + b"a=x\r\n" * 2000, "session description has 2002 lines. it can have 2000 at most"),
        (b"v=0\r\n" + b"m=audio 1 RTP/AVP 0\r\n" * 65, "session description has 65 media sections. it can have 64 at most"),
        (b"v=0\r\n" + b"a" * 65536, "session description has 65541 bytes. it can have 65536 at most"),
    ],
)
def test_says_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(SdpSyntaxError) as caught:
        SessionDescription.parse(data)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("m=audio 1 RTP/AVP 0",), 'session description has no "c=" line for its "audio" section'),
        (("c=IN IP9 x", "m=audio 1 RTP/AVP 0"), 'SDP line "c=" "IN IP9 x" must be "IN IP4" or "IN IP6" and an address'),
        (("c=IN IP4 ", "m=audio 1 RTP/AVP 0"), 'SDP line "c=" "IN IP4 " must be "IN IP4" or "IN IP6" and an address'),
    ],
)
def test_says_what_is_wrong_with_addresses(lines: tuple[str, ...], message: str) -> None:
    read = description(*lines)

    with pytest.raises(SdpSyntaxError) as caught:
        read.media_address(read.media[0])

    assert str(caught.value) == message


def test_says_what_is_wrong_with_origins_and_payload_types() -> None:
    with pytest.raises(SdpSyntaxError) as caught:
        _ = description("s=-").origin
    assert str(caught.value) == 'session description has no "o=" line'
    with pytest.raises(SdpSyntaxError) as caught:
        _ = description("o=- 1").origin
    assert str(caught.value) == 'SDP line "o=" "- 1" must have six words, such as "- 1 1 IN IP4 192.0.2.1"'
    with pytest.raises(SdpSyntaxError) as caught:
        description("m=audio 1 RTP/AVP 96", "a=rtpmap:96 opus").media[0].rtp_formats()
    assert str(caught.value) == 'SDP attribute "rtpmap" "opus" must be an encoding and a clock rate, such as "PCMU/8000"'
    with pytest.raises(SdpSyntaxError) as caught:
        description("m=audio 1 RTP/AVP 96", "a=rtpmap:96 opus/fast").media[0].rtp_formats()
    assert str(caught.value) == 'SDP clock rate "fast" must be a whole number from 0 to 10000000'


LETTERS = st.sampled_from("osiuepcbtrzka")
TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)


@given(
    session=st.lists(st.tuples(LETTERS, TEXTS), max_size=5),
    media=st.lists(st.tuples(st.integers(0, 65535), st.lists(st.tuples(LETTERS, TEXTS), max_size=4)), max_size=4),
)
def test_any_lines_are_read_back(session: list[tuple[str, str]], media: list[tuple[int, list[tuple[str, str]]]]) -> None:
    written = SessionDescription(
        (("v", "0"), *session), tuple(Media("audio", port, "RTP/AVP", ("0",), tuple(lines)) for port, lines in media)
    )

    assert SessionDescription.parse(bytes(written)) == written


@given(data=st.binary(max_size=200).map(lambda tail: b"v=0\r\nm=audio 1 RTP/AVP 0 96\r\na=" + tail) | st.binary(max_size=200))
def test_any_bytes_are_a_description_or_an_error(data: bytes) -> None:
    text = ""
    try:
        read = SessionDescription.parse(data)
        for media in read.media:
            media.rtp_formats()
            read.direction(media)
            read.media_address(media)
    except SdpSyntaxError as problem:
        text = str(problem)
    assert text == "" or text.isprintable()
