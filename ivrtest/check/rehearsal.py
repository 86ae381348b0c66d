"""A witness played through the flow machine: what a caller hears who does these things, and how her surroundings behave meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ivrtest.check.effects import CALL, Act
from ivrtest.flow import action as do
from ivrtest.flow.condition import ConditionError
from ivrtest.flow.machine import FlowMachine
from ivrtest.flow.model import Flow, Node
from ivrtest.flow.nodes.collect import Collect, passes_luhn
from ivrtest.flow.nodes.hours import Hours
from ivrtest.flow.nodes.lookup import Lookup

NEVER = "never"
MAX_HAPPENINGS = 400
_PLAYING_S = 2.0
_SPEAKING_S = 3.0
_MONDAY = datetime.combine(date(2027, 1, 4), time())
_MOST_VISITED = 20_000
"""Nodes that are visited at all local times together."""
_USUAL_DIGITS = 6
_ENTRIES = 300
"""Entries of one length that are tried until one is valid."""


@dataclass(frozen=True, slots=True)
class Hears:
    """She hears these recordings."""

    pieces: tuple[do.Piece, ...]
    after_s: float = 0.0
    """Seconds of waiting before it begins."""


@dataclass(frozen=True, slots=True)
class Presses:
    keys: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Speaks:
    seconds: float


@dataclass(frozen=True, slots=True)
class IsTransferred:
    to: str
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class IsCutOff:
    """The IVR hangs up."""


Moment = Hears | Presses | Speaks | IsTransferred | IsCutOff


@dataclass(slots=True)
class Rehearsal:
    """What came of it."""

    moments: list[Moment] = field(default_factory=list)
    lookups: dict[str, list[str]] = field(default_factory=dict)
    """By name: the outcomes one after another, `never` for a time-out."""
    queues: dict[str, str] = field(default_factory=dict)
    transfers: dict[str, str] = field(default_factory=dict)
    messages: str = "sent"
    now: datetime | None = None
    """The local time of the call, where opening hours make a difference."""
    node: str = ""
    """Where she is in the end."""


class _CannotBeRehearsedError(Exception):
    """The machine does not go the way of the witness, or what happens there cannot be said in a scenario."""


def rehearse(flow: Flow, flows: Mapping[str, Flow], acts: Sequence[Act], *, going_on: bool = True) -> Rehearsal | None:
    """Return what a caller of `flow` meets who does what `acts` say, up to where she would have to do more. None if she cannot.

    `going_on`: what is asked of systems after that is answered as they usually do.
    """
    wanted = [(act.node, act.way) for act in acts if isinstance(flow.nodes.get(act.node), Hours)]
    times = _times(flow, [node for node, _ in wanted]) if wanted else iter((None,))
    done = [act for act in acts if act != CALL and not isinstance(flow.nodes.get(act.node), Hours)]
    visited = 0
    for now in times:
        driver = _Driver(flow, flows, done, now)
        try:
            return driver.run(wanted, going_on=going_on)
        except _CannotBeRehearsedError:
            # Hours that lead to each other, and nowhere else, cost the most, whenever one calls.
            visited += len(driver.machine.visits)
            if visited > _MOST_VISITED:
                break
    return None


def _times(flow: Flow, nodes: Sequence[str]) -> Iterator[datetime | None]:
    """Yield local times that make a difference to opening hours: every half hour of a week, and noon on each holiday."""
    yield from (_MONDAY + timedelta(minutes=30 * number) for number in range(20, 20 + 7 * 48))
    for name in nodes:
        node = flow.nodes[name]
        if isinstance(node, Hours):
            days = {**node.holidays.once, **dict.fromkeys(node.holidays.days(_MONDAY.date(), _MONDAY.date() + timedelta(days=4 * 366)))}
            yield from (datetime.combine(day, time(12)) for day in days)


class _Driver:
    def __init__(self, flow: Flow, flows: Mapping[str, Flow], acts: list[Act], now: datetime | None) -> None:
        self.flow = flow
        self.acts = list(acts)
        self.told = Rehearsal(now=now)
        start = (now or _MONDAY.replace(hour=10)).replace(tzinfo=ZoneInfo(flow.time_zone))
        self.machine = FlowMachine(flow, flows=flows, start_time=start, called=next(iter(flow.numbers), ""))
        self.at = 0.0
        self.waited_s = 0.0
        self.playing = False
        self.asked: do.Action | None = None
        """What the surroundings have not answered yet."""
        self.over = False

    def run(self, hours: list[tuple[str, str]], *, going_on: bool) -> Rehearsal:
        self.take(self.machine.start(0.0))
        for _ in range(MAX_HAPPENINGS):
            if self.over or self.machine.ended:
                break
            if self.playing:
                self.at += _PLAYING_S
                self.playing = False
                self.take(self.machine.on(do.PlayEnded(self.at)))
            elif self.acts:
                self.act(self.acts.pop(0))
            elif not (going_on and self.go_on()):
                break
        else:
            raise _CannotBeRehearsedError
        passed = {(visit.node, visit.exit) for visit in self.machine.visits}
        if self.acts or not passed.issuperset(hours):
            raise _CannotBeRehearsedError
        self.told.node = self.machine.node if self.machine.flow == self.flow.name else ""
        return self.told

    def take(self, actions: tuple[do.Action, ...]) -> None:
        for action in actions:
            match action:
                case do.Play(pieces=pieces):
                    if any(piece.secret for piece in pieces):
                        raise _CannotBeRehearsedError
                    self.playing = True
                    self.told.moments.append(Hears(pieces, self.waited_s))
                    self.waited_s = 0.0
                case do.Beep():
                    self.playing = True
                case do.StopPlaying():
                    self.playing = False
                case do.HangUp():
                    self.told.moments.append(IsCutOff())
                    self.over = True
                case do.Transfer(to=to) if to.startswith("queue:"):
                    self.take(self.machine.on(do.TransferEnded("answered", self.at)))
                case do.Lookup() | do.Transfer() | do.Enqueue() | do.Record() | do.Send():
                    self.asked = action
                case _:
                    pass

    def act(self, act: Act) -> None:
        """Let one act happen. Raises `_CannotBeRehearsedError` if she is not where it belongs."""
        node = self.flow.nodes.get(act.node)
        if node is None or self.machine.node != act.node or self.machine.flow != self.flow.name:
            raise _CannotBeRehearsedError
        if act.way in ("no input", "attempts exhausted"):
            self.wait()
        elif act.way == "entered" and isinstance(node, Collect):
            self.enter(node, act.key or "")
        elif act.way == "no match" and act.key is None and isinstance(node, Collect) and node.entry.terminator:
            self.press(node.entry.terminator)
        elif act.key is not None:
            if isinstance(self.asked, do.Enqueue):
                self.told.queues[self.asked.queue], self.asked = NEVER, None
            self.press(act.key)
        else:
            self.answer(node, act.way)

    def go_on(self) -> bool:
        """Nothing more is prescribed: let the surroundings do what they usually do. False if it is the caller's turn."""
        node = self.flow.nodes.get(self.machine.node)
        match self.asked:
            case do.Transfer(to=to):
                self.told.moments.append(IsTransferred(to, self.waited_s))
                return False
            case do.Lookup() if isinstance(node, Lookup) and node.outcomes:
                self.answer(node, next(iter(node.outcomes)))
                return True
            case do.Send() if node is not None:
                self.answer(node, "sent")
                return True
            case _:
                return False

    def wait(self) -> None:
        if self.machine.deadline is None:
            raise _CannotBeRehearsedError
        self.waited_s += self.machine.deadline - self.at
        self.at = self.machine.deadline
        self.take(self.machine.on(do.Tick(self.at)))

    def press(self, keys: str, *, secret: bool = False) -> None:
        self.told.moments.append(Presses(keys, secret))
        self.waited_s = 0.0
        node = self.machine.node
        for key in keys:
            self.at += 0.2
            self.take(self.machine.on(do.Key(key, self.at)))
            if self.machine.node != node or self.playing or self.over:
                break

    def enter(self, node: Collect, first: str) -> None:
        digits = next((digits for digits in _entries(node, first) if self.accepts(node, digits)), None)
        if digits is None:
            raise _CannotBeRehearsedError
        ended = len(digits) == node.entry.most
        self.press(digits if ended else digits + (node.entry.terminator or ""), secret=node.secret)
        if not ended and not node.entry.terminator and self.machine.node == node.id:
            self.wait()

    def accepts(self, node: Collect, digits: str) -> bool:
        valid = node.valid
        if (valid.pattern is not None and not valid.pattern.matches(digits)) or (valid.luhn and not passes_luhn(digits)):
            return False
        try:
            return valid.when is None or valid.when.evaluate({**self.machine.variables, node.into: digits})
        except ConditionError:
            return False

    def answer(self, node: Node, way: str) -> None:
        """Let the surroundings answer so that she leaves by `way`. Raises `_CannotBeRehearsedError` where that cannot be arranged."""
        asked, self.asked = self.asked, None
        match asked:
            case do.Lookup(name=name):
                self.told.lookups.setdefault(name, []).append(NEVER if way == "timed out" else way)
                if way == "timed out":
                    self.wait()
                else:
                    self.take(self.machine.on(do.LookupEnded(way, self.at, name=name)))
            case do.Transfer(to=to, timeout_s=timeout_s):
                outcome = way.replace(" ", "_")
                if self.told.transfers.setdefault(to, outcome) != outcome:
                    raise _CannotBeRehearsedError
                if outcome == "no_answer":
                    self.waited_s += timeout_s
                self.take(self.machine.on(do.TransferEnded(outcome, self.at)))
            case do.Enqueue(queue=queue) if way in ("overflow", "no agents", "answered"):
                outcome = way.replace(" ", "_")
                if self.told.queues.setdefault(queue, outcome) != outcome:
                    raise _CannotBeRehearsedError
                self.waited_s += 3.0
                self.take(self.machine.on(do.QueueEnded(outcome, self.at)))
            case do.Record(silence_s=silence_s) if way == "recorded":
                self.told.moments.append(Speaks(_SPEAKING_S))
                self.waited_s = silence_s
                self.take(self.machine.on(do.RecordEnded(_SPEAKING_S, self.at)))
            case do.Send() if way in ("sent", "failed"):
                self.told.messages = way
                self.take(self.machine.on(do.SendEnded(way == "sent", self.at)))
            case _:
                raise _CannotBeRehearsedError


def _entries(node: Collect, first: str) -> Iterator[str]:
    """Yield numbers to enter, of a usual length first. Each begins with `first`, and none with a key that leads elsewhere."""
    usual = max(node.min, min(node.entry.most, _USUAL_DIGITS))
    terminator = node.entry.terminator or "-"
    for length in sorted(range(max(1, node.min), node.entry.most + 1), key=lambda length: abs(length - usual)):
        for start in range(_ENTRIES):
            digits = (first + (str(start) if start else "") + "4827391648273916482739164827391648")[:length]
            if digits[0] not in node.keys and terminator not in digits:
                yield digits
