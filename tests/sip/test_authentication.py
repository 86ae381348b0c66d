"""Challenges to our requests, and ours to callers: RFC 3261 section 22, RFC 7616."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.digest import DigestUse, Secret, answer_challenge, verify
from ivrtest.sip.events import Answered, Ended, Rejected, Side
from ivrtest.sip.guard import Guard
from ivrtest.sip.headers import Authorization, CSeq, ProxyAuthenticate, ProxyAuthorization, Via, WwwAuthenticate
from ivrtest.sip.message import Request, create_response, parse_message

if TYPE_CHECKING:
    from tests.sip.conftest import Network, Sent

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
SECRET = Secret("alice", "secret word")
WRONG = Secret("alice", "wrong")


def test_a_challenged_call_is_placed_again_with_credentials(network: Network) -> None:
    alice = network.agent(ALICE)
    network.agent(BOB, require_digest=Secret("alice", "secret word", "ivr.test"))
    network.answering(BOB, ring=False)
    handle = network.call(secret=SECRET)
    network.run(1.0)
    assert network.ladder() == [
        ".1 INVITE .2", ".2 401 INVITE .1", ".1 ACK .2", ".1 INVITE .2", ".2 100 INVITE .1", ".2 200 INVITE .1", ".1 ACK .2",
    ]  # fmt: skip
    first, second = [sent.message for sent in network.sent if sent.what == "INVITE"]
    assert (second.text("CSeq"), second.text("Call-ID"), second.text("From")) == ("2 INVITE", first.text("Call-ID"), first.text("From"))
    assert first.need(Via).branch != second.need(Via).branch
    assert network.last("ACK").get(Authorization) == second.get(Authorization)
    assert network.last("ACK").text("CSeq") == "2 ACK"
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert network.last("BYE").text("CSeq") == "3 BYE"
    assert network.of_kind(ALICE, Ended).status == 200


@pytest.mark.parametrize("secret", [None, WRONG])
def test_without_the_right_password_the_call_is_rejected(network: Network, secret: Secret | None) -> None:
    network.agent(ALICE)
    network.agent(BOB, require_digest=SECRET)
    network.call(secret=secret)
    network.run_until_quiet()
    assert len(network.times("INVITE")) == (1 if secret is None else 2)
    assert (network.of_kind(ALICE, Rejected).status, network.of_kind(ALICE, Rejected).local) == (401, False)
    assert network.events[BOB] == []


def test_a_password_is_not_used_for_a_realm_that_it_is_not_for(network: Network) -> None:
    network.agent(ALICE)
    network.agent(BOB, require_digest=Secret("alice", "secret word", "elsewhere.test"))
    network.call(secret=Secret("alice", "secret word", "ivr.test"))
    network.run_until_quiet()
    assert len(network.times("INVITE")) == 1
    assert network.of_kind(ALICE, Rejected).status == 401


def test_a_copied_answer_is_refused_as_stale(network: Network) -> None:
    alice = network.agent(ALICE)
    bob = network.agent(BOB, require_digest=SECRET)
    handle = network.call(secret=SECRET)
    network.run(1.0)
    stolen = network.last("INVITE")
    alice.cancel(handle, network.now)
    network.run_until_quiet()
    assert bob.calls == 0
    network.forget()
    again = stolen.with_header(Via.of("UDP", "192.0.2.66", branch="z9hG4bKthief"), ("Call-ID", "thief"))
    network.send(bytes(again), ("192.0.2.66", 5060), BOB)
    network.run(0.1)
    challenge = network.last("401 INVITE").get(WwwAuthenticate)
    assert challenge is not None
    assert (challenge.stale, network.events[BOB]) == (True, [])


class Gate:
    """A proxy that challenges with 407 as its script says, and at last answers 200 or lets a BYE pass."""

    def __init__(self, network: Network, script: list[dict[str, str | bool]]) -> None:
        self.network, self.script, self.seen = network, script, list[Request]()
        network.strangers[BOB] = self.receive

    def receive(self, sent: Sent) -> None:
        request = sent.message
        assert isinstance(request, Request)
        if request.method == "ACK":
            return
        self.seen.append(request)
        response = create_response(request, 200, to_tag="gate").with_header(("Contact", "<sip:bob@192.0.2.2>"))
        if self.script:
            challenge = self.script.pop(0)
            kind = WwwAuthenticate if challenge.get("server") else ProxyAuthenticate
            asked = kind.digest(realm=str(challenge["realm"]), nonce=str(challenge["nonce"]), stale=bool(challenge.get("stale")))
            response = create_response(request, 401 if challenge.get("server") else 407, to_tag="gate").with_header(asked)
        self.network.send(bytes(response), BOB, ALICE)


def test_a_proxy_and_then_the_server_ask(network: Network) -> None:
    network.agent(ALICE)
    gate = Gate(network, [{"realm": "proxy", "nonce": "n1"}, {"realm": "server", "nonce": "n2", "server": True}])
    network.call(secret=SECRET)
    network.run(1.0)
    assert network.of_kind(ALICE, Answered)
    last = gate.seen[-1]
    assert [answer.get("realm") for answer in last.all(ProxyAuthorization)] == ["proxy"]
    assert [answer.get("nc") for answer in last.all(ProxyAuthorization)] == ["00000002"]
    assert [answer.get("realm") for answer in last.all(Authorization)] == ["server"]
    assert all(verify(answer, SECRET, "INVITE") for answer in last.all(ProxyAuthorization))
    assert all(verify(answer, SECRET, "INVITE") for answer in last.all(Authorization))
    assert [request.need(CSeq).number for request in gate.seen] == [1, 2, 3]


def test_a_stale_nonce_is_answered_again_and_the_same_one_is_not(network: Network) -> None:
    network.agent(ALICE)
    gate = Gate(network, [{"realm": "p", "nonce": "n1"}, {"realm": "p", "nonce": "n2", "stale": True}, {"realm": "p", "nonce": "n3"}])
    network.call(secret=SECRET)
    network.run(1.0)
    answers = [request.get(ProxyAuthorization) for request in gate.seen]
    assert [None if answer is None else answer.get("nonce") for answer in answers] == [None, "n1", "n2"]
    assert network.of_kind(ALICE, Rejected).status == 407


def test_endless_stale_nonces_are_given_up(network: Network) -> None:
    network.agent(ALICE)
    gate = Gate(network, [{"realm": "p", "nonce": f"n{number}", "stale": True} for number in range(50)])
    network.call(secret=SECRET)
    network.run(5.0)
    assert (len(gate.seen), network.of_kind(ALICE, Rejected).status) == (9, 407)


def test_bye_is_sent_again_with_credentials(network: Network) -> None:
    alice = network.agent(ALICE)
    gate = Gate(network, [])
    handle = network.call(secret=SECRET)
    network.run(1.0)
    gate.script = [{"realm": "p", "nonce": "n1"}]
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert [str(request.need(CSeq)) for request in gate.seen] == ["1 INVITE", "2 BYE", "3 BYE"]
    answer = gate.seen[-1].get(ProxyAuthorization)
    assert answer is not None
    assert verify(answer, SECRET, "BYE")
    assert (network.of_kind(ALICE, Ended).by, network.of_kind(ALICE, Ended).status) == (Side.US, 200)


def test_bye_that_cannot_prove_itself_ends_the_call_all_the_same(network: Network) -> None:
    alice = network.agent(ALICE)
    gate = Gate(network, [])
    handle = network.call()
    network.run(1.0)
    gate.script = [{"realm": "p", "nonce": "n1"}]
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert network.of_kind(ALICE, Ended).status == 407


def test_a_challenge_after_cancel_is_not_answered(network: Network) -> None:
    alice = network.agent(ALICE)
    Gate(network, [{"realm": "p", "nonce": "n1"}])
    handle = network.call(secret=SECRET)
    alice.cancel(handle, network.now)
    network.run_until_quiet()
    assert (network.kinds(ALICE), len(network.times("INVITE"))) == (["Cancelled"], 1)


def test_a_challenge_that_nobody_can_answer_rejects_the_call(network: Network) -> None:
    network.agent(ALICE)

    def refuse(sent: Sent) -> None:
        request = sent.message
        assert isinstance(request, Request)
        if request.method != "ACK":
            refusal = create_response(request, 401, to_tag="x").with_header(("WWW-Authenticate", 'NTLM realm="r"'))
            network.send(bytes(refusal), BOB, ALICE)

    network.strangers[BOB] = refuse
    network.call(secret=SECRET)
    network.run_until_quiet()
    assert network.of_kind(ALICE, Rejected).status == 401


def guarded(*answers: str) -> Request:
    message = parse_message(b"INVITE sip:bob@192.0.2.2 SIP/2.0\r\n\r\n").with_added(*(("Authorization", answer) for answer in answers))
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize(
    "answer",
    [
        "Digest",
        "Digest realm",
        'Basic realm="ivrtest", uri="sip:bob@192.0.2.2"',
        'Digest realm="ivrtest", uri="sip:bob@192.0.2.2", algorithm=ROT13',
        'Digest realm="other", uri="sip:bob@192.0.2.2"',
        'Digest realm="ivrtest", uri="sip:carol@192.0.2.2"',
    ],
)
def test_strange_answers_are_challenged_again(answer: str) -> None:
    numbers = count()
    challenge = Guard(SECRET, token=lambda: f"n{next(numbers)}").challenge(guarded(answer))
    assert challenge is not None
    assert (challenge.realm, challenge.get("nonce"), challenge.stale) == ("ivrtest", "n0", False)


def answer_to(challenge: WwwAuthenticate, uses: int = 1) -> str:
    return str(answer_challenge(challenge, SECRET, DigestUse("INVITE", "sip:bob@192.0.2.2", "cnonce", uses)))


@pytest.mark.parametrize("quality", ["auth", "auth-int"])
def test_a_proxy_that_led_the_request_elsewhere_does_not_spoil_the_answer(quality: str) -> None:
    """RFC 3261 section 22.4: the URI of the answer need not be the one that the request has by now."""
    guard = Guard(SECRET, token=lambda: "n")
    guard.challenge(guarded())
    asked = WwwAuthenticate.digest(realm="ivrtest", nonce="n", qop=(quality,))
    answer = str(answer_challenge(asked, SECRET, DigestUse("INVITE", "sip:+12025550100@example.com", "cnonce", 1)))
    assert guard.challenge(guarded(answer)) is None


def test_a_nonce_that_was_forgotten_or_is_counted_strangely_is_stale() -> None:
    numbers = count()
    guard = Guard(SECRET, token=lambda: f"n{next(numbers)}")
    first = guard.challenge(guarded())
    assert first is not None
    assert guard.challenge(guarded(answer_to(first))) is None
    assert guard.challenge(guarded(answer_to(first, uses=2))) is None
    again = guard.challenge(guarded(answer_to(first, uses=2)))
    assert again is not None
    assert again.stale
    without_quality = WwwAuthenticate.digest(realm="ivrtest", nonce="n0", qop=())
    uncounted = guard.challenge(guarded(answer_to(without_quality)))
    assert uncounted is not None
    assert uncounted.stale
    for _ in range(1000):
        guard.challenge(guarded())
    forgotten = guard.challenge(guarded(answer_to(first, uses=3)))
    assert forgotten is not None
    assert forgotten.stale
    assert len(guard._uses) == 1000
