from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.audio.hearing import Match, Verdict
from ivrtest.call.recording import write_stereo
from ivrtest.report.timeline import LEFT, LOUDEST, WIDEST, Bar, Drawing, draw, fitting, ivr_channel, names, peaks, sound_path
from ivrtest.run.result import ScenarioResult, Status, StepResult
from tests.report.results import failed, passed, result, unclear
from tests.run.conversations import ANSWERED, WE_HANG_UP, WELCOME, heard, ticks


def drawn(held: ScenarioResult, recording: Path | None = None) -> Drawing:
    drawing = draw(held, recording)
    assert drawing is not None
    return drawing


def second(drawing: Drawing, moment: float) -> float:
    return round(LEFT + moment * drawing.scale, 1)


def titles(bars: tuple[Bar, ...]) -> list[str]:
    return [bar.title for bar in bars]


def test_steps_keys_and_prompts_stand_where_they_were() -> None:
    drawing = drawn(passed())
    assert drawing.seconds == 9.0
    assert titles(drawing.steps) == ['1. passed: hear "welcome"', "2. passed: press ••••", "3. passed: hang up"]
    assert [(bar.title, bar.label, bar.x) for bar in drawing.caller] == [("press ••••, at 3.0 s", "press ••••", second(drawing, 3.0))]
    assert [(bar.title, bar.label, bar.kind) for bar in drawing.ivr] == [('"welcome" from 0.2 s to 3.0 s', "welcome", "good")]
    assert drawing.ivr[0].x == second(drawing, 0.2)
    assert drawing.ivr[0].width == pytest.approx(2.8 * drawing.scale, abs=0.1)
    assert (drawing.answered_x, drawing.ended_x, drawing.ending) == (LEFT, second(drawing, 9.0), "we hung up")
    assert drawing.trouble is None


def test_the_step_that_failed_is_marked_by_a_sign_and_not_by_colour_alone() -> None:
    drawing = drawn(failed())
    assert [(bar.label, bar.kind) for bar in drawing.steps] == [("1 ✗", "failed")]
    assert [(bar.label, bar.kind) for bar in drawing.ivr] == [("✗ bye en", "bad")]
    assert drawing.trouble is not None
    assert drawing.trouble.title == 'step 1: heard "bye" in "en" from 0.2 s to 1.0 s. "menu" in "en" was expected'
    assert drawing.trouble.x == LEFT
    assert drawing.trouble.width == pytest.approx(drawing.scale, abs=0.1)


def test_where_a_recording_ceased_to_be_as_recorded_is_marked() -> None:
    for verdict in (Verdict.diverged, Verdict.truncated):
        drawing = drawn(
            result("- hear: welcome\n", [ANSWERED, heard(WELCOME, 0.2, 2.0, verdict, diverged=2.0), *ticks(2.0, 7.0), WE_HANG_UP])
        )
        assert drawing.wrong == (second(drawing, 2.0), "as recorded until 2.0 s")
    assert drawn(failed()).wrong is None


def test_what_was_heard_before_a_silence_is_not_blamed_for_it() -> None:
    talk: list[object] = [ANSWERED, heard(WELCOME, 0.2, 3.0), *ticks(3.0, 7.0), WE_HANG_UP]
    drawing = drawn(result("- hear: [welcome, menu]\n", talk))
    assert [(bar.label, bar.kind) for bar in drawing.steps] == [("1 ✗", "failed")]
    assert [(bar.label, bar.kind) for bar in drawing.ivr] == [("welcome", "good")]


def test_a_sound_that_breaks_a_silence_is_blamed() -> None:
    drawing = drawn(result("- silence: 3s\n", [ANSWERED, heard(("bye", "en"), 0.5, 2.0), WE_HANG_UP]))
    assert [(bar.label, bar.kind) for bar in drawing.ivr] == [("✗ bye en", "bad")]


def test_without_a_call_nothing_is_drawn() -> None:
    assert draw(unclear(), None) is None


def test_a_call_on_which_nothing_happened_is_drawn_empty() -> None:
    usual = failed()
    assert usual.call is not None
    call = replace(usual.call, answered_s=None, ended_s=None, ended_by="", notes=())
    silent = replace(usual, status=Status.ERROR, steps=tuple(StepResult(step.step) for step in usual.steps), call=call)
    drawing = drawn(silent)
    assert (drawing.steps, drawing.caller, drawing.ivr, drawing.answered_x, drawing.ended_x) == ((), (), (), None, None)


def test_a_long_call_is_wider_and_has_fewer_ticks_to_the_second() -> None:
    usual = failed()
    assert usual.call is not None
    drawings = [drawn(replace(usual, call=replace(usual.call, ended_s=seconds))) for seconds in (10.0, 100.0, 10_000.0)]
    widths = [drawing.width for drawing in drawings]
    assert widths[0] == 1000.0
    assert widths == sorted(widths)
    assert widths[-1] <= WIDEST + 100
    assert [[label for _, label in drawing.ticks][:2] for drawing in drawings] == [["0 s", "1 s"], ["0 s", "5 s"], ["0 s", "120 s"]]


@pytest.mark.parametrize(
    ("prompt", "language", "verdict", "expected"),
    [
        ("main_menu", "es", Verdict.match, ["main_menu es", "main_menu", "main_menu"]),
        ("welcome", "mul", Verdict.match, ["welcome", "welcome", "welcome"]),
        ("digits/7", "en", Verdict.match, ["digits/7 en", "digits/7", "7"]),
        ("main_menu", "es", Verdict.truncated, ["main_menu es, truncated", "truncated", "main_menu es", "main_menu", "main_menu"]),
        ("", "", Verdict.unknown, ["unknown speech", "unknown", "?"]),
    ],
)
def test_a_bar_is_named_after_its_prompt_its_language_and_what_is_wrong(
    prompt: str, language: str, verdict: Verdict, expected: list[str]
) -> None:
    assert names(Match(prompt, language, verdict, 0.5, 0.0, 1.0, 1.0)) == expected


@pytest.mark.parametrize(("room", "expected"), [(200.0, "main_menu es"), (70.0, "main_menu"), (50.0, "main_…"), (20.0, "")])
def test_a_label_is_what_there_is_room_for(room: float, expected: str) -> None:
    assert fitting(("main_menu es", "main_menu"), room) == expected


def recording(path: Path, ivr: np.ndarray[tuple[int], np.dtype[np.int16]]) -> Path:
    caller = np.full(len(ivr), 20_000, np.int16)
    write_stereo(path, caller, ivr)
    return path


def test_the_sound_is_the_ivrs_and_lies_under_the_clock(tmp_path: Path) -> None:
    ivr = np.zeros(8000 * 9, np.int16)
    ivr[8000 * 6 :] = -9000
    drawing = drawn(passed(), recording(tmp_path / "call.wav", ivr))
    first = drawing.sound.split("v")[0]
    place, height = first.removeprefix("M").split("-")
    assert int(height) == LOUDEST
    assert LEFT + (int(place) + 0.5) * drawing.point == pytest.approx(second(drawing, 6.0), abs=2 * drawing.point)


def test_a_recording_longer_than_the_call_makes_the_clock_longer(tmp_path: Path) -> None:
    assert drawn(passed(), recording(tmp_path / "call.wav", np.zeros(8000 * 12, np.int16))).seconds == 12.0


def test_silence_draws_nothing_and_noise_little() -> None:
    assert sound_path(peaks(np.zeros(800, np.int16), 10)) == ""
    assert max(peaks(np.full(800, 100, np.int16), 10)) <= 2


def test_the_most_negative_sample_is_the_loudest() -> None:
    assert peaks(np.array([-32768, 0], np.int16), 2) == [LOUDEST, 0]


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=300), st.integers(1, 400))
def test_peaks_lose_no_sample(values: list[int], points: int) -> None:
    found = peaks(np.array(values, np.int16), points)
    assert len(found) == min(points, len(values))
    assert all(0 <= height <= LOUDEST for height in found)
    if max(map(abs, values)) > 2000:
        assert max(found) == LOUDEST


def test_what_is_no_recording_of_a_call_has_no_channel(tmp_path: Path) -> None:
    mono = tmp_path / "mono.wav"
    with wave.open(str(mono), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 10)
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    nothing = recording(tmp_path / "nothing.wav", np.zeros(0, np.int16))
    for path in (mono, empty, nothing, tmp_path, tmp_path / "missing.wav"):
        assert ivr_channel(path) is None
