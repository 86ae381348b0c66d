from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.framer import KEEP_ALIVE, MessageFramer

ONE = b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nl: 4\r\n\r\nbody"
TWO = b"SIP/2.0 200 OK\r\nContent-Length:0\r\n\r\n"
TORTURE = Path(__file__).parent / "torture"


def test_two_messages_in_one_piece() -> None:
    assert MessageFramer().feed(ONE + TWO) == [ONE, TWO]


def test_one_message_in_two_pieces() -> None:
    framer = MessageFramer()

    assert framer.feed(ONE[:-2]) == []
    assert framer.feed(ONE[-2:] + TWO[:5]) == [ONE]
    assert framer.feed(TWO[5:]) == [TWO]


def test_keep_alives_and_stray_line_ends() -> None:
    framer = MessageFramer()

    assert framer.feed(b"\r\n" + ONE + KEEP_ALIVE + b"\r\n") == [ONE, KEEP_ALIVE]
    assert framer.feed(b"\r\n") == [KEEP_ALIVE]
    assert framer.feed(b"\r\n\r") == []
    assert framer.feed(TWO) == [TWO]


def test_a_stream_of_something_else() -> None:
    framer = MessageFramer()

    assert framer.feed(ONE + b"\x16\x03\x01") == [ONE]
    assert str(framer.broken) == 'octet "0x16" stands where a message must begin. a 0x16 would be TLS'


def test_the_double_request_of_the_torture_messages() -> None:
    data = (TORTURE / "dblreq.dat").read_bytes()

    framer = MessageFramer()

    first, second = framer.feed(data)

    assert first.startswith(b"REGISTER ")
    assert second.startswith(b"INVITE ")
    # The RFC's second message says 150 bytes and has more; what is left over begins no message.
    assert str(framer.broken) == 'first line "C" must be "METHOD URI SIP/2.0" or "SIP/2.0 STATUS REASON"'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n",
            'message on a stream has no "Content-Length" header. without it its end cannot be known',
        ),
        (b"OPTIONS sip:a@b SIP/2.0\r\nl: -1\r\n\r\n", 'Content-Length "-1" must be a whole number from 0 to 4294967295'),
        (b"OPTIONS sip:a@b SIP/2.0\r\nl: 1000001\r\n\r\n", 'Content-Length "1000001" is too great. it can be 1000000 at most'),
        (b"GET / HTTP/1.1\r\n\r\n", 'first line "GET / HTTP/1.1" must be "METHOD URI SIP/2.0" or "SIP/2.0 STATUS REASON"'),
        (b"x" * 65537, "start line and headers on a stream go on for more than 65536 bytes"),
    ],
)
def test_says_why_a_stream_is_of_no_more_use(data: bytes, message: str) -> None:
    framer = MessageFramer()

    assert framer.feed(ONE + data) == [ONE]
    assert str(framer.broken) == message
    assert framer.feed(ONE) == []


@given(cuts=st.lists(st.integers(0, len(ONE + KEEP_ALIVE + TWO + b"\r\n" + ONE)), max_size=8))
def test_it_makes_no_difference_where_a_stream_is_cut(cuts: list[int]) -> None:
    data = ONE + KEEP_ALIVE + TWO + b"\r\n" + ONE
    framer = MessageFramer()
    edges = [0, *sorted(cuts), len(data)]

    frames = [frame for start, end in pairwise(edges) for frame in framer.feed(data[start:end])]

    assert frames == [ONE, KEEP_ALIVE, TWO, ONE]
    assert framer.broken is None
