"""A call that takes the place of another (Replaces, RFC 3891), as callee and as the one who is transferred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ivrtest.sip.events import Cancelled, Ended, IncomingCall, ReferReceived, Side
from ivrtest.sip.uri import SipUri

if TYPE_CHECKING:
    from ivrtest.sip.agent import Agent
    from tests.sip.conftest import Network

ALICE, BOB, CAROL = ("192.0.2.1", 5060), ("192.0.2.2", 5060), ("192.0.2.3", 5060)
OFFER, ANSWER = b"v=0\r\no=alice offer\r\n", b"v=0\r\no=bob answer\r\n"


def named(network: Network, address: Any, handle: str) -> str:
    """Return how the far side of a call of the agent at `address` names it in Replaces."""
    peer = network.agents[address]._registry.legs[handle]._peers[0]
    call_id, local, remote = peer.dialog.id
    return f"{call_id};to-tag={remote};from-tag={local}"


def take_over(network: Network, carol: Agent, replaces: str, *, of: tuple[str, int] = BOB) -> None:
    carol.invite(SipUri.of(of[0], of[1], user="x"), offer=OFFER, now=network.now, headers=[("Replaces", replaces)])
    network.run(0.1)


def test_the_new_call_is_answered_and_the_old_one_ended(network: Network) -> None:
    alice, bob = network.pair()
    carol = network.agent(CAROL, user="carol")
    handle, bobs = network.talking()
    network.reactions.clear()
    take_over(network, carol, named(network, ALICE, handle))
    incoming = network.of_kind(BOB, IncomingCall)
    assert incoming.replaces == bobs
    assert bob.calls == 2
    bob.answer(incoming.handle, ANSWER, network.now)
    network.run(0.5)
    assert network.ladder()[2:] == [
        ".2 200 INVITE .3", ".2 BYE .1", ".3 ACK .2", ".1 200 BYE .2",
    ]  # fmt: skip
    assert (network.of_kind(BOB, Ended).handle, network.of_kind(BOB, Ended).by) == (bobs, Side.US)
    assert network.of_kind(ALICE, Ended).by is Side.THEM
    assert (alice.calls, bob.calls, carol.calls) == (0, 1, 1)


def test_a_refused_takeover_leaves_the_old_call(network: Network) -> None:
    alice, bob = network.pair()
    carol = network.agent(CAROL)
    handle, _ = network.talking()
    network.reactions.clear()
    take_over(network, carol, named(network, ALICE, handle))
    bob.reject(network.of_kind(BOB, IncomingCall).handle, 488, network.now)
    network.run(0.5)
    assert (alice.calls, bob.calls, carol.calls) == (1, 1, 0)


def test_a_call_of_ours_that_still_rings_is_taken_over(network: Network) -> None:
    alice, bob = network.pair()
    carol = network.agent(CAROL)
    handle = network.call()
    network.run(0.1)
    bob.ring(network.of_kind(BOB, IncomingCall).handle, network.now)
    network.run(0.1)
    bobs = network.of_kind(BOB, IncomingCall).handle
    take_over(network, carol, f"{named(network, BOB, bobs)};early-only", of=ALICE)
    incoming = network.of_kind(ALICE, IncomingCall)
    assert incoming.replaces == handle
    alice.answer(incoming.handle, ANSWER, network.now)
    network.run(0.5)
    assert network.of_kind(ALICE, Cancelled).handle == handle
    assert network.of_kind(BOB, Cancelled).by is Side.THEM
    assert (alice.calls, bob.calls, carol.calls) == (1, 0, 1)


@pytest.mark.parametrize(
    ("replaces", "answer"),
    [
        ("nobody;to-tag=1;from-tag=2", "481 Call/Transaction Does Not Exist"),
        ("{call};early-only", "486 Busy Here"),
        ("{call};to-tag=twice", "481 Call/Transaction Does Not Exist"),
        ("{call}, {call}", "400 INVITE has 2"),
        ("{call}x", "481 Call/Transaction Does Not Exist"),
        ("{id}", '400 Replaces "{id}" must have a to-tag and a from-tag'),
    ],
)
def test_takeovers_that_cannot_be(network: Network, replaces: str, answer: str) -> None:
    network.pair()
    carol = network.agent(CAROL)
    handle, _ = network.talking()
    network.reactions.clear()
    call = named(network, ALICE, handle)
    if replaces == "{call}, {call}":
        target = SipUri.of(*BOB, user="x")
        carol.invite(target, offer=OFFER, now=network.now, headers=[("Replaces", call), ("Replaces", call)])
        network.run(0.1)
        answer = '400 INVITE has 2 "Replaces" headers. it can have one'
    elif "twice" in replaces:
        take_over(network, carol, call.replace("to-tag=", "to-tag=x"))
    else:
        take_over(network, carol, replaces.format(call=call, id=handle))
    refusal = next(sent.message for sent in network.sent if sent.source == BOB)
    assert refusal.start_line == f"SIP/2.0 {answer.format(id=handle)}"
    assert network.agents[BOB].calls == 1


def test_a_call_that_is_being_ended_is_not_taken_over(network: Network) -> None:
    _, bob = network.pair()
    carol = network.agent(CAROL)
    handle, bobs = network.talking()
    call = named(network, ALICE, handle)
    network.fate = lambda sent: () if sent.destination == ALICE else (0.01,)
    bob.bye(bobs, network.now)
    take_over(network, carol, call)
    assert next(sent.what for sent in network.sent if sent.destination == CAROL) == "603 INVITE"


def test_an_attended_transfer_carried_out(network: Network) -> None:
    """Bob talks to Alice and to Carol, and asks Alice to take his place with Carol."""
    alice, bob = network.pair()
    carol = network.agent(CAROL, user="carol")
    handle, bobs = network.talking()
    network.answering(CAROL)
    consultation = bob.invite(SipUri.of(*CAROL, user="carol"), offer=OFFER, now=network.now)
    network.run(0.5)
    call = named(network, BOB, consultation)
    escaped = call.replace(";", "%3B").replace("=", "%3D")
    bob.refer(bobs, SipUri.parse(f"sip:carol@192.0.2.3?Replaces={escaped}"), network.now)
    network.run(0.2)
    alice.accept_refer(handle, network.now)
    asked = network.of_kind(ALICE, ReferReceived)
    alice.invite(asked.to, offer=OFFER, now=network.now)
    network.run(0.5)
    assert network.last("INVITE").text("Replaces") == call
    assert network.last("INVITE").start_line == "INVITE sip:carol@192.0.2.3 SIP/2.0"
    assert [event.replaces is not None for event in network.events[CAROL] if isinstance(event, IncomingCall)] == [False, True]
    alice.notify_refer(handle, 200, network.now)
    bob.hang_up(bobs, network.now)
    network.run_until_quiet()
    assert (alice.calls, bob.calls, carol.calls) == (1, 0, 1)
