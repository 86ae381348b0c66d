"""Agents joined by a link in virtual time. The link can lose, double and reorder; everything that happens is written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Any

import pytest

from ivrtest.sip.agent import Agent
from ivrtest.sip.events import Event, IncomingCall, SessionOffered
from ivrtest.sip.message import Message, Request, parse_message
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri

ALICE: Address = ("192.0.2.1", 5060)
BOB: Address = ("192.0.2.2", 5060)
OFFER = b"v=0\r\no=alice offer\r\n"
ANSWER = b"v=0\r\no=bob answer\r\n"
DELAY = 0.01
"""Seconds that a datagram travels."""


@dataclass(frozen=True)
class Sent:
    """A datagram that somebody sent."""

    at: float
    source: Address
    destination: Address
    data: bytes

    @property
    def message(self) -> Message:
        return parse_message(self.data)

    @property
    def what(self) -> str:
        """`INVITE`, `200 INVITE`: enough to tell a call by."""
        message = self.message
        return message.method if isinstance(message, Request) else f"{message.status} {(message.text('CSeq') or '').split()[-1]}"


Fate = Callable[[Sent], Sequence[float]]
"""After how many seconds a datagram arrives: none if it is lost, twice if it is doubled."""


class Network:
    """A link with agents and strangers on it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.fate: Fate = lambda sent: (DELAY,)
        self.sent: list[Sent] = []
        self.events: dict[Address, list[Event]] = {}
        self.agents: dict[Address, Agent] = {}
        self.reactions: dict[Address, Callable[[Any], None]] = {}
        self.strangers: dict[Address, Callable[[Sent], None]] = {}
        self._travelling: list[tuple[float, int, Sent]] = []
        self._order = count()

    def agent(self, address: Address, **options: Any) -> Agent:
        """Put an agent on the link. Its tokens count up, so that a test always runs alike."""
        number = count(1)
        agent = Agent(address, token=lambda: f"{address[0][-1]}t{next(number)}", **options)
        self.agents[address] = agent
        self.events[address] = []
        return agent

    def pair(self) -> tuple[Agent, Agent]:
        """Put Alice and Bob on the link."""
        return self.agent(ALICE, user="alice"), self.agent(BOB, user="bob")

    def send(self, data: bytes, source: Address, destination: Address) -> None:
        """Send a datagram, as a stranger would."""
        sent = Sent(self.now, source, destination, data)
        self.sent.append(sent)
        for delay in self.fate(sent):
            heappush(self._travelling, (self.now + delay, next(self._order), sent))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        self._flush()
        while (at := self._next()) is not None and at <= end:
            self.now = max(self.now, at)
            if self._travelling and self._travelling[0][0] <= self.now:
                self._deliver(heappop(self._travelling)[2])
            else:
                for agent in self.agents.values():
                    agent.handle_timer(self.now)
            self._flush()
        self.now = end

    def run_until_quiet(self, limit: float = 1000.0) -> None:
        """Let time pass until nobody waits for anything."""
        end = self.now + limit
        self._flush()
        while (at := self._next()) is not None:
            assert at <= end, f"still busy after {limit} seconds"
            self.run(at - self.now)

    def _next(self) -> float | None:
        timers = [at for agent in self.agents.values() if (at := agent.timer()) is not None]
        return min([*timers, *(self._travelling[0][:1] if self._travelling else ())], default=None)

    def _deliver(self, sent: Sent) -> None:
        if (agent := self.agents.get(sent.destination)) is not None:
            agent.receive(sent.data, sent.source, self.now)
        elif (stranger := self.strangers.get(sent.destination)) is not None:
            stranger(sent)

    def _flush(self) -> None:
        busy = True
        while busy:
            busy = False
            for address, agent in self.agents.items():
                while (event := agent.next_event()) is not None:
                    busy = True
                    self.events[address].append(event)
                    if address in self.reactions:
                        self.reactions[address](event)
                for data, destination in agent.datagrams():
                    busy = True
                    self.send(data, address, destination)

    # What a test wants to know

    def ladder(self, *, since: float = 0.0) -> list[str]:
        """Return what was sent, in order: `.1 INVITE .2`."""
        return [f".{sent.source[0][-1]} {sent.what} .{sent.destination[0][-1]}" for sent in self.sent if sent.at >= since]

    def times(self, what: str) -> list[float]:
        """Return when `what` was sent, seconds to the microsecond."""
        return [round(sent.at, 6) for sent in self.sent if sent.what == what]

    def last(self, what: str) -> Message:
        """Return the latest message of a kind."""
        return [sent.message for sent in self.sent if sent.what == what][-1]

    def kinds(self, address: Address) -> list[str]:
        """Return the names of the events that an agent reported."""
        return [type(event).__name__ for event in self.events[address]]

    def of_kind(self, address: Address, kind: type[Any]) -> Any:
        """Return the one event of a kind."""
        found = [event for event in self.events[address] if isinstance(event, kind)]
        assert len(found) == 1, f"{len(found)} events of kind {kind.__name__}"
        return found[0]

    # What people do

    def answering(self, address: Address, *, ring: bool = True) -> None:
        """Let the agent at `address` ring, answer, and accept every change of the session."""
        agent = self.agents[address]

        def react(event: Any) -> None:
            match event:
                case IncomingCall():
                    if ring:
                        agent.ring(event.handle, self.now)
                    agent.answer(event.handle, ANSWER, self.now)
                case SessionOffered():
                    agent.answer(event.handle, ANSWER, self.now)

        self.reactions[address] = react

    def call(self, **options: Any) -> str:
        """Alice calls Bob."""
        return self.agents[ALICE].invite(target(BOB, "bob"), offer=OFFER, now=self.now, **options)

    def talking(self) -> tuple[str, str]:
        """Alice calls Bob, who answers; return both handles. What was written down on the way is forgotten."""
        self.answering(BOB)
        handle = self.call()
        self.run(1.0)
        bobs = self.of_kind(BOB, IncomingCall).handle
        assert self.kinds(ALICE)[-1] == "Answered"
        assert self.kinds(BOB)[-1] == "Confirmed"
        self.forget()
        return handle, bobs

    def forget(self) -> None:
        """Forget what was written down."""
        self.sent.clear()
        for events in self.events.values():
            events.clear()


def target(address: Address, user: str) -> SipUri:
    return SipUri.of(address[0], address[1], user=user)


def losing(counts: Iterable[int]) -> Fate:
    """Return a fate that loses each message some times in a row: the n-th distinct message as often as the n-th count says."""
    plan = iter(counts)
    left: dict[tuple[Address, bytes], int] = {}

    def fate(sent: Sent) -> Sequence[float]:
        key = (sent.source, sent.data)
        if key not in left:
            left[key] = next(plan, 0)
        left[key] -= 1
        return () if left[key] >= 0 else (DELAY,)

    return fate


def losing_first(**counts: int) -> Fate:
    """Return a fate that loses the first so many messages of a kind: `losing_first(INVITE=2, r200_INVITE=1)`."""
    seen: Counter[str] = Counter()
    wanted = {name.removeprefix("r").replace("_", " "): number for name, number in counts.items()}

    def fate(sent: Sent) -> Sequence[float]:
        seen[sent.what] += 1
        return () if seen[sent.what] <= wanted.get(sent.what, 0) else (DELAY,)

    return fate


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture(scope="session")
def new_network() -> Callable[[], Network]:
    """For property tests, which need one for each example."""
    return Network


@pytest.fixture(scope="session")
def fates() -> tuple[Callable[[Iterable[int]], Fate], Callable[..., Fate]]:
    return losing, losing_first
