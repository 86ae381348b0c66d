"""What can happen within a call: RFC 3261 sections 11, 12.2.2 and 14, RFC 3311 (UPDATE), RFC 6086 (INFO)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.endpoint import WrongState
from ivrtest.sip.events import (
    Confirmed,
    Ended,
    InfoAnswered,
    InfoReceived,
    OfferWithdrawn,
    SessionChanged,
    SessionOffered,
    SessionUnchanged,
)
from ivrtest.sip.headers import RetryAfter
from ivrtest.sip.peer import Peer, ignore

if TYPE_CHECKING:
    from tests.sip.conftest import Network

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
HOLD, HELD = b"v=0\r\na=sendonly\r\n", b"v=0\r\na=recvonly\r\n"


def peer_of(network: Network, handle: str) -> Peer:
    """Return Alice's way to Bob, to send him what the agent itself never sends."""
    peer = network.agents[ALICE]._registry.legs[handle].peer
    assert peer is not None
    return peer


def send(network: Network, handle: str, method: str, *headers: tuple[str, str], body: bytes = b"") -> None:
    peer = peer_of(network, handle)
    request = peer.dialog.request(method).with_added(*headers)
    peer.send(request.with_body(body, "application/sdp") if body else request, ignore, network.now)


def test_hold_and_resume(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    network.reactions.clear()
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.5)
    assert network.of_kind(BOB, SessionOffered) == SessionOffered(bobs, "INVITE", HOLD)
    bob.answer(bobs, HELD, network.now)
    network.run(0.5)
    assert network.ladder() == [".1 INVITE .2", ".2 100 INVITE .1", ".2 200 INVITE .1", ".1 ACK .2"]
    assert network.of_kind(ALICE, SessionChanged) == SessionChanged(handle, HELD)
    assert network.of_kind(BOB, Confirmed).handle == bobs
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert network.kinds(BOB)[-1] == "Ended"


def test_a_change_that_asks_for_our_offer(network: Network) -> None:
    alice, bob = network.pair()
    _, bobs = network.talking()
    network.answering(ALICE)
    bob.reinvite(bobs, None, network.now)
    network.run(0.5)
    assert network.of_kind(ALICE, SessionOffered).offer is None
    assert network.of_kind(BOB, SessionChanged).sdp is not None
    assert alice.calls == 1


def test_a_refused_change_leaves_the_session(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    network.reactions.clear()
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.5)
    bob.reject(bobs, 488, network.now)
    network.run(0.5)
    assert network.of_kind(ALICE, SessionUnchanged) == SessionUnchanged(handle, 488, "Not Acceptable Here", None)
    assert (alice.calls, bob.calls) == (1, 1)


def test_a_change_refused_with_481_ends_the_call(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    network.reactions.clear()
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.5)
    bob.reject(bobs, 481, network.now)
    network.run_until_quiet()
    assert network.kinds(ALICE) == ["SessionUnchanged", "Ended"]
    assert (network.of_kind(ALICE, Ended).by, network.of_kind(ALICE, Ended).status) == (None, 481)
    assert network.ladder()[-2:] == [".1 BYE .2", ".2 200 BYE .1"]


def test_changes_from_both_sides_at_once_are_refused_with_491(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    alice.reinvite(handle, HOLD, network.now)
    bob.reinvite(bobs, HOLD, network.now)
    network.run(1.0)
    assert network.of_kind(ALICE, SessionUnchanged).status == 491
    assert network.of_kind(BOB, SessionUnchanged).status == 491
    alice.reinvite(handle, HOLD, network.now)
    text = f'call "{handle}" cannot change its session: another change is under way. wait until it is answered'
    with pytest.raises(WrongState, match=f"^{re.escape(text)}$"):
        alice.reinvite(handle, HOLD, network.now)


def test_a_second_offer_before_the_first_is_answered_is_refused_with_500(network: Network) -> None:
    alice, _ = network.pair()
    handle, _ = network.talking()
    network.reactions.clear()
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.1)
    send(network, handle, "UPDATE", body=HOLD)
    send(network, handle, "INVITE", body=HOLD)
    network.run(0.1)
    for refusal in (network.last("500 UPDATE"), network.last("500 INVITE")):
        after = refusal.get(RetryAfter)
        assert after is not None
        assert 0 <= after.seconds <= 10


def test_a_change_is_cancelled(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    network.reactions.clear()
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.1)
    outgoing = alice._registry.legs[handle].changes._invite
    assert outgoing is not None
    outgoing.cancel(network.now)
    network.run(0.5)
    assert network.of_kind(BOB, OfferWithdrawn).handle == bobs
    assert network.of_kind(ALICE, SessionUnchanged).status == 487
    assert alice.calls == 1
    network.sent.clear()
    bob.answer(bobs, HELD, network.now)  # whoever is slow to hear of it has made no mistake
    assert network.agents[BOB].datagrams() == []
    text = f'call "{bobs}" cannot answer: nothing is offered'
    with pytest.raises(WrongState, match=f"^{re.escape(text)}$"):
        bob.answer(bobs, HELD, network.now)


def test_update_carries_an_offer_or_none(network: Network) -> None:
    network.pair()
    handle, bobs = network.talking()
    send(network, handle, "UPDATE", body=HOLD)
    send(network, handle, "UPDATE")
    network.run(1.0)
    assert network.of_kind(BOB, SessionOffered) == SessionOffered(bobs, "UPDATE", HOLD)
    assert [sent.message.body for sent in network.sent if sent.what == "200 UPDATE"] == [b"v=0\r\no=bob answer\r\n", b""]
    assert network.last("200 UPDATE").text("Contact") == "<sip:bob@192.0.2.2>"


def test_an_open_offer_is_refused_when_the_call_ends(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    network.reactions.clear()
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.1)
    bob.bye(bobs, network.now)
    bob.answer(bobs, HELD, network.now)  # too late: nothing happens
    network.run_until_quiet()
    assert network.ladder()[2:] == [".2 487 INVITE .1", ".2 BYE .1", ".1 ACK .2", ".1 200 BYE .2"]
    assert (network.kinds(ALICE), network.kinds(BOB)) == (["SessionUnchanged", "Ended"], ["SessionOffered", "Ended"])


def test_hanging_up_while_our_change_is_open_still_acknowledges_it(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    network.reactions.clear()
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.1)
    bob.answer(bobs, HELD, network.now)
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert network.kinds(ALICE) == ["Ended"]
    assert len(network.times("ACK")) == 1
    assert network.kinds(BOB)[-1] == "Ended"


def test_info_is_answered_and_reported_in_order(network: Network) -> None:
    alice, _ = network.pair()
    handle, bobs = network.talking()
    lost = iter([True])
    network.fate = lambda sent: () if sent.what == "INFO" and next(lost, False) else (0.01,)
    for key in b"123":
        alice.info(handle, "application/dtmf-relay", b"Signal=%c\r\nDuration=160\r\n" % key, network.now)
    network.run(2.0)
    infos = [event for event in network.events[BOB] if isinstance(event, InfoReceived)]
    assert [event.body[:8] for event in infos] == [b"Signal=1", b"Signal=2", b"Signal=3"]
    assert {(event.handle, event.content_type) for event in infos} == {(bobs, "application/dtmf-relay")}
    assert [event.status for event in network.events[ALICE] if isinstance(event, InfoAnswered)] == [200, 200, 200]


def test_a_lost_call_shows_at_the_next_request(network: Network) -> None:
    alice, _ = network.pair()
    handle, _ = network.talking()
    network.agent(BOB)  # restarted: it knows nothing
    alice.info(handle, "text/plain", b"x", network.now)
    network.run_until_quiet()
    assert network.kinds(ALICE) == ["InfoAnswered", "Ended"]
    assert (network.of_kind(ALICE, Ended).by, network.of_kind(ALICE, Ended).status) == (None, 481)


def test_options_within_a_call(network: Network) -> None:
    network.pair()
    handle, _ = network.talking()
    send(network, handle, "OPTIONS")
    network.run(0.1)
    assert network.last("200 OPTIONS").text("Allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"


def test_a_request_with_an_old_number_is_refused_with_500(network: Network) -> None:
    network.pair()
    handle, _ = network.talking()
    dialog = peer_of(network, handle).dialog
    dialog.local_number = 5
    send(network, handle, "OPTIONS")
    dialog.local_number = 3
    send(network, handle, "OPTIONS")
    network.run(0.1)
    assert network.last("500 OPTIONS").start_line == "SIP/2.0 500 CSeq Out Of Order"


def test_update_is_refused(network: Network) -> None:
    _, bob = network.pair()
    handle, bobs = network.talking()
    network.reactions.clear()
    send(network, handle, "UPDATE", body=HOLD)
    network.run(0.1)
    bob.reject(bobs, 488, network.now, reason="Not Now")
    network.run(0.1)
    assert network.last("488 UPDATE").start_line == "SIP/2.0 488 Not Now"
    text = f'call "{bobs}" cannot reject: nothing is offered'
    with pytest.raises(WrongState, match=f"^{re.escape(text)}$"):
        bob.reject(bobs, 488, network.now)


def test_requests_into_a_call_that_is_being_ended(network: Network) -> None:
    _, bob = network.pair()
    handle, bobs = network.talking()
    peer = peer_of(network, handle)
    network.fate = lambda sent: () if sent.what == "200 BYE" else (0.01,)
    bob.bye(bobs, network.now)
    network.run(0.1)
    peer.send(peer.dialog.request("INVITE").with_added(("Contact", "<sip:alice@192.0.2.1>")), ignore, network.now)
    network.run(0.1)
    assert network.ladder()[-2:] == [".2 481 INVITE .1", ".1 ACK .2"]


def test_requests_into_a_call_that_only_waits_for_a_transfer(network: Network) -> None:
    _, bob = network.pair()
    handle, bobs = network.talking()
    peer = peer_of(network, handle)
    bob.refer(bobs, "sip:agent@192.0.2.3", network.now)
    network.run(0.1)
    network.agents[ALICE].accept_refer(handle, network.now)
    bob.bye(bobs, network.now)
    network.run(0.5)
    peer.send(peer.dialog.request("INFO"), ignore, network.now)
    network.run(0.1)
    assert network.ladder()[-1] == ".2 481 INFO .1"
