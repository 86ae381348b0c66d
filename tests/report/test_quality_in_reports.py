"""The quality of calls, their limits and their ladders in every report."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from ivrtest.audio.hearing import Match, Verdict
from ivrtest.call.quality import CallQuality, call_quality
from ivrtest.call.recording import Recording
from ivrtest.call.remote_media import MediaStats
from ivrtest.call.trace import SipMessage
from ivrtest.report.console import RunScreen
from ivrtest.report.html import MOST_TRACED, html_text, line_of
from ivrtest.report.json import json_text
from ivrtest.report.junit import junit_text
from ivrtest.report.outcome import Outcome
from ivrtest.report.quality import complaints_of, media_data, rows, worst_of
from ivrtest.report.timeline import LEFT, draw
from ivrtest.rtp.packet_log import PacketLog
from ivrtest.run.events import ScenarioFinished
from ivrtest.run.result import CallRecord, LimitResult, Note, ScenarioResult, Status, SuiteResult
from ivrtest.run.timing import CallTiming, KeyTiming
from ivrtest.scenario.quality import Limit, parse_limit
from ivrtest.source.text import Source
from tests.report.results import FOLDER, failed, passed

TIMING = CallTiming(0.25, 1.5, 0.125, (KeyTiming("1", 3.0, 0.1, "rfc4733", 0.75), KeyTiming("•", 5.0, 0.1, "rfc4733", None)))
TRACE = (
    SipMessage(0.0, True, "udp", "192.0.2.2:5060", "INVITE sip:ivr@192.0.2.2 SIP/2.0\r\nCSeq: 1 INVITE\r\nX: <script>\r\n\r\n"),
    SipMessage(1.5, False, "udp", "192.0.2.2:5060", "SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n"),
)


def line(lost: frozenset[int] = frozenset(), level: float = 0.05, sent: int = 500, packets: int = 500, codec: str = "PCMU") -> CallQuality:
    log = PacketLog()
    for number in range(packets):
        if number not in lost:
            log.add(bytes([0x80, 0, *number.to_bytes(2, "big"), *(160 * number).to_bytes(4, "big"), 0, 0, 0, 7]), 0.02 * number)
    heard = (32767 * np.clip(level * np.sin(np.arange(160 * packets) / 4), -1, 1)).astype(np.int16)
    return call_quality(log.packets(), {0: codec}, MediaStats(sent=sent), Recording(heard, np.zeros_like(heard)))


def record(quality: CallQuality | None) -> CallRecord:
    call = passed().call
    assert call is not None
    return replace(call, quality=quality, timing=TIMING, trace=TRACE, behind_s=0.125, stalled_s=0.01)


def limit(measure: str, text: str) -> Limit:
    found = parse_limit(measure, text, Source("a.yaml", f'quality: {{{measure}: "{text}"}}').whole())
    assert isinstance(found, Limit)
    return found


def with_quality(result: ScenarioResult, quality: CallQuality | None, *limits: LimitResult) -> ScenarioResult:
    return replace(result, call=record(quality), limits=limits)


def outcome(*results: ScenarioResult) -> Outcome:
    return Outcome(suite=SuiteResult(results, "2026-11-23T10:00:00+00:00", 9.9, "sip:ivr@192.0.2.2"))


BROKEN = LimitResult(limit("loss", "<= 1 %"), Status.FAILED, 0.04, '"loss" was 4.00 %. it had to be <= 1 %')
KEPT = LimitResult(limit("response", "<= 2s"), Status.PASSED, 0.75)
LOSSY = line(frozenset(range(100, 120)))


def test_rows_for_people() -> None:
    assert [(row.group, row.name, row.value) for row in rows(record(LOSSY))] == [
        ("Line", "MOS-LQE", "3.95 (R 78)"),
        ("Line", "Packets", "480 received, 500 sent"),
        ("Line", "Loss", "4.00 % (20 lost, 0 late)"),
        ("Line", "Bursts", "1, 100 % lost within, 0.00 % outside"),
        ("Line", "Jitter", "0.0 ms, worst 0.0 ms"),
        ("Line", "Spacing", "99 % within 20 ms, max 20 ms"),
        ("Line", "Clock drift", "+0 ± 0 ppm"),
        ("Sound", "IVR's level", "-29 dBov, speaks 100 % of the time"),
        ("Waiting", "Post-dial delay", "250 ms"),
        ("Waiting", "Answer delay", "1.50 s"),
        ("Waiting", "First audio", "125 ms"),
        ("Waiting", "Key to sound", "1: 750 ms"),
        ("This machine", "Own lateness", "0.12 s behind, stalled 10 ms"),
    ]


def test_early_media_is_told_from_an_answer() -> None:
    early = replace(record(line()), timing=CallTiming(post_dial_s=0.25, first_audio_s=0.125))
    assert [text for _, text in complaints_of(early)] == ["the call was never answered: all that was heard came before (early media)"]
    assert list(complaints_of(replace(early, simulated=True))) == []


def test_rows_of_packets_from_elsewhere() -> None:
    told = rows(record(replace(LOSSY, strangers=3, stranger=("2001:db8::9", 4002), moved=2)))
    assert [(row.name, row.value, row.bad) for row in told if row.name in {"Strangers", "Moved"}] == [
        ("Strangers", "3 packets, the last from [2001:db8::9]:4002", False),
        ("Moved", "2 times", True),
    ]


@pytest.mark.parametrize(
    ("quality", "complaints"),
    [
        (line(), []),
        (line(frozenset(range(0, 500, 5))), ["a listener would give a MOS of 2.64: 19.8 % of the packets were not heard"]),
        (line(level=0.002), ["the IVR speaks quietly, at -57 dBov"]),
        (line(level=4.0), ["the IVR speaks loudly, at 0 dBov", "84.30 % of the IVR's sound is clipped"]),
        (line(level=0.0), ["one-way audio: nothing but silence came from the far side"]),
        (line(level=0.0, packets=150), ["one-way audio: nothing but silence came from the far side"]),
        (line(level=0.0, packets=149), []),
        (line(frozenset(range(500))), ["one-way audio: no packet came from the far side"]),
        (line(sent=0), ["one-way audio: no packet of ours left"]),
        (replace(line(), remote_lost=499), ["one-way audio: the far side reports that our packets do not arrive"]),
        (replace(line(), remote_lost=3), []),
        (
            replace(line(), strangers=25, stranger=("192.0.2.9", 4002)),
            ["25 packets came from elsewhere and were not heard, the last from 192.0.2.9:4002"],
        ),
        (replace(line(), strangers=24, stranger=("192.0.2.9", 4002)), []),
        (
            replace(line(), moved=1),
            ["the IVR's sound went on from another address in the middle of the call, and nothing was said of it"],
        ),
        (replace(line(), pace=1001.0), ["1001 packets a second came, 20 times as many as the sound takes"]),
        (replace(line(), pace=90.0), []),
        (replace(line(), overrun=7), ["this machine was too busy to read 7 datagrams that came"]),
    ],
)
def test_what_is_bad_is_said_unasked(quality: CallQuality, complaints: list[str]) -> None:
    assert [text for _, text in complaints_of(record(quality))] == complaints
    console = Console(file=StringIO(), width=200)
    RunScreen(console).on(ScenarioFinished(with_quality(passed(), quality)))
    assert isinstance(console.file, StringIO)
    printed = console.file.getvalue().splitlines()
    assert [text for text in printed if "line: " in text] == [f"  line: {text}" for text in complaints]


def test_json() -> None:
    document = json.loads(json_text(outcome(with_quality(failed(), LOSSY, BROKEN, KEPT)), FOLDER))
    (scenario,) = document["scenarios"]
    assert scenario["limits"] == [
        {
            "measure": "loss",
            "unit": "share",
            "limit": "<= 1 %",
            "status": "failed",
            "value": 0.04,
            "message": '"loss" was 4.00 %. it had to be <= 1 %',
        },
        {"measure": "response", "unit": "s", "limit": "<= 2s", "status": "passed", "value": 0.75, "message": ""},
    ]
    call = scenario["call"]
    assert (call["behind_s"], call["stalled_s"]) == (0.125, 0.01)
    assert call["quality"]["timing"]["keys"][0] == {"key": "1", "at_s": 3.0, "seconds": 0.1, "how": "rfc4733", "response_s": 0.75}
    media = call["quality"]["media"]
    assert (media["loss"], media["bursts"]["count"], media["bursts"]["longest_run"], media["codec"]) == (0.04, 1, 20, "PCMU")
    assert media["assumed"] == "a telephone that conceals losses as ITU-T G.711 Appendix I does"
    assert [each["message"].partition("\r\n")[0] for each in call["trace"]] == ["INVITE sip:ivr@192.0.2.2 SIP/2.0", "SIP/2.0 200 OK"]


@pytest.mark.parametrize(
    ("codec", "value", "meaning"),
    [
        (
            "G722",
            "4.34 (R 116 of 129, wideband)",
            (
                "Listening quality by the E-model (ITU-T G.107.1), without delay and echo. "
                "Assumed: a wideband handset at one ear, and speech above 3400 Hz, too."
            ),
        ),
        ("opus", "not known", 'ITU-T G.113 gives no figures for the codec "opus".'),
    ],
)
def test_other_codecs_are_rated_on_their_scale_or_not_at_all(codec: str, value: str, meaning: str) -> None:
    first = next(rows(record(line(codec=codec))))
    assert (first.name, first.value, first.meaning) == ("MOS-LQE", value, meaning)


def test_the_scale_of_a_score_is_told_to_programs() -> None:
    told = [media_data(line(codec=codec)) for codec in ("G722", "opus")]
    assert [(media["r_factor"], media["mos_lqe"], media["mos_scale"], media["unrated"]) for media in told] == [
        (116.0, 4.337, "ITU-T G.107.1", ""),
        (None, None, None, 'ITU-T G.113 gives no figures for the codec "opus"'),
    ]
    assert [line_of(1, with_quality(passed(), line(codec=codec))).mos for codec in ("PCMU", "G722", "opus")] == [
        "4.41",
        "4.34 wideband",
        "–",
    ]
    worst = worst_of([with_quality(passed(), line(codec=codec)) for codec in ("PCMU", "G722")])
    assert (worst["worst.mos_lqe"], worst["worst.mos_lqe_wideband"]) == ("4.41", "4.34")


def test_a_simulation_has_waits_and_no_line() -> None:
    call = replace(record(None), simulated=True)
    assert [row.name for row in rows(call)] == ["First audio", "Key to sound"]
    document = json.loads(json_text(outcome(replace(passed(), call=call)), FOLDER))
    assert document["scenarios"][0]["call"]["quality"]["media"] is None


def test_junit() -> None:
    text = junit_text(outcome(with_quality(failed(), LOSSY, BROKEN, KEPT), with_quality(passed(), line())), FOLDER)
    for told in (
        '<property name="worst.mos_lqe" value="3.95" />',
        '<property name="worst.loss" value="0.0400" />',
        '<property name="worst.response_s" value="0.750" />',
        "quality loss &lt;= 1 %: failed, was 4.00 %",
        "quality response &lt;= 2s: passed, was 750 ms",
        "  MOS-LQE: 3.95 (R 78)",
        "  Own lateness: 0.12 s behind, stalled 10 ms",
    ):
        assert told in text


def test_html_shows_limits_quality_and_a_folded_ladder() -> None:
    page = html_text(outcome(with_quality(failed(), LOSSY, BROKEN), with_quality(passed(), line(), KEPT)), FOLDER)
    assert '<li class="failed"><span class="mark" aria-hidden="true">✗</span> <bdi>loss &lt;= 1 %</bdi>' in page
    assert '<details class="quality"><summary>Quality of the call' in page
    assert page.count('<details class="ladder"><summary>SIP ladder') == 2
    assert "X: &lt;script&gt;" in page
    assert "<script>\r" not in page
    # The worst line first, whatever order they ran in.
    table = page[page.index('<table class="lines"') :]
    assert table.index("3.95") < table.index("4.41")


def test_the_ladders_of_very_many_passed_calls_stay_out_of_the_page() -> None:
    many = [with_quality(passed(), line()) for _ in range(MOST_TRACED + 5)]
    page = html_text(outcome(*many, with_quality(failed(), line())), FOLDER)
    assert page.count('<details class="ladder">') == MOST_TRACED + 1


def test_sounds_that_no_step_judged_and_every_key_have_a_bar(tmp_path: Path) -> None:
    music = Match("music", "mul", Verdict.match, 0.3, 5.2, 6.4, 5.9)
    result = with_quality(passed(), line())
    assert result.call is not None
    keys = tuple(KeyTiming("•", 3.1 + 0.2 * place, 0.1, "rfc4733", None) for place in range(4))
    beep = Note(7.5, "heard a tone of 1000 Hz from 7.0 s to 7.4 s", tone=(7.0, 7.4))
    notes = (*result.call.notes, Note(6.4, "heard music", music), beep)
    drawing = draw(replace(result, call=replace(result.call, notes=notes, timing=CallTiming(keys=keys))), None)
    assert drawing is not None
    asides = {bar.title: (bar.x, bar.width, bar.label) for bar in drawing.ivr if bar.kind == "aside"}
    assert list(asides) == [beep.text, '"music" from 5.2 s to 6.4 s; no step judged it']
    assert asides[beep.text] == (x := round(LEFT + 7 * drawing.scale, 1), round(round(LEFT + 7.4 * drawing.scale, 1) - x, 1), "tone")
    presses = [bar for bar in drawing.caller if bar.kind == "press"]
    assert len(presses) == 4
    assert [bool(bar.label) for bar in presses] == [False, False, False, True]
    assert "4711" not in "".join(bar.title for bar in presses)
