"""Asking whether somebody is there (RFC 3261 section 11), transfers that do not report (RFC 4488), calls that are redirected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrtest.sip.digest import Secret
from ivrtest.sip.events import IncomingCall, OptionsAnswered, ReferProgress, ReferReceived, Rejected
from ivrtest.sip.message import Request, create_response
from ivrtest.sip.uri import SipUri

if TYPE_CHECKING:
    from tests.sip.conftest import Network, Sent

ALICE, BOB, CAROL = ("192.0.2.1", 5060), ("192.0.2.2", 5060), ("192.0.2.3", 5060)
BOB_URI = SipUri.parse("sip:bob@192.0.2.2:5060")
OFFER, ANSWER = b"v=0\r\no=alice offer\r\n", b"v=0\r\no=bob answer\r\n"


def test_somebody_is_there(network: Network) -> None:
    alice, bob = network.pair()
    handle = alice.options(BOB_URI, now=network.now)
    network.run(0.1)
    answered = network.of_kind(ALICE, OptionsAnswered)
    assert (answered.handle, answered.status, answered.local) == (handle, 200, False)
    assert answered.headers.text("Supported") == "100rel, timer, replaces, norefersub"
    assert answered.headers.text("Accept") == "application/sdp, multipart/mixed"
    assert network.last("OPTIONS").text("Max-Forwards") == "70"
    network.run_until_quiet()
    assert (alice.timer(), bob.timer()) == (None, None)


def test_a_password_is_asked_for(network: Network) -> None:
    alice = network.agent(ALICE)

    def challenge(sent: Sent) -> None:
        message = sent.message
        assert isinstance(message, Request)
        status = 200 if message.text("Authorization") else 401
        response = create_response(message, status, to_tag="b").with_added(("WWW-Authenticate", 'Digest realm="r", nonce="n"'))
        network.send(bytes(response), BOB, ALICE)

    network.strangers[BOB] = challenge
    alice.options(BOB_URI, now=network.now, secret=Secret("alice", "open sesame"))
    network.run(0.1)
    assert network.of_kind(ALICE, OptionsAnswered).status == 200
    assert network.last("OPTIONS").text("CSeq") == "2 OPTIONS"


def test_nobody_is_there(network: Network) -> None:
    network.agent(ALICE).options(BOB_URI, now=network.now)
    network.run_until_quiet()
    answered = network.of_kind(ALICE, OptionsAnswered)
    assert (answered.status, answered.local, network.now) == (408, True, 32.0)


def test_a_name_without_address(network: Network) -> None:
    network.agent(ALICE).options(SipUri.of("ivr.example.com"), now=network.now)
    network.run(0.0)
    answered = network.of_kind(ALICE, OptionsAnswered)
    assert (answered.status, answered.local) == (503, True)


def test_a_transfer_that_is_not_to_be_reported(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    bob.refer(bobs, "sip:agent@192.0.2.3", network.now, subscribe=False)
    network.run(0.1)
    assert network.last("REFER").text("Refer-Sub") == "false"
    assert network.of_kind(ALICE, ReferReceived).handle == handle
    alice.accept_refer(handle, network.now)
    alice.notify_refer(handle, 180, network.now)
    alice.notify_refer(handle, 200, network.now)
    network.run(1.0)
    assert network.last("202 REFER").text("Refer-Sub") == "false"
    assert network.times("NOTIFY") == []
    progress = network.of_kind(BOB, ReferProgress)
    assert (progress.status, progress.final) == (202, True)
    bob.refer(bobs, "sip:agent@192.0.2.3", network.now)
    network.run(0.1)
    alice.accept_refer(handle, network.now)
    network.run(0.1)
    assert len(network.times("NOTIFY")) == 1


def test_who_does_not_know_of_it_reports_all_the_same(network: Network) -> None:
    _, bob = network.pair()
    handle, bobs = network.talking()
    network.fate = lambda sent: (0.01,)
    bob.refer(bobs, "sip:agent@192.0.2.3", network.now, subscribe=False)
    network.run(0.1)
    alice = network.agents[ALICE]
    received = alice._registry.legs[handle].refers._received
    assert received is not None
    received.subscribes = True
    alice.accept_refer(handle, network.now)
    alice.notify_refer(handle, 486, network.now)
    network.run(0.5)
    reports = [(event.status, event.final) for event in network.events[BOB] if isinstance(event, ReferProgress)]
    assert reports == [(202, False), (100, False), (486, True)]


def test_a_redirected_call_is_the_same_call(network: Network) -> None:
    alice, bob = network.pair()
    network.agent(CAROL)
    network.answering(CAROL)
    handle = network.call()
    network.run(0.1)
    bob.reject(network.of_kind(BOB, IncomingCall).handle, 302, network.now, headers=[("Contact", "<sip:carol@192.0.2.3>")])
    network.run(0.1)
    rejected = network.of_kind(ALICE, Rejected)
    (contact,) = rejected.contacts
    assert isinstance(contact, SipUri)
    again = alice.invite(contact, offer=OFFER, now=network.now, instead_of=rejected)
    network.run(0.5)
    assert again == handle
    first, second = [sent.message for sent in network.sent if sent.what == "INVITE"]
    for name in ("Call-ID", "From", "To"):
        assert first.text(name) == second.text(name)
    assert (second.start_line, second.text("CSeq")) == ("INVITE sip:carol@192.0.2.3 SIP/2.0", "2 INVITE")
    assert network.kinds(ALICE)[-1] == "Answered"
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert network.agents[CAROL].calls == 0
