"""How long SIP waits (RFC 3261 appendix A, RFC 6026), and the alarms that wake the agent."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from enum import Enum
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, TypeVar


class Timer(Enum):
    """The timers of the four transaction machines, by their letter in the RFCs."""

    A = "INVITE request retransmit"
    B = "INVITE without any response"
    D = "wait for copies of a final response to INVITE"
    E = "other request retransmit"
    F = "other request without a final response"
    G = "final response to INVITE retransmit"
    H = "wait for the ACK"
    I = "wait for copies of the ACK"  # noqa: E741
    J = "wait for copies of another request"
    K = "wait for copies of a final response to another request"
    L = "wait for copies of an accepted INVITE"
    M = "wait for further 2xx responses, copies and forks"


RETRANSMIT = frozenset({Timer.A, Timer.E, Timer.G})
"""Timers that start again when they fire. They never run over a reliable transport."""

_FOR_COPIES = frozenset({Timer.D, Timer.I, Timer.J, Timer.K})
"""Timers that wait for what only an unreliable transport can deliver twice: zero over a reliable one."""


@dataclass(frozen=True, slots=True)
class Timers:
    """The three base times from which all others follow, in seconds."""

    t1: float = 0.5
    """Estimate of the round-trip time."""
    t2: float = 4.0
    """Longest interval between two copies of a message (except an INVITE request's)."""
    t4: float = 5.0
    """Longest time a message stays in the network."""

    @property
    def patience(self) -> float:
        """How long anything may stay unanswered: 64*T1."""
        return 64 * self.t1

    def first(self, timer: Timer, *, reliable: bool) -> float | None:
        """Return the seconds until `timer` fires for the first time, or None if it does not run on this kind of transport."""
        if timer in RETRANSMIT:
            return None if reliable else self.t1
        if timer in _FOR_COPIES and reliable:
            return 0.0
        if timer in (Timer.I, Timer.K):
            return self.t4
        return self.patience

    def next(self, timer: Timer, interval: float) -> float:
        """Return the interval that follows `interval` of a retransmit timer: twice as long; all but A stop growing at T2."""
        return interval * 2 if timer is Timer.A else min(interval * 2, self.t2)


Key = TypeVar("Key", bound=Hashable)


class Alarms(Generic[Key]):
    """A set of alarms, each at one time under one key. Setting, clearing and taking cost O(log n)."""

    def __init__(self) -> None:
        self._times: dict[Key, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._times)

    def set(self, key: Key, at: float) -> None:
        """Ring `key` at `at`, and not at the time set before."""
        entry = (at, next(self._order))
        self._times[key] = entry
        heappush(self._heap, (*entry, key))
        # Cleared alarms stay in the heap until they surface. Sweeping when they are the majority keeps memory in proportion to the living.
        if len(self._heap) > 2 * len(self._times) + 64:
            self._heap = [(*entry, key) for key, entry in self._times.items()]
            heapify(self._heap)

    def clear(self, key: Key) -> None:
        """Do not ring `key`. Nothing happens if it was not set."""
        self._times.pop(key, None)

    def next(self) -> float | None:
        """Return when the next alarm rings, or None."""
        while self._heap and self._times.get(self._heap[0][2]) != self._heap[0][:2]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> Iterator[Key]:
        """Take the keys whose time has come, earliest first; of equal times the one set first. Alarms set or cleared meanwhile count."""
        while (at := self.next()) is not None and at <= now:
            key = heappop(self._heap)[2]
            del self._times[key]
            yield key
