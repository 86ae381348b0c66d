"""Why a call was not answered: each class of final responses has words of its own (RFC 3261 section 21)."""

from __future__ import annotations

from typing import Any

import pytest

from ivrtest.call.refusal import ended_by, explained, not_registered, rang_in_vain
from ivrtest.sip import events as sip
from ivrtest.sip.header_map import Headers
from ivrtest.sip.message import Request
from ivrtest.sip.status import REASON_PHRASES, reason_phrase
from ivrtest.sip.uri import Uri, parse_uri

CHALLENGE = ("WWW-Authenticate", 'Digest realm="ivr.example.com", nonce="n"')
NOT_GIVEN = 'a password is asked for, and none was given ({}). give the target a "user" and a "password_env"'
PROXY_CHALLENGE = ("Proxy-Authenticate", 'Digest realm="proxy", nonce="n"')


def rejected(
    status: int,
    reason: str | None = None,
    *headers: tuple[str, str],
    local: bool = False,
    contacts: tuple[Uri, ...] = (),
    retry_after: int | None = None,
    cause: str | None = None,
    sent: tuple[tuple[str, str], ...] = (),
) -> sip.Rejected:
    phrase = reason_phrase(status) if reason is None else reason
    request = Request("INVITE", parse_uri("sip:ivr@127.0.0.1"), Headers(sent))
    return sip.Rejected("call", status, phrase, local, contacts, retry_after, cause, Headers(headers), request)


def told(event: sip.Rejected, *, codecs: tuple[str, ...] = ("PCMU", "PCMA")) -> str:
    return explained(event, codecs=codecs)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (rejected(486), "busy (486 Busy Here)"),
        (rejected(600), "busy (600 Busy Everywhere)"),
        (rejected(603), "rejected (603 Decline)"),
        (rejected(607), "rejected as unwanted (607 Unwanted)"),
        (rejected(608), "rejected by a call analysis (608 Rejected)"),
        (rejected(404), "nobody is known under this address (404 Not Found)"),
        (rejected(604), "nobody is known under this address (604 Does Not Exist Anywhere)"),
        (rejected(410), "the address is no longer in use (410 Gone)"),
        (rejected(484), "the number is not complete (484 Address Incomplete)"),
        (rejected(403), "forbidden (403 Forbidden)"),
        (rejected(403, "Not From There"), "forbidden (403 Not From There)"),
        (rejected(401, None, CHALLENGE), NOT_GIVEN.format('401 Unauthorized, realm "ivr.example.com"')),
        (rejected(407), NOT_GIVEN.format("407 Proxy Authentication Required")),
        (rejected(407, None, ("Proxy-Authenticate", "?")), NOT_GIVEN.format("407 Proxy Authentication Required")),
        (rejected(480), "temporarily unavailable (480 Temporarily Unavailable)"),
        (rejected(480, retry_after=7), "temporarily unavailable (480 Temporarily Unavailable), retry after 7 s"),
        (rejected(503), "congestion (503 Service Unavailable)"),
        (rejected(503, retry_after=30), "congestion (503 Service Unavailable), retry after 30 s"),
        (rejected(500), "the server failed (500 Server Internal Error)"),
        (rejected(588, "Odd"), "the server failed (588 Odd)"),
        (rejected(499, ""), "refused (499)"),
        (rejected(699, "No"), "refused everywhere (699 No)"),
        (rejected(408), "the far side waited in vain for an answer (408 Request Timeout)"),
        (rejected(487), "the far side gave the call up (487 Request Terminated)"),
        (rejected(488), "no common codec (488 Not Acceptable Here). we offered PCMU, PCMA"),
        (
            rejected(488, None, ("Warning", '302 pbx.example.com "only \\"RTP/SAVP\\" is taken"')),
            'no common way for the sound (488 Not Acceptable Here): "only "RTP/SAVP" is taken"',
        ),
        (
            rejected(488, None, ("Warning", '305 pbx.example.com "Incompatible media format"')),
            'no common codec (488 Not Acceptable Here). we offered PCMU, PCMA: "Incompatible media format"',
        ),
        (rejected(606, None, ("Warning", "nonsense")), "no common codec (606 Not Acceptable). we offered PCMU, PCMA"),
        (
            rejected(420, None, ("Unsupported", "timer, 100rel")),
            'the far side lacks an extension that we require (420 Bad Extension). it lacks "timer", "100rel"',
        ),
        (rejected(483), "the call took too many hops (483 Too Many Hops)"),
        (
            rejected(302, contacts=(parse_uri("sip:a@b"), parse_uri("sip:c@d")), cause="not followed, as it was tried already"),
            'moved for now (302 Moved Temporarily) at "sip:a@b", "sip:c@d": not followed, as it was tried already',
        ),
        (
            rejected(305, contacts=(parse_uri("sip:proxy"),)),
            'calls must go through a proxy (305 Use Proxy) at "sip:proxy". if you trust it, give it to the target as its "proxy"',
        ),
        (rejected(302), "moved for now (302 Moved Temporarily). it does not say to where"),
        (
            rejected(421, None, ("Require", "sec-agree")),
            'the far side requires an extension that we lack (421 Extension Required). it requires "sec-agree"',
        ),
        (rejected(421, None, ("Require", "?(")), "the far side requires an extension that we lack (421 Extension Required)"),
        (
            rejected(422, None, ("Min-SE", "3600")),
            (
                "the far side wants a longer session timer (422 Session Interval Too Small). it wants 3600 s at least: "
                'give the target that as its "session_expires"'
            ),
        ),
        (rejected(422, None, ("Min-SE", "soon")), "the far side wants a longer session timer (422 Session Interval Too Small)"),
        (rejected(380), "another service is offered instead (380 Alternative Service)"),
        (
            rejected(486, cause='Q.850;cause=17;text="User busy"'),
            'busy (486 Busy Here): Q.850;cause=17;text="User busy"',
        ),
    ],
)
def test_what_is_said(event: sip.Rejected, text: str) -> None:
    assert told(event) == text


def test_a_password_that_is_refused() -> None:
    event = rejected(401, None, CHALLENGE, sent=(("Authorization", "Digest x=y"),))
    assert told(event) == 'the password was refused (401 Unauthorized, realm "ivr.example.com")'
    event = rejected(407, None, PROXY_CHALLENGE, sent=(("Proxy-Authorization", "Digest x=y"),))
    assert told(event) == 'the password was refused (407 Proxy Authentication Required, realm "proxy")'


def test_whose_password_was_refused_is_told_and_nothing_else_of_it() -> None:
    sent = ("Authorization", 'Digest username="1001", realm="ivr.example.com", nonce="n", uri="sip:ivr", response="0123"')
    assert told(rejected(401, None, CHALLENGE, sent=(sent,))) == (
        'the password of user "1001" was refused (401 Unauthorized, realm "ivr.example.com")'
    )


def test_a_far_side_that_calls_each_answer_too_old_did_not_refuse_the_password() -> None:
    given = ("Authorization", 'Digest username="1001", realm="ivr.example.com", nonce="n", uri="sip:ivr", response="0123"')
    stale = ("WWW-Authenticate", 'Digest realm="ivr.example.com", nonce="o", stale=true')
    assert told(rejected(401, None, stale, sent=(given,))) == (
        'the far side calls each answer of user "1001" too old, and asks again (401 Unauthorized, realm "ivr.example.com")'
    )


def test_a_password_for_another_realm_is_no_refused_one() -> None:
    sent = ("Proxy-Authorization", 'Digest username="1001", realm="proxy", nonce="n", uri="sip:ivr", response="0123"')
    assert told(rejected(401, None, CHALLENGE, sent=(sent,))) == (
        'another password is asked for (401 Unauthorized, realm "ivr.example.com") than that for "proxy"'
    )


def test_a_challenge_that_cannot_be_answered_says_why() -> None:
    assert told(rejected(401, None, ("WWW-Authenticate", 'Digest realm="r", nonce="n", algorithm=SHA-3'))) == (
        "a password is asked for in a way that cannot be answered (401 Unauthorized): no challenge can be answered: "
        'algorithm "SHA-3" is not known. known are "SHA-512-256", "SHA-256", "MD5"'
    )
    assert told(rejected(407, None, ("Proxy-Authenticate", 'Basic realm="r"'))) == (
        "a password is asked for in a way that cannot be answered (407 Proxy Authentication Required): no challenge can be answered: "
        'scheme "Basic" is not known. it must be "Digest"'
    )


GIVEN = ("Authorization", 'Digest username="1001", realm="ivr.example.com", nonce="n", uri="sip:ivr", response="0123"')


def unregistered(status: int, *headers: tuple[str, str], sent: tuple[tuple[str, str], ...] = (), **more: Any) -> sip.Unregistered:
    told = {"local": False, "asked": False, "retry_after": None} | more
    return sip.Unregistered("r", status, reason_phrase(status), **told, headers=Headers(headers), sent=Headers(sent))


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (unregistered(408, local=True), "no SIP response within 32 s"),
        (unregistered(401, CHALLENGE), NOT_GIVEN.format('401 Unauthorized, realm "ivr.example.com"')),
        (
            unregistered(401, CHALLENGE, sent=(GIVEN,)),
            'the password of user "1001" was refused (401 Unauthorized, realm "ivr.example.com")',
        ),
        (unregistered(403), "it answered 403 Forbidden"),
        (unregistered(403, sent=(GIVEN,)), 'it answered 403 Forbidden to user "1001" of realm "ivr.example.com"'),
        (
            unregistered(503, ("Warning", '399 pbx "in maintenance"'), retry_after=30),
            'it answered 503 Service Unavailable, retry after 30 s: "in maintenance"',
        ),
    ],
)
def test_why_a_registrar_made_no_binding(event: sip.Unregistered, text: str) -> None:
    assert not_registered(event, "1001") == text


def test_without_codecs_none_are_named() -> None:
    assert told(rejected(488), codecs=()) == "no common codec (488 Not Acceptable Here)"


@pytest.mark.parametrize("status", [status for status in REASON_PHRASES if status >= 300])
def test_every_status_has_words(status: int) -> None:
    text = told(rejected(status))
    assert str(status) in text
    assert text[0].islower()


def test_how_the_sound_was_offered_is_told_with_the_codecs() -> None:
    refused = "no common codec (488 Not Acceptable Here). we offered PCMU"
    assert explained(rejected(488), codecs=("PCMU",), srtp="off") == f"{refused}, without SRTP"
    assert explained(rejected(488), codecs=("PCMU",), srtp="mandatory") == f"{refused}, with SRTP only"
    assert explained(rejected(488), codecs=("PCMU",), srtp="optional") == refused


def test_nobody_sent_it() -> None:
    silent = ended_by(rejected(408, local=True), "sip:x@y", 32.0, codecs=())
    assert (silent.by, silent.status, silent.reason) == ("lost", None, 'nothing came back from "sip:x@y": no SIP response within 32 s')
    gone = ended_by(rejected(503, "the port is closed", local=True), "sip:x@y", 0.1, codecs=())
    assert (gone.by, gone.status, gone.reason) == ("lost", None, 'cannot reach "sip:x@y": the port is closed')
    named = ended_by(rejected(503, "the port is closed", local=True), "sip:x@y", 0.1, codecs=(), tried="tls 192.0.2.1:5061")
    assert named.reason == 'cannot reach "sip:x@y" at tls 192.0.2.1:5061: the port is closed'
    silent = ended_by(rejected(408, local=True), "sip:x@192.0.2.1:5062", 32.0, codecs=(), tried="udp 192.0.2.1:5062")
    assert silent.reason == 'nothing came back from "sip:x@192.0.2.1:5062": no SIP response within 32 s'
    refused = ended_by(rejected(503, None, ("X-Why", "a"), ("x-why", "b")), "sip:x@y", 0.1, codecs=())
    assert (refused.by, refused.status, refused.at, dict(refused.headers)) == ("refused", 503, 0.1, {"X-Why": "a, b"})


@pytest.mark.parametrize(
    ("statuses", "text"),
    [
        ([], "nothing came back within 60 s"),
        ([100], "it did not ring within 60 s: only 100 came"),
        ([100, 199], "it did not ring within 60 s: only 100 and 199 came"),
        ([100, 180, 180], "it rang, and nobody answered within 60 s"),
        ([100, 183], "the call progressed, and nobody answered within 60 s"),
        ([100, 182], "it was queued, and nobody answered within 60 s"),
        ([100, 181, 180, 182], "it rang, and nobody answered within 60 s"),
    ],
)
def test_a_call_that_is_given_up(statuses: list[int], text: str) -> None:
    assert rang_in_vain(60.0, statuses) == text
