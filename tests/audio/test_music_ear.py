"""Music on a call, as everybody is told of it: which, from where on, how often again, and until when."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard, Hearing, MusicPlays, MusicStopped, Recognised, ToneHeard
from ivrtest.audio.pcm import Samples
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.revoiced import ear_for
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.tones import beep, silence
from ivrtest.audio.tune import NOTE_SIGN, SECONDS, is_tune, tune
from tests.bench.hearing.line import Condition, through
from tests.bench.hearing.pieces import STYLES, piece

TUNE = tune()
COMFORT = synthesise("You are still in line. Please stay on the phone.", "en")
STRANGER = synthesise("Nobody has ever recorded these words for this line.", "en")
SUNG = synthesise("La la la, la la la.", "en")
LONG = piece("band", 30, 11)
NOISY = Condition("", noise_db=6)
LIBRARY = PromptLibrary(
    [
        Recording("tune", "mul", TUNE, music=True),
        Recording("band", "mul", LONG, music=True),
        Recording("sung", "mul", SUNG, music=True),
        Recording("comfort", "en", COMFORT),
        Recording("goodbye", "en", synthesise("Thank you for calling. Goodbye.", "en")),
    ]
)


def hear(*parts: Samples, library: PromptLibrary = LIBRARY) -> list[Hearing]:
    call = np.concatenate(parts)
    ear = ear_for(library)
    found = [
        one
        for start in range(0, len(call), 160)
        for one in ear.feed(call[start : start + 160], np.zeros(160, np.bool_)[: len(call) - start])
    ]
    return [*found, *ear.finish()]


def stopped(hearings: list[Hearing]) -> list[MusicStopped]:
    return [hearing for hearing in hearings if isinstance(hearing, MusicStopped)]


def spoken(hearings: list[Hearing]) -> list[tuple[str, str]]:
    """Return what was said to be no music."""
    matches = [hearing.match for hearing in hearings if isinstance(hearing, Heard)]
    return [(match.prompt, str(match.verdict)) for match in matches if match.key not in LIBRARY.music]


def test_a_tune_is_what_a_note_says() -> None:
    assert is_tune(f" {NOTE_SIGN} ")
    assert not is_tune("la la la")
    assert len(TUNE) == SECONDS * 8000


def test_music_from_its_start_loops_and_stops() -> None:
    hearings = hear(silence(1), TUNE, TUNE, TUNE[: 2 * 8000], silence(4))
    (end,) = stopped(hearings)
    assert end.music.key == ("tune", "mul")
    assert end.music.start_s == pytest.approx(1, abs=0.05)
    assert list(end.music.loops) == [pytest.approx(1 + SECONDS, abs=0.05), pytest.approx(1 + 2 * SECONDS, abs=0.05)]
    assert end.music.end_s == pytest.approx(1 + 2 * SECONDS + 2, abs=0.3)
    assert (end.music.to_end, end.into_quiet) == (False, True)
    assert end.music.from_s == pytest.approx(0, abs=0.05)
    plays = [hearing for hearing in hearings if isinstance(hearing, MusicPlays)]
    assert [len(each.music.loops) for each in plays][-3:] == [0, 1, 2]
    assert all(each.at_s - each.music.loops[-1] < 3 for each in plays if each.music.loops)
    assert spoken(hearings) == []


def test_music_in_noise_comes_back_to_its_start_after_a_moment() -> None:
    """It stops again so soon that there is no time for a second look."""
    call = through(np.concatenate([silence(1), TUNE, silence(0.12), TUNE[: int(2.4 * 8000)], silence(4)]), NOISY, np.random.default_rng(3))
    (end,) = stopped(hear(call[0]))
    assert end.music.key == ("tune", "mul")
    assert list(end.music.loops) == [pytest.approx(1.12 + SECONDS, abs=0.05)]


def test_music_begins_anywhere_in_its_recording() -> None:
    (end,) = stopped(hear(silence(1), LONG[13 * 8000 :], LONG[: 5 * 8000], silence(3)))
    assert end.music.key == ("band", "mul")
    assert end.music.from_s == pytest.approx(13, abs=0.3)
    assert list(end.music.loops) == [pytest.approx(18, abs=0.1)]
    assert end.music.end_s == pytest.approx(23, abs=0.3)


def test_music_that_stops_where_its_recording_ends() -> None:
    (end,) = stopped(hear(silence(1), TUNE, silence(4)))
    assert (end.music.to_end, end.music.loops, end.into_quiet) == (True, (), True)
    assert end.music.end_s == pytest.approx(1 + SECONDS, abs=0.3)


@pytest.mark.parametrize("style", STYLES)
def test_music_that_nobody_recorded_is_no_unknown_speech(style: str) -> None:
    hearings = hear(silence(1), piece(style, 12, 77), silence(3))
    (end,) = stopped(hearings)
    assert end.music.prompt == ""
    assert spoken(hearings) == []


def test_words_that_are_sung_are_music_where_the_library_says_so() -> None:
    (end,) = stopped(hear(silence(1), SUNG, SUNG, SUNG[:11000], silence(4)))
    seconds = len(SUNG) / 8000
    assert end.music.key == ("sung", "mul")
    assert list(end.music.loops) == [pytest.approx(1 + seconds, abs=0.1), pytest.approx(1 + 2 * seconds, abs=0.1)]
    assert end.into_quiet


def test_prompts_between_music_are_heard_and_end_it() -> None:
    hearings = hear(silence(0.5), TUNE, TUNE[:8000], COMFORT, TUNE, silence(0.5), STRANGER, silence(2))
    first, second = stopped(hearings)
    assert spoken(hearings) == [("comfort", "match"), ("", "unknown")]
    assert not first.into_quiet
    assert first.music.end_s == pytest.approx(0.5 + SECONDS + 1, abs=0.3)
    assert second.music.start_s == pytest.approx(0.5 + SECONDS + 1 + len(COMFORT) / 8000, abs=0.6)


@pytest.mark.parametrize("start", [0, 5 * 8000], ids=["from its start", "from its middle"])
@pytest.mark.parametrize("music", ["tune", "band", "nobody's"])
@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_words_right_after_music_are_told(music: str, start: int, pause: float) -> None:
    whole = {"tune": np.tile(TUNE, 4), "band": LONG}.get(music, piece("chords", 20, 7))
    hearings = hear(silence(0.5), whole[start : start + 64000], silence(pause), STRANGER, silence(0.4), COMFORT, silence(1.5))
    assert spoken(hearings) == [("", "unknown"), ("comfort", "match")]
    (unknown,) = (one.match for one in hearings if isinstance(one, Heard) and not one.match.prompt)
    assert unknown.end_s == pytest.approx(8.5 + pause + len(STRANGER) / 8000, abs=0.2)
    assert stopped(hearings)[0].music.end_s == pytest.approx(8.5, abs=0.5)
    assert stopped(hearings)[0].music.start_s == pytest.approx(0.5, abs=0.6)
    prompts = [one.match.prompt for one in hearings if isinstance(one, Heard | Recognised)]
    # Who waits for the prompt must know of the words before it comes.
    assert prompts.index("") < prompts.index("comfort")


@pytest.mark.parametrize("known", [True, False], ids=["of the library", "nobody's"])
def test_words_within_music_are_told(known: bool) -> None:
    music = LONG if known else piece("chords", 30, 7)
    hearings = hear(silence(0.5), music[:48000], STRANGER, music[48000:96000], COMFORT, silence(1.5))
    (words, verdict), comfort = spoken(hearings)
    assert words == ""
    assert verdict in {"unknown", "inconclusive"}
    assert comfort == ("comfort", "match")
    first, second = stopped(hearings)
    assert first.music.end_s == pytest.approx(6.5, abs=0.5)
    assert second.music.start_s == pytest.approx(6.5 + len(STRANGER) / 8000, abs=0.5)


def test_a_prompt_right_after_music_is_no_words_that_nobody_knows() -> None:
    for music in (LONG[40000:], piece("drums and bass", 8, 7), TUNE):
        assert spoken(hear(silence(0.5), music, COMFORT, music, silence(1.5))) == [("comfort", "match")]


def test_a_hum_after_music_is_told_although_the_matcher_takes_it_for_a_tone() -> None:
    said = synthesise("One moment, moment.", "en-us+f3")
    hearings = hear(silence(0.5), LONG[:64000], said, silence(0.4), COMFORT, silence(1.5))
    assert [name for name, _ in spoken(hearings)] == ["", "comfort"]


def test_words_that_are_sung_in_a_known_recording_are_no_words_from_anywhere_in_it() -> None:
    sung = np.concatenate([piece("chords", 4, 3), STRANGER, piece("chords", 4, 3), synthesise("La la la. This is a song.", "en")])
    library = PromptLibrary([Recording("song", "mul", sung, music=True), Recording("comfort", "en", COMFORT)])
    for start in (0, 16000):
        played = np.concatenate([sung[start:], sung])
        hearings = hear(silence(0.5), played, COMFORT, silence(1.5), library=library)
        assert [one.match.prompt for one in hearings if isinstance(one, Heard) and one.match.prompt != "song"] == ["comfort"]


def test_words_right_before_music_are_told() -> None:
    hearings = hear(silence(0.5), STRANGER, piece("chords", 8, 7), COMFORT, silence(1.5))
    assert spoken(hearings) == [("", "unknown"), ("comfort", "match")]
    assert stopped(hearings)[0].music.start_s == pytest.approx(0.5 + len(STRANGER) / 8000, abs=0.6)


def test_an_announcement_over_soft_music_is_heard() -> None:
    ducked = LONG[8000 * 6 : 8000 * 6 + len(COMFORT)] * 0.1
    over = np.clip(COMFORT + ducked, -32768, 32767).astype(np.int16)
    hearings = hear(silence(0.5), LONG[: 8000 * 6], over, LONG[8000 * 6 + len(COMFORT) : 8000 * 16], silence(3))
    assert spoken(hearings)[:1] == [("comfort", "match")]
    assert {end.music.prompt for end in stopped(hearings)} == {"band"}


def test_speech_and_beeps_are_told_as_ever() -> None:
    hearings = hear(silence(0.5), STRANGER, silence(1), COMFORT, beep(), silence(2))
    assert spoken(hearings) == [("", "unknown"), ("comfort", "match")]
    assert stopped(hearings) == []
    assert [round(hearing.frequency_hz) for hearing in hearings if isinstance(hearing, ToneHeard)] == [1000]


def test_a_call_that_ends_in_music_says_how_long_it_was() -> None:
    (end,) = stopped(hear(silence(1), LONG[: 8000 * 8]))
    assert (end.music.prompt, end.into_quiet) == ("band", False)
    assert end.music.end_s == pytest.approx(9, abs=0.5)
