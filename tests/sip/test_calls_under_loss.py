"""Calls on a bad line: whatever is lost, doubled or overtaken, both sides agree in the end.

RFC 3261 sections 13.2.2.4, 13.3.1.4, 17.1 and 17.2; RFC 6026.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.sip.events import Answered, Confirmed, Ended, IncomingCall, Rejected, Side

if TYPE_CHECKING:
    from tests.sip.conftest import Network, Sent

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
ENDS = {"Cancelled", "Ended", "Rejected"}


def whole_call(network: Network, *, who: str = "alice", seconds: float = 40.0) -> None:
    """Alice calls, Bob rings and answers; some seconds later one of them hangs up."""
    network.answering(BOB)
    handle = network.call()
    network.run(seconds)
    if who == "alice":
        network.agents[ALICE].bye(handle, network.now)
    else:
        network.agents[BOB].bye(network.of_kind(BOB, IncomingCall).handle, network.now)
    network.run_until_quiet()


def assert_good(network: Network, by: str) -> None:
    assert len(network.kinds(ALICE)) == len([kind for kind in network.kinds(ALICE) if kind == "Progress"]) + 2
    assert network.kinds(BOB) == ["IncomingCall", "Confirmed", "Ended"]
    assert network.of_kind(ALICE, Answered).status == 200
    assert network.of_kind(BOB, Confirmed)
    assert network.of_kind(ALICE, Ended).by is (Side.US if by == "alice" else Side.THEM)
    assert network.of_kind(BOB, Ended).by is (Side.THEM if by == "alice" else Side.US)
    for agent in network.agents.values():
        assert (agent.calls, agent.timer(), len(agent._endpoint.layer), agent._registry._peers) == (0, None, 0, {})


@settings(deadline=None, max_examples=150)
@given(counts=st.lists(st.integers(0, 4), max_size=12), who=st.sampled_from(["alice", "bob"]))
def test_every_message_may_be_lost_four_times_in_a_row(
    new_network: Callable[[], Network], fates: tuple[Any, Any], counts: list[int], who: str
) -> None:
    network = new_network()
    network.pair()
    network.fate = fates[0](counts)
    whole_call(network, who=who)
    assert_good(network, who)


@settings(deadline=None, max_examples=100)
@given(delays=st.lists(st.lists(st.floats(0.0, 1.2), min_size=1, max_size=3), max_size=25))
def test_messages_may_be_doubled_and_overtake_each_other(new_network: Callable[[], Network], delays: list[list[float]]) -> None:
    network = new_network()
    network.pair()
    plan = iter(delays)
    network.fate = lambda sent: next(plan, [0.01])
    whole_call(network)
    assert_good(network, "alice")


@settings(deadline=None, max_examples=100)
@given(
    fates_of_messages=st.lists(st.lists(st.floats(0.0, 2.0), max_size=2), max_size=60),
    cancel_at=st.floats(0.0, 3.0),
    answer_after=st.floats(0.0, 3.0),
)
def test_a_cancelled_call_leaves_nothing_behind(
    new_network: Callable[[], Network], fates_of_messages: list[list[float]], cancel_at: float, answer_after: float
) -> None:
    network = new_network()
    alice, bob = network.pair()
    plan = iter(fates_of_messages)
    network.fate = lambda sent: next(plan, [0.01])
    handle = network.call()
    first, second = sorted([(cancel_at, "cancel"), (answer_after, "answer")])
    for at, what in (first, second):
        network.run(max(0.0, at - network.now))
        if what == "cancel":
            alice.cancel(handle, network.now)
        for event in [event for event in network.events[BOB] if isinstance(event, IncomingCall)]:
            if what == "answer" and bob.calls:
                bob.answer(event.handle, b"", network.now)
    network.run(40.0)
    if bob.calls:  # the INVITE came late: the answer was not given yet
        bob.hang_up(network.of_kind(BOB, IncomingCall).handle, network.now)
    network.run_until_quiet()
    assert sum(kind in ENDS for kind in network.kinds(ALICE)) == 1
    assert sum(kind in ENDS for kind in network.kinds(BOB)) == sum(kind == "IncomingCall" for kind in network.kinds(BOB))
    assert (alice.calls, bob.calls) == (0, 0)


def test_two_hundred_calls_at_ten_percent_loss(network: Network) -> None:
    alice, bob = network.pair()
    chance = random.Random(20260304)

    def fate(sent: Sent) -> Sequence[float]:
        return () if chance.random() < 0.1 else (0.01 + 0.02 * chance.random(),)

    network.fate = fate
    network.answering(BOB)
    handles = []
    for _ in range(200):
        handles.append(network.call())
        network.run(0.1)
    network.run(40.0)
    assert (alice.calls, bob.calls) == (200, 200)
    for handle in handles:
        alice.bye(handle, network.now)
    network.run_until_quiet()
    for kind, where, number in [(Answered, ALICE, 200), (Confirmed, BOB, 200), (Ended, ALICE, 200), (Ended, BOB, 200)]:
        assert sum(isinstance(event, kind) for event in network.events[where]) == number
    assert {event.status for event in network.events[ALICE] if isinstance(event, Ended)} == {200}
    assert (alice.timer(), bob.timer(), alice.calls, bob.calls) == (None, None, 0, 0)


@pytest.mark.parametrize(
    ("lost", "what", "at"),
    [
        ({"INVITE": 3}, "INVITE", [0.0, 0.5, 1.5, 3.5]),
        ({"r200_INVITE": 3}, "200 INVITE", [0.01, 0.51, 1.51, 3.51]),
        ({"ACK": 2}, "ACK", [0.02, 0.52, 1.52]),
        ({"ACK": 2}, "200 INVITE", [0.01, 0.51, 1.51]),
    ],
)
def test_when_copies_leave(network: Network, fates: tuple[Any, Any], lost: dict[str, int], what: str, at: list[float]) -> None:
    network.pair()
    network.fate = fates[1](**lost)
    network.answering(BOB, ring=False)
    network.call()
    network.run(30.0)
    assert network.times(what) == at
    assert network.kinds(BOB) == ["IncomingCall", "Confirmed"]
    assert [kind for kind in network.kinds(ALICE) if kind != "Progress"] == ["Answered"]


def test_a_lost_rejection_is_repeated_until_its_ack_comes(network: Network, fates: tuple[Any, Any]) -> None:
    _, bob = network.pair()
    network.fate = fates[1](r486_INVITE=2, ACK=1)
    network.reactions[BOB] = lambda event: bob.reject(event.handle, 486, network.now) if isinstance(event, IncomingCall) else None
    network.call()
    network.run_until_quiet()
    assert network.times("486 INVITE") == [0.01, 0.51, 1.51, 3.51]
    assert network.times("ACK") == [1.52, 3.52]
    assert network.of_kind(ALICE, Rejected).status == 486


def test_a_lost_bye_and_a_lost_answer_to_it(network: Network, fates: tuple[Any, Any]) -> None:
    alice, _ = network.pair()
    handle, _ = network.talking()
    network.fate = fates[1](BYE=2, r200_BYE=2)
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert network.times("BYE") == [1.0, 1.5, 2.5, 4.5, 8.5]
    assert network.times("200 BYE") == [2.51, 4.51, 8.51]
    assert network.kinds(BOB) == ["Ended"]
    assert network.of_kind(ALICE, Ended).status == 200
