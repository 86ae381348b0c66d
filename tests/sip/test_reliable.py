"""Provisional responses that arrive, as callee; offers in them and in PRACK and UPDATE before the answer (RFC 3262, RFC 3311)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.endpoint import WrongState
from ivrtest.sip.events import Answered, Ended, IncomingCall, Progress, ProgressAcknowledged, Rejected, SessionChanged, SessionOffered
from ivrtest.sip.headers import RSeq
from ivrtest.sip.message import Request
from ivrtest.sip.peer import ignore
from ivrtest.sip.uri import SipUri

if TYPE_CHECKING:
    from tests.sip.conftest import Network

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
BOB_URI = SipUri.parse("sip:bob@192.0.2.2:5060")
OFFER, ANSWER = b"v=0\r\no=alice offer\r\n", b"v=0\r\no=bob answer\r\n"
HOLD, HELD = b"v=0\r\na=sendonly\r\n", b"v=0\r\na=recvonly\r\n"


def incoming(network: Network, *, offer: bytes | None = OFFER, **headers: str) -> tuple[str, str]:
    """Alice calls Bob; return both handles."""
    handle = network.agents[ALICE].invite(
        BOB_URI, offer=offer, now=network.now, headers=[(name.replace("_", "-"), value) for name, value in headers.items()]
    )
    network.run(0.1)
    return handle, network.of_kind(BOB, IncomingCall).handle


def test_early_media_is_acknowledged_and_not_told_again_in_the_answer(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = incoming(network)
    bob.ring(bobs, network.now, sdp=ANSWER)
    network.run(0.1)
    bob.ring(bobs, network.now)
    network.run(0.1)
    bob.answer(bobs, ANSWER, network.now)
    network.run(0.1)
    assert network.ladder() == [
        ".1 INVITE .2", ".2 100 INVITE .1", ".2 183 INVITE .1", ".1 PRACK .2", ".2 200 PRACK .1",
        ".2 180 INVITE .1", ".2 200 INVITE .1", ".1 ACK .2",
    ]  # fmt: skip
    early = network.last("183 INVITE")
    assert (early.text("Require"), early.body) == ("100rel", ANSWER)
    assert early.text("Allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"
    # Without a description it is sent once, unless somebody wants more.
    assert network.last("180 INVITE").text("Require") is None
    assert network.last("200 INVITE").body == b""
    assert network.of_kind(BOB, ProgressAcknowledged) == ProgressAcknowledged(bobs, 183, None)
    assert network.of_kind(ALICE, Answered).sdp == ANSWER
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert (bob.timer(), bob.calls, alice.calls) == (None, 0, 0)


def test_who_requires_it_gets_every_response_reliably_one_after_another(network: Network) -> None:
    _, bob = network.pair()
    _, bobs = incoming(network, Require="100rel")
    bob.ring(bobs, network.now, status=181)
    bob.ring(bobs, network.now)
    bob.ring(bobs, network.now, status=182)
    assert len(network.agents[BOB].datagrams()) == 1  # the others wait for PRACK
    network.fate = lambda sent: (0.01,)
    network.run(0.6)  # the first got lost with the datagrams above: it is sent again
    numbers = [sent.message.need(RSeq).value for sent in network.sent if "INVITE" in sent.what and sent.message.get(RSeq)]
    assert [sent.what for sent in network.sent if sent.source == BOB and "INVITE" in sent.what] == [
        "100 INVITE", "181 INVITE", "180 INVITE", "182 INVITE",
    ]  # fmt: skip
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    network.run(160.0)
    # After two and a half minutes it says that it still rings.
    assert len(network.times("182 INVITE")) == 2


def test_who_cannot_gets_none(network: Network) -> None:
    _, bob = network.pair()
    invite = (
        b"INVITE sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nMax-Forwards: 70\r\n"
        b"From: <sip:a@b>;tag=a\r\nTo: <sip:bob@192.0.2.2>\r\nCall-ID: old\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\n\r\n"
    )
    network.send(invite, ALICE, BOB)
    network.run(0.1)
    bob.ring(network.of_kind(BOB, IncomingCall).handle, network.now, sdp=ANSWER, reliable=True)
    network.run(0.1)
    assert network.last("183 INVITE").text("RSeq") is None


def test_it_is_repeated_at_growing_intervals_and_then_the_call_is_refused(network: Network) -> None:
    alice, bob = network.pair()
    _, bobs = incoming(network)
    network.fate = lambda sent: () if sent.what == "PRACK" else (0.01,)
    bob.ring(bobs, network.now, sdp=ANSWER)
    network.run_until_quiet()
    assert [round(at - 0.1, 6) for at in network.times("183 INVITE")] == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert network.of_kind(BOB, Ended).status == 504
    rejected = network.of_kind(ALICE, Rejected)
    assert (rejected.status, rejected.reason) == (504, "Provisional Response Not Acknowledged")
    assert (alice.calls, bob.calls) == (0, 0)


def test_the_answer_waits_for_the_prack_of_a_description(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = incoming(network)
    lost = iter([True])
    network.fate = lambda sent: () if sent.what == "PRACK" and next(lost, False) else (0.01,)
    bob.ring(bobs, network.now, sdp=ANSWER)
    bob.answer(bobs, ANSWER, network.now)
    with pytest.raises(WrongState, match=re.escape(f'call "{bobs}" cannot ring: it is answered. it must be not answered yet')):
        bob.ring(bobs, network.now)
    network.run(0.3)
    assert network.times("200 INVITE") == []
    network.run(1.0)
    assert [sent.what for sent in network.sent if sent.source == BOB][-2:] == ["200 PRACK", "200 INVITE"]
    assert network.of_kind(ALICE, Answered).handle == handle
    assert alice.calls == 1


def test_the_caller_hangs_up_while_the_answer_waits(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = incoming(network)
    network.fate = lambda sent: () if sent.what == "PRACK" else (0.01,)
    bob.ring(bobs, network.now, sdp=ANSWER)
    bob.answer(bobs, ANSWER, network.now)
    network.run(0.1)
    alice.cancel(handle, network.now)
    network.run_until_quiet()
    assert network.times("200 INVITE") == []
    assert (network.kinds(ALICE)[-1], network.kinds(BOB)[-1]) == ("Cancelled", "Cancelled")
    assert (bob.calls, bob.timer()) == (0, None)


def test_an_offer_in_a_reliable_response_is_answered_in_prack(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = incoming(network, offer=None)
    bob.ring(bobs, network.now, sdp=OFFER)
    network.run(0.1)
    progress = [event for event in network.events[ALICE] if isinstance(event, Progress)][-1]
    assert (progress.status, progress.sdp, progress.is_offer) == (183, OFFER, True)
    assert network.times("PRACK") == []
    alice.acknowledge(handle, ANSWER, network.now, branch=progress.branch)
    network.run(0.1)
    assert network.last("PRACK").body == ANSWER
    assert network.of_kind(BOB, ProgressAcknowledged).sdp == ANSWER
    bob.answer(bobs, OFFER, network.now)
    network.run(0.1)
    assert network.last("200 INVITE").body == b""
    answered = network.of_kind(ALICE, Answered)
    assert (answered.sdp, answered.is_offer) == (None, False)
    assert len(network.times("ACK")) == 1


def test_a_further_offer_in_prack(network: Network) -> None:
    _, bob = network.pair()
    handle, bobs = incoming(network)
    # Alice's agent acknowledges by itself, so a PRACK of ours has to be quicker.
    network.fate = lambda sent: () if sent.what == "PRACK" and b"further" not in sent.data else (0.01,)
    bob.ring(bobs, network.now, sdp=ANSWER)
    network.run(0.1)
    number = network.last("183 INVITE").need(RSeq).value
    peer = network.agents[ALICE]._registry.legs[handle]._peers[0]
    prack = peer.dialog.request("PRACK").with_added(("RAck", f"{number} 1 INVITE"), ("X-What", "further"))
    peer.send(prack.with_body(HOLD, "application/sdp"), ignore, network.now)
    network.run(0.1)
    assert network.of_kind(BOB, SessionOffered) == SessionOffered(bobs, "PRACK", HOLD)
    bob.answer(bobs, HELD, network.now)
    network.run(0.1)
    assert network.last("200 PRACK").body == HELD
    bob.answer(bobs, None, network.now)
    network.run(0.1)
    assert network.last("200 INVITE").body == b""


@pytest.mark.parametrize("rack", ["1 1 INVITE", "{number} 2 INVITE", "{number} 1 UPDATE"])
def test_a_prack_for_nothing_is_refused(network: Network, rack: str) -> None:
    _, bob = network.pair()
    handle, bobs = incoming(network)
    network.fate = lambda sent: () if sent.what == "PRACK" and sent.at < 0.15 else (0.01,)
    bob.ring(bobs, network.now, sdp=ANSWER)
    network.run(0.1)
    number = network.last("183 INVITE").need(RSeq).value
    peer = network.agents[ALICE]._registry.legs[handle]._peers[0]
    peer.send(peer.dialog.request("PRACK").with_added(("RAck", rack.format(number=number))), ignore, network.now)
    network.run(0.1)
    assert [sent.what for sent in network.sent if sent.source == BOB][-1] == "481 PRACK"


def test_the_session_is_changed_by_update_before_the_answer_by_either_side(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = incoming(network)
    text = f'call "{handle}" cannot change its session: its first offer is not answered yet'
    with pytest.raises(WrongState, match=f"^{re.escape(text)}$"):
        alice.update(handle, HOLD, network.now)
    bob.ring(bobs, network.now, sdp=ANSWER)
    network.run(0.1)
    alice.update(handle, HOLD, network.now)
    network.run(0.1)
    assert network.of_kind(BOB, SessionOffered) == SessionOffered(bobs, "UPDATE", HOLD)
    bob.answer(bobs, HELD, network.now)
    network.run(0.1)
    assert network.of_kind(ALICE, SessionChanged) == SessionChanged(handle, HELD)
    bob.update(bobs, HOLD, network.now)
    network.run(0.1)
    assert network.of_kind(ALICE, SessionOffered) == SessionOffered(handle, "UPDATE", HOLD)
    alice.answer(handle, HELD, network.now)
    network.run(0.1)
    assert network.of_kind(BOB, SessionChanged) == SessionChanged(bobs, HELD)
    bob.answer(bobs, ANSWER, network.now)
    network.run(0.1)
    # What was agreed on first holds no more, and what was agreed on last is known.
    assert network.of_kind(ALICE, Answered).sdp is None


def test_an_update_while_the_first_offer_is_open_is_refused(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = incoming(network)
    bob.ring(bobs, network.now)
    network.run(0.1)
    for agent, who in ((alice, handle), (bob, bobs)):
        peer = agent._registry.legs[who]._peers[0]
        for method in ("UPDATE", "INVITE"):
            request = peer.dialog.request(method).with_added(("Contact", "<sip:x@192.0.2.9>"))
            assert isinstance(request, Request)
            peer.send(request.with_body(HOLD, "application/sdp"), ignore, network.now)
            network.run(0.1)
    assert [sent.what for sent in network.sent if sent.what[:3] in ("491", "500")] == [
        "500 UPDATE",
        "500 INVITE",
        "491 UPDATE",
        "491 INVITE",
    ]
