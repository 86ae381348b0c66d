"""Transfers: RFC 3515, RFC 3892, RFC 6665 section 4 (as far as RFC 3515 uses it), RFC 5057, RFC 3891 (the header only)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.endpoint import WrongState
from ivrtest.sip.events import ReferProgress, ReferReceived
from ivrtest.sip.peer import Peer, ignore
from ivrtest.sip.uri import SipUri

if TYPE_CHECKING:
    from tests.sip.conftest import Network

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
AGENT = "sip:agent@192.0.2.3"


def reports(network: Network) -> list[tuple[int, str, bool]]:
    """Return what Bob heard of the transfer that he asked for."""
    return [(event.status, event.reason, event.final) for event in network.events[BOB] if isinstance(event, ReferProgress)]


def peer_of(network: Network, address: tuple[str, int], handle: str) -> Peer:
    peer = network.agents[address]._registry.legs[handle].peer
    assert peer is not None
    return peer


def test_a_transfer_that_succeeds(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    bob.refer(bobs, AGENT, network.now)
    network.run(0.3)
    refer = network.of_kind(ALICE, ReferReceived)
    assert (refer.handle, str(refer.to), refer.referred_by) == (handle, AGENT, "sip:bob@192.0.2.2:5060")
    alice.accept_refer(handle, network.now)
    network.run(0.5)
    alice.notify_refer(handle, 180, network.now)
    alice.notify_refer(handle, 200, network.now)
    network.run(0.5)
    assert reports(network) == [(202, "Accepted", False), (100, "Trying", False), (180, "Ringing", False), (200, "OK", True)]
    assert network.ladder() == [
        ".2 REFER .1", ".1 202 REFER .2", ".1 NOTIFY .2", ".2 200 NOTIFY .1",
        ".1 NOTIFY .2", ".2 200 NOTIFY .1", ".1 NOTIFY .2", ".2 200 NOTIFY .1",
    ]  # fmt: skip
    notifies = [sent.message for sent in network.sent if sent.what == "NOTIFY"]
    assert [message.text("Subscription-State") for message in notifies] == [
        "active;expires=180",
        "active;expires=179",
        "terminated;reason=noresource",
    ]
    assert {message.text("Event") for message in notifies} == {"refer"}
    assert (notifies[0].body, notifies[0].text("Content-Type")) == (b"SIP/2.0 100 Trying\r\n", "message/sipfrag;version=2.0")
    assert (alice.calls, bob.calls) == (1, 1)


def test_a_second_transfer_of_the_same_call_has_an_id(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    for expected in ("refer", "refer;id=2"):
        bob.refer(bobs, AGENT, network.now)
        network.run(0.5)
        alice.accept_refer(handle, network.now)
        alice.notify_refer(handle, 486, network.now)
        network.run(0.5)
        assert network.last("NOTIFY").text("Event") == expected
        assert reports(network)[-1] == (486, "Busy Here", True)


def test_a_transfer_that_is_refused(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    bob.refer(bobs, AGENT, network.now)
    network.run(0.5)
    alice.reject_refer(handle, 603, network.now)
    network.run(0.5)
    assert reports(network) == [(603, "Decline", True)]
    assert bob.calls == 1


def test_the_report_comes_after_the_call_is_over(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    bob.refer(bobs, AGENT, network.now)
    network.run(0.5)
    alice.accept_refer(handle, network.now)
    network.run(0.5)
    bob.bye(bobs, network.now)
    network.run(0.5)
    assert (alice.calls, bob.calls, network.kinds(BOB)[-1]) == (0, 0, "Ended")
    alice.notify_refer(handle, 200, network.now)
    network.run_until_quiet()
    assert reports(network)[-1] == (200, "OK", True)
    for agent in (alice, bob):
        assert (agent._registry.legs, agent._registry._peers, agent.timer()) == ({}, {}, None)
    alice.notify_refer(handle, 200, network.now)


def test_no_report_at_all_ends_the_waiting(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    bob.refer(bobs, AGENT, network.now)
    network.run(0.5)
    network.fate = lambda sent: () if sent.what == "NOTIFY" else (0.01,)
    alice.accept_refer(handle, network.now)
    network.run(33.0)
    assert reports(network) == [(202, "Accepted", False), (202, "Accepted", True)]


def test_a_transfer_that_is_never_finished_ends_with_its_subscription(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    bob.refer(bobs, AGENT, network.now)
    network.run(0.5)
    alice.accept_refer(handle, network.now)
    network.run(200.0)
    assert network.last("NOTIFY").text("Subscription-State") == "terminated;reason=timeout"
    assert reports(network)[-1] == (100, "Trying", True)
    with pytest.raises(WrongState, match=f'^call "{handle}" cannot report on a transfer: the other side asked for none$'):
        alice.notify_refer(handle, 200, network.now)


@pytest.mark.parametrize("lost", ["REFER", "202 REFER", "NOTIFY", "200 NOTIFY"])
def test_whatever_is_lost_the_reports_come_in_order(network: Network, lost: str) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    first = iter([True, True])
    network.fate = lambda sent: () if sent.what == lost and next(first, False) else (0.01,)
    bob.refer(bobs, AGENT, network.now)
    network.run(5.0)
    alice.accept_refer(handle, network.now)
    alice.notify_refer(handle, 180, network.now)
    alice.notify_refer(handle, 200, network.now)
    network.run(20.0)
    statuses = [status for status, _, _ in reports(network) if status != 202]
    assert statuses == [100, 180, 200]
    assert reports(network)[-1] == (200, "OK", True)


def test_a_call_ended_by_the_transferee_answers_what_is_open(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    bob.refer(bobs, AGENT, network.now)
    network.run(0.5)
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert reports(network) == [(481, "Call/Transaction Does Not Exist", True)]
    assert (alice._registry.legs, bob._registry.legs) == ({}, {})


def test_what_a_transfer_cannot_do(network: Network) -> None:
    alice, bob = network.pair()
    handle, bobs = network.talking()
    with pytest.raises(WrongState, match=f'^call "{handle}" cannot accept a transfer: the other side asked for none$'):
        alice.accept_refer(handle, network.now)
    bob.refer(bobs, AGENT, network.now)
    with pytest.raises(
        WrongState, match=f'^call "{bobs}" cannot be transferred: another transfer is under way. wait until it has reported$'
    ):
        bob.refer(bobs, AGENT, network.now)
    network.run(0.5)
    with pytest.raises(WrongState, match=f'^call "{handle}" cannot report on the transfer: it must accept it first$'):
        alice.notify_refer(handle, 200, network.now)
    alice.accept_refer(handle, network.now)
    with pytest.raises(WrongState, match=f'^call "{handle}" cannot accept the transfer: it has accepted it already$'):
        alice.accept_refer(handle, network.now)
    with pytest.raises(
        WrongState, match=f'^call "{handle}" cannot reject the transfer: it has accepted it already. report a failure instead$'
    ):
        alice.reject_refer(handle, 603, network.now)


@pytest.mark.parametrize(
    ("method", "headers", "answer"),
    [
        ("REFER", [], "400 REFER"),
        ("REFER", [("Refer-To", "<sip:a@b>"), ("Refer-To", "<sip:c@d>")], "400 REFER"),
        ("REFER", [("Refer-To", "<sip:a@b;method=BYE>")], "603 REFER"),
        ("NOTIFY", [("Event", "message-summary"), ("Subscription-State", "active")], "489 NOTIFY"),
        ("NOTIFY", [("Subscription-State", "active")], "489 NOTIFY"),
        ("NOTIFY", [("Event", "refer"), ("Subscription-State", "active")], "481 NOTIFY"),
        ("SUBSCRIBE", [("Event", "refer")], "405 SUBSCRIBE"),
    ],
)
def test_requests_that_do_not_fit(network: Network, method: str, headers: list[tuple[str, str]], answer: str) -> None:
    network.pair()
    handle, _ = network.talking()
    peer = peer_of(network, ALICE, handle)
    peer.send(peer.dialog.request(method).with_added(*headers), ignore, network.now)
    network.run(0.1)
    assert network.ladder()[-1] == f".2 {answer} .1"


def test_a_second_transfer_while_one_is_open_is_refused(network: Network) -> None:
    network.pair()
    handle, _ = network.talking()
    peer = peer_of(network, ALICE, handle)
    for _ in range(2):
        peer.send(peer.dialog.request("REFER").with_added(("Refer-To", f"<{AGENT}>")), ignore, network.now)
    network.run(0.1)
    assert network.ladder()[-1] == ".2 491 REFER .1"


def test_an_attended_transfer_takes_its_replaces_along(network: Network) -> None:
    alice = network.agent(ALICE)
    alice.invite(SipUri.parse("sip:agent@192.0.2.2?Replaces=abc%3Bto-tag%3D1%3Bfrom-tag%3D2"), offer=b"x", now=0.0)
    network.run(0.1)
    invite = network.last("INVITE")
    assert (invite.start_line, invite.text("Replaces")) == ("INVITE sip:agent@192.0.2.2 SIP/2.0", "abc;to-tag=1;from-tag=2")


def test_a_transfer_may_say_that_it_means_a_call(network: Network) -> None:
    network.pair()
    handle, _ = network.talking()
    peer = peer_of(network, ALICE, handle)
    peer.send(peer.dialog.request("REFER").with_added(("Refer-To", "<sip:a@b;method=INVITE>")), ignore, network.now)
    network.run(0.1)
    assert str(network.of_kind(BOB, ReferReceived).to) == "sip:a@b;method=INVITE"
