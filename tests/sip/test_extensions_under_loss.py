"""Reliable provisional responses, late offers, session timers and takeovers on a bad line: both sides agree, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.sip.events import Answered, IncomingCall, Progress, SessionChanged, SessionOffered, Side
from ivrtest.sip.session_timer import SessionTimes
from ivrtest.sip.uri import SipUri

if TYPE_CHECKING:
    from tests.sip.conftest import Network

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
BOB_URI = SipUri.parse("sip:bob@192.0.2.2:5060")
OFFER, ANSWER = b"v=0\r\no=alice offer\r\n", b"v=0\r\no=bob answer\r\n"
ENDS = {"Cancelled", "Ended", "Rejected"}
FATES = st.lists(st.lists(st.floats(0.0, 1.5), max_size=2), max_size=60)


def people(network: Network, times: SessionTimes | None = None) -> tuple[Any, Any]:
    """Put Alice and Bob on the link; both take every change and answer every offer."""
    alice = network.agent(ALICE, user="alice", session_times=times)
    bob = network.agent(BOB, user="bob")

    def follow(agent: Any) -> Callable[[Any], None]:
        def react(event: Any) -> None:
            match event:
                case SessionOffered():
                    agent.answer(event.handle, ANSWER, network.now)
                case Progress(is_offer=True):
                    agent.acknowledge(event.handle, ANSWER, network.now, branch=event.branch)
                case Answered(is_offer=True) | SessionChanged(is_offer=True):
                    agent.acknowledge(event.handle, ANSWER, network.now)

        return react

    network.reactions = {ALICE: follow(alice), BOB: follow(bob)}
    return alice, bob


def assert_nothing_is_left(network: Network) -> None:
    network.run_until_quiet()
    for address, agent in network.agents.items():
        assert (agent.calls, agent.timer(), len(agent._endpoint.layer), agent._registry._peers) == (0, None, 0, {})
        calls = sum(kind == "IncomingCall" for kind in network.kinds(address)) + (address == ALICE)
        assert sum(kind in ENDS for kind in network.kinds(address)) == calls


@settings(deadline=None, max_examples=150)
@given(
    fates=FATES, late=st.booleans(), rings=st.lists(st.booleans(), max_size=3), what=st.sampled_from(["answer", "reject", "cancel", "wait"])
)
def test_early_media_that_arrives(
    new_network: Callable[[], Network], fates: list[list[float]], late: bool, rings: list[bool], what: str
) -> None:
    network = new_network()
    alice, bob = people(network)
    plan = iter(fates)
    network.fate = lambda sent: next(plan, [0.01])
    handle = alice.invite(BOB_URI, offer=None if late else OFFER, now=0.0, headers=[("Require", "100rel")])
    network.run(3.0)
    for incoming in [event for event in network.events[BOB] if isinstance(event, IncomingCall)]:
        for described in rings:
            if bob.calls:
                bob.ring(incoming.handle, network.now, sdp=OFFER if described else None)
            network.run(0.4)
        if what == "answer" and bob.calls:
            bob.answer(incoming.handle, ANSWER, network.now)
        elif what == "reject" and bob.calls:
            bob.reject(incoming.handle, 486, network.now)
    if what == "cancel":
        alice.cancel(handle, network.now)
    network.run(60.0)
    alice.hang_up(handle, network.now)
    for incoming in [event for event in network.events[BOB] if isinstance(event, IncomingCall)]:
        bob.hang_up(incoming.handle, network.now)
    assert_nothing_is_left(network)


@settings(deadline=None, max_examples=60)
@given(fates=FATES, refresher=st.sampled_from([None, Side.US, Side.THEM]), seconds=st.floats(1.0, 200.0), outage=st.floats(0.0, 300.0))
def test_a_timed_call_lives_or_ends_on_both_sides(
    new_network: Callable[[], Network], fates: list[list[float]], refresher: Side | None, seconds: float, outage: float
) -> None:
    network = new_network()
    alice, bob = people(network, SessionTimes(expires=90, refresher=refresher))
    network.answering(BOB)
    handle = network.call()
    network.run(1.0)
    plan = iter(fates)
    network.fate = lambda sent: next(plan, [0.01])
    network.run(seconds)
    network.fate = lambda sent: ()
    network.run(outage)
    network.fate = lambda sent: (0.01,)
    network.run(200.0)
    # A side that was lost for the other does not stay behind: its own timer ends the call, and no outage outlives it.
    assert alice.calls == bob.calls
    if outage > 100.0:
        assert alice.calls == 0
    alice.hang_up(handle, network.now)
    assert_nothing_is_left(network)


@settings(deadline=None, max_examples=60)
@given(fates=FATES, hangs_up=st.sampled_from(["alice", "carol", "nobody"]))
def test_a_takeover_leaves_one_call(new_network: Callable[[], Network], fates: list[list[float]], hangs_up: str) -> None:
    network = new_network()
    alice, bob = people(network)
    carol_at = ("192.0.2.3", 5060)
    carol = network.agent(carol_at, user="carol")
    network.answering(BOB)
    handle = network.call()
    network.run(1.0)
    call_id, ours, theirs = alice._registry.legs[handle]._peers[0].dialog.id
    plan = iter(fates)
    network.fate = lambda sent: next(plan, [0.01])
    replaces = f"{call_id};to-tag={theirs};from-tag={ours}"
    new = carol.invite(BOB_URI, offer=OFFER, now=network.now, headers=[("Replaces", replaces)])
    if hangs_up == "alice":
        alice.hang_up(handle, network.now)
    network.run(2.0)
    if hangs_up == "carol":
        carol.hang_up(new, network.now)
    network.run(100.0)
    assert bob.calls == alice.calls + carol.calls <= 1
    alice.hang_up(handle, network.now)
    carol.hang_up(new, network.now)
    network.run_until_quiet()
    assert (alice.calls, bob.calls, carol.calls) == (0, 0, 0)
    assert (alice.timer(), bob.timer(), carol.timer()) == (None, None, None)
