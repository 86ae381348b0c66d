"""Circles among states: where callers go round, and whether they can get out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ivrtest.check.states import State, States, Step

Taken = Callable[[Step], bool]
"""Which steps count."""


def leading_to(states: States, goal: Callable[[State], bool], taken: Taken) -> frozenset[State]:
    """Return the states from which some way of `taken` steps leads to a state that is a `goal`."""
    before: dict[State, list[State]] = {}
    for state, steps in states.steps.items():
        for step in steps:
            if step.arrival is not None and taken(step):
                before.setdefault(step.arrival, []).append(state)
    found = {state for state in states.steps if goal(state)}
    waiting = list(found)
    while waiting:
        for state in before.get(waiting.pop(), ()):
            if state not in found:
                found.add(state)
                waiting.append(state)
    return frozenset(found)


def led_to(states: States, starts: Iterable[State], taken: Taken) -> dict[State, Step | None]:
    """Return the states that `taken` steps lead to from `starts`, with the last step of a shortest way; None for the starts."""
    found: dict[State, Step | None] = dict.fromkeys(starts)
    waiting = deque(found)
    while waiting:
        for step in states.steps[waiting.popleft()]:
            if step.arrival is not None and step.arrival not in found and taken(step):
                found[step.arrival] = step
                waiting.append(step.arrival)
    return found


def on_circles(states: States, among: Iterable[State], taken: Taken) -> dict[State, None]:
    """Return the states of `among` that lie on a circle of `taken` steps, or on a way between two; in the order given.

    What nothing leads to, or what leads nowhere, is taken away until nothing more is (A. Kahn, Comm. ACM 5 (1962)): linear.
    """
    left = dict.fromkeys(among)
    for forward in (True, False):
        following: dict[State, list[State]] = {state: [] for state in left}
        before = dict.fromkeys(left, 0)
        for state in left:
            for step in states.steps[state]:
                if step.arrival in left and step.arrival is not None and taken(step):
                    source, target = (state, step.arrival) if forward else (step.arrival, state)
                    following[source].append(target)
                    before[target] += 1
        waiting = [state for state, count in before.items() if not count]
        while waiting:
            state = waiting.pop()
            del left[state]
            for target in following[state]:
                before[target] -= 1
                if not before[target]:
                    waiting.append(target)
    return left


def round_trips(states: States, taken: Taken) -> dict[State, None]:
    """Return the states from which `taken` steps lead back to themselves, in the order of the exploration: linear.

    R. Tarjan, Depth-first search and linear graph algorithms, SIAM J. Comput. 1 (1972), without recursion.
    """
    index: dict[State, int] = {}
    low: dict[State, int] = {}
    open_: dict[State, None] = {}
    found: set[State] = set()
    for root in states.steps:
        work = [(root, iter(states.steps[root]))] if root not in index else []
        for state, _ in work:
            index[state] = low[state] = len(index)
            open_[state] = None
        while work:
            state, rest = work[-1]
            for step in rest:
                arrival = step.arrival
                if arrival is None or not taken(step):
                    continue
                if arrival == state:
                    found.add(state)
                if arrival not in index:
                    index[arrival] = low[arrival] = len(index)
                    open_[arrival] = None
                    work.append((arrival, iter(states.steps[arrival])))
                    break
                if arrival in open_:
                    low[state] = min(low[state], index[arrival])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[state])
                if low[state] == index[state]:
                    together = []
                    while state in open_:
                        together.append(open_.popitem()[0])
                    if len(together) > 1:
                        found.update(together)
    return {state: None for state in states.steps if state in found}


def circle(states: States, start: State, taken: Taken) -> tuple[str, ...]:
    """Return the nodes of a circle that `taken` steps lead into from `start`, its first node at both ends; empty if there is none.

    It is the shortest through the first state met that lies on one: `start` itself if it does.
    """
    for state in on_circles(states, led_to(states, (start,), taken), taken):
        arrivals = [step.arrival for step in states.steps[state] if step.arrival is not None and taken(step)]
        ways = led_to(states, arrivals, taken)
        if state not in ways:
            continue
        nodes = [state.node]
        step = ways[state]
        while step is not None:
            nodes.append(step.origin.node)
            step = ways[step.origin]
        return (state.node, *reversed(nodes))
    return ()
