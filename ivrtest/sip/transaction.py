"""The four transaction machines of RFC 3261 section 17 as corrected by RFC 6026, each a table of arrows.

Everything that decides a transaction's next state stands in the tables here. Which transaction a message belongs to, and what becomes of
the actions, is the business of `layer.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from ivrtest.sip.timers import Timer, Timers


class State(Enum):
    CALLING = auto()
    TRYING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    TERMINATED = auto()


class Input(Enum):
    """What can happen to a transaction, besides a timer."""

    REQUEST = auto()
    """A copy of the request came (server)."""
    ACK = auto()
    """The ACK came (INVITE server)."""
    PROVISIONAL = auto()
    """A 1xx: it came (client), or the user wants to send it (server)."""
    SUCCESS = auto()
    """A 2xx, likewise."""
    FAILURE = auto()
    """A 300 to 699, likewise."""
    TRANSPORT_ERROR = auto()
    """The request could not be sent (client). A server transaction has no such input: RFC 6026 lets it live on to absorb copies."""
    DISCONNECTED = auto()
    """The connection that the request went over, and that its response should come over, is over (client). Not in the RFC's figures, which
    leave the user waiting."""
    GIVE_UP = auto()
    """No final response came within 64*T1 after CANCEL (INVITE client, section 9.1)."""

    @classmethod
    def of_status(cls, status: int) -> Input:
        if status < 200:
            return cls.PROVISIONAL
        return cls.SUCCESS if status < 300 else cls.FAILURE


class Do(Enum):
    """What an arrow asks for."""

    SEND = auto()
    """Send the request (client) or the latest response (server), again if it was sent before."""
    ACK = auto()
    """Acknowledge a failure (INVITE client, section 17.1.1.3)."""
    TELL = auto()
    """Hand the message to the transaction's user."""
    TIMED_OUT = auto()
    """Tell the user that the far side was silent (section 8.1.3.1: as if a 408 had come)."""
    UNREACHABLE = auto()
    """Tell the user that the request could not be sent (section 8.1.3.1: as if a 503 had come)."""


Arrow = tuple[State, tuple[Do, ...]]


@dataclass(frozen=True, slots=True)
class Machine:
    """One of the four machines. What has no arrow is absorbed."""

    name: str
    start: State
    arrows: Mapping[tuple[State, Input | Timer], Arrow]
    timers: Mapping[State, tuple[Timer, ...]]
    """The timers that run in a state. One that runs in the next state too is left alone by the change; all others start or stop with it."""


# Figure 5 with RFC 6026 section 8.4: Accepted keeps the transaction for copies of the 2xx and for other forks' 2xx.
# No transport error leads out of Completed: its user has the final response already, and Timer D is near.
INVITE_CLIENT = Machine(
    "INVITE client",
    State.CALLING,
    {
        (State.CALLING, Timer.A): (State.CALLING, (Do.SEND,)),
        (State.CALLING, Timer.B): (State.TERMINATED, (Do.TIMED_OUT,)),
        (State.CALLING, Input.TRANSPORT_ERROR): (State.TERMINATED, (Do.UNREACHABLE,)),
        (State.CALLING, Input.DISCONNECTED): (State.TERMINATED, (Do.UNREACHABLE,)),
        (State.CALLING, Input.PROVISIONAL): (State.PROCEEDING, (Do.TELL,)),
        (State.CALLING, Input.SUCCESS): (State.ACCEPTED, (Do.TELL,)),
        (State.CALLING, Input.FAILURE): (State.COMPLETED, (Do.ACK, Do.TELL)),
        (State.PROCEEDING, Input.DISCONNECTED): (State.TERMINATED, (Do.UNREACHABLE,)),
        (State.PROCEEDING, Input.GIVE_UP): (State.TERMINATED, (Do.TIMED_OUT,)),
        (State.PROCEEDING, Input.PROVISIONAL): (State.PROCEEDING, (Do.TELL,)),
        (State.PROCEEDING, Input.SUCCESS): (State.ACCEPTED, (Do.TELL,)),
        (State.PROCEEDING, Input.FAILURE): (State.COMPLETED, (Do.ACK, Do.TELL)),
        (State.ACCEPTED, Input.SUCCESS): (State.ACCEPTED, (Do.TELL,)),
        (State.ACCEPTED, Timer.M): (State.TERMINATED, ()),
        (State.COMPLETED, Input.FAILURE): (State.COMPLETED, (Do.ACK,)),
        (State.COMPLETED, Timer.D): (State.TERMINATED, ()),
    },
    {State.CALLING: (Timer.A, Timer.B), State.ACCEPTED: (Timer.M,), State.COMPLETED: (Timer.D,)},
)

# Figure 6.
CLIENT = Machine(
    "client",
    State.TRYING,
    {
        (State.TRYING, Timer.E): (State.TRYING, (Do.SEND,)),
        (State.TRYING, Timer.F): (State.TERMINATED, (Do.TIMED_OUT,)),
        (State.TRYING, Input.TRANSPORT_ERROR): (State.TERMINATED, (Do.UNREACHABLE,)),
        (State.TRYING, Input.DISCONNECTED): (State.TERMINATED, (Do.UNREACHABLE,)),
        (State.TRYING, Input.PROVISIONAL): (State.PROCEEDING, (Do.TELL,)),
        (State.TRYING, Input.SUCCESS): (State.COMPLETED, (Do.TELL,)),
        (State.TRYING, Input.FAILURE): (State.COMPLETED, (Do.TELL,)),
        (State.PROCEEDING, Timer.E): (State.PROCEEDING, (Do.SEND,)),
        (State.PROCEEDING, Timer.F): (State.TERMINATED, (Do.TIMED_OUT,)),
        (State.PROCEEDING, Input.TRANSPORT_ERROR): (State.TERMINATED, (Do.UNREACHABLE,)),
        (State.PROCEEDING, Input.DISCONNECTED): (State.TERMINATED, (Do.UNREACHABLE,)),
        (State.PROCEEDING, Input.PROVISIONAL): (State.PROCEEDING, (Do.TELL,)),
        (State.PROCEEDING, Input.SUCCESS): (State.COMPLETED, (Do.TELL,)),
        (State.PROCEEDING, Input.FAILURE): (State.COMPLETED, (Do.TELL,)),
        (State.COMPLETED, Timer.K): (State.TERMINATED, ()),
    },
    {State.TRYING: (Timer.E, Timer.F), State.PROCEEDING: (Timer.E, Timer.F), State.COMPLETED: (Timer.K,)},
)

# Figure 7 with RFC 6026 section 8.5: Accepted absorbs copies of the INVITE. The user sends copies of the 2xx itself (section 13.3.1.4).
INVITE_SERVER = Machine(
    "INVITE server",
    State.PROCEEDING,
    {
        (State.PROCEEDING, Input.REQUEST): (State.PROCEEDING, (Do.SEND,)),
        (State.PROCEEDING, Input.PROVISIONAL): (State.PROCEEDING, (Do.SEND,)),
        (State.PROCEEDING, Input.SUCCESS): (State.ACCEPTED, (Do.SEND,)),
        (State.PROCEEDING, Input.FAILURE): (State.COMPLETED, (Do.SEND,)),
        (State.ACCEPTED, Input.SUCCESS): (State.ACCEPTED, (Do.SEND,)),
        (State.ACCEPTED, Input.ACK): (State.ACCEPTED, (Do.TELL,)),
        (State.ACCEPTED, Timer.L): (State.TERMINATED, ()),
        (State.COMPLETED, Input.REQUEST): (State.COMPLETED, (Do.SEND,)),
        (State.COMPLETED, Timer.G): (State.COMPLETED, (Do.SEND,)),
        (State.COMPLETED, Timer.H): (State.TERMINATED, ()),
        (State.COMPLETED, Input.ACK): (State.CONFIRMED, ()),
        (State.CONFIRMED, Timer.I): (State.TERMINATED, ()),
    },
    {State.ACCEPTED: (Timer.L,), State.COMPLETED: (Timer.G, Timer.H), State.CONFIRMED: (Timer.I,)},
)

# Figure 8.
SERVER = Machine(
    "server",
    State.TRYING,
    {
        (State.TRYING, Input.PROVISIONAL): (State.PROCEEDING, (Do.SEND,)),
        (State.TRYING, Input.SUCCESS): (State.COMPLETED, (Do.SEND,)),
        (State.TRYING, Input.FAILURE): (State.COMPLETED, (Do.SEND,)),
        (State.PROCEEDING, Input.REQUEST): (State.PROCEEDING, (Do.SEND,)),
        (State.PROCEEDING, Input.PROVISIONAL): (State.PROCEEDING, (Do.SEND,)),
        (State.PROCEEDING, Input.SUCCESS): (State.COMPLETED, (Do.SEND,)),
        (State.PROCEEDING, Input.FAILURE): (State.COMPLETED, (Do.SEND,)),
        (State.COMPLETED, Input.REQUEST): (State.COMPLETED, (Do.SEND,)),
        (State.COMPLETED, Timer.J): (State.TERMINATED, ()),
    },
    {State.COMPLETED: (Timer.J,)},
)

MACHINES = (INVITE_CLIENT, CLIENT, INVITE_SERVER, SERVER)


@dataclass(slots=True)
class Run:
    """One machine in motion: where it stands and which of its timers run."""

    machine: Machine
    times: Timers
    reliable: bool
    """Whether the transport delivers everything once (TCP, TLS)."""
    state: State = field(init=False)
    deadlines: dict[Timer, float] = field(init=False, default_factory=dict)
    """When each running timer fires."""
    _intervals: dict[Timer, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.state = self.machine.start

    def start(self, now: float) -> None:
        """Start the timers of the first state."""
        self._run(self.machine.timers.get(self.state, ()), now)

    def feed(self, happened: Input | Timer, now: float) -> tuple[Do, ...]:
        """Take the arrow for what happened, if there is one, and return what is to be done. Afterwards `deadlines` is up to date."""
        if isinstance(happened, Timer):
            del self.deadlines[happened]
        arrow = self.machine.arrows.get((self.state, happened))
        if arrow is None:
            return ()
        state, actions = arrow
        before, after = self.machine.timers.get(self.state, ()), self.machine.timers.get(state, ())
        self.state = state
        for timer in before:
            if timer not in after:
                self.deadlines.pop(timer, None)
        self._run(tuple(timer for timer in after if timer not in before), now)
        if isinstance(happened, Timer) and happened in after:
            self._run_again(happened, now)
        return actions

    def _run(self, timers: tuple[Timer, ...], now: float) -> None:
        for timer in timers:
            if (interval := self.times.first(timer, reliable=self.reliable)) is not None:
                self._intervals[timer] = interval
                self.deadlines[timer] = now + interval

    def _run_again(self, timer: Timer, now: float) -> None:
        # Section 17.1.2.2: once something provisional came, a request other than INVITE is repeated every T2.
        proceeding = timer is Timer.E and self.state is State.PROCEEDING
        self._intervals[timer] = self.times.t2 if proceeding else self.times.next(timer, self._intervals[timer])
        self.deadlines[timer] = now + self._intervals[timer]
