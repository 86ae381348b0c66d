"""What a calibrated route says, and what it changes about a run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.audio.hearing import Verdict
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.quality import CallQuality, call_quality
from ivrtest.call.recording import Recording
from ivrtest.call.remote_media import MediaStats
from ivrtest.rtp.packet_log import PacketLog
from ivrtest.run.conversation import Conversation
from ivrtest.run.job import Job
from ivrtest.run.result import CallRecord, Note
from ivrtest.run.route import (
    BandGain,
    Calibration,
    Deviations,
    LineFigures,
    Rate,
    limit_for,
    limit_told,
    rates_told,
    route_told,
    worse_than,
)
from ivrtest.run.route_file import SCHEMA, read_route, route_data, route_path, route_text
from ivrtest.run.scene import Percept
from ivrtest.run.suite import run_job
from ivrtest.source.finding import InputError
from tests.run.conversations import ANSWERED, PROMPTS, WE_HANG_UP, heard, scenario, ticks
from tests.run.test_busy import FLOW

LINE = LineFigures(
    codecs=("PCMU",),
    gain_db=-3.2,
    bands=(BandGain(250.0, 0.5), BandGain(1000.0, 0.0)),
    low_hz=None,
    high_hz=3400.0,
    level_dbov=-26.0,
    quietest_dbov=-28.0,
    noise_dbov=-60.0,
    noisiest_dbov=-58.0,
    loss=0.002,
    worst_loss=0.01,
    speed_ppm=12.0,
    clock_ppm=None,
    clock_error_ppm=None,
    round_trip_ms=40.0,
)
ROUTE = Calibration(
    target="staging",
    made_at="2026-11-23T10:00:00+00:00",
    calls=20,
    recordings=31,
    line=LINE,
    genuine=Deviations(212, 0.4, 0.9, 1.4),
    limit_db=3.2,
    refused=Rate(0, 212),
    untold=Rate(1, 213),
    accepted=Rate(0, 1480),
    nearest_db=4.1,
    complaints=(),
)


def quality(*, lost: int = 0, level_dbov: float = -26.0, noise_dbov: float = -60.0) -> CallQuality:
    """A call whose packets come on time, but for one stretch of them."""
    log = PacketLog()
    for number in (*range(10), *range(10 + lost, 500)):
        log.add(bytes([0x80, 0, *number.to_bytes(2, "big"), *(160 * number).to_bytes(4, "big"), 0, 0, 0, 7]), 0.02 * number)
    silence = np.zeros(80_000, np.int16)
    found = call_quality(log.packets(), {0: "PCMU"}, MediaStats(sent=500), Recording(silence, silence))
    return replace(found, heard=replace(found.heard, active_dbov=level_dbov), noise_dbov=noise_dbov)


def test_rates_are_told_with_what_they_are_at_most() -> None:
    assert rates_told(ROUTE) == "3.2 dB: 0 of 212 genuine refused (at most 1.4 %), 0 of 1,480 others accepted (at most 0.2 %)"


@pytest.mark.parametrize(("rate", "at_most"), [(Rate(0, 0), 1.0), (Rate(0, 1), 0.95), (Rate(5, 100), 0.0992), (Rate(7, 7), 1.0)])
def test_the_bound_of_a_rate(rate: Rate, at_most: float) -> None:
    assert rate.at_most == pytest.approx(at_most, abs=5e-4)


@given(st.integers(1, 500), st.data())
def test_a_bound_is_never_below_what_was_seen_and_falls_with_more_trials(of: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, of))
    rate = Rate(count, of)
    assert count / of - 1e-9 <= rate.at_most <= 1
    assert Rate(10 * count, 10 * of).at_most <= rate.at_most + 1e-9


def test_a_route_in_one_line() -> None:
    assert route_told(ROUTE) == (
        "route as calibrated at 2026-11-23T10:00:00+00:00: gain -3.2 dB, noise -60 dBov (SNR 34 dB), 0.2 % lost; " + rates_told(ROUTE)
    )
    assert route_told(replace(ROUTE, line=None, problem="nobody spoke")) == (
        "route as calibrated at 2026-11-23T10:00:00+00:00: too bad to judge: nobody spoke"
    )


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (quality(), ""),
        (quality(lost=15), ""),
        (quality(lost=30), "6.0 % of the packets were not heard, and at most 1.0 % then"),
        (quality(level_dbov=-33), ""),
        (quality(level_dbov=-40), "speech came at -40 dBov, and at -28 dBov or more then"),
        (quality(noise_dbov=-45), "noise came at -45 dBov, and at -58 dBov or less then"),
        (quality(noise_dbov=-inf), ""),
        (quality(level_dbov=-inf), ""),
    ],
)
def test_a_line_that_has_become_worse(call: CallQuality, told: str) -> None:
    assert worse_than(ROUTE, call) == told


def test_noise_where_there_was_none() -> None:
    silent = replace(ROUTE, line=replace(LINE, noise_dbov=None, noisiest_dbov=None))
    assert worse_than(silent, quality(noise_dbov=-40)) == "noise came at -40 dBov, and none was heard then"
    assert worse_than(silent, quality(noise_dbov=-70)) == ""


@dataclass(frozen=True)
class WorseLine:
    """A route over which these percepts come, on a line that has become worse."""

    percepts: Sequence[Percept]
    worse: str = "much noise"
    target: str = "a list"

    async def hold(self, job: Job, conversation: Conversation, tell: Callable[[Note], None]) -> CallRecord:
        for percept in self.percepts:
            conversation.on(percept)
        return CallRecord("1", self.target, line_worse=self.worse)


def verdict(percepts: Sequence[Percept], worse: str = "much noise") -> tuple[str, str]:
    assert FLOW is not None
    job = Job(scenario("- hear: bye\n  within: 1s\n"), FLOW, {}, PROMPTS, PromptLibrary(()))
    result = asyncio.run(run_job(job, WorseLine(percepts, worse), lambda event: None))
    return str(result.status), result.verdict


SILENCE = [ANSWERED, *ticks(0.0, 2.2), WE_HANG_UP]
NOTHING = 'the IVR answered and sent nothing but silence for 1 s. "bye" in "en" was expected'


def test_what_a_worse_line_may_have_done_is_nobodys_fault() -> None:
    assert verdict(SILENCE, "") == ("failed", NOTHING)
    assert verdict(SILENCE) == ("error", f"could not tell: the line is worse than when it was calibrated (much noise). {NOTHING}")


def test_another_recording_heard_whole_stays_wrong_on_a_worse_line() -> None:
    status, message = verdict([ANSWERED, heard(("welcome", "en"), 0.3, 1.5), *ticks(1.6, 3.0), WE_HANG_UP])
    assert (status, message.split(" from ")[0]) == ("failed", 'heard "welcome" in "en"')


def test_a_recording_that_went_wrong_is_not_told_on_a_worse_line() -> None:
    assert verdict([ANSWERED, heard(("bye", "en"), 0.3, 1.5, Verdict.diverged, 1.0), *ticks(1.6, 3.0), WE_HANG_UP])[0] == "error"


numbers = st.floats(-100, 100).map(lambda value: round(value, 6))
figures = st.builds(
    LineFigures,
    codecs=st.lists(st.text(), max_size=2).map(tuple),
    bands=st.lists(st.builds(BandGain, numbers, numbers), max_size=3).map(tuple),
    **dict.fromkeys(("gain_db", "level_dbov", "quietest_dbov", "loss", "worst_loss"), numbers),
    **{
        name: st.none() | numbers
        for name in ("low_hz", "high_hz", "noise_dbov", "noisiest_dbov", "speed_ppm", "clock_ppm", "clock_error_ppm", "round_trip_ms")
    },
)


def test_who_noted_no_uri_is_understood(tmp_path: Path) -> None:
    data = route_data(ROUTE)
    del data["uri"]
    path = tmp_path / "staging.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert read_route(path) == replace(ROUTE, uri="")


@given(st.none() | figures, st.text(), st.lists(st.text(), max_size=3))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, line: LineFigures | None, text: str, told: list[str]
) -> None:
    route = replace(ROUTE, line=line, problem=text, complaints=tuple(told))
    path = tmp_path_factory.getbasetemp() / "route.json"
    path.write_text(route_text(route), encoding="utf-8")
    assert read_route(path) == route


def test_every_field_of_the_file_is_explained() -> None:
    def explained(schema: dict[str, object], data: object) -> None:
        assert schema["description"]
        properties = schema.get("properties")
        if isinstance(data, dict):
            assert isinstance(properties, dict)
            assert set(properties) == set(data)
            for name, value in data.items():
                explained(properties[name], value)

    explained(json.loads(SCHEMA.read_text(encoding="utf-8")), route_data(ROUTE))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON in UTF-8: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (
            route_text(ROUTE).replace('"calls": 20', '"calls": -1'),
            'holds no calibrated route ("ivrtest/route/1"): calls: -1 is less than the minimum of 0',
        ),
        ("[]", "holds no calibrated route (\"ivrtest/route/1\"): the whole: [] is not of type 'object'"),
    ],
)
def test_a_file_that_is_no_route(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "staging.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_route(path)
    assert [each.message for each in raised.value.findings] == [f'"{path}" {message}. write it anew with "ivrtest calibrate", or remove it']


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("staging", "staging"),
        ("sip:ivr@127.0.0.1:5060", "sip-ivr-127.0.0.1-5060"),
        ("sip:ivr:topsecret@192.0.2.1", "sip-ivr-192.0.2.1"),
        ("../../etc/passwd:x", "etc-passwd-x"),
    ],
)
def test_where_a_route_is_kept(target: str, name: str) -> None:
    assert route_path(target) == Path(".ivrtest") / "routes" / f"{name}.json"


NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
USUAL = "calls are judged by the usual 3.2 dB, not by the calibration: "


@pytest.mark.parametrize(
    ("route", "limit_db", "told"),
    [
        (ROUTE, 3.2, "calls are judged by the calibrated 3.2 dB"),
        (replace(ROUTE, limit_db=3.6), 3.6, "calls are judged by the calibrated 3.6 dB (usually 3.2 dB)"),
        (replace(ROUTE, limit_db=2.9), 2.9, "calls are judged by the calibrated 2.9 dB (usually 3.2 dB)"),
        (replace(ROUTE, limit_db=3.6, target="other"), 3.2, f'{USUAL}it was made of "other". calibrate anew'),
        (replace(ROUTE, limit_db=3.6, uri="sip:ivr@192.0.2.1"), 3.6, "calls are judged by the calibrated 3.6 dB (usually 3.2 dB)"),
        (
            replace(ROUTE, limit_db=3.6, uri="sip:ivr@192.0.2.9"),
            3.2,
            f'{USUAL}"staging" was "sip:ivr@192.0.2.9" then, and is "sip:ivr@192.0.2.1" now. calibrate anew',
        ),
        (replace(ROUTE, limit_db=3.6, problem="noise"), 3.2, f"{USUAL}the route was too bad to judge. calibrate anew"),
        (
            replace(ROUTE, limit_db=3.6, made_at="2026-10-01T10:00:00+00:00"),
            3.2,
            f"{USUAL}it is 61 days old, and the line may have changed since. calibrate anew",
        ),
        (replace(ROUTE, limit_db=9.0), 3.2, f"{USUAL}its limit of 9 dB is not from 2.4 to 4 dB. calibrate anew"),
    ],
)
def test_by_which_limit_calls_are_judged(route: Calibration, limit_db: float, told: str) -> None:
    found, why_not = limit_for(route, "staging", "sip:ivr@192.0.2.1", NOW)
    assert (found, limit_told(found, why_not)) == (limit_db, told)
