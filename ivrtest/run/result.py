"""What became of a scenario. Nothing is green that was not earned: a result starts as `not run`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ivrtest.audio.hearing import Match, Music
from ivrtest.call.quality import CallQuality
from ivrtest.call.trace import SipMessage
from ivrtest.run.timing import CallTiming
from ivrtest.scenario.model import Scenario, Step
from ivrtest.scenario.quality import Limit


class Status(StrEnum):
    """The four things a step or a scenario can be."""

    NOT_RUN = "not run"
    PASSED = "passed"
    FAILED = "failed"
    """The IVR did wrong."""
    ERROR = "error"
    """We could not tell."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step."""

    step: Step
    status: Status = Status.NOT_RUN
    message: str = ""
    """Why it did not pass; empty where it did or did not run."""
    heard: tuple[Match, ...] = ()
    """What the verdict rests on, in the order it was heard."""
    started_s: float | None = None
    """When the step began, in seconds on the call's clock."""
    at_s: float | None = None
    """When it was decided, in seconds on the call's clock."""


@dataclass(frozen=True, slots=True)
class LimitResult:
    """What became of one limit for the quality of the call."""

    limit: Limit
    status: Status = Status.NOT_RUN
    value: float | None = None
    """What was measured, in the units of `Limit.value`."""
    message: str = ""
    """Why it did not pass, or why there is nothing to hold it against."""


@dataclass(frozen=True, slots=True)
class Note:
    """One line of a call's story."""

    at_s: float
    text: str
    match: Match | None = None
    """The sound that it tells of, when that is over."""
    tone: tuple[float, float] | None = None
    """Where it tells of a tone instead: from when to when it was heard."""
    music: Music | None = None
    """The music that it tells of, when that is over."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """The call that a result rests on."""

    id: str
    """The SIP Call-ID; `simulated` where there was no call."""
    target: str
    answered_s: float | None = None
    """When it was answered, in seconds on the call's clock, which starts when the call is placed."""
    ended_s: float | None = None
    ended_by: str = ""
    """As in `ivrtest.call.call.Ended.by`; empty if the call never began."""
    recording: Path | None = None
    """Stereo WAV: the caller left, the IVR right."""
    notes: tuple[Note, ...] = ()
    packets_received: int | None = None
    packets_lost: int | None = None
    jitter_ms: float | None = None
    stalled_s: float = 0.0
    """How long our own sound stood still at most, in seconds. An embedded IVR's on the same machine did so too, and so it was cut."""
    behind_s: float = 0.0
    """How far we were behind the call, in seconds, at the worst moment before the verdict. What we did then came late by as much."""
    reached: str = ""
    """Where the call went: transport, address and port, such as `udp 192.0.2.1:5060`. Empty where there was no call."""
    tried: tuple[str, ...] = ()
    """Where it went in vain before that, and why: `udp 192.0.2.9:5060: no SIP response within 8 s`."""
    quality: CallQuality | None = None
    """None where there was no sound to measure: a simulation, or a call that was not answered and had none before, either."""
    timing: CallTiming = field(default_factory=CallTiming)
    trace: tuple[SipMessage, ...] = ()
    """Its SIP messages, masked."""
    pcap: Path | None = None
    """Its packets, for Wireshark; None where none were kept."""
    drops_pcap: bool = False
    """Whether they go if the scenario passes."""
    line_worse: str = ""
    """What of the line is clearly worse than when the route was calibrated; empty if nothing is, or it never was."""
    simulated: bool = False
    """Whether nobody was called, so that there was no line to measure."""


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What became of one scenario."""

    scenario: Scenario
    status: Status
    steps: tuple[StepResult, ...]
    message: str = ""
    """What went wrong outside any step, such as a call that was refused."""
    call: CallRecord | None = None
    started_at: str = ""
    """Wall time, ISO 8601 with offset."""
    seconds: float = 0.0
    """How long it took, in wall time."""
    limits: tuple[LimitResult, ...] = ()

    @property
    def broken_limit(self) -> LimitResult | None:
        """The first limit that was broken, or could not be told."""
        return next((limit for limit in self.limits if limit.status in {Status.FAILED, Status.ERROR}), None)

    @property
    def verdict(self) -> str:
        """The message of the step that decided, or of the limit, or of the scenario."""
        broken = self.broken_limit
        return next((step.message for step in self.steps if step.message), self.message or (broken.message if broken else ""))


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """What became of all scenarios of one command."""

    results: tuple[ScenarioResult, ...] = field(default=())
    started_at: str = ""
    seconds: float = 0.0
    target: str = ""
    route: str = ""
    """What is known of the line to the target since it was calibrated; empty if nothing is."""
    limit_db: float | None = None
    """How far recordings may deviate; None where no sound was judged."""

    def count(self, status: Status) -> int:
        return sum(result.status is status for result in self.results)

    @property
    def exit_code(self) -> int:
        """0 all passed; 1 an IVR did wrong; 2 we could not tell, or nothing ran. The highest wins."""
        if not self.results or self.count(Status.ERROR) or self.count(Status.NOT_RUN):
            return 2
        return 1 if self.count(Status.FAILED) else 0
