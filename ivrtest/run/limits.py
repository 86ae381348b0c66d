"""The quality of a call held against the limits of its scenario."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isinf
from typing import Final

from ivrtest.call.quality import CallQuality
from ivrtest.rtp.rating import Unrated
from ivrtest.run.result import CallRecord, LimitResult, Status
from ivrtest.run.timing import CallTiming
from ivrtest.scenario.quality import Limit, told_value

CERTAIN: Final = 3
"""Standard errors within which a measured clock may still be right."""
OF_LOSS: Final = frozenset({"mos", "r_factor", "loss", "burst_density"})
"""Qualities that packets make worse which this machine lost itself."""
OF_THE_SOUND: Final = "a simulation has no sound, no packets and nobody to dial"


class Unmeasured(Exception):  # noqa: N818  # no error: it says why there is nothing to hold a limit against
    """A quality was not measured, although the call should have shown it. The message says why."""


class Absent(Unmeasured):
    """There was nothing to measure, and that is nobody's fault: no key was pressed, or the call was too short to tell."""


def judge_limits(limits: Iterable[Limit], call: CallRecord | None) -> tuple[LimitResult, ...]:
    """Return what becomes of each limit. `call`: None where there was none, and then none is judged."""
    return tuple(judged(limit, call) for limit in limits)


def judged(limit: Limit, call: CallRecord | None) -> LimitResult:
    """Return what becomes of a limit."""
    try:
        value = measured(limit.measure, call)
    except Absent as why:
        return LimitResult(limit, message=f'"{limit.measure}" was not measured: {why}')
    except Unmeasured as why:
        return LimitResult(limit, Status.ERROR, message=f'could not tell whether "{limit.measure}" is {limit.text}: {why}')
    if limit.allows(value):
        return LimitResult(limit, Status.PASSED, value)
    shown = told_value(limit.measure, value)
    return LimitResult(limit, Status.FAILED, value, f'"{limit.measure}" was {shown}. it had to be {limit.text}')


def measured(measure: str, call: CallRecord | None) -> float:
    """Return a quality of a call in the units of `Limit.value`. Raises Unmeasured, or its kind Absent."""
    if call is None:
        raise Absent("there was no call")
    timing = call.timing
    match measure:
        case "response":
            return _response(timing)
        case "first_audio":
            return _known(timing.first_audio_s, "nothing was heard")
        case _ if call.simulated:
            raise Absent(OF_THE_SOUND)
        case "post_dial_delay":
            return _known(timing.post_dial_s, "the far side gave no sign")
        case "answer_delay":
            return _known(timing.answer_s, "the call was not answered")
        case _ if call.quality is None:
            raise Unmeasured("the call was not answered")
        case _:
            return _of_the_media(measure, call.quality)


def _response(timing: CallTiming) -> float:
    if not timing.keys:
        raise Absent("no key was pressed")
    if timing.slowest_response_s is None:
        raise Absent("no new sound followed a key")
    return timing.slowest_response_s


def _of_the_media(measure: str, quality: CallQuality) -> float:
    stream = quality.stream
    if measure == "echo_loss":
        return quality.echo.loss_db if quality.echo is not None else inf
    if not stream.received:
        raise Unmeasured("no packet came from the far side")
    if quality.overrun and measure in OF_LOSS:
        raise Unmeasured(f"this machine was too busy to read {quality.overrun} datagrams that came")
    match measure:
        case "mos" | "r_factor":
            if isinstance(quality.rating, Unrated):
                raise Unmeasured(quality.rating.why)
            return quality.rating.mos if measure == "mos" else quality.rating.r
        case "loss":
            return quality.unheard
        case "burst_density":
            return stream.bursts.burst_density
        case "reordering":
            return stream.reordered / stream.received
        case "duplication":
            return stream.duplicated / (stream.received + stream.duplicated)
        case "jitter":
            return stream.worst_jitter_ms / 1000
        case "spacing":
            if stream.spacing_p99_ms is None:
                raise Absent("no two packets followed each other")
            return stream.spacing_p99_ms / 1000
        case "clock_drift":
            if stream.drift is None:
                raise Absent("the call was too short to tell")
            # What is certain of it: nobody is blamed for the jitter of a short call.
            return max(0.0, abs(stream.drift.ppm) - CERTAIN * stream.drift.error_ppm)
        case "level":
            if isinf(quality.heard.active_dbov):
                raise Unmeasured("nothing but silence came from the far side")
            return quality.heard.active_dbov
        case "clipping":
            return quality.heard.clipped
        case _:
            raise AssertionError(measure)


def _known(value: float | None, otherwise: str) -> float:
    if value is None:
        raise Unmeasured(otherwise)
    return value
