"""The messages of RFC 5118, written from its text: each is read, refused or answered as the RFC says."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import Contact, To, Via
from ivrtest.sip.message import Request, check_message, parse_message
from ivrtest.sip.sdp import SessionDescription
from ivrtest.sip.transport import literal_address
from ivrtest.sip.uri import SipUri

if TYPE_CHECKING:
    from tests.sip.conftest import Network

HERE, CALLER = ("2001:db8::10", 5060), ("2001:db8::9:1", 5060)
VIA = "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"


def message(method: str, uri: str, *headers: str, body: str = "", via: tuple[str, ...] = (VIA,), to: str = "sip:user@example.com") -> bytes:
    fixed = [
        f"To: {to}",
        "From: sip:user@example.com;tag=81x2",
        *(f"Via: {each}" for each in via),
        "Call-ID: SSG9559905523997077@hlau_4100",
        "Max-Forwards: 70",
        f"CSeq: 98176 {method}",
        *headers,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([f"{method} {uri} SIP/2.0", *fixed, "", body]).encode()


def read(data: bytes) -> Request:
    request = parse_message(data)
    assert isinstance(request, Request)
    check_message(request)
    assert parse_message(bytes(request)) == request
    return request


CONTACT = 'Contact: "Caller" <sip:caller@[2001:db8::1]>'


def test_4_1_an_ipv6_reference() -> None:
    request = read(message("REGISTER", "sip:[2001:db8::10]", CONTACT))
    assert isinstance(request.uri, SipUri)
    assert (request.uri.host, request.uri.port) == ("2001:db8::10", None)
    assert request.need(Via).host == "2001:db8::9:1"
    assert str(request.need(Contact).uri) == "sip:caller@[2001:db8::1]"


def test_4_2_an_address_without_brackets_is_refused(network: Network) -> None:
    data = message("REGISTER", "sip:2001:db8::10", CONTACT)
    text = 'SIP URI port "db8::10" must be a whole number from 0 to 65535'
    with pytest.raises(SipSyntaxError, match=f"^{text}$"):
        parse_message(data)
    network.agent(HERE)
    network.send(data, CALLER, HERE)
    network.run(0.1)
    assert [sent.message.start_line for sent in network.sent[1:]] == [f"SIP/2.0 400 {text}"]


def test_4_3_what_stands_in_the_brackets_is_all_address() -> None:
    request = read(message("REGISTER", "sip:[2001:db8::10:5070]", CONTACT))
    assert isinstance(request.uri, SipUri)
    assert (request.uri.host, request.uri.port) == ("2001:db8::10:5070", None)
    assert literal_address(request.uri) == ("2001:db8::10:5070", 5060)


def test_4_4_a_port_stands_behind_them() -> None:
    request = read(message("REGISTER", "sip:[2001:db8::10]:5070", CONTACT))
    assert isinstance(request.uri, SipUri)
    assert literal_address(request.uri) == ("2001:db8::10", 5070)


@pytest.mark.parametrize("received", ["[2001:db8::9:255]", "2001:db8::9:255"])
def test_4_5_received_with_brackets_and_without(received: str) -> None:
    via = f"SIP/2.0/UDP [2001:db8::9:1]:6050;received={received};branch=z9hG4bKas3-111"
    request = read(message("BYE", "sip:user@host.example.net", via=(via,), to="sip:user@example.net;tag=bd76ya"))
    top = request.need(Via)
    assert (top.host, top.port, top.received) == ("2001:db8::9:1", 6050, "2001:db8::9:255")


def test_4_6_ipv6_in_the_session_description() -> None:
    body = (
        "v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=Live video feed for today's meeting\r\n"
        "c=IN IP6 2001:db8::20\r\nt=3338481189 3370017201\r\nm=audio 6000 RTP/AVP 2\r\na=rtpmap:2 G726-32/8000\r\n"
        "m=video 6024 RTP/AVP 107\r\na=rtpmap:107 H263-1998/90000\r\n"
    )
    request = read(message("INVITE", "sip:user@[2001:db8::10]", CONTACT, "Content-Type: application/sdp", body=body))
    description = SessionDescription.parse(request.body)
    assert bytes(description).decode() == body


def test_4_7_addresses_of_both_kinds_in_one_message() -> None:
    ways = (
        "SIP/2.0/UDP 192.0.2.1;received=192.0.2.1;branch=z9hG4bK2",
        "SIP/2.0/TCP [2001:db8::9:1]:5070;branch=z9hG4bK1",
        "SIP/2.0/TLS [2001:db8::a]:5061;received=[2001:db8::a];branch=z9hG4bK0",
    )
    request = read(message("BYE", "sip:user@host.example.net", via=ways, to="sip:user@example.net;tag=bd76ya"))
    assert [(via.host, via.port, via.received) for via in request.all(Via)] == [
        ("192.0.2.1", None, "192.0.2.1"),
        ("2001:db8::9:1", 5070, None),
        ("2001:db8::a", 5061, "2001:db8::a"),
    ]


def test_4_8_addresses_of_both_kinds_in_one_description() -> None:
    body = (
        "v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\n"
        "m=audio 22334 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\n"
    )
    request = read(message("INVITE", "sip:user@[2001:db8::10]", CONTACT, "Content-Type: application/sdp", body=body))
    description = SessionDescription.parse(request.body)
    connections = [value for media in description.media for kind, value in media.lines if kind == "c"]
    assert connections == ["IN IP4 192.0.2.1", "IN IP6 2001:db8::1"]


def test_4_9_ipv4_in_ipv6() -> None:
    ways = ("SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19", "SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111")
    contact = 'Contact: "T. desk phone" <sip:ted@[::ffff:192.0.2.2]>'
    request = read(message("INVITE", "sip:user@example.com", contact, via=ways))
    assert [(via.host, via.port) for via in request.all(Via)] == [("::ffff:192.0.2.10", 19823), ("::ffff:192.0.2.2", None)]
    assert isinstance(uri := request.need(Contact).uri, SipUri)
    # Python writes it with dots from 3.13 on, and without them before.
    assert literal_address(uri) == (str(ip_address("::ffff:192.0.2.2")), 5060)


@pytest.mark.parametrize("address", ["2001:db8:::192.0.2.1", "2001:db8::192.0.2.1"])
def test_4_10_three_colons_are_read_as_two(address: str) -> None:
    request = read(message("OPTIONS", f"sip:user@[{address}]", to=f"sip:user@[{address}]"))
    assert isinstance(request.uri, SipUri)
    assert literal_address(request.uri) == ("2001:db8::c000:201", 5060)
    assert isinstance(to := request.need(To).uri, SipUri)
    assert to.host == address


@pytest.mark.parametrize("address", ["2001:db8:::10", "2001:db8::::192.0.2.1"])
def test_other_rows_of_colons_are_no_address(address: str) -> None:
    assert literal_address(SipUri.parse(f"sip:user@[{address}]")) is None
