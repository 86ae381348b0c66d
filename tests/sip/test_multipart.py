"""Bodies of several parts: RFC 2046, RFC 5621; and the binary message of RFC 4475 (section 3.1.1.11)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.callee import CalledLeg
from ivrtest.sip.events import Answered, IncomingCall
from ivrtest.sip.headers import ContentType
from ivrtest.sip.message import Request, check_message, parse_message
from ivrtest.sip.multipart import parts, session_description
from ivrtest.sip.uri import parse_uri

if TYPE_CHECKING:
    from tests.sip.conftest import Network

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
SDP = b"v=0\r\no=alice offer\r\n"
ISUP = bytes(range(256)) + b"\r\n\r\n\x00"


def body(*contents: tuple[str, bytes], boundary: str = "b1") -> bytes:
    pieces = [
        f"--{boundary}\r\n".encode() + (f"Content-Type: {kind}\r\n".encode() if kind else b"") + b"\r\n" + data for kind, data in contents
    ]
    return b"\r\n".join([*pieces, f"--{boundary}--\r\n".encode()])


def mixed(data: bytes, boundary: str = "b1") -> Request:
    return Request("INVITE", parse_uri("sip:a@b")).with_body(data, f'multipart/mixed;boundary="{boundary}"')


def test_a_description_beside_a_gateways_isup() -> None:
    data = body(("application/ISUP;version=itu-t92+", ISUP), ("Application/SDP", SDP))
    assert parts(data, "b1") == [("application/isup", ISUP), ("application/sdp", SDP)]
    assert session_description(mixed(data)) == SDP


def test_the_first_description_counts() -> None:
    assert session_description(mixed(body(("application/sdp", SDP), ("application/sdp", b"v=1\r\n")))) == SDP


@pytest.mark.parametrize("data", [b"", b"--b1", b"no boundary", body(("text/plain", b"x")), body(("", SDP)), b"--b2\r\n\r\n--b2--"])
def test_without_a_description_there_is_none(data: bytes) -> None:
    assert session_description(mixed(data)) is None


def test_what_stands_before_the_first_boundary_and_behind_the_last_is_none_of_it() -> None:
    data = b"preamble\r\n" + body(("application/sdp", SDP)) + b"--b1\r\nContent-Type: text/plain\r\n\r\nepilogue"
    assert parts(data, "b1") == [("application/sdp", SDP)]


def test_line_ends_of_other_systems() -> None:
    data = b"--b1\nContent-Type: application/sdp\n\nv=0\n--b1--\n"
    assert session_description(mixed(data)) == b"v=0"


@given(st.binary(max_size=300), st.text("ab1-.", min_size=1, max_size=5))
def test_any_bytes_come_to_parts_or_none(data: bytes, boundary: str) -> None:
    for _, content in parts(data, boundary):
        assert content in data


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_parts_come_back(contents: list[bytes]) -> None:
    kept = [content for content in contents if b"--b1" not in content and not content.endswith(b"\r")]
    assert parts(body(*(("text/x", content) for content in kept)), "b1") == [("text/x", content) for content in kept]


def test_a_caller_whose_offer_is_one_of_several_parts(network: Network) -> None:
    network.agent(BOB)
    network.answering(BOB)
    data = body(("application/isup", ISUP), ("application/sdp", SDP))
    invite = (
        "INVITE sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=a\r\n"
        "To: <sip:bob@192.0.2.2>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\n"
        f"Content-Type: multipart/mixed;boundary=b1\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    network.send(invite.encode() + data, ALICE, BOB)
    network.run(0.1)
    assert network.of_kind(BOB, IncomingCall).offer == SDP
    assert network.last("200 INVITE").body


def test_an_answer_in_several_parts(network: Network) -> None:
    alice, bob = network.pair()
    handle = network.call()
    network.run(0.1)
    bobs = network.of_kind(BOB, IncomingCall).handle
    leg = bob._registry.legs[bobs]
    assert isinstance(leg, CalledLeg)
    response = bob._endpoint.response(leg._call.transaction, 200)
    leg._call.respond(response.with_body(body(("application/sdp", SDP)), "multipart/mixed;boundary=b1"), network.now)
    network.run(0.1)
    assert network.of_kind(ALICE, Answered).sdp == SDP
    assert alice.calls == 1
    assert handle


def test_mpart01_a_message_with_a_binary_body() -> None:
    """RFC 4475 section 3.1.1.11: a signed message, whose signature is binary and holds null octets."""
    data = (Path(__file__).parent / "torture" / "mpart01.dat").read_bytes()
    message = parse_message(data)
    check_message(message)
    assert len(message.body) == 553
    assert bytes(message.body) == data[-553:]
    assert parse_message(bytes(message)).body == message.body
    (text, hello), (signed, signature) = parts(message.body, message.need(ContentType).parameters.get("boundary") or "")
    assert (text, hello, signed) == ("text/plain", b"Hello", "application/octet-stream")
    # The signature is one sequence of ASN.1, which says how long it is.
    assert signature[:2] == b"\x30\x82"
    assert len(signature) == 4 + int.from_bytes(signature[2:4])
    assert b"\0" in signature
