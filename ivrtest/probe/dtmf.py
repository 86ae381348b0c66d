"""Which ways of sending a key an IVR really hears: it is called once and again for each, and asked what only the key answers.

A key that leaves is not yet a key that is heard: an INFO may be answered 200 and thrown away, events may be dropped by a gateway, and
tones may drown in echo cancellation. So nothing but the answer counts. A control call in which no key is pressed shows that the answer
does not come by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from ivrtest.call.keys import KeyMode
from ivrtest.run.result import CallRecord, ScenarioResult, Status
from ivrtest.scenario.steps.press import Press

Mode = Literal["rfc4733", "info", "info-dtmf", "inband"]
MODES: Final[tuple[Mode, ...]] = ("rfc4733", "info", "info-dtmf", "inband")
TOLD: Final = {
    "rfc4733": "RTP events (RFC 4733)",
    "info": "SIP INFO, application/dtmf-relay",
    "info-dtmf": "SIP INFO, application/dtmf",
    "inband": "tones in the sound",
}


class Hears(StrEnum):
    """Whether a mode is heard."""

    YES = "heard"
    NO = "not heard"
    SOMETIMES = "sometimes heard"
    REFUSED = "refused"
    """The far side does not take such keys, and says so."""
    UNCLEAR = "could not tell"


@dataclass(frozen=True, slots=True)
class Trial:
    """One call."""

    hears: Hears
    """YES, NO, REFUSED or UNCLEAR."""
    message: str = ""
    response_s: float | None = None
    """From the release of the key to its answer."""


@dataclass(frozen=True, slots=True)
class ModeResult:
    mode: Mode
    trials: tuple[Trial, ...]

    @property
    def hears(self) -> Hears:
        found = {trial.hears for trial in self.trials}
        if not found or Hears.UNCLEAR in found:
            return Hears.UNCLEAR
        if found == {Hears.YES, Hears.NO} or found == {Hears.YES, Hears.REFUSED}:
            return Hears.SOMETIMES
        return Hears.YES if found == {Hears.YES} else Hears.REFUSED if Hears.REFUSED in found else Hears.NO

    @property
    def message(self) -> str:
        """Why it is not heard, or not always."""
        # Where one call leaves us in doubt, its reason is told, not that of another in which the key was not heard.
        told = sorted((trial for trial in self.trials if trial.hears is not Hears.YES), key=lambda trial: trial.hears is not self.hears)
        return told[0].message if told else ""

    @property
    def slowest_s(self) -> float | None:
        return max((trial.response_s for trial in self.trials if trial.response_s is not None), default=None)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a probe found."""

    control: Trial
    """The call without a key: NO is as it should be. YES means that the answer comes by itself, and proves nothing."""
    modes: tuple[ModeResult, ...] = ()
    """Empty where the control call spoilt it."""

    def exit_code(self, required: Sequence[Mode]) -> int:
        """0 if every required mode is heard, or any at all where none is required; 1 if not; 2 if we could not tell."""
        if self.control.hears is not Hears.NO:
            return 2
        wanted = [mode for mode in self.modes if mode.mode in required] if required else list(self.modes)
        found = [mode.hears for mode in wanted]
        if not required and Hears.YES in found:
            return 0
        if Hears.UNCLEAR in found:
            return 2
        return 0 if found and set(found) == {Hears.YES} else 1


Ask = Callable[[KeyMode, bool], Awaitable[Trial]]
"""Places one call: in which mode, and whether the key is pressed."""


async def probe(ask: Ask, modes: Sequence[Mode], *, trials: int, tell: Callable[[str], None]) -> Findings:
    """Call without a key, and then `trials` times in each mode. `tell` is told before each call what it is for."""
    tell("without a key")
    control = await ask("rfc4733", False)
    if control.hears is not Hears.NO:
        return Findings(control)
    results = []
    for mode in modes:
        found: list[Trial] = []
        for number in range(1, trials + 1):
            tell(f"{mode}, {number} of {trials}")
            found.append(await ask(mode, True))
            if found[-1].hears is Hears.REFUSED:
                break
        results.append(ModeResult(mode, tuple(found)))
    return Findings(control, tuple(results))


def trial_of(result: ScenarioResult, *, pressed: bool) -> Trial:
    """Read a trial from a scenario that ends with the answer: a step before the last that went wrong leaves us in doubt."""
    *before, last = result.steps
    wrong = next((step for step in before if step.status is not Status.PASSED), None)
    if wrong is not None:
        if pressed and isinstance(wrong.step, Press) and wrong.message.startswith("the line was lost"):
            return Trial(Hears.REFUSED, _reason(wrong.message))
        return Trial(Hears.UNCLEAR, wrong.message or result.verdict)
    match last.status:
        case Status.PASSED:
            return Trial(Hears.YES, response_s=_response(result.call))
        case Status.FAILED:
            return Trial(Hears.NO, last.message)
        case _:
            return Trial(Hears.UNCLEAR, last.message or result.verdict)


def _reason(message: str) -> str:
    """Return what follows in "the line was lost at 3.0 s, before key 1 of 1 was pressed: REASON"."""
    return message.partition(": ")[2] or message


def _response(call: CallRecord | None) -> float | None:
    return call.timing.slowest_response_s if call is not None else None
