from __future__ import annotations

import pytest

from ivrtest.sip.grammar import Parameters, SipSyntaxError
from ivrtest.sip.header_map import Headers
from ivrtest.sip.routing import MaxForwards, Via


def test_via_is_read() -> None:
    via = Via.parse(
        "SIP / 2.0 / udp [2001:DB8::9:1] : 5070 ;branch=z9hG4bKas3;received=2001:db8::9:255;rport=4000;ttl=16;maddr=224.2.0.1;x"
    )

    assert via == Via(
        transport="UDP",
        host="2001:DB8::9:1",
        port=5070,
        parameters=Parameters(
            (
                ("branch", "z9hG4bKas3"),
                ("received", "2001:db8::9:255"),
                ("rport", "4000"),
                ("ttl", "16"),
                ("maddr", "224.2.0.1"),
                ("x", None),
            )
        ),
    )
    assert (via.branch, via.has_cookie, via.received, via.rport, via.ttl, via.maddr) == (
        "z9hG4bKas3",
        True,
        "2001:db8::9:255",
        4000,
        16,
        "224.2.0.1",
    )
    assert via.sent_by == "[2001:db8::9:1]:5070"
    assert str(via) == "SIP/2.0/UDP [2001:DB8::9:1]:5070;branch=z9hG4bKas3;received=2001:db8::9:255;rport=4000;ttl=16;maddr=224.2.0.1;x"


def test_via_defaults() -> None:
    via = Via.parse("SIP/2.0/TCP host")

    assert (via.port, via.branch, via.has_cookie, via.received, via.wants_rport, via.rport, via.ttl, via.maddr) == (
        None,
        None,
        False,
        None,
        False,
        None,
        None,
        None,
    )


def test_via_is_built() -> None:
    assert str(Via.of("udp", "192.0.2.1", 5060, branch="z9hG4bK1")) == "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport"
    assert str(Via.of("TCP", "::1", branch="z9hG4bK1", rport=False)) == "SIP/2.0/TCP [::1];branch=z9hG4bK1"


@pytest.mark.parametrize(
    ("via", "noted", "answer_goes_to"),
    [
        # RFC 3261 section 18.2.1: nothing to note
        ("SIP/2.0/UDP 192.0.2.1:5070;branch=b", "SIP/2.0/UDP 192.0.2.1:5070;branch=b", ("192.0.2.1", 5070)),
        # the source is not the sent-by
        ("SIP/2.0/UDP bobspc.biloxi.com", "SIP/2.0/UDP bobspc.biloxi.com;received=192.0.2.1", ("192.0.2.1", 5060)),
        # RFC 3581 section 4: both are always noted
        (
            "SIP/2.0/UDP 192.0.2.1:5070;rport;branch=b",
            "SIP/2.0/UDP 192.0.2.1:5070;rport=9988;branch=b;received=192.0.2.1",
            ("192.0.2.1", 9988),
        ),
        # what a sender claims is not believed
        ("SIP/2.0/UDP 10.0.0.1;received=10.9.9.9;rport=1", "SIP/2.0/UDP 10.0.0.1;rport=9988;received=192.0.2.1", ("192.0.2.1", 9988)),
        # RFC 3261 section 18.2.2: multicast
        ("SIP/2.0/UDP x;maddr=224.2.0.1", "SIP/2.0/UDP x;maddr=224.2.0.1;received=192.0.2.1", ("224.2.0.1", 5060)),
    ],
)
def test_a_server_notes_the_source(via: str, noted: str, answer_goes_to: tuple[str, int]) -> None:
    seen = Via.parse(via).with_source("192.0.2.1", 9988)

    assert str(seen) == noted
    assert Via.parse(str(seen)) == seen
    assert seen.response_address() == answer_goes_to


def test_a_server_notes_an_ipv6_source() -> None:
    seen = Via.parse("SIP/2.0/UDP host;rport").with_source("2001:db8::1", 5060)

    assert str(seen) == "SIP/2.0/UDP host;rport=5060;received=2001:db8::1"
    assert Via.parse(str(seen)).received == "2001:db8::1"
    assert Via.parse("SIP/2.0/UDP host;received=[2001:db8::1]").received == "2001:db8::1"


def test_several_hops_in_one_field_and_in_several() -> None:
    headers = Headers([("Via", 'SIP/2.0/UDP a;x="p,q", SIP/2.0/TCP b'), ("v", "SIP/2.0/TLS c")])

    assert [via.host for via in headers.all(Via)] == ["a", "b", "c"]
    first = headers.all(Via)[0]
    assert list(headers.with_first_value(first.with_source("192.0.2.9", 1))) == [
        ("Via", 'SIP/2.0/UDP a;x="p,q";received=192.0.2.9'),
        ("Via", "SIP/2.0/TCP b"),
        ("Via", "SIP/2.0/TLS c"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'Via "" must start with protocol and transport, such as "SIP/2.0/UDP", and a space'),
        ("SIP/2.0 host", 'Via "SIP/2.0 host" must start with protocol and transport, such as "SIP/2.0/UDP", and a space'),
        ("SIP/2.0/UDP ;branch=1", 'Via "" has no host. it must start with a host name, an IPv4 address or an [IPv6 address]'),
        ("SIP/2.0/UDP a b", 'Via "a b" goes on with "b" behind its host. only a colon and a port can follow'),
        ("SIP/2.0/UDP a:b", 'Via port "b" must be a whole number from 0 to 65535'),
        ("SIP/2.0/UDP a;=b", 'Via parameter "" must be a token: letters, digits and -.!%*_+`\'~'),
    ],
)
def test_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        Via.parse(text)

    assert str(caught.value) == message


def test_says_what_is_wrong_with_numbers() -> None:
    via = Via.parse("SIP/2.0/UDP a;rport=x;ttl=256")

    with pytest.raises(SipSyntaxError) as caught:
        _ = via.rport
    assert str(caught.value) == 'Via rport "x" must be a whole number from 0 to 65535'
    with pytest.raises(SipSyntaxError) as caught:
        _ = via.ttl
    assert str(caught.value) == 'Via ttl "256" is too great. it can be 255 at most'
    with pytest.raises(SipSyntaxError) as caught:
        MaxForwards.parse("256")
    assert str(caught.value) == 'Max-Forwards "256" is too great. it can be 255 at most'
