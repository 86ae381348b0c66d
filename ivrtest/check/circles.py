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
