"""One caller in a flow: the small interpreter that every driver feeds with happenings and asks for actions.

It does no I/O, reads no clock and is deterministic: the same happenings give the same actions. Drivers may race: what comes too
late (an answer after the time-out, the end of what was stopped) is ignored, time never goes back, and a deadline that has passed
comes before what happened after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from ivrtest.flow.action import Action, CallerLeft, HangUp, Happening, Key, NoInput, PlayEnded, Tick
from ivrtest.flow.memory import DeadEndError, Memory
from ivrtest.flow.model import Descent, Ending, Exit, Flow, Node, Outcome, Script

MAX_STEPS = 1000
"""Nodes that a caller may pass without anything happening. More means that she goes in circles."""
MAX_DEPTH = 20
"""Flows inside one another."""

_KEYS = frozenset("0123456789*#ABCD")


@dataclass(frozen=True, slots=True)
class Visit:
    """One caller in one node. Holds nothing that she entered."""

    flow: str
    node: str
    language: str
    """What the variable `language` held when she arrived."""
    at: float
    exit: str | None = None
    """The label of the exit or ending she took. None while she is there, or if she hung up there."""
    trouble: tuple[str, ...] = ()
    """What went wrong in a way that the flow does not provide for."""


@dataclass(slots=True)
class _Frame:
    """A node that a caller is in: the current one, or one that sent her into another flow."""

    flow: Flow
    node: Node
    script: Script
    visit: int
    """The place of its visit in the list."""


class FlowMachine:
    """One call. `flows` are the flows that `call_flow` may name; `start_time`, aware, is the wall time at second 0 of the call."""

    def __init__(
        self, flow: Flow, *, start_time: datetime, flows: Mapping[str, Flow] = MappingProxyType({}), caller: str = "", called: str = ""
    ) -> None:
        if start_time.tzinfo is None:
            raise ValueError(f'start time "{start_time}" has no time zone, so opening hours cannot be told')
        self._flows = {**flows, flow.name: flow}
        self._memory = Memory(flow, start_time, {"language": flow.default_language, "caller": caller, "called": called})
        self._frames: list[_Frame] = []
        self._visits: list[Visit] = []
        self._blamed = 0
        """The visit that a trouble belongs to."""
        self._steps = 0
        self._started = self._ended = self._handed_over = False

    @property
    def deadline(self) -> float | None:
        """When a `Tick` is wanted next, in seconds on the call's clock."""
        return None if self._ended else self._memory.deadline

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def handed_over(self) -> bool:
        """The flow ended because somebody else has the caller."""
        return self._handed_over

    @property
    def language(self) -> str:
        return self._memory.language

    @property
    def flow(self) -> str:
        """The name of the flow that the caller is in: the called one inside a called flow."""
        return self._memory.flow.name

    @property
    def node(self) -> str:
        """The id of the node that the caller is in, or was in last. Empty before the start."""
        return self._visits[-1].node if self._visits else ""

    @property
    def variables(self) -> Mapping[str, str | int]:
        """All variables, secret ones too: mask what is in `secrets`."""
        return MappingProxyType(self._memory.variables)

    @property
    def secrets(self) -> frozenset[str]:
        """Variables whose values no log, trace or report may hold."""
        return frozenset(self._memory.secrets)

    @property
    def takes_secret(self) -> bool:
        """The keys that come now belong to a secret."""
        return self._memory.takes_secret and not self._ended

    @property
    def visits(self) -> tuple[Visit, ...]:
        """All nodes the caller has been in, oldest first."""
        if self._frames and self._memory.trouble:
            visit = self._visits[self._frames[-1].visit]
            now = {self._frames[-1].visit: replace(visit, trouble=visit.trouble + tuple(self._memory.trouble))}
            return tuple(now.get(place, visit) for place, visit in enumerate(self._visits))
        return tuple(self._visits)

    def start(self, at: float = 0.0) -> tuple[Action, ...]:
        """The call is answered."""
        if self._started:
            raise RuntimeError("the machine runs already: make a new one for each call")
        self._started = True
        self._memory.now = at
        try:
            self._memory.set_all(self._memory.flow.variables)
            self._enter(self._memory.flow, self._memory.flow.entry)
        except DeadEndError as error:
            self._give_up(str(error))
        self._run(None)
        return self._asked()

    def on(self, happening: Happening) -> tuple[Action, ...]:
        """Something happened. Return what is to be done, in order. Nothing is, once the flow has ended."""
        if not self._started:
            raise RuntimeError(f"{type(happening).__name__} came before the start")
        if self._ended:
            return ()
        memory = self._memory
        if isinstance(happening, CallerLeft):
            memory.now = max(memory.now, happening.at)
            self._finish()
            return ()
        self._steps = 0
        if memory.deadline is not None and (
            happening.at > memory.deadline or (isinstance(happening, Tick) and happening.at == memory.deadline)
        ):
            self._time_is_over(happening.at if isinstance(happening, Tick) else memory.deadline)
        memory.now = max(memory.now, happening.at)
        match happening:
            case Tick() | NoInput():
                pass
            case PlayEnded(at=at):
                if memory.playing and at >= memory.playing_since:
                    memory.playing = False
                    self._run(happening)
            case Key(key=key):
                if key in _KEYS:
                    memory.keys.append(key)
                    self._run(happening)
            case _:
                self._run(happening)
        return self._asked()

    def _time_is_over(self, at: float) -> None:
        self._memory.now = max(self._memory.now, at)
        self._memory.deadline = None
        self._run(NoInput(self._memory.now))

    def _asked(self) -> tuple[Action, ...]:
        actions = tuple(self._memory.actions)
        self._memory.actions.clear()
        return actions

    def _run(self, happening: Happening | None) -> None:
        """Give the node a happening (None: the caller arrives) and follow her from node to node until one waits for something."""
        while not self._ended:
            try:
                outcome = _step(self._frames[-1].script, happening)
                if outcome is None:
                    return
                self._follow(outcome)
            except DeadEndError as error:
                self._give_up(str(error))
            happening = None

    def _follow(self, outcome: Outcome) -> None:
        """Go where a node's outcome leads. Raises `DeadEndError` if that is nowhere."""
        match outcome:
            case Exit():
                self._take(outcome)
            case Descent(flow=name):
                self._descend(name)
            case Ending(label=label, handed_over=handed_over):
                self._leave(label)
                self._handed_over = handed_over
                if not handed_over:
                    self._memory.do(HangUp())
                self._finish()

    def _take(self, way: Exit) -> None:
        frame = self._frames[-1]
        self._blamed = frame.visit
        self._memory.silence()
        if way.target is None:
            self._leave(way.label)
            raise DeadEndError(f'{frame.node.kind} "{frame.node.id}" declares nothing for "{way.label}"')
        self._memory.set_all(way.target.sets)
        self._leave(way.label)
        if way.target.node is not None:
            self._enter(frame.flow, way.target.node)
        elif self._frames:
            self._memory.flow = self._frames[-1].flow
            self._take(self._frames[-1].node.returned(way.target.outcome))
        else:
            raise DeadEndError(f'flow "{frame.flow.name}" returns, and no flow called it')

    def _descend(self, name: str) -> None:
        flow = self._flows.get(name)
        if flow is None:
            raise DeadEndError(f'flow "{name}" is not known')
        if len(self._frames) >= MAX_DEPTH:
            raise DeadEndError(f'flow "{name}" would be called more than {MAX_DEPTH} flows deep')
        self._keep_trouble(self._frames[-1].visit)
        self._memory.flow = flow
        self._memory.set_all({variable: value for variable, value in flow.variables.items() if variable not in self._memory.variables})
        self._enter(flow, flow.entry)

    def _enter(self, flow: Flow, id: str) -> None:  # noqa: A002
        node = flow.nodes.get(id)
        if node is None:
            raise DeadEndError(f'node "{id}" is not declared in flow "{flow.name}"')
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise DeadEndError(f'the caller passed {MAX_STEPS} nodes without anything happening, the last one on the way to "{id}"')
        memory = self._memory
        memory.deadline, memory.takes_secret = None, False
        self._frames.append(_Frame(flow, node, node.visit(memory), len(self._visits)))
        self._blamed = len(self._visits)
        self._visits.append(Visit(flow.name, id, memory.language, memory.now))

    def _leave(self, label: str | None) -> None:
        """End the current visit."""
        frame = self._frames.pop()
        frame.script.close()
        self._keep_trouble(frame.visit)
        self._visits[frame.visit] = replace(self._visits[frame.visit], exit=label)

    def _keep_trouble(self, place: int) -> None:
        """Move the trouble there was to the visit at `place`."""
        visit = self._visits[place]
        self._visits[place] = replace(visit, trouble=visit.trouble + tuple(self._memory.trouble))
        self._memory.trouble.clear()

    def _give_up(self, message: str) -> None:
        """The flow does not say what happens now: hang up, and keep the reason."""
        self._memory.trouble.append(message)
        if self._visits:
            self._keep_trouble(self._blamed)
        self._memory.do(HangUp("dead-end"))
        self._finish()

    def _finish(self) -> None:
        self._ended = True
        while self._frames:
            self._leave(None)
        self._memory.keys.clear()


def _step(script: Script, happening: Happening | None) -> Outcome | None:
    """Let a node's script go on until it waits (None) or is done."""
    try:
        if happening is None:
            next(script)
        else:
            script.send(happening)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome
    return None
