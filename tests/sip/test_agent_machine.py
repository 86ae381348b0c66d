"""Two agents, told to do anything at any time, over a link that loses, doubles, delays and spoils. Nothing raises, and nothing is left."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ivrtest.sip.agent import Agent
from ivrtest.sip.endpoint import WrongState
from ivrtest.sip.events import Cancelled, Ended, IncomingCall, Rejected, SessionOffered
from tests.fuzz.mutation import flood, seeds, spoilt
from tests.sip.conftest import ALICE, ANSWER, BOB, DELAY, OFFER, Network, Sent, target

ENDS = (Rejected, Cancelled, Ended)
STRANGER = ("192.0.2.9", 5060)
WHO = st.sampled_from([ALICE, BOB])
WHICH = st.integers(0, 5)
STATUS = st.sampled_from([180, 183, 199])
REFUSAL = st.sampled_from([302, 404, 486, 503, 603])
SHORT = st.floats(0.0, 3.0)
FATES: dict[str, Sequence[float]] = {"arrives": (DELAY,), "lost": (), "doubled": (DELAY, 0.3), "late": (1.7,)}


def nothing_left(agent: Agent) -> None:
    assert (agent.calls, agent.timer(), len(agent._endpoint.layer)) == (0, None, 0)
    assert agent._registry.legs == {}
    assert agent._registry._peers == {}


class Telephones(RuleBasedStateMachine):
    """What a test run is made of. Everything follows from what hypothesis chooses."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network()
        self.network.pair()
        self.handles: dict[tuple[str, int], list[str]] = {ALICE: [], BOB: []}
        self.network.fate = self._fate
        self.plan: list[str] = []
        self.chance = random.Random(1)
        self.spoils = 0
        self.refused = 0
        """How often something was asked for that could not be, as the call stood."""
        for address in (ALICE, BOB):
            self.network.reactions[address] = self._noting(address)

    def _noting(self, address: tuple[str, int]) -> Callable[[object], None]:
        def react(event: object) -> None:
            if isinstance(event, IncomingCall):
                self.handles[address].append(event.handle)

        return react

    def _fate(self, sent: Sent) -> Sequence[float]:
        if self.spoils and sent.destination in self.network.agents:
            self.spoils -= 1
            bad = spoilt(sent.data, seeds(), self.chance)
            # Beside the good one, as from somebody on the way.
            self.network.agents[sent.destination].receive(bad, sent.source, self.network.now)
        return FATES[self.plan.pop()] if self.plan else (DELAY,)

    def _do(self, who: tuple[str, int], which: int, act: Callable[[Agent, str, float], object]) -> None:
        """Ask an agent for something that may or may not be possible at the moment."""
        known = self.handles[who]
        if known:
            try:
                act(self.network.agents[who], known[which % len(known)], self.network.now)
            except WrongState:
                self.refused += 1
        self.network.run(0.0)

    @rule(who=WHO, offers=st.booleans())
    def calls(self, who: tuple[str, int], offers: bool) -> None:
        if len(self.handles[who]) < 6:
            other, name = (BOB, "bob") if who == ALICE else (ALICE, "alice")
            agent = self.network.agents[who]
            self.handles[who].append(agent.invite(target(other, name), offer=OFFER if offers else None, now=self.network.now))
        self.network.run(0.0)

    @rule(who=WHO, which=WHICH, status=STATUS, sdp=st.sampled_from([None, ANSWER]))
    def rings(self, who: tuple[str, int], which: int, status: int, sdp: bytes | None) -> None:
        self._do(who, which, lambda agent, handle, now: agent.ring(handle, now, status=status, sdp=sdp))

    @rule(who=WHO, which=WHICH)
    def answers(self, who: tuple[str, int], which: int) -> None:
        self._do(who, which, lambda agent, handle, now: agent.answer(handle, ANSWER, now))

    @rule(who=WHO, which=WHICH, status=REFUSAL)
    def rejects(self, who: tuple[str, int], which: int, status: int) -> None:
        self._do(who, which, lambda agent, handle, now: agent.reject(handle, status, now))

    @rule(who=WHO, which=WHICH)
    def cancels(self, who: tuple[str, int], which: int) -> None:
        self._do(who, which, lambda agent, handle, now: agent.cancel(handle, now))

    @rule(who=WHO, which=WHICH)
    def hangs_up(self, who: tuple[str, int], which: int) -> None:
        self._do(who, which, lambda agent, handle, now: agent.hang_up(handle, now))

    @rule(who=WHO, which=WHICH, offer=st.sampled_from([None, OFFER]))
    def reinvites(self, who: tuple[str, int], which: int, offer: bytes | None) -> None:
        self._do(who, which, lambda agent, handle, now: agent.reinvite(handle, offer, now))

    @rule(who=WHO, which=WHICH)
    def updates(self, who: tuple[str, int], which: int) -> None:
        self._do(who, which, lambda agent, handle, now: agent.update(handle, OFFER, now))

    @rule(who=WHO, which=WHICH)
    def informs(self, who: tuple[str, int], which: int) -> None:
        self._do(who, which, lambda agent, handle, now: agent.info(handle, "application/dtmf-relay", b"Signal=1", now))

    @rule(who=WHO, which=WHICH)
    def refers(self, who: tuple[str, int], which: int) -> None:
        self._do(who, which, lambda agent, handle, now: agent.refer(handle, "sip:third@192.0.2.3", now))

    @rule(who=WHO, which=WHICH, status=st.sampled_from([100, 200, 486]))
    def reports_on_a_transfer(self, who: tuple[str, int], which: int, status: int) -> None:
        self._do(who, which, lambda agent, handle, now: agent.accept_refer(handle, now))
        self._do(who, which, lambda agent, handle, now: agent.notify_refer(handle, status, now))

    @rule(seconds=SHORT)
    def waits(self, seconds: float) -> None:
        self.network.run(seconds)

    @rule(plan=st.lists(st.sampled_from(sorted(FATES)), max_size=8))
    def the_link_is_bad(self, plan: list[str]) -> None:
        self.plan = plan

    @rule(count=st.integers(1, 5), seed=st.integers(0, 1 << 16))
    def somebody_spoils_what_is_sent(self, count: int, seed: int) -> None:
        self.spoils, self.chance = count, random.Random(seed)

    @rule(who=WHO, seed=st.integers(0, 1 << 16), count=st.integers(1, 5))
    def a_stranger_sends_rubbish(self, who: tuple[str, int], seed: int, count: int) -> None:
        for data in itertools.islice(flood(seed), count):
            self.network.agents[who].receive(data, STRANGER, self.network.now)
        self.network.run(0.0)

    @invariant()
    def no_call_ends_twice(self) -> None:
        for events in self.network.events.values():
            ends = Counter(event.handle for event in events if isinstance(event, ENDS))
            assert all(count == 1 for count in ends.values())

    def teardown(self) -> None:
        self.plan.clear()
        self.spoils = 0
        self.network.run(40.0)
        # Spoilt INVITEs may have made calls of their own; a second round is for those that came late.
        for _ in range(2):
            for address, agent in self.network.agents.items():
                for event in tuple(self.network.events[address]):
                    if isinstance(event, SessionOffered | IncomingCall):
                        self._do(address, 0, lambda agent, _, now, handle=event.handle: agent.hang_up(handle, now))  # type: ignore[misc]
                for handle in tuple(agent._registry.legs):
                    agent.hang_up(handle, self.network.now)
            self.network.run(200.0)
        self.network.run_until_quiet(4000.0)
        for agent in self.network.agents.values():
            nothing_left(agent)


Telephones.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
TestTelephones = Telephones.TestCase


def take(agent: Agent, handle: str, chance: random.Random, now: float) -> None:
    """Do one of the things that can be done with a call that comes in."""
    if chance.random() < 0.5:
        agent.ring(handle, now, sdp=chance.choice([None, ANSWER]))
    match chance.randrange(3):
        case 0:
            agent.answer(handle, ANSWER, now)
        case 1:
            agent.reject(handle, 486, now)
        case _:
            pass  # its caller has to wait


@pytest.mark.parametrize("seed", range(4))
def test_rubbish_at_an_agent_that_takes_every_call(seed: int) -> None:
    chance = random.Random(seed)
    tokens = itertools.count()
    agent = Agent(BOB, token=lambda: f"t{next(tokens)}")
    now = 0.0
    for data in itertools.islice(flood(seed), 5_000):
        now += chance.choice((0.0003, 0.01, 0.5))
        agent.receive(data, STRANGER, now)
        while (event := agent.next_event()) is not None:
            if isinstance(event, IncomingCall):
                take(agent, event.handle, chance, now)
        agent.datagrams()
        agent.handle_timer(now)
    assert agent.calls > 0
    while agent.calls or agent.timer() is not None:
        for handle in tuple(agent._registry.legs):
            agent.hang_up(handle, now)
        due = agent.timer()
        assert due is not None
        now = max(now, due)
        agent.handle_timer(now)
        agent.datagrams()
    nothing_left(agent)
