"""Calls on a good line: RFC 3261 sections 8.1, 8.2.6, 12.1, 13.2, 13.3, 15 and 17 (times), RFC 3262 (PRACK), RFC 3326 (Reason)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.endpoint import WrongState
from ivrtest.sip.events import Answered, Confirmed, Ended, IncomingCall, Progress, Rejected, Side
from ivrtest.sip.headers import Contact, From, To, Via
from ivrtest.sip.message import Request, create_response
from ivrtest.sip.uri import SipUri

if TYPE_CHECKING:
    from tests.sip.conftest import Network, Sent

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
OFFER, ANSWER = b"v=0\r\no=alice offer\r\n", b"v=0\r\no=bob answer\r\n"


def exactly(text: str) -> str:
    return f"^{re.escape(text)}$"


BOB_URI = SipUri.of("192.0.2.2", user="bob")


def test_a_call_from_ringing_to_hanging_up(network: Network) -> None:
    alice, _ = network.pair()
    network.answering(BOB)
    handle = alice.invite(BOB_URI, offer=OFFER, now=0.0)
    network.run(1.0)
    incoming = network.of_kind(BOB, IncomingCall)
    alice.bye(handle, network.now)
    network.run(1.0)
    assert network.ladder() == [
        ".1 INVITE .2",
        ".2 100 INVITE .1",
        ".2 180 INVITE .1",
        ".2 200 INVITE .1",
        ".1 ACK .2",
        ".1 BYE .2",
        ".2 200 BYE .1",
    ]
    assert network.kinds(ALICE) == ["Progress", "Progress", "Answered", "Ended"]
    assert [event.status for event in network.events[ALICE] if isinstance(event, Progress)] == [100, 180]
    assert network.of_kind(ALICE, Answered).sdp == ANSWER
    ended = network.of_kind(ALICE, Ended)
    assert (ended.handle, ended.by, ended.status, ended.cause) == (handle, Side.US, 200, None)
    assert network.kinds(BOB) == ["IncomingCall", "Confirmed", "Ended"]
    assert (incoming.offer, incoming.source, incoming.call_id, incoming.handle) == (OFFER, ALICE, handle, handle)
    assert (str(incoming.caller.uri), str(incoming.called.uri), str(incoming.request_uri)) == (
        "sip:alice@192.0.2.1",
        "sip:bob@192.0.2.2",
        "sip:bob@192.0.2.2",
    )
    assert network.of_kind(BOB, Confirmed).sdp is None
    assert (network.of_kind(BOB, Ended).by, network.of_kind(BOB, Ended).status) == (Side.THEM, None)


def test_the_callee_hangs_up_and_says_why(network: Network) -> None:
    _, bob = network.pair()
    _, bobs = network.talking()
    bob.bye(bobs, network.now, cause='Q.850;cause=16;text="Normal call clearing"')
    network.run(1.0)
    assert network.ladder() == [".2 BYE .1", ".1 200 BYE .2"]
    assert network.of_kind(ALICE, Ended).cause == 'Q.850;cause=16;text="Normal call clearing"'
    assert network.of_kind(BOB, Ended).by is Side.US


def test_headers_that_the_rfc_asks_for(network: Network) -> None:
    network.pair()
    network.answering(BOB)
    network.call(headers=[("X-Test", "yes")], caller=From.of("sip:+12025550100@example.com", "Caller"))
    network.run(1.0)
    invite, answer, ack = network.last("INVITE"), network.last("200 INVITE"), network.last("ACK")
    assert [name for name, _ in invite.headers] == [
        "Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "Allow", "Supported", "X-Test", "Content-Type", "User-Agent",
        "Content-Length",
    ]  # fmt: skip
    assert str(invite.need(From)).startswith("Caller <sip:+12025550100@example.com>;tag=")
    via = invite.need(Via)
    assert (via.has_cookie, via.wants_rport, via.rport) == (True, True, None)
    assert (answer.need(Via).rport, answer.need(Via).received) == (5060, "192.0.2.1")
    assert answer.need(To).tag is not None
    assert str(answer.need(Contact)) == "<sip:bob@192.0.2.2>"
    assert answer.text("Allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"
    assert (ack.text("CSeq"), ack.text("To")) == ("1 ACK", answer.text("To"))
    assert ack.need(Via).branch != via.branch


@pytest.mark.parametrize("status", [486, 600])
def test_a_rejected_call(network: Network, status: int) -> None:
    alice, bob = network.pair()
    handle = alice.invite(BOB_URI, offer=OFFER, now=0.0)
    network.run(0.1)
    bob.reject(network.of_kind(BOB, IncomingCall).handle, status, network.now, headers=[("Reason", "Q.850;cause=17"), ("Retry-After", "7")])
    network.run(0.1)
    assert network.ladder()[2:] == [f".2 {status} INVITE .1", ".1 ACK .2"]
    rejected = network.of_kind(ALICE, Rejected)
    assert (rejected.handle, rejected.status, rejected.local) == (handle, status, False)
    assert (rejected.cause, rejected.retry_after, rejected.contacts) == ("Q.850;cause=17", 7, ())
    assert (network.of_kind(BOB, Ended).by, network.of_kind(BOB, Ended).status) == (Side.US, status)
    assert network.last("ACK").need(Via).branch == network.last("INVITE").need(Via).branch


def test_a_redirected_call_names_the_contacts_best_first(network: Network) -> None:
    alice, bob = network.pair()
    alice.invite(BOB_URI, offer=OFFER, now=0.0)
    network.run(0.1)
    contacts = ("Contact", "<sip:second@192.0.2.9>;q=0.5, <sip:first@192.0.2.8>")
    bob.reject(network.of_kind(BOB, IncomingCall).handle, 302, network.now, headers=[contacts])
    network.run(0.1)
    assert [str(uri) for uri in network.of_kind(ALICE, Rejected).contacts] == ["sip:first@192.0.2.8", "sip:second@192.0.2.9"]


def test_headers_that_cannot_be_read_are_left_out_of_the_rejection(network: Network) -> None:
    alice, bob = network.pair()
    alice.invite(BOB_URI, offer=OFFER, now=0.0)
    network.run(0.1)
    bob.reject(network.of_kind(BOB, IncomingCall).handle, 302, network.now, headers=[("Retry-After", "soon"), ("Contact", "<sip:x>;q=9")])
    network.run(0.1)
    rejected = network.of_kind(ALICE, Rejected)
    assert (rejected.status, rejected.retry_after, rejected.contacts) == (302, None, ())


def test_nobody_there_is_a_local_408_after_32_seconds(network: Network) -> None:
    network.agent(ALICE).invite(BOB_URI, offer=OFFER, now=0.0)
    network.run_until_quiet()
    assert network.times("INVITE") == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    rejected = network.of_kind(ALICE, Rejected)
    assert (rejected.status, rejected.local, network.now) == (408, True, 32.0)


def test_a_closed_port_is_a_local_503_at_once(network: Network) -> None:
    alice = network.agent(ALICE)
    alice.invite(BOB_URI, offer=OFFER, now=0.0)
    alice.unreachable(("192.0.2.3", 5060), 0.1)
    assert alice.next_event() is None
    alice.unreachable(BOB, 0.1)
    network.run_until_quiet()
    assert (network.of_kind(ALICE, Rejected).status, network.of_kind(ALICE, Rejected).local) == (503, True)


def test_a_name_without_address_is_a_local_503(network: Network) -> None:
    alice = network.agent(ALICE)
    alice.invite(SipUri.of("ivr.example.com"), offer=OFFER, now=0.0)
    network.run_until_quiet()
    assert (network.of_kind(ALICE, Rejected).status, network.of_kind(ALICE, Rejected).local) == (503, True)
    assert network.sent == []


def test_names_are_resolved_by_the_hook(network: Network) -> None:
    asked: list[str] = []

    def resolve(uri: SipUri) -> tuple[str, int]:
        asked.append(uri.host)
        return BOB

    network.agent(ALICE, resolve=resolve).invite(SipUri.of("ivr.example.com"), offer=OFFER, now=0.0)
    network.run(0.1)
    assert (asked, network.sent[0].destination) == (["ivr.example.com"], BOB)


def test_unacknowledged_answer_is_repeated_and_then_ended_with_bye(network: Network) -> None:
    alice, bob = network.pair()
    alice.invite(BOB_URI, offer=OFFER, now=0.0)
    network.run(0.1)
    network.fate = lambda sent: () if sent.what == "ACK" else (0.0,)
    network.sent.clear()
    bob.answer(network.of_kind(BOB, IncomingCall).handle, ANSWER, network.now)
    network.run_until_quiet()
    seconds = [round(at - 0.1, 6) for at in network.times("200 INVITE")]
    assert seconds == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert len(network.times("ACK")) == 11
    assert [round(at - 0.1, 6) for at in network.times("BYE")] == [32.0]
    ended = network.of_kind(BOB, Ended)
    assert (ended.by, ended.status) == (None, None)
    assert network.of_kind(ALICE, Ended).by is Side.THEM


def test_bye_waits_for_the_ack(network: Network) -> None:
    alice, bob = network.pair()
    alice.invite(BOB_URI, offer=OFFER, now=0.0)
    network.run(0.1)
    handle = network.of_kind(BOB, IncomingCall).handle
    bob.answer(handle, ANSWER, network.now)
    bob.bye(handle, network.now)
    network.run_until_quiet()
    assert network.ladder()[2:] == [".2 200 INVITE .1", ".1 ACK .2", ".2 BYE .1", ".1 200 BYE .2"]
    assert network.kinds(BOB) == ["IncomingCall", "Confirmed", "Ended"]


def test_both_hang_up_at_once(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    alice.bye(handle, network.now)
    bob.bye(bobs, network.now)
    network.run_until_quiet()
    assert sorted(network.ladder()) == [".1 200 BYE .2", ".1 BYE .2", ".2 200 BYE .1", ".2 BYE .1"]
    assert (network.of_kind(ALICE, Ended).by, network.of_kind(BOB, Ended).by) == (Side.US, Side.US)


def test_bye_to_a_silent_side_ends_the_call_all_the_same(network: Network) -> None:
    alice, _ = network.pair()
    handle, _ = network.talking()
    network.fate = lambda sent: ()
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert [round(at - 1.0, 6) for at in network.times("BYE")] == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert (network.of_kind(ALICE, Ended).by, network.of_kind(ALICE, Ended).status) == (Side.US, 408)


def test_a_long_ring_is_repeated_every_minute(network: Network) -> None:
    alice, bob = network.pair()
    alice.invite(BOB_URI, offer=OFFER, now=0.0)
    network.run(1.0)
    bob.ring(network.of_kind(BOB, IncomingCall).handle, network.now)
    network.run(150.0)
    assert network.times("180 INVITE") == [1.0, 61.0, 121.0]


def test_what_a_call_cannot_do(network: Network) -> None:
    alice, bob = network.pair()
    handle = alice.invite(BOB_URI, offer=OFFER, now=0.0)
    network.run(0.1)
    bobs = network.of_kind(BOB, IncomingCall).handle
    with pytest.raises(WrongState, match=exactly('call "1t1" cannot be ended with BYE: it is not answered yet. it must be answered')):
        alice.bye(handle, 0.1)
    with pytest.raises(WrongState, match=exactly('call "1t1" cannot ring: we placed it. the other side rings')):
        alice.ring(handle, 0.1)
    with pytest.raises(WrongState, match=exactly('call "1t1" cannot be cancelled: it came in. reject it, or end it with BYE')):
        bob.cancel(bobs, 0.1)
    bob.answer(bobs, ANSWER, 0.1)
    with pytest.raises(WrongState, match=exactly('call "1t1" cannot ring: it is answered. it must be not answered yet')):
        bob.ring(bobs, 0.1)
    with pytest.raises(WrongState, match=exactly('call "1t1" cannot answer: nothing is offered')):
        bob.answer(bobs, ANSWER, 0.1)
    network.run(0.1)
    bob.bye(bobs, network.now)
    network.run(0.1)
    bob.answer(bobs, ANSWER, network.now)  # over: nothing happens
    bob.bye(bobs, network.now)
    alice.cancel(handle, network.now)
    assert network.agents[BOB].datagrams() == []


def test_everything_is_forgotten_in_the_end(network: Network) -> None:
    alice, bob = network.pair()
    handle, _ = network.talking()
    alice.bye(handle, network.now)
    network.run_until_quiet()
    for agent in (alice, bob):
        assert agent.timer() is None
        assert agent.calls == 0
        assert len(agent._endpoint.layer) == 0
        assert agent._registry.legs == {}
        assert agent._registry._peers == {}


def test_reliable_provisional_responses_are_acknowledged_once_and_in_order(network: Network) -> None:
    alice = network.agent(ALICE)
    requests: list[Request] = []

    def note(sent: Sent) -> None:
        message = sent.message
        assert isinstance(message, Request)
        requests.append(message)
        if message.method == "PRACK":
            network.send(bytes(create_response(message, 200)), BOB, ALICE)

    network.strangers[BOB] = note
    handle = network.call()
    network.run(0.1)
    invite = requests[0]
    assert invite.text("Supported") == "100rel, timer, replaces, norefersub"

    def provisional(number: int, body: bytes = b"") -> None:
        response = create_response(invite, 183, to_tag="bob").with_header(("Contact", "<sip:bob@192.0.2.2>"), ("Require", "100rel"))
        network.send(bytes(response.with_added(("RSeq", str(number))).with_body(body, "application/sdp")), BOB, ALICE)
        network.run(0.1)

    for number, body in [(776, b"early"), (776, b"early"), (778, b"too soon"), (777, b""), (778, b"")]:
        provisional(number, body)
    assert [request.text("RAck") for request in requests if request.method == "PRACK"] == ["776 1 INVITE", "777 1 INVITE", "778 1 INVITE"]
    assert [request.text("CSeq") for request in requests if request.method == "PRACK"] == ["2 PRACK", "3 PRACK", "4 PRACK"]
    assert [event.sdp for event in network.events[ALICE] if isinstance(event, Progress)] == [b"early", None, None]
    answer = create_response(invite, 200, to_tag="bob").with_header(("Contact", "<sip:bob@192.0.2.2>"))
    network.send(bytes(answer), BOB, ALICE)
    network.run(0.1)
    assert network.of_kind(ALICE, Answered).sdp == b"early"
    alice.bye(handle, network.now)
    network.run(0.1)
    assert [request.text("CSeq") for request in requests[-2:]] == ["1 ACK", "5 BYE"]


def test_what_waits_is_not_sent_when_the_call_is_over(network: Network) -> None:
    alice, _ = network.pair()
    handle, _ = network.talking()
    for _ in range(3):
        alice.info(handle, "text/plain", b"x", network.now)
    alice.bye(handle, network.now)
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert (network.ladder().count(".1 BYE .2"), network.ladder().count(".1 INFO .2")) == (1, 2)
    assert network.kinds(ALICE)[-1] == "Ended"


def test_bye_that_waits_for_an_ack_leaves_after_32_seconds(network: Network) -> None:
    _, bob = network.pair()
    network.call()
    network.run(0.1)
    network.fate = lambda sent: () if sent.what == "ACK" else (0.01,)
    handle = network.of_kind(BOB, IncomingCall).handle
    bob.answer(handle, ANSWER, network.now)
    with pytest.raises(WrongState, match="cannot change its session: another change is under way"):
        bob.reinvite(handle, OFFER, network.now)
    bob.hang_up(handle, network.now)
    network.run_until_quiet()
    assert network.times("BYE") == [32.1]
    assert (network.of_kind(BOB, Ended).by, network.of_kind(BOB, Ended).status) == (Side.US, 200)


def test_a_body_that_is_no_session_description_is_not_taken_for_one(network: Network) -> None:
    network.agent(ALICE)

    def answer(sent: Sent) -> None:
        message = sent.message
        assert isinstance(message, Request)
        if message.method == "INVITE":
            for status, kind in ((183, "application/sdp"), (200, "text/plain")):
                response = create_response(message, status, to_tag="b").with_header(("Contact", "<sip:b@192.0.2.2>"))
                network.send(bytes(response.with_body(b"body", kind)), BOB, ALICE)

    network.strangers[BOB] = answer
    network.call()
    network.run(0.1)
    progress = network.of_kind(ALICE, Progress)
    assert (progress.sdp, network.of_kind(ALICE, Answered).sdp) == (b"body", b"body")


def test_a_call_over_ipv6(network: Network) -> None:
    here, there = ("2001:db8::1", 5060), ("2001:db8::2", 5070)
    alice = network.agent(here)
    network.agent(there)
    network.answering(there)
    handle = alice.invite(SipUri.parse("sip:bob@[2001:db8:0::2]:5070"), offer=OFFER, now=0.0)
    network.run(1.0)
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert network.kinds(there) == ["IncomingCall", "Confirmed", "Ended"]
    assert network.last("INVITE").need(Via).sent_by == "[2001:db8::1]"
