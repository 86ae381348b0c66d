"""What callers can live through: every place they can be in, with the language they hear there and what the flow has counted.

A state is a node, a language, and the values of the variables that branches depend on, as far as those stay known. States are
explored breadth first, so the way kept to each state is one through the fewest nodes: the witness of a finding.

What is assumed, so that the exploration ends and makes no noise:

- every outcome of a lookup, a queue, a transfer, opening hours and the like can happen;
- what callers enter is unknown; a lookup does not change the language, nor a variable that the flow itself sets;
- a variable that takes more than `MAX_VALUES` values is taken to be unknown, and so are all once there are more than `MAX_STATES`
  states. Unknown values make branches go both ways: a state may then be listed that no caller meets, but none is left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from ivrtest.check.effects import CALL, LANGUAGE, MORE, Act, Effects, acts, effects, may_end, may_return, set_by
from ivrtest.flow.condition import ConditionError, ExpressionSyntaxError, parse_value
from ivrtest.flow.model import Exit, Flow, Node, Target
from ivrtest.flow.nodes.branch import Branch

MAX_VALUES = 20
"""Values of one variable that are told apart. Counters of tries stay far below."""
MAX_STATES = 20_000
LONGEST_WAY = 100
"""Nodes that a witness tells of, its last ones: with a finding in every node of a long chain, all of them would be quadratic."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Where a caller can be, and what is known of her there.

    An exploration has one object for each, so they are told apart by identity: that is what makes looking them up quick.
    """

    node: str
    language: str
    values: tuple[tuple[str, str | int], ...] = ()
    """Variables that branches read, where known, by name."""


@dataclass(frozen=True, slots=True)
class Step:
    """One way on from a state."""

    origin: State
    exit: Exit
    arrival: State | None
    """None: nothing of this flow follows, because the exit is undeclared, leaves the flow, or names no node of it."""


@dataclass(frozen=True, slots=True)
class States:
    """All states of a flow that callers can reach."""

    flow: Flow
    steps: Mapping[State, tuple[Step, ...]]
    """The ways on from each state. Its keys are all states, nearest to the start first."""
    parents: Mapping[State, Step | None] = field(repr=False)
    """The last step of a way through the fewest nodes to each state; None where a call starts."""
    by_node: Mapping[str, tuple[State, ...]] = field(repr=False)

    def at(self, node: str) -> tuple[State, ...]:
        """Return the states in which callers reach `node`, nearest first. Empty if none does."""
        return self.by_node.get(node, ())

    def ends(self, state: State) -> bool:
        """Tell whether something other than a node of this flow can follow here: an end, a person, a return, or nothing at all."""
        return may_end(self.flow.nodes[state.node]) or any(step.arrival is None for step in self.steps[state])

    def witness(self, where: State | Step) -> tuple[Act, ...]:
        """Return what leads a caller there, one act each, `call` first."""
        return self.witness_along(self.parents, where)

    def witness_along(self, parents: Mapping[State, Step | None], where: State | Step) -> tuple[Act, ...]:
        """Return the same for a way of one's own: `parents` has the last step to each state of it."""
        acted: list[Act] = []
        step = where if isinstance(where, Step) else parents[where]
        for _ in range(LONGEST_WAY):
            if step is None:
                return (CALL, *reversed(acted))
            acted.extend(reversed(self.acts_of(step)))
            step = parents[step.origin]
        return (CALL, MORE, *reversed(acted))

    def acts_of(self, step: Step) -> tuple[Act, ...]:
        """Return what a caller does, or what happens to her, for this one step."""
        return acts(self.flow.nodes[step.origin.node], step.exit)

    def witness_of_exit(self, node: str, way: Exit) -> tuple[Act, ...]:
        """Return the shortest witness for leaving `node` by `way`; empty if nobody does."""
        for state in self.at(node):
            for step in self.steps[state]:
                if step.exit == way:
                    return self.witness(step)
        return ()

    def witness_at(self, node: str, languages: Collection[str] | None = None) -> tuple[Act, ...]:
        """Return the witness for being in `node`, in one of `languages` if any are given; empty if no caller is."""
        for state in self.at(node):
            if languages is None or state.language in languages:
                return self.witness(state)
        return ()

    def all_steps(self) -> Iterator[Step]:
        """Yield every step, those near the start first."""
        for steps in self.steps.values():
            yield from steps


def explore(flow: Flow, flows: Mapping[str, Flow]) -> States:
    """Return the states of `flow`. `flows`: the others by name, for `call_flow`."""
    known = effects(flow, flows)
    tracked = known.tracked
    while True:
        outcome = _explore(flow, known, tracked)
        if isinstance(outcome, States):
            return outcome
        tracked = outcome


def _explore(flow: Flow, known: Effects, tracked: frozenset[str]) -> States | frozenset[str]:
    """Return the states, or the fewer variables to try again with."""
    parents: dict[State, Step | None] = {}
    known_states: dict[_Place, State] = {}
    steps: dict[State, tuple[Step, ...]] = {}
    seen: dict[str, set[str | int]] = {name: set() for name in tracked}
    # A flow that returns is called by others: with callers of any of its languages, who may have been here before.
    inner = may_return(flow)
    languages = flow.languages if inner else (str(flow.variables.get(LANGUAGE, flow.default_language)),)
    start = _known_values(flow.variables, tracked - known.may_be_brought)
    queue: deque[State] = deque()
    for language in languages if flow.entry in flow.nodes else ():
        state = _state(known_states, flow.entry, language, start)
        parents[state] = None
        queue.append(state)
    while queue:
        state = queue.popleft()
        onward = tuple(_onward(flow, known, tracked, state, known_states))
        steps[state] = onward
        for step in onward:
            if step.arrival is None or step.arrival in parents:
                continue
            parents[step.arrival] = step
            queue.append(step.arrival)
            for name, value in step.arrival.values:
                seen[name].add(value)
                if len(seen[name]) > MAX_VALUES:
                    return tracked - {name}
        if tracked and len(parents) > MAX_STATES:
            return frozenset()
    by_node: dict[str, list[State]] = {}
    for state in steps:
        by_node.setdefault(state.node, []).append(state)
    return States(flow, steps, parents, {node: tuple(states) for node, states in by_node.items()})


_Place = tuple[str, str, tuple[tuple[str, str | int], ...]]
"""What a state says: node, language, values."""


def _state(known: dict[_Place, State], node: str, language: str, values: Mapping[str, str | int]) -> State:
    """Return the one object for a state."""
    place = (node, language, tuple(sorted(values.items())) if values else ())
    state = known.get(place)
    if state is None:
        state = known[place] = State(*place)
    return state


def _onward(flow: Flow, known: Effects, tracked: frozenset[str], state: State, known_states: dict[_Place, State]) -> Iterator[Step]:
    node = flow.nodes[state.node]
    for way in _possible(node, state):
        target = way.target
        if target is None or target.node is None or target.node not in flow.nodes:
            yield Step(state, way, None)
            continue
        for language, values in _after(flow, known, tracked, state, node, target):
            yield Step(state, way, _state(known_states, target.node, language, values))


def _possible(node: Node, state: State) -> Iterator[Exit]:
    """Yield the exits that can be taken in `state`: of a branch, up to the first case that surely holds."""
    if not isinstance(node, Branch):
        yield from node.ways
        return
    variables = dict(state.values) | {LANGUAGE: state.language}
    exits = node.ways
    for case, way in zip(node.cases, exits, strict=False):
        try:
            holds = case.when.evaluate(variables)
        except ConditionError:
            yield way
            continue
        if holds:
            yield way
            return
    yield exits[-1]


def _after(
    flow: Flow, known: Effects, tracked: frozenset[str], state: State, node: Node, target: Target
) -> Iterator[tuple[str, dict[str, str | int]]]:
    """Yield the languages and values that a caller can have when she has left `node` for `target`."""
    forgotten = known.unknown.get(node.id, frozenset())
    for language in dict.fromkeys((state.language, *known.spoken_after.get(node.id, ()))):
        values: dict[str, str | int] = {name: value for name, value in state.values if name not in forgotten}
        values[LANGUAGE] = language
        spoken_in: tuple[str, ...] = (language,)
        for name, written in (*set_by(node).items(), *target.sets.items()):
            value = _evaluate(written, values)
            if name == LANGUAGE:
                spoken_in = _languages(flow, written, value)
                value = spoken_in[0] if len(spoken_in) == 1 else None
            values.pop(name, None)
            if value is not None and (name in tracked or name == LANGUAGE):
                values[name] = value
        values.pop(LANGUAGE, None)
        for chosen in spoken_in:
            yield chosen, values


def _languages(flow: Flow, written: str | int, value: str | int | None) -> tuple[str, ...]:
    """Return what the language can be once it is set: as written, or any of the flow's where it is computed and not known."""
    if isinstance(written, str) and written.startswith("=") and value not in flow.languages:
        return flow.languages
    return (str(value),)


def _known_values(variables: Mapping[str, str | int], tracked: frozenset[str]) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    for name, written in variables.items():
        value = _evaluate(written, found)
        if name in tracked and value is not None:
            found[name] = value
    return found


def _evaluate(written: str | int, variables: Mapping[str, str | int]) -> str | int | None:
    """Return what a `set` puts into a variable, or None if that is not known."""
    if not isinstance(written, str) or not written.startswith("="):
        return written
    try:
        return parse_value(written[1:]).evaluate(variables)
    except (ConditionError, ExpressionSyntaxError):
        return None
