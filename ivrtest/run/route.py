"""What is known of the way to a target: how its sound comes to us, and how surely recordings are told apart there.

`ivrtest calibrate` measures it, `ivrtest run` holds the calls of a run against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf, isfinite, sqrt
from typing import Final

from ivrtest.audio.hearing import Verdict
from ivrtest.audio.judge import GOOD_DB, HIGHEST_LIMIT_DB, LOWEST_LIMIT_DB
from ivrtest.call.quality import CallQuality
from ivrtest.run.result import CallRecord, Status, StepResult
from ivrtest.scenario.steps.hear import Hear

OLD_DAYS: Final = 30
"""A calibration that is older judges nothing."""
CONFIDENCE: Final = 0.95
_Z: Final = 1.645
"""The normal distribution's quantile of `CONFIDENCE`, one-sided."""
QUIETER_DB, NOISIER_DB = 6.0, 6.0
MORE_LOSS: Final = 0.03
"""Clearly worse than any call of the calibration: speech so much quieter, noise so much louder, so much more of the packets not heard."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happened. Each trial counts for itself, also where the same recording was heard again."""

    count: int
    of: int

    @property
    def at_most(self) -> float:
        """The share, 0 to 1, that it has at most with a confidence of 95 %: exact where it never happened (3 / n, the rule of three), else
        by Wilson's score (1927)."""
        if not self.of:
            return 1.0
        if not self.count:
            return float(1 - (1 - CONFIDENCE) ** (1 / self.of))
        share, weight = self.count / self.of, _Z**2 / self.of
        return min(1.0, (share + weight / 2 + _Z * sqrt(share * (1 - share) / self.of + weight / self.of / 4)) / (1 + weight))

    def __str__(self) -> str:
        return f"{self.count:,} of {self.of:,}"


@dataclass(frozen=True, slots=True)
class BandGain:
    hz: float
    gain_db: float
    """Beyond the gain of the whole."""


@dataclass(frozen=True, slots=True)
class LineFigures:
    """How the sound of a target comes to us."""

    codecs: tuple[str, ...]
    gain_db: float
    """How much louder recordings arrive than they are in their files: the middle of 500 to 2500 Hz."""
    bands: tuple[BandGain, ...]
    low_hz: float | None
    """Below, the line is more than 10 dB down; None where it is not within 200 to 3500 Hz."""
    high_hz: float | None
    """The same above."""
    level_dbov: float
    """Active speech level of the target (ITU-T P.56), the middle of all calls."""
    quietest_dbov: float
    """The same of the quietest call."""
    noise_dbov: float | None
    """Noise in the target's pauses, the middle of all calls; None where there is none to hear."""
    noisiest_dbov: float | None
    loss: float
    """Share of packets not heard, over all calls, 0 to 1."""
    worst_loss: float
    """The same of the worst call."""
    speed_ppm: float | None
    """How much faster recordings play than in their files, in parts of a million; None where too few were long enough to tell."""
    clock_ppm: float | None
    """How much faster the far side's clock runs than ours, by its packets; None where calls were too short to tell."""
    clock_error_ppm: float | None
    """The standard error of it."""
    round_trip_ms: float | None
    """How long a packet takes there and back, by the far side's reports (RTCP); None where it sent none. One way cannot be told."""

    @property
    def snr_db(self) -> float | None:
        """How far speech stands above the noise; None where there is no noise to hear."""
        return None if self.noise_dbov is None else self.level_dbov - self.noise_dbov


@dataclass(frozen=True, slots=True)
class Deviations:
    """How far recordings that are right deviated, each by its worst 300 ms, in dB."""

    number: int
    median_db: float
    p95_db: float
    worst_db: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A route as it was measured."""

    target: str
    made_at: str
    """Wall time, ISO 8601 with offset."""
    calls: int
    recordings: int
    """How many different recordings were heard as they are."""
    line: LineFigures | None
    """None where nothing was heard to measure it by."""
    genuine: Deviations | None
    limit_db: float
    """The deviation up to which a recording is taken for itself."""
    refused: Rate
    """Right recordings that were not."""
    untold: Rate
    """Right recordings of which we could not tell."""
    accepted: Rate
    """Other recordings that would have been, had they been played in place of the right ones."""
    nearest_db: float | None
    """The least deviation of any other recording."""
    complaints: tuple[str, ...] = ()
    """What the target did otherwise than the scenarios expect, with where."""
    problem: str = ""
    """Why nothing can be judged over this route; empty where it can."""
    uri: str = ""
    """What the target stood for, without a password; empty where nobody noted it."""

    def is_of(self, target: str, uri: str) -> bool:
        """Return whether it was made of this target, which stands for `uri` now. Both without a password."""
        return self.target == target and self.uri in {"", uri}

    @property
    def exit_code(self) -> int:
        """0 all is well; 1 right recordings were refused, or the target did otherwise wrong; 2 the route is too bad to tell."""
        if self.problem:
            return 2
        return 1 if self.complaints else 0


def rates_told(calibration: Calibration) -> str:
    """Say how sure verdicts are on a route."""
    return (
        f"{calibration.limit_db:.1f} dB: {calibration.refused} genuine refused (at most {percent(calibration.refused.at_most)}), "
        f"{calibration.accepted} others accepted (at most {percent(calibration.accepted.at_most)})"
    )


def line_told(line: LineFigures) -> str:
    """Say in short how a line is."""
    noise = "no noise" if line.noise_dbov is None or line.snr_db is None else f"noise {line.noise_dbov:.0f} dBov (SNR {line.snr_db:.0f} dB)"
    return f"gain {line.gain_db:+z.1f} dB, {noise}, {percent(line.loss)} lost"


def route_told(calibration: Calibration) -> str:
    """Say in one line how a route was when it was calibrated."""
    said = f"too bad to judge: {calibration.problem}" if calibration.problem else rates_told(calibration)
    line = f"{line_told(calibration.line)}; " if calibration.line is not None else ""
    return f"route as calibrated at {calibration.made_at}: {line}{said}"


def limit_for(calibration: Calibration, target: str, uri: str, now: datetime) -> tuple[float, str]:
    """Return how far recordings may deviate on a route, in dB, and why that is not what its calibration says; empty if it is.

    `target` as it was called, and `uri` what it stands for, both without a password; `now` aware.
    """
    why = ""
    if calibration.target != target:
        why = f'it was made of "{calibration.target}"'
    elif not calibration.is_of(target, uri):
        why = f'"{target}" was "{calibration.uri}" then, and is "{uri}" now'
    elif calibration.problem:
        why = "the route was too bad to judge"
    elif (days := (now - datetime.fromisoformat(calibration.made_at)).days) > OLD_DAYS:
        why = f"it is {days} days old, and the line may have changed since"
    elif not LOWEST_LIMIT_DB <= calibration.limit_db <= HIGHEST_LIMIT_DB:
        why = f"its limit of {calibration.limit_db:g} dB is not from {LOWEST_LIMIT_DB:g} to {HIGHEST_LIMIT_DB:g} dB"
    return (GOOD_DB, why) if why else (calibration.limit_db, "")


def limit_told(limit_db: float, why_not: str) -> str:
    """Say by which limit calls are judged."""
    if why_not:
        return f"calls are judged by the usual {limit_db:.1f} dB, not by the calibration: {why_not}. calibrate anew"
    usually = "" if limit_db == GOOD_DB else f" (usually {GOOD_DB:.1f} dB)"
    return f"calls are judged by the calibrated {limit_db:.1f} dB{usually}"


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def worse_than(calibration: Calibration, quality: CallQuality) -> str:
    """Say what of a call is clearly worse than in any call of the calibration; empty if nothing is."""
    return "; ".join(_worse(calibration.line, quality)) if calibration.line is not None else ""


def _worse(line: LineFigures, quality: CallQuality) -> Iterator[str]:
    if quality.unheard > line.worst_loss + MORE_LOSS:
        yield f"{percent(quality.unheard)} of the packets were not heard, and at most {percent(line.worst_loss)} then"
    level = quality.heard.active_dbov
    if isfinite(level) and level < line.quietest_dbov - QUIETER_DB:
        yield f"speech came at {level:.0f} dBov, and at {line.quietest_dbov:.0f} dBov or more then"
    before = -inf if line.noisiest_dbov is None else line.noisiest_dbov
    # Noise that nobody notices does not make a line worse.
    if quality.noise_dbov > max(before + NOISIER_DB, level - 30):
        told = "none was heard then" if line.noisiest_dbov is None else f"at {line.noisiest_dbov:.0f} dBov or less then"
        yield f"noise came at {quality.noise_dbov:.0f} dBov, and {told}"


def doubt(steps: tuple[StepResult, ...], record: CallRecord) -> tuple[StepResult, ...] | None:
    """Take back a verdict that a line which got worse may have made: what was heard is none of the recordings for certain.

    Return None where it stands: another recording was heard whole, or the IVR did something else wrong.
    """
    place = next((place for place, step in enumerate(steps) if step.status is Status.FAILED), None)
    if not record.line_worse or place is None or not isinstance(steps[place].step, Hear):
        return None
    step = steps[place]
    if step.heard and step.heard[-1].verdict is Verdict.match:
        return None
    message = f"could not tell: the line is worse than when it was calibrated ({record.line_worse}). {step.message}"
    return (*steps[:place], replace(step, status=Status.ERROR, message=message), *steps[place + 1 :])
