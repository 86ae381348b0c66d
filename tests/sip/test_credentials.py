"""Messages that are kept without what passwords could be found out from."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.auth_headers import Authorization, WwwAuthenticate
from ivrtest.sip.credentials import without_credentials
from ivrtest.sip.digest import DigestUse, Secret, answer_challenge
from ivrtest.sip.message import Request, parse_message

HASH = "5ccc069c403ebaf9f0171e9517f40e41"
HIDDEN = "x" * len(HASH)


def kept(header: str) -> str:
    """Return what stays of a header in a message."""
    message = f"INVITE sip:a@b SIP/2.0\r\n{header}\r\nCSeq: 1 INVITE\r\n\r\n".encode()
    blank = without_credentials(message)
    assert len(blank) == len(message)
    first, rest = blank.decode().split("\r\n", 1)
    assert first == "INVITE sip:a@b SIP/2.0"
    assert rest.endswith("\r\nCSeq: 1 INVITE\r\n\r\n")
    return rest.removesuffix("\r\nCSeq: 1 INVITE\r\n\r\n")


@pytest.mark.parametrize(
    "header",
    [
        'Authorization: Digest username="1001", realm="pbx", nonce="n", uri="sip:a@b", response="{hash}", algorithm=MD5',
        'Proxy-Authorization: Digest response="{hash}", username="1001"',
        'authorization : DIGEST username="1001" , RESPONSE = "{hash}"',
        'Authorization: Digest username="1001",\r\n realm="pbx",\r\n\tresponse="{hash}"',
        'Authorization: Digest\r\n response="{hash}"',
        "Authorization: Digest response={hash}, nc=00000001",
        'Authorization: Digest response="{hash}',
        # What looks like it inside another text is none, and hides none.
        'Authorization: Digest realm="x, response=", response="{hash}"',
        'Authorization: Digest realm="a \\" response=", response="{hash}"',
        'Authentication-Info: nextnonce="m", rspauth="{hash}", qop=auth',
        'Proxy-Authentication-Info: rspauth="{hash}"',
    ],
)
def test_what_is_computed_from_a_password_is_blanked_and_nothing_else(header: str) -> None:
    assert kept(header.format(hash=HASH)) == header.format(hash=HIDDEN)


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("Authorization: Basic MTAwMTpodW50ZXIy", "Authorization: Basic xxxxxxxxxxxxxxxx"),
        ("Authorization: Bearer a.b,\r\n c", "Authorization: Bearer xxxx\r\n x"),
        ("Contact: <sip:1001:hunter2@192.0.2.1:5060>", "Contact: <sip:1001:xxxxxxx@192.0.2.1:5060>"),
        ('Contact: "a:b@c" <sips:1001@192.0.2.1:5060>', 'Contact: "a:b@c" <sips:1001@192.0.2.1:5060>'),
        ("Route: <sip:192.0.2.1:5060;lr>, <sip:a@b>", "Route: <sip:192.0.2.1:5060;lr>, <sip:a@b>"),
        ('WWW-Authenticate: Digest realm="response=1", nonce="n"', 'WWW-Authenticate: Digest realm="response=1", nonce="n"'),
        ('X-Test: response="1"', 'X-Test: response="1"'),
    ],
)
def test_other_headers(header: str, shown: str) -> None:
    assert kept(header) == shown


@given(st.text('abc012 =,\\"\t:', max_size=30), st.text('abc012 =,\\"\t:', max_size=30))
def test_no_answer_to_a_challenge_stays_whatever_the_server_asks(realm: str, nonce: str) -> None:
    challenge = WwwAuthenticate.digest(realm=realm, nonce=nonce)
    answer = answer_challenge(challenge, Secret("1001", "open sesame"), DigestUse("INVITE", "sip:a@b", "c"))
    assert isinstance(answer, Authorization)
    given_away = answer.get("response")
    assert given_away is not None
    message = b"INVITE sip:a@b SIP/2.0\r\nAuthorization: " + str(answer).encode() + b"\r\nCSeq: 1 INVITE\r\n\r\n"
    blank = without_credentials(message)
    assert given_away.encode() in message
    assert given_away.encode() not in blank


@pytest.mark.parametrize("piece", [b"a", b"a ", b"=", b'"', b"\\", b'response="', b"\r\n ", b"sip:a:"])
def test_a_long_header_takes_no_long_time(piece: bytes) -> None:
    message = b"INVITE sip:a@b SIP/2.0\r\nAuthorization: Digest " + piece * (60_000 // len(piece)) + b"\r\n\r\n"
    began = time.process_time()
    without_credentials(message)
    assert time.process_time() - began < 5


@given(st.binary(max_size=200))
def test_any_octets_stay_as_long_as_they_are(message: bytes) -> None:
    assert len(without_credentials(message)) == len(message)
    assert without_credentials(without_credentials(message)) == without_credentials(message)


def test_a_blanked_message_is_read_as_before() -> None:
    header = f'Authorization: Digest username="1001", realm="pbx", nonce="n", uri="sip:a@b", response="{HASH}"'
    message = f"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n{header}\r\nContent-Length: 0\r\n\r\n".encode()
    read = parse_message(without_credentials(message))
    assert isinstance(read, Request)
    credentials = read.get(Authorization)
    assert credentials is not None
    assert (credentials.get("username"), credentials.get("nonce"), credentials.get("response")) == ("1001", "n", HIDDEN)
