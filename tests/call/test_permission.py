"""Whom we may call."""

from __future__ import annotations

import pytest

from ivrtest.call.permission import DialRefused, Permission, is_emergency
from ivrtest.sip.uri import OtherUri, SipUri, TelUri, parse_uri


@pytest.mark.parametrize(
    "target", ["sip:ivr@127.0.0.1", "sip:127.0.0.1:5070", "sip:ivr@localhost:5999", "sip:ivr@[::1]", "sips:ivr@127.0.0.1"]
)
def test_this_machine_may_be_called_by_default(target: str) -> None:
    Permission().check(SipUri.parse(target))


@pytest.mark.parametrize("target", ["sip:ivr@127.0.0.2", "sip:127.0.0.1@example.com", "sips:ivr@127.0.0.2", "sip:a@localhost.example.com"])
def test_nobody_else_may_be_called_by_default(target: str) -> None:
    with pytest.raises(DialRefused) as refused:
        Permission().check(SipUri.parse(target))
    assert str(refused.value) == (
        f'calling "{target}" is refused: it is not among the allowed targets. allowed: "sip:*@127.0.0.1", "sip:*@localhost", "sip:*@[::1]"'
    )


@pytest.mark.parametrize(
    ("pattern", "target", "allowed"),
    [
        ("sip:+1555*@pbx.example.com", "sip:+15550100@pbx.example.com", True),
        ("sip:+1555*@pbx.example.com", "sip:+18005550100@pbx.example.com", False),
        ("sip:*@pbx.example.com:5070", "sip:a@pbx.example.com:5070", True),
        ("sip:*@pbx.example.com:5070", "sip:a@pbx.example.com", False),
        ("sip:*@*.example.com", "sip:a@PBX.Example.com", True),
        ("sip:*@*.example.com", "sip:a@example.com", False),
        ("sip:*", "sip:a@pbx.example.com", False),
        ("sip:*@pbx.example.com", "sip:a@pbx.example.com:5070;transport=tcp", True),
        ("sip:*@pbx.example.com;transport=tls", "sip:a@pbx.example.com;transport=tls", True),
        ("sip:*@pbx.example.com;transport=tls", "sip:a@pbx.example.com;transport=TCP", False),
        ("sip:*@pbx.example.com;transport=tls", "sips:a@pbx.example.com", True),
        ("sip:*@pbx.example.com;transport=udp", "sip:a@pbx.example.com", True),
        ("sips:*@pbx.example.com", "sips:a@pbx.example.com:5061", True),
        ("sips:*@pbx.example.com", "sip:a@pbx.example.com;transport=tls", False),
        ("sip:*@pbx.example.com", "sip:a@pbx.example.com;maddr=192.0.2.7", False),
        ("sip:*@*", "sip:a@pbx.example.com;maddr=192.0.2.7", True),
    ],
)
def test_patterns(pattern: str, target: str, allowed: bool) -> None:
    permission = Permission((pattern,))
    if allowed:
        permission.check(SipUri.parse(target))
    else:
        with pytest.raises(DialRefused):
            permission.check(SipUri.parse(target))


def test_with_an_empty_list_nobody_may_be_called() -> None:
    with pytest.raises(DialRefused) as refused:
        Permission(()).check(SipUri.parse("sip:ivr@127.0.0.1"))
    assert str(refused.value) == 'calling "sip:ivr@127.0.0.1" is refused: it is not among the allowed targets. allowed: nothing'


@pytest.mark.parametrize("number", ["911", "112", "999", "000", "110", "119", "118", "9911", "0112", "9-1-1", "911;phone-context=+1"])
def test_emergency_numbers_are_refused_whatever_is_allowed(number: str) -> None:
    with pytest.raises(DialRefused) as refused:
        Permission(("sip:*@127.0.0.1",)).check(SipUri.of("127.0.0.1", user=number))
    assert str(refused.value) == (
        f'calling "{SipUri.of("127.0.0.1", user=number)}" is refused: "{number}" is an emergency number, which is never called'
    )


def test_emergency_numbers_are_known_in_every_kind_of_uri() -> None:
    assert is_emergency(TelUri.parse("tel:9.1.1;phone-context=+1"))
    assert is_emergency(OtherUri("urn:service:sos.police"))
    assert not is_emergency(TelUri.parse("tel:+18005550911"))
    assert not is_emergency(SipUri.parse("sip:9114@127.0.0.1"))


def refusal(permission: Permission, target: str) -> str:
    with pytest.raises(DialRefused) as refused:
        permission.check(parse_uri(target))
    return str(refused.value)


ANYBODY = ("sip:*@*", "tel:*")


@pytest.mark.parametrize(("number", "region"), [("122", "GT"), ("9911", "US"), ("100", "IN"), ("066", "MX"), ("0100", "IN")])
def test_emergency_numbers_of_a_country(number: str, region: str) -> None:
    target = f"sip:{number}@127.0.0.1"
    assert refusal(Permission(ANYBODY, region), target) == (
        f'calling "{target}" is refused: "{number}" is an emergency number, which is never called'
    )


def test_an_extension_is_no_emergency_number_of_another_country() -> None:
    Permission(ANYBODY).check(parse_uri("sip:100@127.0.0.1"))
    Permission(ANYBODY, "US").check(parse_uri("sip:100@127.0.0.1"))
    Permission(ANYBODY, "US").check(parse_uri("sip:9114@127.0.0.1"))


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+19005550100", ""),
        ("+1-900-555-0100", ""),
        ("19005550100", ""),
        ("919005550100", ""),
        ("+449012345678", ""),
        ("09012345678", "GB"),
        ("9-09012345678", "GB"),
        ("0044-9012345678", "GB"),
        ("9005550100", "US"),
        ("011449012345678", "US"),
        ("09001234567", "DE"),
        ("+499001234567", ""),
    ],
)
def test_premium_numbers_are_refused_whatever_is_allowed(number: str, region: str) -> None:
    for target in (f"sip:{number}@127.0.0.1", f"tel:{number}" if number.startswith("+") else f"tel:{number};phone-context=pbx.test"):
        uri = parse_uri(target)
        assert refusal(Permission(ANYBODY, region), target) == (
            f'calling "{uri}" is refused: "{uri.user_text}" is a premium-rate number, which is never called'
        )


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+18005550100", "US"),
        ("+442079460123", "GB"),
        ("02079460123", "GB"),
        ("09012345678", ""),
        ("1001", "US"),
        ("sales", "GB"),
        ("9", "US"),
    ],
)
def test_ordinary_numbers_are_no_premium_numbers(number: str, region: str) -> None:
    Permission(ANYBODY, region).check(parse_uri(f"sip:{number}@127.0.0.1"))


@pytest.mark.parametrize(
    ("pattern", "host", "listed"),
    [
        ("sip:*@192.0.2.1", "192.0.2.1", True),
        ("sip:+1555*@192.0.2.1:5070;transport=tls", "192.0.2.1", True),
        ("SIPS:ivr@192.0.2.*", "192.0.2.77", True),
        ("sip:*@192.0.2.1", "192.0.2.11", False),
        ("sip:*@*", "192.0.2.1", True),
        ("sip:*@[::1]", "::1", True),
        ("sip:*@[2001:db8::1]:5070", "2001:db8::1", True),
        ("sip:*@[2001:db8::1]", "2001:db8::2", False),
        # A name is not looked up.
        ("sip:*@pbx.example.com", "192.0.2.1", False),
        ("sip:*", "192.0.2.1", False),
        ("tel:*", "192.0.2.1", False),
    ],
)
def test_hosts_of_the_list(pattern: str, host: str, listed: bool) -> None:
    assert Permission([pattern]).lists_host(host) is listed
