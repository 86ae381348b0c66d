"""What a visit of a node does to what is remembered, and what a caller does to leave it: as far as it can be known without a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ivrtest.check.naming import called
from ivrtest.flow.condition import ExpressionSyntaxError, parse_value
from ivrtest.flow.model import Exit, Flow, Node, Target
from ivrtest.flow.nodes.branch import Branch
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.flow.nodes.callback import Callback
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.hours import Hours
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.flow.nodes.menu import Menu
from ivrtest.flow.nodes.queue import Queue
from ivrtest.flow.nodes.set import Set
from ivrtest.flow.nodes.survey import Survey
from ivrtest.flow.nodes.transfer import Transfer
from ivrtest.flow.nodes.voicemail import Voicemail
from ivrtest.source.words import quoted

LANGUAGE = "language"
GIVEN = frozenset({LANGUAGE, "caller", "called"})
"""Variables that every call has from its start."""
_KEYS = "7831245690*#"
_COUNTING = frozenset({"tries", "try", "attempts", "attempt", "retries", "retry", "count", "counter", "times", "errors", "failures"})


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a caller does, or that happens to her: a part of a witness."""

    words: str
    node: str = ""
    """Where she leaves by it. Empty for the call itself."""
    way: str = ""
    """The label of the exit that is taken, after as many such acts as it needs."""
    key: str | None = None
    """The key that is pressed, if it is one."""

    def __str__(self) -> str:
        return self.words

    def __hash__(self) -> int:
        # Findings are hashed with all their acts, and a text knows its hash.
        return hash(self.words)


CALL = Act("call")
MORE = Act("...")
"""Stands for acts that are left out."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What is known of a flow's variables before any call."""

    tracked: frozenset[str]
    """Variables that branches depend on and that stay known, because only the flow itself sets them."""
    unknown: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By node: variables that hold something unknown after it."""
    spoken_after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By node: languages that it may change to, other than by a `set` of this flow."""
    may_be_brought: frozenset[str] = frozenset()
    """Variables of a flow that others call which may hold something else than their first value when a caller comes."""


def effects(flow: Flow, flows: Mapping[str, Flow]) -> Effects:
    """Return what is known of `flow`'s variables. `flows`: the others by name."""
    unknown: dict[str, frozenset[str]] = {}
    spoken_after: dict[str, tuple[str, ...]] = {}
    for node in flow.nodes.values():
        names = frozenset(_filled_by(node, flows))
        if names:
            unknown[node.id] = names - {LANGUAGE}
        if LANGUAGE in names:
            spoken_after[node.id] = flow.languages
    return Effects(_tracked(flow), unknown, spoken_after, _may_be_brought(flow) if may_return(flow) else frozenset())


def set_by(node: Node) -> Mapping[str, str | int]:
    """Return what the node itself sets, in order; a text that begins with `=` is an expression."""
    return node.values if isinstance(node, Set) else {}


def targets(node: Node) -> Iterator[Target]:
    """Yield where the node leads."""
    return (way.target for way in node.ways if way.target is not None)


def written_by_flow(flow: Flow) -> dict[str, list[str | int]]:
    """Return every variable that `flow` sets, with all that it is set to."""
    found: dict[str, list[str | int]] = {}
    for node in flow.nodes.values():
        for values in (set_by(node), *(target.sets for target in targets(node))):
            for name, value in values.items():
                found.setdefault(name, []).append(value)
    return found


def filled_by(node: Node) -> tuple[str, ...]:
    """Return the variables that hold what the caller or a system said, once `node` was left. A lookup may fill any."""
    match node:
        case Collect():
            return (node.into,)
        case Survey():
            return tuple(question.name for question in node.questions)
        case Callback():
            return ("callback_number",)
        case Queue():
            return ("position", "wait_minutes")
        case _:
            return ()


def expression_names(value: str | int) -> tuple[str, ...]:
    """Return the variables that a value of a `set` reads: those of its expression, if it is one."""
    if not isinstance(value, str) or not value.startswith("="):
        return ()
    try:
        return tuple(parse_value(value[1:]).names())
    except ExpressionSyntaxError:
        return ()


def called_flows(flow: Flow, flows: Mapping[str, Flow]) -> dict[str, Flow]:
    """Return the flows that a caller of `flow` may be sent through, and through these, by name."""
    found: dict[str, Flow] = {}
    waiting = [flow]
    while waiting:
        for node in waiting.pop().nodes.values():
            if isinstance(node, CallFlow) and node.flow in flows and node.flow not in found:
                found[node.flow] = flows[node.flow]
                waiting.append(flows[node.flow])
    return found


def may_end(node: Node) -> bool:
    """Tell whether the flow can end in this node: a hang-up, or a caller handed over for good."""
    return node.ends_call or (isinstance(node, Transfer | Queue) and node.answered is None)


def may_return(flow: Flow) -> bool:
    """Tell whether the flow is one that others call."""
    return any(target.node is None for node in flow.nodes.values() for target in targets(node))


def by_the_caller(node: Node, way: Exit) -> bool:
    """Tell whether it takes an act of the caller to leave `node` by `way`. Silence is none."""
    match way.cause:
        case "key" | "no_match":
            return True
        case "outcome":
            return isinstance(node, Collect | Survey | Callback) or (isinstance(node, Voicemail) and way.label == "recorded")
        case _:
            return False


def acts(node: Node, way: Exit) -> tuple[Act, ...]:
    """Return what happens when a caller leaves `node` by `way`, one act each: `press 2`, `wait 5 s`, `lookup "order": failed`."""
    patience = node.patience if isinstance(node, Menu | Collect | Callback | Survey) else None
    wait_s = node.entry.first_s if isinstance(node, Collect) else patience.after_s if patience else 0.0
    match way.cause:
        case "key":
            return (Act(f"press {way.key}", node.id, way.label, way.key),)
        case "no_input" if patience is not None:
            return (Act(f"wait {wait_s:g} s", node.id, way.label),) * (patience.no_input.retries + 1)
        case "attempts" if patience is not None:
            return (Act(f"wait {wait_s:g} s", node.id, way.label),) * (patience.attempts or 1)
        case "no_match" if patience is not None:
            wrong = Act("enter what is not valid", node.id, way.label)
            if isinstance(node, Menu):
                key = next((key for key in _KEYS if key not in node.keys and key not in node.repeat), None)
                wrong = Act("press a wrong key" if key is None else f"press {key}", node.id, way.label, key)
            return (wrong,) * (patience.no_match.retries + 1)
        case "outcome" if isinstance(node, Collect):
            return (Act(f"enter {quoted(node.into)}", node.id, way.label),)
        case "outcome":
            return (Act(f"{called(node)}: {way.label}", node.id, way.label),)
        case "branch" if isinstance(node, Hours):
            return (Act(f"{called(node)}: {way.label}", node.id, way.label),)
        case _:
            return ()


def _filled_by(node: Node, flows: Mapping[str, Flow]) -> Iterator[str]:
    yield from filled_by(node)
    if isinstance(node, CallFlow) and node.flow in flows:
        first = flows[node.flow]
        for flow in (first, *called_flows(first, flows).values()):
            yield from written_by_flow(flow)
            yield from flow.variables
            for inner in flow.nodes.values():
                yield from filled_by(inner)


def _may_be_brought(flow: Flow) -> frozenset[str]:
    """Return all variables but counters that this flow declares and never counts: these are the flow's own, and stay as they are."""
    written = written_by_flow(flow)
    own = {name for name, first in flow.variables.items() if _counts(name) and all(value == first for value in written.get(name, ()))}
    return frozenset(flow.variables.keys() | written.keys()) - own


def _counts(name: str) -> bool:
    return not _COUNTING.isdisjoint(name.lower().split("_"))


def _tracked(flow: Flow) -> frozenset[str]:
    """Return what conditions read, and what that is computed from, if the flow alone decides about it."""
    written = written_by_flow(flow)
    nodes = flow.nodes.values()
    answered = any(isinstance(node, Lookup | CallFlow) for node in nodes)
    read = {name for node in nodes if isinstance(node, Branch) for case in node.cases for name in case.when.names()}
    waiting = list(read)
    while waiting:
        for value in written.get(waiting.pop(), ()):
            for name in expression_names(value):
                if name not in read:
                    read.add(name)
                    waiting.append(name)
    entered = {name for node in nodes for name in filled_by(node)}
    return frozenset(
        name
        for name in read - GIVEN - entered
        # A lookup's values become variables. It is assumed to leave alone what the flow itself sets, and what counts by its name.
        if name in written or (name in flow.variables and (not answered or _counts(name)))
    )
