"""Limits for the quality of a call earn verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ivrtest.audio.hearing import SoundStarted
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Answered, Ended, KeySent, Ringing
from ivrtest.call.quality import CallQuality, call_quality
from ivrtest.call.recording import Recording
from ivrtest.call.remote_media import MediaStats
from ivrtest.flow.read import read_flow
from ivrtest.report.outcome import finding_of
from ivrtest.rtp.packet_log import PacketLog
from ivrtest.run.conversation import Conversation
from ivrtest.run.job import Job
from ivrtest.run.result import CallRecord, Note, ScenarioResult
from ivrtest.run.scene import Percept
from ivrtest.run.stopwatch import Stopwatch
from ivrtest.run.suite import run_job
from ivrtest.scenario.read import read_scenario
from ivrtest.source.text import Source
from tests.run.conversations import PROMPTS

FLOW = read_flow(Source("shop.yaml", "ivrtest: flow/1\nname: shop\nentry: end\nlanguages: [en]\nnodes:\n  end:\n    hang_up: {}\n")).flow
PRESSES = (Ringing(0.2), Answered(1.5), SoundStarted(1.9, 1.8), KeySent("1", 3.0, 0.1), SoundStarted(5.0, 4.9), KeySent("2", 6.0, 0.1))


@dataclass(frozen=True)
class Told:
    """A route over which these percepts come, and a call of this quality."""

    quality: CallQuality | None
    percepts: tuple[Percept, ...] = PRESSES
    simulated: bool = False
    behind_s: float = 0.0
    target: str = "a list"

    async def hold(self, job: Job, conversation: Conversation, tell: Callable[[Note], None]) -> CallRecord:
        for percept in (*self.percepts, Ended("us", 9.0)):
            conversation.on(percept)
        return CallRecord("1", self.target, quality=self.quality, simulated=self.simulated, behind_s=self.behind_s)


def line(lost: tuple[int, ...] = (), packets: int = 500, level: float = 0.1, codec: str = "PCMU") -> CallQuality:
    """A call whose packets come on time, but for those that are lost."""
    log = PacketLog()
    for number in range(packets):
        if number not in lost:
            log.add(bytes([0x80, 0, *number.to_bytes(2, "big"), *(160 * number).to_bytes(4, "big"), 0, 0, 0, 7]), 0.02 * number)
    heard = (32768 * level * np.sin(np.arange(160 * packets) / 4)).astype(np.int16)
    return call_quality(log.packets(), {0: codec}, MediaStats(sent=packets), Recording(heard, np.zeros_like(heard)))


def result(limits: str, route: Told) -> ScenarioResult:
    assert FLOW is not None
    text = f"ivrtest: scenario/1\nname: A caller\nflow: shop\nsteps: [hang_up]\nquality: {{{limits}}}\n"
    reading = read_scenario(Source("a.yaml", text))
    assert reading.scenario is not None
    return asyncio.run(run_job(Job(reading.scenario, FLOW, {}, PROMPTS, PromptLibrary(())), route, lambda event: None))


def verdict(limits: str, route: Told) -> tuple[str, str]:
    found = result(limits, route)
    return str(found.status), found.verdict


def test_a_good_call_passes() -> None:
    limits = 'mos: ">= 4", loss: "<= 1 %", answer_delay: "<= 3s", response: "<= 2s", first_audio: "<= 1s", level: ">= -30 dBov"'
    found = result(limits, Told(line()))
    assert (str(found.status), found.verdict) == ("passed", "")
    assert {limit.limit.measure: str(limit.status) for limit in found.limits} == dict.fromkeys(
        ("mos", "loss", "answer_delay", "response", "first_audio", "level"), "passed"
    )


def test_wideband_is_held_against_limits_on_its_own_scale() -> None:
    assert verdict('r_factor: ">= 116", mos: ">= 4.3"', Told(line(codec="G722"))) == ("passed", "")
    assert verdict('r_factor: "> 116"', Told(line(codec="G722"))) == ("failed", '"r_factor" was 116.0. it had to be > 116')


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ('mos: ">= 4"', '"mos" was 3.95. it had to be >= 4'),
        ('r_factor: "> 80"', '"r_factor" was 78.2. it had to be > 80'),
        ('loss: "<= 1 %"', '"loss" was 4.00 %. it had to be <= 1 %'),
        ('burst_density: "< 50 %"', '"burst_density" was 100.00 %. it had to be < 50 %'),
        ('level: ">= -20 dBov"', '"level" was -23.0 dBov. it had to be >= -20 dBov'),
        ('answer_delay: "<= 1s"', '"answer_delay" was 1.50 s. it had to be <= 1s'),
        ('post_dial_delay: "<= 100ms"', '"post_dial_delay" was 200 ms. it had to be <= 100ms'),
        ('first_audio: "< 300ms"', '"first_audio" was 300 ms. it had to be < 300ms'),
        ('response: "<= 1.5s"', '"response" was 1.80 s. it had to be <= 1.5s'),
    ],
)
def test_a_call_that_breaks_a_limit_fails(limit: str, message: str) -> None:
    broken = Told(line(tuple(range(100, 120))))
    assert verdict(limit, broken) == ("failed", message)
    finding = finding_of(result(limit, broken))
    assert finding is not None
    assert (finding.rule, finding.message) == ("scenario-failed", f'quality of "A caller": {message}')
    assert finding.span.line == 5


@pytest.mark.parametrize(
    ("limit", "route", "message"),
    [
        (
            'mos: ">= 3"',
            Told(line(codec="opus")),
            'could not tell whether "mos" is >= 3: ITU-T G.113 gives no figures for the codec "opus"',
        ),
        (
            'r_factor: ">= 100"',
            Told(line((7,), codec="G722")),
            (
                'could not tell whether "r_factor" is >= 100: 0.20 % of the packets were not heard. '
                'ITU-T G.113 has no figure for what that costs "G722"'
            ),
        ),
        (
            'loss: "<= 1 %"',
            Told(replace(line(tuple(range(100, 120))), overrun=20)),
            'could not tell whether "loss" is <= 1 %: this machine was too busy to read 20 datagrams that came',
        ),
        ('loss: "<= 1 %"', Told(line(packets=0)), 'could not tell whether "loss" is <= 1 %: no packet came from the far side'),
        (
            'level: ">= -30 dB"',
            Told(line(level=0.0)),
            'could not tell whether "level" is >= -30 dB: nothing but silence came from the far side',
        ),
        ('loss: "<= 1 %"', Told(None), 'could not tell whether "loss" is <= 1 %: the call was not answered'),
    ],
)
def test_what_could_not_be_measured_is_no_pass(limit: str, route: Told, message: str) -> None:
    assert verdict(limit, route) == ("error", message)


@pytest.mark.parametrize(
    ("limit", "route", "why"),
    [
        ('response: "<= 2s"', Told(line(), (Answered(0.1),)), "no key was pressed"),
        ('response: "<= 2s"', Told(line(), (Answered(0.1), KeySent("1", 2.0, 0.1))), "no new sound followed a key"),
        ('clock_drift: "<= 10 ppm"', Told(line(packets=100)), "the call was too short to tell"),
        ('mos: ">= 3"', Told(None, simulated=True), "a simulation has no sound, no packets and nobody to dial"),
    ],
)
def test_what_cannot_be_there_is_said_and_does_no_harm(limit: str, route: Told, why: str) -> None:
    found = result(limit, route)
    assert str(found.status) == "passed"
    assert [(str(each.status), each.message) for each in found.limits] == [
        ("not run", f'"{limit.partition(":")[0]}" was not measured: {why}')
    ]


def test_no_echo_is_a_good_echo_loss() -> None:
    assert verdict('echo_loss: ">= 60 dB"', Told(line())) == ("passed", "")


def test_a_simulation_measures_how_the_flow_answers() -> None:
    assert verdict('response: "<= 1s"', Told(None, simulated=True)) == ("failed", '"response" was 1.80 s. it had to be <= 1s')


def test_a_machine_that_is_behind_blames_nobody_for_a_limit() -> None:
    found = verdict('response: "<= 1s"', replace(Told(line()), behind_s=2.0))
    excuse = "could not tell: this machine was too busy, and 2.0 s behind the call. use fewer jobs. "
    assert found == ("error", excuse + '"response" was 1.80 s. it had to be <= 1s')


def test_waits_are_taken_from_what_is_heard() -> None:
    watch = Stopwatch()
    for percept in (*PRESSES, SoundStarted(8.0, 7.5), Ended("us", 9.0)):
        watch.take(percept, shown_key="•" if isinstance(percept, KeySent) else "")
    timing = watch.timing()
    assert (timing.post_dial_s, timing.answer_s) == (0.2, 1.5)
    assert timing.first_audio_s == pytest.approx(0.3)
    assert [(key.key, key.at_s, key.seconds) for key in timing.keys] == [("•", 3.0, 0.1), ("•", 6.0, 0.1)]
    assert [key.response_s for key in timing.keys] == [pytest.approx(1.8), pytest.approx(1.4)]
