from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.address import Contact, Diversion, From, PAssertedIdentity, RecordRoute, ReferTo, Route, To
from ivrtest.sip.grammar import Parameters, SipSyntaxError
from ivrtest.sip.header_map import Headers
from ivrtest.sip.uri import OtherUri, SipUri, TelUri


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<sip:a@b>", From(SipUri(user="a", host="b"))),
        ("sip:a@b", From(SipUri(user="a", host="b"))),
        ("sip:a@b;tag=1", From(SipUri(user="a", host="b"), None, Parameters((("tag", "1"),)))),
        ("<sip:a@b;tag=0>;tag=1", From(SipUri.parse("sip:a@b;tag=0"), None, Parameters((("tag", "1"),)))),
        ('""<sip:a@b>', From(SipUri(user="a", host="b"), "")),
        ('"A. \\"B\\" \\\\ C, <D>" <sip:a@b>', From(SipUri(user="a", host="b"), 'A. "B" \\ C, <D>')),
        ("Mr.  Watson\t <sip:a@b>", From(SipUri(user="a", host="b"), "Mr. Watson")),
        ("José <sip:a@b>", From(SipUri(user="a", host="b"), "José")),
        ('sip:a@b;x="<;>"', From(SipUri(user="a", host="b"), None, Parameters((("x", '"<;>"'),)))),
        ("<tel:+1555> ; tag = 1 ;; flag", From(TelUri("+1555"), None, Parameters((("tag", "1"), ("flag", None))))),
        ("A <urn:x:y>", From(OtherUri("urn:x:y"), "A")),
    ],
)
def test_is_read(text: str, expected: From) -> None:
    assert From.parse(text) == expected
    assert From.parse(str(expected)) == expected


def test_is_written() -> None:
    assert str(From.of("sip:a@b", "Ann Lee", tag="1")) == "Ann Lee <sip:a@b>;tag=1"
    assert str(From.of("sip:a@b", 'Lee, "Ann"', x="y z")) == '"Lee, \\"Ann\\"" <sip:a@b>;x="y z"'
    assert str(From.of("sip:a@b", "")) == '"" <sip:a@b>'
    assert str(To.of(SipUri(host="b")).with_tag("9").with_tag("8")) == "<sip:b>;tag=8"
    assert str(Route.like(RecordRoute.parse("<sip:p;lr>"))) == "<sip:p;lr>"


def test_two_quoted_addresses_in_one_field_and_a_third_in_another() -> None:
    headers = Headers(
        [
            ("P-Asserted-Identity", '"Lee, \\"Ann\\"" <sip:ann@x.com?a=b,c>;p="q,r", "b" <tel:+1555>'),
            ("Subject", "x"),
            ("p-asserted-identity", "<sip:c@z.com>"),
        ]
    )

    assert [str(one) for one in headers.all(PAssertedIdentity)] == [
        '"Lee, \\"Ann\\"" <sip:ann@x.com?a=b,c>;p="q,r"',
        "b <tel:+1555>",
        "<sip:c@z.com>",
    ]


def test_diversion_and_refer_to() -> None:
    diversion = Diversion.parse("<sip:+1555@x.com>;reason=no-answer;counter=1;screen=no")
    assert diversion.parameters.get("Reason") == "no-answer"

    refer = ReferTo.parse("<sip:bob@x.com?Replaces=12%40h%3Bto-tag%3D1%3Bfrom-tag%3D2>")
    assert refer.sip_uri.header("Replaces") == "12@h;to-tag=1;from-tag=2"


def test_contact() -> None:
    contact = Contact.parse('<sip:a@b>;q=0.5;expires=60;+sip.instance="<urn:uuid:1>"')
    assert (contact.q, contact.expires, contact.parameters.get("+sip.instance")) == (0.5, 60, "<urn:uuid:1>")
    assert (Contact.of("sip:a@b").q, Contact.of("sip:a@b").expires) == (None, None)

    assert Contact.parse(" * ") == Contact.everything()
    assert str(Contact.everything()) == "*"
    assert Contact.everything().is_everything


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "From is empty. it must be an address, such as <sip:alice@example.com>"),
        ('"Ann <sip:a@b>', 'From ""Ann <sip:a@b>" has no closing double quote'),
        ('"Ann" sip:a@b', 'From ""Ann" sip:a@b" must have "<", a URI and ">" behind its display name'),
        ("<sip:a@b", 'From "<sip:a@b" has no closing ">" behind its URI'),
        ("<sip:a@b> x", 'From "<sip:a@b> x" goes on with "x" behind its ">". only parameters can follow'),
        ("<>", 'From: URI "" must start with a scheme and a colon, such as "sip:"'),
        ("Ann", 'From: URI "Ann" must start with a scheme and a colon, such as "sip:"'),
        ("<sip:a b>", 'From: SIP URI "sip:a b" must not have the character " " in it. write it as %20'),
        ("<sip:a>;tag=", 'From parameter "tag" has no value behind its "="'),
        ("<sip:a>;t g=1", 'From parameter "t g" must be a token: letters, digits and -.!%*_+`\'~'),
        ('<sip:a>;x="1', 'From ""1" has no closing double quote'),
        ('<sip:a>;x="1"2', 'From parameter "x="1"2" has text behind its closing double quote'),
    ],
)
def test_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        From.parse(text)

    assert str(caught.value) == message


def test_says_what_is_wrong_in_lists() -> None:
    with pytest.raises(SipSyntaxError) as caught:
        Headers([("Route", "<sip:a>, <sip:b")]).all(Route)
    assert str(caught.value) == 'Route "<sip:b" has no closing ">"'

    with pytest.raises(SipSyntaxError) as caught:
        Headers([("Contact", "<sip:a>"), ("m", "*")]).all(Contact)
    assert str(caught.value) == 'Contact "*" must be the only contact, but there are 2'


@pytest.mark.parametrize("value", ["1.1", "2", "0.1234", "-1", "x", "١"])
def test_says_what_is_wrong_with_a_preference(value: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        _ = Contact.of("sip:a@b", q=value).q

    assert str(caught.value) == f'Contact q "{value}" must be a number from 0 to 1 with at most three decimals'


def test_wants_a_sip_uri_where_one_is_needed() -> None:
    with pytest.raises(SipSyntaxError) as caught:
        _ = Contact.parse("<tel:+1>").sip_uri

    assert str(caught.value) == 'Contact "tel:+1" must be a "sip:" or "sips:" URI here'


PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)


@given(names=st.lists(st.none() | PRINTABLE, min_size=1, max_size=4), value=PRINTABLE)
def test_a_list_of_any_names_is_read_back(names: list[str | None], value: str) -> None:
    addresses = tuple(Route.of(SipUri.of("example.com", user="a,b"), name, x=value) for name in names)

    assert Headers([("Route", ", ".join(str(address) for address in addresses))]).all(Route) == addresses
    assert Headers.of(*addresses).all(Route) == addresses
