"""The quality of calls as every report tells it: rows for people, data for programs, and what is bad enough to be said unasked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Final

from ivrtest.call.quality import CallQuality
from ivrtest.report.outcome import rounded
from ivrtest.rtp.rating import BEST_WIDEBAND_R, Rating, Scale, Unrated
from ivrtest.run.result import CallRecord, LimitResult, ScenarioResult
from ivrtest.run.suite import MAX_BEHIND_S, MAX_STALLED_S
from ivrtest.run.timing import CallTiming
from ivrtest.scenario.quality import MEASURES, told_value
from ivrtest.sip.transport import written_address

DISSATISFIED_R: Final = 70.0
"""Below, many users are dissatisfied (ITU-T G.107 annex B): a MOS of 3.6. For wideband of R as long as that scale is (G.107.1 annex A)."""
MUCH_CLIPPING: Final = 0.001
QUIET_DBOV, LOUD_DBOV = -42.0, -12.0
"""Speech outside is hard to understand, or unpleasant. ITU-T P.56 levels around -26 dBov are usual."""
ECHO_HEARD_DB: Final = 30.0
ECHO_HEARD_S: Final = 0.025
"""Echo that is louder than this and later than this is heard as echo (ITU-T G.131)."""
FAST_CLOCK_PPM: Final = 1000.0
MANY_STRANGERS: Final = 25
"""Half a second of sound: fewer may be left from a call before, or from somebody who mistook the port."""
A_FLOOD: Final = 2.0
SLOW_RESPONSE_S: Final = 4.0
MANY: Final = 8
"""So many keys are told one by one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One fact of a call's quality."""

    group: str
    name: str
    value: str
    meaning: str = ""
    bad: bool = False


def rows(call: CallRecord) -> Iterator[Row]:
    """Yield what is known of a call's quality, for people."""
    complaints = {name for name, _ in complaints_of(call)}
    if call.quality is not None:
        for row in _media(call.quality):
            yield Row(row.group, row.name, row.value, row.meaning, row.name in complaints)
    yield from _times(call.timing, simulated=call.simulated)
    if call.quality is not None:
        late = f"{call.behind_s:.2f} s behind, stalled {1000 * call.stalled_s:.0f} ms"
        meaning = "How far this machine itself fell behind the call before the verdict, and how long its own sound stood still at most."
        yield Row("This machine", "Own lateness", late, meaning, "Own lateness" in complaints)


def _media(quality: CallQuality) -> Iterator[Row]:
    stream = quality.stream
    if quality.one_way:
        yield Row("Line", "One-way audio", quality.one_way)
    match quality.rating:
        case Rating() as rating:
            meaning = f"Listening quality by the E-model ({rating.scale}), without delay and echo. Assumed: {rating.assumed}."
            of = f" of {BEST_WIDEBAND_R:.0f}, wideband" if rating.scale is Scale.WIDEBAND else ""
            yield Row("Line", "MOS-LQE", f"{rating.mos:.2f} (R {rating.r:.0f}{of})", meaning)
        case Unrated(why) if stream.received:
            yield Row("Line", "MOS-LQE", "not known", f"{why}.")
    yield Row(
        "Line",
        "Packets",
        f"{stream.received} received, {quality.sent} sent",
        f"Codec {quality.codec or 'unknown'}{', encrypted with ' + quality.encrypted if quality.encrypted else ''}.",
    )
    if quality.strangers and quality.stranger is not None:
        told = f"{quality.strangers} packets, the last from {written_address(quality.stranger)}"
        yield Row("Line", "Strangers", told, "What came from other addresses than the IVR's. It was not heard.")
    if quality.moved:
        meaning = "How often the IVR's sound went on from another address in the middle of the call, and nothing was said of it."
        yield Row("Line", "Moved", f"{quality.moved} times" if quality.moved > 1 else "once", meaning)
    lost = f"{100 * quality.unheard:.2f} % ({stream.lost} lost, {quality.late} late)"
    yield Row("Line", "Loss", lost, "Packets that never came, and those that came too late to be heard.")
    if quality.remote_lost is not None:
        trip = "" if quality.round_trip_ms is None else f", round trip {quality.round_trip_ms:.0f} ms"
        meaning = "What the far side reports of our packets (RTCP, RFC 3550 section 6.4)."
        jitter = "" if quality.remote_jitter_ms is None else f", jitter {quality.remote_jitter_ms:.1f} ms"
        yield Row("Line", "At the IVR", f"{quality.remote_lost} of ours lost{jitter}{trip}", meaning)
    if stream.lost:
        bursts = stream.bursts
        told = f"{bursts.count}, {100 * bursts.burst_density:.0f} % lost within, {100 * bursts.gap_density:.2f} % outside"
        meaning = f"RFC 3611 with Gmin 16. The longest run lost was {bursts.longest_run} packets."
        yield Row("Line", "Bursts", told, meaning)
    if stream.duplicated or stream.reordered:
        yield Row("Line", "Order", f"{stream.reordered} reordered, {stream.duplicated} twice", "Packets after a later one; packets again.")
    yield Row("Line", "Jitter", f"{stream.jitter_ms:.1f} ms, worst {stream.worst_jitter_ms:.1f} ms", "Interarrival jitter, RFC 3550 A.8.")
    if stream.spacing_p99_ms is not None and stream.spacing_max_ms is not None:
        meaning = f"Between packets that follow each other; a packet holds {stream.frame_ms:.0f} ms of sound."
        yield Row("Line", "Spacing", f"99 % within {stream.spacing_p99_ms:.0f} ms, max {stream.spacing_max_ms:.0f} ms", meaning)
    if stream.drift is not None:
        meaning = "How much faster the far side's clock runs than ours, with its standard error."
        yield Row("Line", "Clock drift", f"{round(stream.drift.ppm):+d} ± {stream.drift.error_ppm:.0f} ppm", meaning)
    heard = quality.heard
    if isfinite(heard.active_dbov):
        told = f"{heard.active_dbov:.0f} dBov, speaks {100 * heard.activity:.0f} % of the time"
        yield Row("Sound", "IVR's level", told, "Active speech level, ITU-T P.56; 0 dBov is the loudest there is.")
    if quality.heard.clipped:
        yield Row("Sound", "Clipping", f"{100 * heard.clipped:.3f} %", "Samples of the IVR's sound in runs at the end of the scale.")
    if isfinite(quality.said.active_dbov):
        yield Row("Sound", "Our level", f"{quality.said.active_dbov:.0f} dBov", "Active speech level of what the caller said.")
        echo = quality.echo
        told = "none found" if echo is None else f"{echo.loss_db:.0f} dB quieter after {1000 * echo.delay_s:.0f} ms"
        yield Row("Sound", "Echo", told, "What came back of the caller's voice, by cross-correlation.")


def _times(timing: CallTiming, *, simulated: bool) -> Iterator[Row]:
    if not simulated and timing.post_dial_s is not None:
        yield Row(
            "Waiting", "Post-dial delay", seconds(timing.post_dial_s), "From dialling to the first sign: ringing, sound or the answer."
        )
    if not simulated and timing.answer_s is not None:
        yield Row("Waiting", "Answer delay", seconds(timing.answer_s), "From dialling to the answer.")
    if timing.first_audio_s is not None:
        yield Row("Waiting", "First audio", seconds(timing.first_audio_s), "From the answer, or early media, to the first sound.")
    answered = [key for key in timing.keys if key.response_s is not None]
    if answered:
        told = ", ".join(f"{key.key}: {seconds(key.response_s or 0.0)}" for key in answered[:MANY])
        if len(answered) > MANY:
            told += f", and {len(answered) - MANY} more, at most {seconds(timing.slowest_response_s or 0.0)}"
        bad = (timing.slowest_response_s or 0.0) > SLOW_RESPONSE_S
        yield Row("Waiting", "Key to sound", told, "From when a key was released to the next new sound.", bad)


def complaints_of(call: CallRecord) -> Iterator[tuple[str, str]]:
    """Yield what is bad: the name of its row, and a sentence."""
    quality = call.quality
    if quality is None:
        return
    if call.timing.answer_s is None and not call.simulated:
        yield "Answer delay", "the call was never answered: all that was heard came before (early media)"
    if quality.one_way:
        yield "One-way audio", f"one-way audio: {quality.one_way}"
    elif isinstance(quality.rating, Rating) and quality.rating.narrow_r < DISSATISFIED_R:
        yield (
            "MOS-LQE",
            f"a listener would give a MOS of {quality.rating.mos:.2f}: {100 * quality.unheard:.1f} % of the packets were not heard",
        )
    if quality.strangers >= MANY_STRANGERS and quality.stranger is not None:
        where = written_address(quality.stranger)
        yield "Strangers", f"{quality.strangers} packets came from elsewhere and were not heard, the last from {where}"
    if quality.moved:
        yield "Moved", "the IVR's sound went on from another address in the middle of the call, and nothing was said of it"
    if quality.flood >= A_FLOOD:
        yield "Packets", f"{quality.pace:.0f} packets a second came, {quality.flood:.0f} times as many as the sound takes"
    if quality.overrun:
        yield "Loss", f"this machine was too busy to read {quality.overrun} datagrams that came"
    if quality.stream.drift is not None and abs(quality.stream.drift.ppm) > FAST_CLOCK_PPM + 3 * quality.stream.drift.error_ppm:
        yield "Clock drift", f"the IVR's clock is off by {round(quality.stream.drift.ppm):+d} ppm"
    level = quality.heard.active_dbov
    if isfinite(level) and not QUIET_DBOV <= level <= LOUD_DBOV:
        yield "IVR's level", f"the IVR speaks {'quietly' if level < QUIET_DBOV else 'loudly'}, at {round(level)} dBov"
    if quality.heard.clipped > MUCH_CLIPPING:
        yield "Clipping", f"{100 * quality.heard.clipped:.2f} % of the IVR's sound is clipped"
    echo = quality.echo
    if echo is not None and echo.loss_db < ECHO_HEARD_DB and echo.delay_s > ECHO_HEARD_S:
        yield "Echo", f"the caller's voice comes back after {1000 * echo.delay_s:.0f} ms, {echo.loss_db:.0f} dB quieter"
    if call.line_worse:
        yield "Line", f"worse than when it was calibrated: {call.line_worse}"
    if call.behind_s > MAX_BEHIND_S or call.stalled_s > MAX_STALLED_S:
        yield "Own lateness", f"this machine was {call.behind_s:.1f} s behind the call, and stood still for {call.stalled_s:.1f} s"


def worst_first(results: Sequence[ScenarioResult]) -> list[ScenarioResult]:
    """Return the results whose calls have a quality, the worst line first; among equals the slowest answer to a key."""

    def rank(result: ScenarioResult) -> tuple[float, float]:
        call = result.call
        assert call is not None
        assert call.quality is not None
        rating = call.quality.rating
        r = round(rating.narrow_r, 1) if isinstance(rating, Rating) else inf
        return (-inf if call.quality.one_way else r), -(call.timing.slowest_response_s or 0.0)

    return sorted((result for result in results if result.call is not None and result.call.quality is not None), key=rank)


def worst_of(results: Sequence[ScenarioResult]) -> dict[str, str]:
    """Return the worst of some qualities over all calls, by name, for whoever keeps an eye on a number; nothing where there was no line.

    Each scale of scores has a worst of its own.
    """
    calls = [result.call for result in results if result.call is not None and result.call.quality is not None]
    ratings = [call.quality.rating for call in calls if call.quality is not None and isinstance(call.quality.rating, Rating)]
    losses = [call.quality.unheard for call in calls if call.quality is not None]
    waits = [wait for call in calls if (wait := call.timing.slowest_response_s) is not None]
    found = {}
    for scale, name in ((Scale.NARROW_BAND, "worst.mos_lqe"), (Scale.WIDEBAND, "worst.mos_lqe_wideband")):
        if scores := [rating.mos for rating in ratings if rating.scale is scale]:
            found[name] = f"{min(scores):.2f}"
    if losses:
        found["worst.loss"] = f"{max(losses):.4f}"
    if waits:
        found["worst.response_s"] = f"{max(waits):.3f}"
    return found


def limit_line(limit: LimitResult) -> str:
    """Return a limit and what became of it."""
    value = (
        ""
        if limit.value is None
        else f" was {told_value(limit.limit.measure, limit.value) if isfinite(limit.value) else 'not to be found'}"
    )
    return f"{limit.limit.measure} {limit.limit.text}: {limit.status}{',' if value else ''}{value}"


def seconds(value: float) -> str:
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.2f} s"


def quality_data(call: CallRecord) -> dict[str, Any]:
    """Return all that is known, for programs. Times in seconds or milliseconds as the names say, shares from 0 to 1, levels in dBov."""
    return {"timing": timing_data(call.timing), "media": media_data(call.quality) if call.quality is not None else None}


def timing_data(timing: CallTiming) -> dict[str, Any]:
    return {
        "post_dial_s": rounded(timing.post_dial_s),
        "answer_s": rounded(timing.answer_s),
        "first_audio_s": rounded(timing.first_audio_s),
        "keys": [
            {
                "key": key.key,
                "at_s": rounded(key.at_s),
                "seconds": rounded(key.seconds),
                "how": key.how,
                "response_s": rounded(key.response_s),
            }
            for key in timing.keys
        ],
    }


def media_data(quality: CallQuality) -> dict[str, Any]:
    stream, bursts, echo, drift = quality.stream, quality.stream.bursts, quality.echo, quality.stream.drift
    rating = quality.rating if isinstance(quality.rating, Rating) else None
    return {
        "codec": quality.codec,
        "one_way": quality.one_way,
        "r_factor": rounded(rating.r) if rating is not None else None,
        "mos_lqe": rounded(rating.mos) if rating is not None else None,
        "mos_scale": str(rating.scale) if rating is not None else None,
        "assumed": rating.assumed if rating is not None else "",
        "unrated": quality.rating.why if isinstance(quality.rating, Unrated) else "",
        "packets_sent": quality.sent,
        "packets_unsent": quality.unsent,
        "packets_overrun": quality.overrun,
        "packets_from_strangers": quality.strangers,
        "packets_per_second": rounded(quality.pace),
        "moved": quality.moved,
        "remote_lost": quality.remote_lost,
        "remote_jitter_ms": rounded(quality.remote_jitter_ms),
        "round_trip_ms": rounded(quality.round_trip_ms),
        "encrypted": quality.encrypted,
        "packets_received": stream.received,
        "packets_lost": stream.lost,
        "packets_late": quality.late,
        "packets_duplicated": stream.duplicated,
        "packets_reordered": stream.reordered,
        "loss": share(quality.unheard),
        "bursts": {
            "count": bursts.count,
            "burst_density": share(bursts.burst_density),
            "gap_density": share(bursts.gap_density),
            "burst_packets": rounded(bursts.burst_packets),
            "gap_packets": rounded(bursts.gap_packets),
            "longest_run": bursts.longest_run,
        },
        "jitter_ms": rounded(stream.jitter_ms),
        "worst_jitter_ms": rounded(stream.worst_jitter_ms),
        "frame_ms": rounded(stream.frame_ms),
        "spacing_p99_ms": rounded(stream.spacing_p99_ms),
        "spacing_max_ms": rounded(stream.spacing_max_ms),
        "clock_drift_ppm": rounded(drift.ppm) if drift is not None else None,
        "clock_drift_error_ppm": rounded(drift.error_ppm) if drift is not None else None,
        "level_dbov": rounded(quality.heard.level_dbov),
        "active_level_dbov": rounded(quality.heard.active_dbov),
        "noise_dbov": rounded(quality.noise_dbov),
        "activity": share(quality.heard.activity),
        "clipped": share(quality.heard.clipped),
        "sent_active_level_dbov": rounded(quality.said.active_dbov),
        "echo_delay_ms": rounded(1000 * echo.delay_s) if echo is not None else None,
        "echo_loss_db": rounded(echo.loss_db) if echo is not None else None,
    }


def limit_data(limit: LimitResult) -> dict[str, Any]:
    return {
        "measure": limit.limit.measure,
        "unit": {"": "score", "%": "share"}.get(MEASURES[limit.limit.measure].unit, str(MEASURES[limit.limit.measure].unit)),
        "limit": limit.limit.text,
        "status": str(limit.status),
        "value": None if limit.value is None or not isfinite(limit.value) else round(limit.value, 6),
        "message": limit.message,
    }


def share(value: float) -> float:
    return round(value, 6)
