"""What it costs a caller to get somewhere: keys, menus and time, for one who listens to the end and makes no mistake."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ivrtest.check.context import CheckContext
from ivrtest.check.lengths import spoken_length
from ivrtest.check.states import State, States, Step
from ivrtest.flow.asking import Patience
from ivrtest.flow.model import Flow, Node, Spoken
from ivrtest.flow.nodes.announce import Announce
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.flow.nodes.callback import Callback
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.hang_up import HangUpNode
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.flow.nodes.menu import Menu
from ivrtest.flow.nodes.queue import Queue
from ivrtest.flow.nodes.survey import Survey
from ivrtest.flow.nodes.transfer import Transfer
from ivrtest.flow.nodes.voicemail import Voicemail

PERSON = frozenset({"transfer", "queue", "callback", "voicemail"})
"""Node types by which callers reach a person, now or later."""
SERVED = frozenset({"lookup", "transfer", "queue", "callback", "voicemail", "message", "call_flow", "survey"})
"""Node types in which something is done for callers."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What a way costs."""

    keys: int = 0
    menus: int = 0
    seconds: float = 0.0
    """Of prompts and of waiting for a key; not of systems and queues, which nobody can know beforehand."""
    known: bool = True
    """False if the length of something had to be estimated, or left out."""

    def __add__(self, other: Effort) -> Effort:
        return Effort(self.keys + other.keys, self.menus + other.menus, self.seconds + other.seconds, self.known and other.known)


Ways = Mapping[State, Step | None]
"""The last step of a cheapest way to each state; None where a way begins."""


def cheapest(states: States, starts: Iterable[State], cost: Callable[[Step], float]) -> tuple[dict[State, float], Ways]:
    """Return what the cheapest way to each state costs, and its last step. `cost` is never negative (E. Dijkstra, Num. Math. 1 (1959))."""
    costs: dict[State, float] = dict.fromkeys(starts, 0.0)
    ways: dict[State, Step | None] = dict.fromkeys(costs)
    waiting = [(0.0, number, state) for number, state in enumerate(costs)]
    count = len(waiting)
    done: set[State] = set()
    while waiting:
        so_far, _, state = heapq.heappop(waiting)
        if state in done:
            continue
        done.add(state)
        for step in states.steps[state]:
            if step.arrival is None:
                continue
            total = so_far + cost(step)
            if step.arrival not in costs or total < costs[step.arrival]:
                costs[step.arrival] = total
                ways[step.arrival] = step
                # The count keeps equal costs in the order in which they were found, and states need no order of their own.
                heapq.heappush(waiting, (total, count, step.arrival))
                count += 1
    return costs, ways


def starts(states: States) -> tuple[State, ...]:
    """Return where calls begin."""
    return tuple(state for state, step in states.parents.items() if step is None)


def along(ways: Ways, state: State, effort: Callable[[Step], Effort]) -> Effort:
    """Return what the way to `state` costs."""
    total = Effort()
    step = ways[state]
    while step is not None:
        total += effort(step)
        step = ways[step.origin]
    return total


def keys_of(node: Node, step: Step) -> int:
    """Return how many keys a caller presses at least to leave `node` by this step."""
    match node:
        case _ if step.exit.cause == "key":
            return 1
        case Menu() | Collect() if step.exit.cause == "no_match":
            return node.patience.no_match.retries + 1
        case Collect() if step.exit.label == "entered":
            ended = node.entry.terminator is not None and node.min < node.entry.most
            return node.min + (1 if ended else 0)
        case Survey() if step.exit.label == "done":
            return sum(1 if question.least <= 9 else 2 for question in node.questions)
        case Callback() if step.exit.label == "accepted":
            return 2
        case Callback() if step.exit.label == "declined":
            return 1
        case Voicemail() if step.exit.label == "recorded" and node.review is not None:
            return 1
        case _:
            return 0


def effort_of(flow: Flow, context: CheckContext, step: Step, within: frozenset[str] = frozenset()) -> Effort:
    """Return what it costs to leave a state by `step`. `within`: the flows that are being looked at already."""
    node = flow.nodes[step.origin.node]
    if isinstance(node, CallFlow):
        return _through(node, context, step, within | {flow.name})
    said: list[Spoken] = []
    waited = 0.0
    times = 1
    match node:
        case Menu() | Collect():
            said = [node.prompt]
            times, waited = _tries(node.patience, step)
        case Announce() | Lookup() | HangUpNode() | Transfer() | Queue():
            said = [node.prompt]
        case Survey():
            said = [question.prompt for question in node.questions]
            times, waited = _tries(node.patience, step)
        case Callback():
            said = [node.offer, *([node.confirm] if step.exit.label == "accepted" else [])]
            times, waited = _tries(node.patience, step)
        case Voicemail():
            said = [node.greeting]
        case _:
            pass
    lengths = [spoken_length(spoken, flow, step.origin.language, context) for spoken in said]
    seconds = times * sum(length.seconds for length in lengths if length is not None) + waited
    known = all(length is not None and length.known for length in lengths)
    menus = 1 if isinstance(node, Menu) and step.exit.cause == "key" else 0
    return Effort(keys_of(node, step), menus, seconds, known)


def _through(node: CallFlow, context: CheckContext, step: Step, within: frozenset[str]) -> Effort:
    """Return what the quickest way through a called flow costs that leaves it by `step`."""
    flow = context.flow(node.flow)
    if flow is None or flow.name in within:
        return Effort(known=False)
    states = context.states(flow)

    def effort(inner: Step) -> Effort:
        return effort_of(flow, context, inner, within)

    begin = [state for state in starts(states) if state.language == step.origin.language]
    costs, ways = cheapest(states, begin, lambda inner: effort(inner).seconds)
    leaving = [
        along(ways, state, effort) + effort(last)
        for state in costs
        for last in states.steps[state]
        if last.exit.target is not None
        and last.exit.target.node is None
        and node.returned(last.exit.target.outcome).label == step.exit.label
    ]
    return min(leaving, key=lambda total: total.seconds, default=Effort(known=False))


def _tries(patience: Patience, step: Step) -> tuple[int, float]:
    """Return how often the question is heard before this step, and how long the caller keeps silent in between."""
    match step.exit.cause:
        case "no_input":
            times = patience.no_input.retries + 1
            return times, times * patience.after_s
        case "no_match":
            return patience.no_match.retries + 1, 0.0
        case "attempts":
            times = patience.attempts or 1
            return times, times * patience.after_s
        case _:
            return 1, 0.0
