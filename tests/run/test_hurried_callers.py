"""Callers who know the menu press at once: hardly a prompt is heard to its end, and each is known all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.dtmf_detector import ToneKey
from ivrtest.audio.hearing import Heard, MusicStopped, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.spectrum import SAMPLE_RATE, Samples
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.tones import beep, dtmf
from ivrtest.cli.libraries import load_recordings
from ivrtest.run.transcript import Transcript
from tests.bench.hearing.pieces import piece

BANK = Path(__file__).parents[2] / "flows" / "bank.yaml"
OTHER = synthesise("Your parcel is waiting at the post office around the corner.", "en")


@pytest.fixture(scope="module")
def library() -> PromptLibrary:
    return load_recordings(BANK).library


@pytest.fixture(scope="module")
def spoken(library: PromptLibrary) -> dict[Key, Samples]:
    return {recording.key: recording.samples for recording in library.recordings()}


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)


def told(library: PromptLibrary, *pieces: Samples) -> list[str]:
    """Return what is heard in a file, each passage in a few words."""
    transcript = Transcript(library, None)
    found = [*transcript.feed(np.concatenate(pieces)), *transcript.finish()]
    words = []
    for one in found:
        match one:
            case Heard(match=match):
                words.append(" ".join(str(part) for part in (match.prompt, match.language, match.verdict, match.doubt) if part))
            case ToneKey(key=key):
                words.append(f"key {key}")
            case MusicStopped():
                words.append("music")
    return words


@pytest.mark.parametrize(("language_s", "menu_s"), [(0.45, 0.75), (0.65, 0.9)])
def test_prompts_cut_off_in_a_row_are_known(library: PromptLibrary, spoken: dict[Key, Samples], language_s: float, menu_s: float) -> None:
    def cut(prompt: str, language: str, seconds: float) -> Samples:
        return spoken[prompt, language][: round(seconds * SAMPLE_RATE)]

    heard = told(
        library,
        silence(0.1),
        cut("choose_language", "mul", language_s),
        spoken["welcome", "es"],
        silence(0.14),
        cut("main_menu", "es", menu_s),
        silence(0.02),
        cut("ask_account", "es", 1.35),
        silence(1),
        spoken["goodbye", "es"],
        silence(1),
    )
    assert heard == [
        "choose_language mul truncated",
        "welcome es match",
        "main_menu es truncated",
        "ask_account es truncated",
        "goodbye es match",
    ]


CUT_OFF: dict[str, tuple[list[Samples | tuple[str, str, float]], list[str]]] = {
    "other speech comes at once": (
        [("not_available", "en", 0.88), silence(0.02), OTHER, silence(1)],
        ["not_available en diverged"],
    ),
    "it comes right after other speech": (
        [OTHER, silence(0.02), ("not_an_option", "en", 0.79), silence(1)],
        ["unknown", "not_an_option en truncated"],
    ),
    "other speech went before, after a pause": (
        [OTHER, silence(1), ("leave_message", "en", 0.54), silence(0.04), ("callback_number", "en", 9), silence(1)],
        ["unknown", "leave_message en truncated", "callback_number en match"],
    ),
    "a short prompt comes at once, which could be a part of it": (
        [("checking", "en", 0.65), silence(0.02), ("welcome", "es", 9), silence(0.02), ("digits/6", "en", 9), silence(1)],
        ["checking en truncated", "welcome es match", "digits/6 en match"],
    ),
    "digits come at once": (
        [
            ("offer_callback", "es", 1.5),
            silence(0.04),
            *(("digits/6", "es", 9.0), ("digits/3", "es", 9.0), ("digits/6", "es", 9.0)),
            silence(1),
        ],
        ["offer_callback es truncated", "digits/6 es match", "digits/3 es match", "digits/6 es match"],
    ),
    "a key is heard between": (
        [("change_number", "en", 0.66), silence(0.3), dtmf("*", key_s=0.2, gap_s=0.14), ("checking", "en", 0.98), silence(1)],
        ["key *", "change_number en truncated", "checking en truncated"],
    ),
    "the next one has hardly begun when the call ends": (
        [("review", "es", 1.23), silence(0.2), ("closed", "es", 0.42)],
        ["review es truncated", "closed es inconclusive begun"],
    ),
    "the next one comes at once and is cut off as well": (
        [("how_easy", "en", 0.67), ("ask_number", "en", 0.75), silence(0.1), ("main_menu", "es", 9), silence(1)],
        ["how_easy en truncated", "ask_number en ambiguous", "main_menu es match"],
    ),
    "music went before": (
        [piece("chords", 8.0, 3), silence(0.3), ("recommend", "es", 0.97), silence(1)],
        ["music", "recommend es truncated"],
    ),
    "music comes at once": (
        [
            ("ask_number", "en", 1.5),
            silence(0.04),
            ("callback_number", "en", 9),
            silence(0.14),
            ("please_hold", "en", 0.47),
            piece("band", 8.0, 5),
        ],
        ["ask_number en truncated", "callback_number en match", "please_hold en truncated", "music"],
    ),
    "other speech went on for long before it": (
        [OTHER, silence(0.05), OTHER, ("ask_account", "es", 1.1), silence(0.1), ("not_heard", "en", 0.5), silence(1)],
        ["unknown", "ask_account es ambiguous", "not_heard en truncated"],
    ),
    "the last one is cut off just when enough of it was heard to name it": (
        [
            *(("choose_language", "mul", 0.6), ("welcome", "es", 9.0), silence(0.14), ("main_menu", "es", 0.76), silence(0.02)),
            *(("ask_account", "es", 1.42), silence(1)),
        ],
        ["choose_language mul truncated", "welcome es match", "main_menu es truncated", "ask_account es truncated"],
    ),
    "its echo ends where the next one begins": (
        [
            *(silence(0.077), ("choose_language", "mul", 0.621), ("choose_language", "mul", 0.614), ("welcome", "en", 9.0)),
            *(silence(0.043), ("main_menu", "en", 3.0), silence(1)),
        ],
        ["choose_language mul truncated", "choose_language mul truncated", "welcome en match", "main_menu en truncated"],
    ),
    "a beep follows": (
        [("review", "en", 0.62), silence(0.12), beep(), silence(1)],
        ["review en truncated"],
    ),
    "it is too short to be certain": (
        [("text_failed", "es", 0.44), silence(1)],
        ["text_failed es inconclusive brevity"],
    ),
}


@pytest.mark.parametrize("how", CUT_OFF)
def test_a_prompt_that_is_cut_off_is_known_where(library: PromptLibrary, spoken: dict[Key, Samples], how: str) -> None:
    pieces, expected = CUT_OFF[how]
    sounds = [spoken[one[0], one[1]][: round(one[2] * SAMPLE_RATE)] if isinstance(one, tuple) else one for one in pieces]
    assert told(library, silence(0.4), *sounds) == expected


def test_a_prompt_cut_off_between_two_others_is_not_passed_over(library: PromptLibrary, spoken: dict[Key, Samples]) -> None:
    heard = told(
        library,
        silence(0.4),
        spoken["after_balance", "es"],
        silence(0.14),
        spoken["how_easy", "es"][: round(0.45 * SAMPLE_RATE)],
        silence(0.04),
        spoken["ask_number", "en"][: round(1.9 * SAMPLE_RATE)],
    )
    assert heard == ["after_balance es match", "how_easy es truncated", "ask_number en truncated"]


def test_noise_hides_no_prompts_cut_off_in_a_row(library: PromptLibrary, spoken: dict[Key, Samples]) -> None:
    cuts = [(("your_place", "en"), 0.45), (("review", "en"), 0.58), (("text_sent", "es"), 0.46)]
    call = np.concatenate([silence(1), *(spoken[key][: round(seconds * SAMPLE_RATE)] for key, seconds in cuts), silence(1.5)])
    noise = np.random.default_rng(7).normal(0, 250, len(call))
    assert told(library, np.clip(call + noise, -32768, 32767).astype(np.int16)) == [
        "your_place en truncated",
        "review en truncated",
        "text_sent es truncated",
    ]


def test_other_speech_stays_unknown(library: PromptLibrary) -> None:
    assert told(library, silence(0.4), OTHER, silence(1)) == ["unknown"]


@pytest.mark.parametrize("seconds", [0.42, 0.5, 0.8, 1.3])
@pytest.mark.parametrize("prompt", ["choose_language", "main_menu", "ask_account"])
def test_other_words_before_a_prompt_that_is_cut_off_at_once(
    library: PromptLibrary, spoken: dict[Key, Samples], prompt: str, seconds: float
) -> None:
    """On a call, where the prompt is expected: it is known only once it has stopped, and what went before it is told all the same."""
    key = next(key for key in spoken if key[0] == prompt)
    matcher = Matcher(library)
    matcher.expect([key])
    sound = np.concatenate([silence(0.3), OTHER, spoken[key][: round(seconds * SAMPLE_RATE)], silence(1.5)])
    hearings = [one for step in np.split(sound, range(160, len(sound), 160)) for one in matcher.feed(step, np.zeros(len(step), np.bool_))]
    matches = [one.match for one in [*hearings, *matcher.finish()] if isinstance(one, Heard)]
    assert [(match.prompt, match.verdict) for match in matches] == [("", Verdict.unknown), (prompt, Verdict.truncated)]
