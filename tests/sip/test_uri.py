from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.uri import OtherUri, SipUri, TelUri, UriParameters, parse_uri


@pytest.mark.parametrize(
    "text",
    [
        # RFC 3261 section 19.1.3
        "sip:alice@atlanta.com",
        "sip:alice:secretword@atlanta.com;transport=tcp",
        "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sips:1212@gateway.com",
        "sip:alice@192.0.2.4",
        "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
        "sip:alice;day=tuesday@atlanta.com",
        # and others
        "sip:[2001:db8::10]",
        "sip:bob@[2001:db8::10]:5070;transport=tls",
        "sip:192.0.2.1:5060",
        "sip:%61lice@example.com",
        "sip:host_with_underscore.internal",
        "sip:*21#@example.com",
        "sip:a@b;p=1;P=2;flag;empty=",
        "sip:josé@example.com",
    ],
)
def test_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_uri(text)) == text
    assert isinstance(parse_uri(text), SipUri)


def test_parts() -> None:
    uri = SipUri.parse("SIPS:+1555;ext=9:pw%20d@[2001:DB8::1]:5061;Transport=TCP;lr;maddr=192.0.2.1;ttl=5;user=phone?Subject=a%20b&X=")

    assert uri == SipUri(
        scheme="sips",
        user="+1555;ext=9",
        password="pw%20d",
        host="2001:DB8::1",
        port=5061,
        parameters=UriParameters((("Transport", "TCP"), ("lr", None), ("maddr", "192.0.2.1"), ("ttl", "5"), ("user", "phone"))),
        headers=(("Subject", "a%20b"), ("X", "")),
    )
    assert (uri.secure, uri.transport, uri.loose_router, uri.maddr, uri.ttl, uri.is_phone) == (True, "tcp", True, "192.0.2.1", 5, True)
    assert uri.header("subject") == "a b"
    assert uri.header("absent") is None
    assert str(uri.as_request_uri()) == "sips:+1555;ext=9:pw%20d@[2001:DB8::1]:5061;Transport=TCP;lr;maddr=192.0.2.1;ttl=5;user=phone"


def test_defaults() -> None:
    uri = SipUri.parse("sip:example.com")

    assert uri == SipUri(host="example.com")
    assert (uri.user_text, uri.secure, uri.transport, uri.loose_router, uri.maddr, uri.ttl, uri.is_phone) == (
        "",
        False,
        None,
        False,
        None,
        None,
        False,
    )


def test_is_built_from_plain_text() -> None:
    uri = SipUri.of("example.com", 5060, user="a b@c#", transport="tcp", lr=None, odd="x;y=z")

    assert str(uri) == "sip:a%20b%40c%23@example.com:5060;transport=tcp;lr;odd=x%3By%3Dz"
    assert uri.user_text == "a b@c#"
    assert uri.parameters.get("odd") == "x;y=z"


def test_changes_return_copies() -> None:
    uri = SipUri.parse("sip:alice@example.com;transport=udp;lr")

    assert str(uri.with_user("Ünal")) == "sip:%C3%9Cnal@example.com;transport=udp;lr"
    assert str(uri.with_user(None)) == "sip:example.com;transport=udp;lr"
    assert str(uri.with_address("::1", 5070)) == "sip:alice@[::1]:5070;transport=udp;lr"
    assert str(uri.with_parameter("Transport", "tcp")) == "sip:alice@example.com;Transport=tcp;lr"
    assert str(uri.without_parameter("LR")) == "sip:alice@example.com;transport=udp"
    replaced = uri.with_header("Replaces", "a@b;to-tag=1;from-tag=2")
    assert str(replaced) == "sip:alice@example.com;transport=udp;lr?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2"
    assert replaced.header("Replaces") == "a@b;to-tag=1;from-tag=2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # RFC 3261 section 19.1.4, the pairs that are equivalent
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        ("sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x"),
        ("sip:a%2fb@h", "sip:a%2Fb@h"),
    ],
)
def test_matches(one: str, other: str) -> None:
    assert SipUri.parse(one).matches(SipUri.parse(other))
    assert SipUri.parse(other).matches(SipUri.parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # RFC 3261 section 19.1.4, the pairs that are not equivalent
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        # and others
        ("sip:a@h", "sips:a@h"),
        ("sip:a@h", "sip:h"),
        ("sip:a:x@h", "sip:a:X@h"),
        ("sip:a%2Fb@h", "sip:a/b@h"),
        ("sip:a@h;maddr=192.0.2.1", "sip:a@h"),
        ("sip:5@h", "tel:5"),
    ],
)
def test_does_not_match(one: str, other: str) -> None:
    assert not parse_uri(one).matches(parse_uri(other))
    assert not parse_uri(other).matches(parse_uri(one))


def test_telephone_uri() -> None:
    uri = TelUri.parse("TEL:+1-201-(555).0123;phone-context=example.com;ext=5")

    assert str(uri) == "tel:+1-201-(555).0123;phone-context=example.com;ext=5"
    assert (uri.digits, uri.user_text) == ("+12015550123", "+12015550123")
    assert uri.matches(parse_uri("tel:+12015550123;EXT=5;phone-context=EXAMPLE.com"))
    assert not uri.matches(parse_uri("tel:+12015550123"))
    assert not uri.matches(parse_uri("sip:+12015550123@example.com"))


def test_other_schemes_are_kept() -> None:
    uri = parse_uri("urn:service:sos")

    assert uri == OtherUri("urn:service:sos")
    assert uri.user_text == ""
    assert uri.matches(OtherUri("URN:service:sos"))
    assert not uri.matches(OtherUri("urn:service:SOS"))
    assert OtherUri("URN:service:sos").scheme == "urn"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'URI "" must start with a scheme and a colon, such as "sip:"'),
        ("alice", 'URI "alice" must start with a scheme and a colon, such as "sip:"'),
        ("sip:", 'SIP URI "" has no host. it must start with a host name, an IPv4 address or an [IPv6 address]'),
        ("sip:alice@", 'SIP URI "" has no host. it must start with a host name, an IPv4 address or an [IPv6 address]'),
        ("sip:@example.com", 'SIP URI "sip:@example.com" has no user before its "@"'),
        ("sip::secret@example.com", 'SIP URI "sip::secret@example.com" has no user before its ":" and password'),
        ("sip:alice@a@b", 'SIP URI "a@b" goes on with "@b" behind its host. only a colon and a port can follow'),
        (
            "sip:alice@[2001:db8::1",
            'SIP URI "[2001:db8::1" has no host. it must start with a host name, an IPv4 address or an [IPv6 address]',
        ),
        ("sip:h:sip", 'SIP URI port "sip" must be a whole number from 0 to 65535'),
        ("sip:h:65536", 'SIP URI port "65536" is too great. it can be 65535 at most'),
        ("sip:h:" + "9" * 100, f'SIP URI port "{"9" * 57}..." is too great. it can be 65535 at most'),
        ("sip:a b@h", 'SIP URI "sip:a b@h" must not have the character " " in it. write it as %20'),
        ("sip:a\r\nX: y@h", 'SIP URI "sip:a\\x0d\\x0aX: y@h" must not have the character "\\x0d" in it. write it as %0D'),
        ("sip:a%zz@h", 'SIP URI "sip:a%zz@h" has "%zz" in it. behind "%" must be two hexadecimal digits'),
        ("sip:h;=x", 'SIP URI parameter "=x" has no name'),
        ("sip:h?a=b&=c", 'SIP URI header "=c" must be a name, "=" and a value'),
        ("tel:", 'telephone URI "tel:" must have a number behind "tel:", such as "+18005550100"'),
        ("tel:+-", 'telephone URI "tel:+-" must have a number behind "tel:", such as "+18005550100"'),
        ("tel:alice", 'telephone URI "tel:alice" must have a number behind "tel:", such as "+18005550100"'),
        ("http://a b", 'URI "http://a b" must not have the character " " in it. write it as %20'),
    ],
)
def test_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        parse_uri(text)

    assert str(caught.value) == message


def test_sip_uri_wants_its_own_schemes() -> None:
    with pytest.raises(SipSyntaxError) as caught:
        SipUri.parse("tel:+1555")
    assert str(caught.value) == 'SIP URI "tel:+1555" must start with "sip:" or "sips:"'

    with pytest.raises(SipSyntaxError) as caught:
        TelUri.parse("sip:a@b")
    assert str(caught.value) == 'telephone URI "sip:a@b" must start with "tel:"'


@given(
    user=st.none() | st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()),
    port=st.none() | st.integers(0, 65535),
    value=st.text(max_size=20),
    header=st.text(max_size=20),
)
def test_what_is_built_is_read_back(user: str | None, port: int | None, value: str, header: str) -> None:
    uri = SipUri.of("example.com", port, user=user, odd=value).with_header("Subject", header)

    again = parse_uri(str(uri))

    assert again == uri
    assert again.matches(uri)
    assert isinstance(again, SipUri)
    assert again.user_text == (user or "")
    assert again.parameters.get("odd") == value
    assert again.header("Subject") == header


@given(text=st.text(max_size=80) | st.from_regex(r"(sip|sips|tel|urn):[ -~]{0,60}", fullmatch=True))
def test_any_text_is_a_uri_or_an_error_and_is_stable(text: str) -> None:
    try:
        uri = parse_uri(text)
    except SipSyntaxError:
        return
    assert parse_uri(str(uri)) == uri
    assert uri.matches(uri)
