"""Calls and changes that ask for the other side's offer: it comes in the 2xx, and our answer goes in the ACK (RFC 3261 section 13.2.2.4).

And what happens when both sides ask for a change at once (section 14.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.sip.events import Answered, Confirmed, Ended, IncomingCall, SessionChanged, SessionOffered, SessionUnchanged, Side
from ivrtest.sip.uri import SipUri

if TYPE_CHECKING:
    from tests.sip.conftest import Network

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
BOB_URI = SipUri.parse("sip:bob@192.0.2.2:5060")
OFFER, ANSWER = b"v=0\r\no=alice offer\r\n", b"v=0\r\no=bob answer\r\n"
HOLD, HELD = b"v=0\r\na=sendonly\r\n", b"v=0\r\na=recvonly\r\n"


def ringing(network: Network) -> tuple[str, str]:
    handle = network.agents[ALICE].invite(BOB_URI, offer=None, now=network.now)
    network.run(0.1)
    return handle, network.of_kind(BOB, IncomingCall).handle


def test_the_ack_has_our_answer(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = ringing(network)
    assert network.of_kind(BOB, IncomingCall).offer is None
    bob.answer(bobs, OFFER, network.now)
    network.run(0.1)
    answered = network.of_kind(ALICE, Answered)
    assert (answered.sdp, answered.is_offer) == (OFFER, True)
    assert network.times("ACK") == []
    alice.acknowledge(handle, ANSWER, network.now)
    network.run(0.1)
    assert (network.last("ACK").body, network.last("ACK").text("Content-Type")) == (ANSWER, "application/sdp")
    assert network.of_kind(BOB, Confirmed).sdp == ANSWER


def test_copies_of_the_answer_do_not_hurry_us_and_copies_of_the_ack_are_the_same(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = ringing(network)
    bob.answer(bobs, OFFER, network.now)
    network.run(2.0)
    assert len(network.times("200 INVITE")) == 3
    assert network.times("ACK") == []
    network.fate = lambda sent: () if sent.what == "ACK" and sent.at < 3 else (0.01,)
    alice.acknowledge(handle, ANSWER, network.now)
    network.run(4.0)
    assert {sent.message.body for sent in network.sent if sent.what == "ACK"} == {ANSWER}
    assert len([event for event in network.events[ALICE] if isinstance(event, Answered)]) == 1
    assert network.of_kind(BOB, Confirmed).sdp == ANSWER


def test_whoever_cannot_answer_the_offer_acknowledges_it_and_hangs_up(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = ringing(network)
    bob.answer(bobs, OFFER, network.now)
    network.run(0.1)
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert network.ladder()[-3:] == [".1 ACK .2", ".1 BYE .2", ".2 200 BYE .1"]
    assert network.last("ACK").body == b""
    assert network.of_kind(ALICE, Ended).by is Side.US
    assert network.of_kind(BOB, Confirmed).sdp is None


def test_an_answer_that_crosses_our_cancel_is_acknowledged_and_ended(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = ringing(network)
    bob.answer(bobs, OFFER, network.now)
    alice.cancel(handle, network.now)
    network.run_until_quiet()
    assert [kind for kind in network.kinds(ALICE) if kind != "Progress"] == ["Cancelled"]
    assert network.kinds(BOB)[-1] == "Ended"


@pytest.mark.parametrize("caller_asks", [True, False])
def test_a_change_that_asks_for_an_offer(network: Network, caller_asks: bool) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    network.reactions.clear()
    (one, mine, there), (other, theirs) = ((alice, handle, BOB), (bob, bobs)) if caller_asks else ((bob, bobs, ALICE), (alice, handle))
    here = ALICE if caller_asks else BOB
    one.reinvite(mine, None, network.now)
    network.run(0.1)
    assert network.of_kind(there, SessionOffered) == SessionOffered(theirs, "INVITE", None)
    other.answer(theirs, HOLD, network.now)
    network.run(0.1)
    assert network.of_kind(here, SessionChanged) == SessionChanged(mine, HOLD, is_offer=True)
    one.acknowledge(mine, HELD, network.now)
    network.run(0.1)
    assert network.of_kind(there, Confirmed).sdp == HELD
    one.bye(mine, network.now)
    network.run_until_quiet()
    assert (alice.calls, bob.calls) == (0, 0)


def test_a_change_by_update(network: Network) -> None:
    alice, bob = network.pair()
    handle, _ = network.talking()
    network.answering(BOB)
    alice.update(handle, HOLD, network.now)
    network.run(0.1)
    assert network.ladder() == [".1 UPDATE .2", ".2 200 UPDATE .1"]
    assert network.last("UPDATE").text("Contact") == "<sip:alice@192.0.2.1>"
    assert network.of_kind(ALICE, SessionChanged).sdp == b"v=0\r\no=bob answer\r\n"
    assert bob.calls == 1


def test_after_a_glare_the_caller_waits_longer_than_the_callee(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    network.answering(BOB)
    network.answering(ALICE)
    alice.reinvite(handle, HOLD, network.now)
    bob.update(bobs, HOLD, network.now)
    network.run(0.1)
    mine, theirs = network.of_kind(ALICE, SessionUnchanged), network.of_kind(BOB, SessionUnchanged)
    assert (mine.status, theirs.status) == (491, 491)
    assert 2.1 <= mine.again_in <= 4.0
    assert 0.0 <= theirs.again_in <= 2.0
    network.run(theirs.again_in)
    bob.update(bobs, HOLD, network.now)
    network.run(mine.again_in - theirs.again_in)
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.1)
    assert (network.of_kind(BOB, SessionChanged).handle, network.of_kind(ALICE, SessionChanged).handle) == (bobs, handle)


@settings(deadline=None, max_examples=60)
@given(
    fates=st.lists(st.lists(st.floats(0.0, 1.5), max_size=2), max_size=40),
    changes=st.lists(st.tuples(st.sampled_from(["alice", "bob"]), st.sampled_from(["reinvite", "update", "late"])), max_size=5),
)
def test_changes_on_a_bad_line_leave_both_sides_in_one_call_or_none(
    new_network: Callable[[], Network], fates: list[list[float]], changes: list[tuple[str, str]]
) -> None:
    network = new_network()
    alice, bob = network.pair()
    handle, bobs = network.talking()

    def follow(agent: Any, address: tuple[str, int]) -> Callable[[Any], None]:
        def react(event: Any) -> None:
            match event:
                case SessionOffered():
                    agent.answer(event.handle, ANSWER, network.now)
                case SessionChanged(is_offer=True):
                    agent.acknowledge(event.handle, HELD, network.now)

        return react

    network.reactions = {ALICE: follow(alice, ALICE), BOB: follow(bob, BOB)}
    plan = iter(fates)
    network.fate = lambda sent: next(plan, [0.01])
    for who, how in changes:
        agent, mine = (alice, handle) if who == "alice" else (bob, bobs)
        if agent.calls and not agent._registry.legs[mine].changes.is_busy:
            match how:
                case "update":
                    agent.update(mine, HOLD, network.now)
                case _:
                    agent.reinvite(mine, None if how == "late" else HOLD, network.now)
        network.run(0.7)
    network.run(200.0)
    assert alice.calls == bob.calls
    alice.hang_up(handle, network.now)
    network.run_until_quiet()
    assert (alice.calls, bob.calls, alice.timer(), bob.timer()) == (0, 0, None, None)
