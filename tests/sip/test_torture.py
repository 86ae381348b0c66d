"""The messages of RFC 4475: each is read, or refused for the reason the RFC gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import (
    HEADERS,
    Authorization,
    CallId,
    Contact,
    CSeq,
    Expires,
    From,
    MaxForwards,
    ProxyRequire,
    Require,
    RetryAfter,
    Route,
    Subject,
    To,
    Via,
)
from ivrtest.sip.message import Message, Request, Response, check_message, parse_message
from ivrtest.sip.uri import OtherUri, SipUri

FOLDER = Path(__file__).parent / "torture"
NAMES = sorted(path.stem for path in FOLDER.glob("*.dat"))

NOT_PARSED = {
    "bigcode": 'status "4294967301" in status line "SIP/2.0 4294967301 better not break the receiver" must be a number from 100 to 699',
    "clerr": 'Content-Length "9999" is more than the 154 bytes that came behind the headers',
    "ltgtruri": 'URI "<sip:user@example.com>" must start with a scheme and a colon, such as "sip:"',
    "lwsruri": 'first line "INVITE sip:user@example.com; lr SIP/2.0" has too many spaces. '
    'it must be "METHOD URI SIP/2.0" with single spaces',
    "lwsstart": 'first line "INVITE  sip:user@example.com  SIP/2.0" has too many spaces. '
    'it must be "METHOD URI SIP/2.0" with single spaces',
    "mcl01": 'Content-Length is given as "5" and "13". it can be given once only',
    "ncl": 'Content-Length "-999" must be a whole number from 0 to 4294967295',
}
NOT_ACCEPTED = {
    "badinv01": 'Via ";" must start with protocol and transport, such as "SIP/2.0/UDP", and a space',
    "insuf": 'message has no "From" header. it must have one',
    "mismatch01": 'CSeq method "INVITE" must be the request\'s method "OPTIONS"',
    "mismatch02": 'CSeq method "INVITE" must be the request\'s method "NEWMETHOD"',
    "multi01": 'message has 2 "From" headers. it must have one',
    "quotbal": 'To ""Mr. J. User <sip:j.user@example.com>" has no closing double quote',
    "scalar02": 'CSeq number "36893488147419103232" is too great. it can be 2147483647 at most',
    "scalarlg": 'CSeq number "9292394834772304023312" is too great. it can be 2147483647 at most',
}


def read(name: str) -> Message:
    return parse_message((FOLDER / f"{name}.dat").read_bytes())


def request(name: str) -> Request:
    message = read(name)
    assert isinstance(message, Request)
    return message


def test_all_are_here() -> None:
    assert len(NAMES) == 49


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_PARSED and name not in NOT_ACCEPTED])
def test_is_read_and_every_header_of_it(name: str) -> None:
    message = read(name)

    check_message(message)
    for kind in HEADERS:
        message.all(kind)
    again = parse_message(bytes(message))
    assert again.start_line == message.start_line
    assert again.headers.without("Content-Length") == message.headers.without("Content-Length")
    assert again.body == message.body


@pytest.mark.parametrize("name", sorted(NOT_PARSED))
def test_is_refused_at_once(name: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        read(name)

    assert str(caught.value) == NOT_PARSED[name]
    # A request can still be answered with 400, a response cannot and is dropped.
    assert (caught.value.partial is None) == (name == "bigcode")


@pytest.mark.parametrize("name", sorted(NOT_ACCEPTED))
def test_is_read_but_lacks_what_every_message_needs(name: str) -> None:
    message = read(name)

    with pytest.raises(SipSyntaxError) as caught:
        check_message(message)

    assert str(caught.value) == NOT_ACCEPTED[name]
    assert caught.value.partial is message


def test_wsinv_folded_lines_and_spaces_everywhere() -> None:
    message = request("wsinv")

    assert str(message.uri) == "sip:vivekg@chair-dnrc.example.com;unknownparam"
    assert str(message.get(To)) == "<sip:vivekg@chair-dnrc.example.com>;tag=1918181833n"
    assert message.need(From).display_name == 'J Rosenberg \\"'
    assert message.need(From).tag == "98asjd8"
    assert message.get(MaxForwards) == MaxForwards(68)
    assert message.get(CSeq) == CSeq(9, "INVITE")
    assert [str(via) for via in message.all(Via)] == [
        "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw",
        "SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8",
        "SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239",
    ]
    assert [via.has_cookie for via in message.all(Via)] == [False, True, True]
    assert message.get(Subject) == Subject("")
    assert message.text("NewFangledHeader") == "newfangled value continued newfangled value"
    assert message.text("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert str(message.get(Route)) == "<sip:services.example.com;lr;unknownwith=value;unknown-no-value>"
    contact = message.need(Contact)
    assert contact.display_name == 'Quoted string ""'
    assert contact.parameters.items == (("newparam", "newvalue"), ("secondparam", None), ("q", "0.33"))
    assert contact.q == 0.33
    assert len(message.body) == 150


def test_intmeth_every_character_that_is_allowed() -> None:
    message = request("intmeth")

    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert isinstance(message.uri, SipUri)
    assert message.uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    assert message.uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    assert message.need(To).display_name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.need(From).display_name == "token1~` token2'+_ token3*%!.-"
    assert message.need(From).parameters.get("fromParam''~+*_!.-%") == "работающий"
    assert message.need(From).tag == "_token~1'+`*%!-."
    assert message.need(CallId).value == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    assert message.text("extensionHeader-!.%*+_`'~") == "\ufeff大停電"


def test_esc01_escapes_in_uris() -> None:
    message = request("esc01")

    assert isinstance(message.uri, SipUri)
    assert message.uri.user_text == "sips:user@example.com"
    assert message.uri.host == "example.net"
    assert message.need(To).uri.user_text == "user"
    assert message.need(From).uri.user_text == "I have spaces"
    contact = message.need(Contact).sip_uri
    assert contact.user_text == "caller"
    assert contact.parameters.items == (("%6C%72", None), ("n%61me", "v%61lue%25%34%31"))
    assert contact.parameters.get("n%61me") == "value%41"


def test_escnull_escaped_nulls() -> None:
    message = request("escnull")

    assert message.need(To).uri.user_text == "null-\x00-null"
    assert [contact.uri.user_text for contact in message.all(Contact)] == ["\x00", "\x00\x00"]


def test_esc02_percent_signs_that_escape_nothing() -> None:
    message = request("esc02")

    assert message.method == "RE%47IST%45R"
    assert message.need(To).display_name == "%Z%45"
    assert message.need(Via).branch == "z9hG4bK209%fzsnel234"
    assert [str(contact.uri) for contact in message.all(Contact)] == ["sip:alias1@host1.example.com", "sip:alias3@host3.example.com"]
    assert message.text("C%6Fntact") == "<sip:alias2@host2.example.com>"


def test_longreq_long_values() -> None:
    message = request("longreq")

    assert len(message.all(Via)) == 34
    assert [via.host for via in message.all(Via)[:3]] == ["sip33.example.com", "sip32.example.com", "sip31.example.com"]
    assert message.all(Via)[-1].received == "192.0.2.5"
    assert message.need(To).display_name == f"I have a user name of {'extreme' * 10} proportion"
    assert message.need(From).tag == f"12{'982' * 50}424"


def test_dblreq_two_requests_in_one_datagram() -> None:
    message = request("dblreq")

    assert message.method == "REGISTER"
    assert message.body == b""


def test_semiuri_parameters_inside_the_user_part() -> None:
    uri = request("semiuri").uri

    assert isinstance(uri, SipUri)
    assert uri.user_text == "user;par=u@example.net"
    assert uri.parameters.items == ()


def test_transports_known_and_unknown() -> None:
    assert [via.transport for via in request("transports").all(Via)] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


def test_unreason_and_noreason() -> None:
    message = read("unreason")
    assert isinstance(message, Response)
    assert message.reason == "= 2**3 * 5**2 но сто девяносто девять - простое"

    message = read("noreason")
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (100, "")


def test_scalars_too_great_for_their_headers() -> None:
    message = request("scalar02")
    with pytest.raises(SipSyntaxError, match="Max-Forwards"):
        message.get(MaxForwards)
    with pytest.raises(SipSyntaxError) as caught:
        message.get(Expires)
    assert str(caught.value) == f'Expires "1{"0" * 56}..." is too great. it can be 4294967295 at most'
    with pytest.raises(SipSyntaxError) as caught:
        _ = message.need(Contact).expires
    assert str(caught.value) == 'Contact expires "280297596632815" is too great. it can be 4294967295 at most'

    with pytest.raises(SipSyntaxError) as caught:
        read("scalarlg").get(RetryAfter)
    assert str(caught.value) == 'Retry-After "949302838503028349304023988" is too great. it can be 4294967295 at most'


def test_escruri_and_regescrt_headers_in_uris() -> None:
    uri = request("escruri").uri
    assert isinstance(uri, SipUri)
    assert uri.header("route") == "<sip:example.com>"
    assert str(uri.as_request_uri()) == "sip:user@example.com"

    assert request("regescrt").need(Contact).sip_uri.header("Route") == "<sip:sip.example.com>"


def test_regbadct_question_mark_without_brackets_is_read_all_the_same() -> None:
    assert request("regbadct").need(Contact).sip_uri.header("Route") == "<sip:sip.example.com>"


def test_display_names_that_are_nearly_right() -> None:
    message = request("badaspec")
    assert (message.need(To).display_name, str(message.need(To).uri)) == ("Watson, Thomas", "sip:t.watson@example.org")

    message = request("baddn")
    assert (message.need(To).display_name, str(message.need(To).uri)) == ("Watson, Thomas", "sip:t.watson@example.org")
    assert str(message.need(From)) == '"Bell, Alexander" <sip:a.g.bell@example.com>;tag=43'

    assert request("lwsdisp").need(From).display_name == "caller"


def test_badvers_says_its_version() -> None:
    assert request("badvers").version == "SIP/7.0"


def test_badbranch_is_the_bare_cookie() -> None:
    via = request("badbranch").need(Via)

    assert via.branch == "z9hG4bK"
    assert not via.has_cookie


def test_unknown_schemes() -> None:
    assert request("unkscm").uri == OtherUri("nobodyKnowsThisScheme:totallyopaquecontent")
    assert request("novelsc").uri == OtherUri("soap.beep://192.0.2.103:3002")
    message = request("unksm2")
    assert message.need(To).uri == OtherUri("isbn:2983792873")
    assert message.need(From).uri == OtherUri("http://www.example.com")
    assert message.need(Contact).uri == OtherUri("name:John_Smith")


def test_bext01_extensions() -> None:
    message = request("bext01")

    assert message.need(Require).tokens == ("nothingSupportsThis", "nothingSupportsThisEither")
    assert message.need(ProxyRequire).tokens == ("noProxiesSupportThis", "norDoAnyProxiesSupportThis")


def test_regaut01_unknown_scheme() -> None:
    authorization = request("regaut01").need(Authorization)

    assert (authorization.scheme, authorization.is_digest) == ("NoOneKnowsThisScheme", False)


def test_cparam_parameters_of_the_header_and_of_the_uri() -> None:
    outside, inside = request("cparam01").need(Contact), request("cparam02").need(Contact)

    assert "unknownparam" in outside.parameters
    assert "unknownparam" not in outside.sip_uri.parameters
    assert "unknownparam" not in inside.parameters
    assert "unknownparam" in inside.sip_uri.parameters


def test_inv2543_without_length_branch_and_tag() -> None:
    message = request("inv2543")

    assert message.need(Via).branch is None
    assert message.need(From).tag is None
    assert len(message.body) == 105
