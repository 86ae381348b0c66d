"""Who calls, as it is said and as it is shown (RFC 3323, RFC 3325, RFC 5806, RFC 7044)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import HEADERS, From, HistoryInfo
from ivrtest.sip.presentation import OF_THE_CALL, Presentation, check_headers, presented
from ivrtest.sip.uri import SipUri, parse_uri

IVR = SipUri.parse("sip:ivr@pbx.example.com")
ANN = From(SipUri.parse("sip:+12025550123@192.0.2.1"))


def added(presentation: Presentation) -> dict[str, str]:
    return dict(presentation.added("192.0.2.1", IVR))


def test_nothing_is_said_unasked() -> None:
    assert Presentation().caller(ANN) == ANN
    assert added(Presentation()) == {}


def test_a_name() -> None:
    assert str(Presentation(name='Ann "A." Smith').caller(ANN)) == '"Ann \\"A.\\" Smith" <sip:+12025550123@192.0.2.1>'


def test_a_withheld_number_is_known_to_the_network_alone() -> None:
    presentation = Presentation(name="Ann", withheld=True, asserted="+12025550123")
    assert str(presentation.caller(ANN)) == "Anonymous <sip:anonymous@anonymous.invalid>"
    assert added(presentation) == {"P-Asserted-Identity": "Ann <sip:+12025550123@192.0.2.1>", "Privacy": "id"}


def test_a_preferred_identity_may_be_a_uri() -> None:
    assert added(Presentation(preferred="sip:ann@example.com")) == {"P-Preferred-Identity": "<sip:ann@example.com>"}
    assert added(Presentation(asserted="tel:+12025550123")) == {"P-Asserted-Identity": "<tel:+12025550123>"}


def test_diversions_stand_latest_first_and_their_history_first_to_last() -> None:
    headers = added(Presentation(diverted_by=("100", "+18005550199"), diverted_because="no-answer"))
    assert headers["Diversion"] == "<sip:+18005550199@192.0.2.1>;reason=no-answer, <sip:100@192.0.2.1>;reason=no-answer"
    assert headers["History-Info"] == (
        "<sip:100@192.0.2.1?Reason=SIP%3Bcause%3D408>;index=1, "
        "<sip:+18005550199@192.0.2.1;cause=408?Reason=SIP%3Bcause%3D408>;index=1.1;mp=1, "
        "<sip:ivr@pbx.example.com;cause=408>;index=1.1.1;mp=1.1"
    )
    assert [str(entry.uri.host) for entry in Headers(headers.items()).all(HistoryInfo) if isinstance(entry.uri, SipUri)] == [
        "192.0.2.1", "192.0.2.1", "pbx.example.com",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Via", "x", 'header "Via" cannot be set: it is the call\'s own. it must be one that says something besides'),
        ("v", "x", 'header "v" cannot be set: it is the call\'s own. it must be one that says something besides'),
        ("content-LENGTH", "1", 'header "content-LENGTH" cannot be set: it is the call\'s own. it must be one that says something besides'),
        ("X-A", "a\r\nVia: b", 'header "X-A" has a line end in its value "a\\x0d\\x0aVia: b". it must be one line'),
        ("X-A", "a\nb", 'header "X-A" has a line end in its value "a\\x0ab". it must be one line'),
        ("X A", "a", 'header name "X A" must be a token: letters, digits and -.!%*_+`\'~'),
        ("X-A:", "a", 'header name "X-A:" must be a token: letters, digits and -.!%*_+`\'~'),
        ("", "a", 'header name "" must be a token: letters, digits and -.!%*_+`\'~'),
    ],
)
def test_headers_that_cannot_be_set(name: str, value: str, message: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        check_headers({name: value})
    assert str(caught.value) == message


def test_headers_that_can() -> None:
    headers = {"User-to-User": "48656c6c6f;encoding=hex", "X-Empty": "", "P-Asserted-Identity": "<sip:a@b>"}
    check_headers(headers)
    assert added(Presentation(headers=headers)) == headers


def test_the_calls_own_headers_are_ones_that_exist() -> None:
    known = {kind.NAME.lower() for kind in HEADERS} | {"content-encoding"}
    assert known >= OF_THE_CALL


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=4))
def test_what_can_be_set_is_one_line_in_the_message(headers: dict[str, str]) -> None:
    try:
        check_headers(headers)
    except SipSyntaxError:
        return
    assert dict(Headers(headers.items())) == headers


def shown(
    *headers: tuple[str, str], caller: From = ANN, called: str = "sip:+18005550100@127.0.0.1"
) -> tuple[str, str, str, tuple[str, ...]]:
    found = presented(caller, parse_uri(called), Headers(headers))
    return found.caller, found.called, found.name, found.diverted_by


def test_who_calls_is_who_the_network_asserts() -> None:
    assert shown() == ("+12025550123", "+18005550100", "", ())
    assert shown(("P-Asserted-Identity", '"Ann" <sip:+12025550777@carrier>')) == ("+12025550777", "+18005550100", "Ann", ())
    assert shown(("Remote-Party-ID", "<sip:+12025550888@carrier>;screen=yes"))[0] == "+12025550888"
    assert shown(("Remote-Party-ID", "<sip:1@b>"), ("P-Asserted-Identity", "<sip:ann@b>, <tel:+1>"))[0] == "sip:ann@b"
    assert shown(("P-Asserted-Identity", "<"))[0] == "+12025550123"


@pytest.mark.parametrize("privacy", ["id", "ID; critical", "header,user"])
def test_who_withholds_her_number_is_not_shown(privacy: str) -> None:
    assert shown(("P-Asserted-Identity", '"Ann" <sip:+12025550777@carrier>'), ("Privacy", privacy)) == ("", "+18005550100", "", ())


def test_privacy_none_hides_nothing() -> None:
    assert shown(("Privacy", "none"))[0] == "+12025550123"


def test_an_anonymous_caller_is_nobody() -> None:
    assert shown(caller=Presentation(withheld=True).caller(ANN))[0] == ""


def test_whom_the_call_was_for_before() -> None:
    presentation = Presentation(diverted_by=("100", "+18005550199"))
    headers = added(presentation)
    assert shown(("Diversion", headers["Diversion"]))[3] == ("100", "+18005550199")
    assert shown(("History-Info", headers["History-Info"]))[3] == ("100", "+18005550199")
    assert shown(("Diversion", "<"))[3] == ()
