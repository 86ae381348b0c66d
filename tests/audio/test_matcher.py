"""What the matcher says, case by case, on clean lines."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from ivrtest.audio.hearing import Heard, Hearing, Match, Recognised, SoundEnded, SoundStarted, ToneHeard, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key, PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.tones import beep, ringback

Samples = NDArray[np.int16]
MENU: Key = ("main_menu", "en")


def quiet(seconds: float) -> Samples:
    return np.zeros(int(seconds * 8000), np.int16)


def sound(library: PromptLibrary, *keys: Key) -> Samples:
    recordings = [library.get(*key) for key in keys]
    return np.concatenate([recording.samples for recording in recordings if recording is not None])


def call(*parts: Samples) -> Samples:
    return np.concatenate([quiet(0.4), *parts, quiet(1.6)])


def said(hearings: list[Hearing]) -> list[tuple[str, str]]:
    return [(hearing.match.prompt, hearing.match.verdict.value) for hearing in hearings if isinstance(hearing, Heard)]


def only(hearings: list[Hearing]) -> Match:
    (final,) = [hearing for hearing in hearings if isinstance(hearing, Heard)]
    return final.match


def test_a_prompt_is_named_while_it_plays_and_matched_at_its_end(bank: PromptLibrary, trials: ModuleType) -> None:
    samples = call(sound(bank, ("hold", "en")))
    hearings = trials.listen(bank, samples, expected=[[("hold", "en")]])
    started, recognised, heard, ended = hearings
    recording = bank.get("hold", "en")
    assert recording is not None
    assert isinstance(started, SoundStarted)
    assert started.start_s == pytest.approx(0.45, abs=0.03)
    assert isinstance(recognised, Recognised)
    assert recognised.match.key == ("hold", "en")
    assert recognised.at_s < 1.3
    assert isinstance(heard, Heard)
    assert heard.match.verdict is Verdict.match
    assert heard.match.score < 1
    assert heard.match.start_s == pytest.approx(0.4, abs=0.003)
    assert heard.match.decided_at_s == recognised.at_s
    assert heard.match.diverged_at_s is None
    assert heard.match.differences == ()
    assert 0 <= heard.at_s - (0.4 + recording.seconds - 0.05) < 0.15
    assert isinstance(ended, SoundEnded)


def test_an_unexpected_prompt_is_still_named(bank: PromptLibrary, trials: ModuleType) -> None:
    hearings = trials.listen(bank, call(sound(bank, ("sorry_no_match", "en"))), expected=[[MENU]])
    assert only(hearings).key == ("sorry_no_match", "en")
    assert only(hearings).verdict is Verdict.match


def test_a_prompt_in_another_language_is_known_as_that(bank: PromptLibrary, trials: ModuleType) -> None:
    spanish = ("sorry_no_match", "es")
    match = only(trials.listen(bank, call(sound(bank, spanish)), expected=[[("sorry_no_match", "en")]]))
    assert (match.key, match.verdict, match.expected_language, match.is_wrong_language) == (spanish, Verdict.match, "en", True)
    assert 1.2 < match.decided_after_s < 2.0
    expected = only(trials.listen(bank, call(sound(bank, spanish)), expected=[[spanish, ("sorry_no_match", "en")]]))
    assert (expected.expected_language, expected.is_wrong_language) == ("", False)
    assert expected.decided_after_s < match.decided_after_s


def test_an_unexpected_prompt_is_not_named_before_unknown_speech_is_ruled_out(bank: PromptLibrary, trials: ModuleType) -> None:
    hearings = trials.listen(bank, call(sound(bank, ("hold_long", "en"))))
    named = next(hearing for hearing in hearings if isinstance(hearing, Recognised))
    assert named.at_s - 0.45 >= 1.2


def test_nothing_is_named_before_it_can_be_told_from_its_sibling(bank: PromptLibrary, trials: ModuleType) -> None:
    (sibling,) = [sibling for sibling in bank.index.siblings["closed", "en"] if sibling.key == ("closed_holiday", "en")]
    assert sibling.apart_s is not None
    hearings = trials.listen(bank, call(sound(bank, ("closed", "en"))), expected=[[("closed", "en")]])
    named = next(hearing for hearing in hearings if isinstance(hearing, Recognised))
    assert named.match.key == ("closed", "en")
    assert 0.4 + sibling.apart_s <= named.at_s <= 0.4 + sibling.apart_s + 0.7


def test_a_changed_word_is_placed(bank: PromptLibrary, trials: ModuleType) -> None:
    changed = synthesise("Please hold while we transfer you to an agent.", "en")
    match = only(trials.listen(bank, call(changed), expected=[[("hold", "en")]]))
    assert (match.prompt, match.verdict) == ("hold", Verdict.diverged)
    assert match.score > 3.2
    assert match.diverged_at_s is not None
    assert 1.1 < match.diverged_at_s < 1.7
    assert match.differences
    assert match.differences[0][0] == pytest.approx(match.diverged_at_s - match.start_s, abs=0.05)


def test_a_prompt_that_falls_silent_is_truncated(bank: PromptLibrary, trials: ModuleType) -> None:
    whole = sound(bank, ("hold_long", "en"))
    match = only(trials.listen(bank, call(whole[: 8000 * 3]), expected=[[("hold_long", "en")]]))
    assert (match.prompt, match.verdict) == ("hold_long", Verdict.truncated)
    assert match.diverged_at_s == pytest.approx(3.4, abs=0.15)


@pytest.mark.parametrize(("prompt", "missing_s"), [("main_menu", 0.2), ("main_menu", 0.3), ("hold_long", 0.3), ("hold_long", 0.8)])
def test_a_prompt_without_its_beginning_is_not_as_recorded(bank: PromptLibrary, trials: ModuleType, prompt: str, missing_s: float) -> None:
    samples = call(sound(bank, (prompt, "es"))[int(missing_s * 8000) :])
    heard = [h.match for h in trials.listen(bank, samples, expected=[[(prompt, "es")]]) if isinstance(h, Heard)]
    assert (heard[0].key, heard[0].verdict) == ((prompt, "es"), Verdict.diverged)
    assert heard[0].start_s == heard[0].diverged_at_s == pytest.approx(0.4, abs=0.06)
    ((begin, end),) = heard[0].differences
    assert begin == 0
    assert end == pytest.approx(missing_s, abs=0.06)


def test_a_prompt_cut_by_another_is_truncated(bank: PromptLibrary, trials: ModuleType) -> None:
    samples = call(sound(bank, ("hold_long", "en"))[: 8000 * 3], sound(bank, ("enter_pin", "en")))
    hearings = trials.listen(bank, samples, expected=[[("hold_long", "en")], [("enter_pin", "en")]])
    assert said(hearings) == [("hold_long", "truncated"), ("enter_pin", "match")]


def test_a_call_that_ends_in_a_prompt_truncates_it(bank: PromptLibrary, trials: ModuleType) -> None:
    samples = np.concatenate([quiet(0.4), sound(bank, ("hold_long", "en"))[: 8000 * 3]])
    hearings = trials.listen(bank, samples, expected=[[("hold_long", "en")]])
    assert said(hearings) == [("hold_long", "truncated")]
    assert all(hearing.at_s <= len(samples) / 8000 for hearing in hearings)
    assert only(hearings).end_s <= len(samples) / 8000


def test_prompts_without_a_gap_and_twice_in_a_row(bank: PromptLibrary, trials: ModuleType) -> None:
    keys = [("welcome", "en"), ("enter_pin", "en"), ("enter_pin", "en"), ("goodbye", "en")]
    samples = call(sound(bank, *keys))
    assert said(trials.listen(bank, samples)) == [(prompt, "match") for prompt, _ in keys]
    assert said(trials.listen(bank, samples, expected=[[key] for key in keys])) == [(prompt, "match") for prompt, _ in keys]


@pytest.mark.parametrize("gap_s", [0.0, 0.05, 0.4])
def test_the_same_digit_twice(bank: PromptLibrary, trials: ModuleType, gap_s: float) -> None:
    digits = [f"digits/{digit}" for digit in "55077166"]
    parts = [part for digit in digits for part in (sound(bank, (digit, "en")), quiet(gap_s))]
    samples = call(sound(bank, ("balance_is", "en")), *parts)
    expected = [[("balance_is", "en")], *([(digit, "en")] for digit in digits)]
    assert said(trials.listen(bank, samples, expected=expected)) == [("balance_is", "match"), *((digit, "match") for digit in digits)]


def test_a_wrong_digit_is_named_as_what_it_is(bank: PromptLibrary, trials: ModuleType) -> None:
    samples = call(sound(bank, ("digits/4", "en")), sound(bank, ("digits/9", "en")), sound(bank, ("digits/1", "en")))
    hearings = trials.listen(bank, samples, expected=[[("digits/4", "en")], [("digits/5", "en")], [("digits/1", "en")]])
    assert said(hearings) == [("digits/4", "match"), ("digits/9", "match"), ("digits/1", "match")]


def test_unknown_speech_is_told_when_it_ends(bank: PromptLibrary, trials: ModuleType) -> None:
    words = synthesise("Your flight is late.", "en")
    hearings = trials.listen(bank, call(words), expected=[[MENU]])
    match = only(hearings)
    assert (match.key, match.verdict) == (("", ""), Verdict.unknown)
    assert match.start_s == pytest.approx(0.45, abs=0.06)
    assert match.end_s == pytest.approx(0.35 + len(words) / 8000, abs=0.1)


def test_long_unknown_speech_is_told_once_before_it_ends(bank: PromptLibrary, trials: ModuleType) -> None:
    words = synthesise(
        "A table for six people at seven tonight under the name of Anderson please and two more tomorrow for the others", "en"
    )
    hearings = trials.listen(bank, call(words), expected=[[MENU]])
    final = next(hearing for hearing in hearings if isinstance(hearing, Heard))
    assert final.match.verdict is Verdict.unknown
    assert final.at_s < 4.2 < len(words) / 8000


def test_a_prompt_after_unknown_speech(bank: PromptLibrary, trials: ModuleType) -> None:
    samples = call(synthesise("Your flight is late.", "en"), sound(bank, ("enter_pin", "en")))
    assert said(trials.listen(bank, samples, expected=[[("enter_pin", "en")]])) == [("", "unknown"), ("enter_pin", "match")]


def test_silence_and_idle_noise_say_nothing(bank: PromptLibrary, trials: ModuleType) -> None:
    idle = (np.random.default_rng(1).integers(-1, 2, 40000) * 8).astype(np.int16)
    assert trials.listen(bank, quiet(5), expected=[[MENU]]) == []
    assert trials.listen(bank, idle, expected=[[MENU]]) == []


def test_steady_noise_is_no_speech(bank: PromptLibrary, trials: ModuleType) -> None:
    noise = np.random.default_rng(2).normal(0, 800, 40000).astype(np.int16)
    assert said(trials.listen(bank, call(noise), expected=[[MENU]])) == []


def test_music_is_no_prompt(bank: PromptLibrary, trials: ModuleType) -> None:
    at = np.arange(8000 * 6) / 8000
    notes = [220 * 2 ** (step / 12) for step in (0, 4, 7, 12, 7, 4, 0, 5, 9, 12, 9, 5)]
    melody = sum(np.sin(2 * np.pi * at * np.repeat(notes, 4000)[: len(at)] * harmonic) / harmonic for harmonic in (1, 2, 3, 4))
    music = (melody * 4000 * (0.3 + np.exp(-3 * (at % 0.5)))).astype(np.int16)
    hearings = trials.listen(bank, call(music), expected=[[MENU]])
    assert not any(isinstance(hearing, Recognised) for hearing in hearings)
    assert {verdict for _, verdict in said(hearings)} <= {"unknown", "inconclusive"}


def test_a_beep_and_ringing_are_tones_not_speech(bank: PromptLibrary, trials: ModuleType) -> None:
    hearings = trials.listen(bank, call(beep(), quiet(0.5), ringback()[: 8000 * 3]), expected=[[MENU]])
    assert said(hearings) == []
    tone = next(hearing for hearing in hearings if isinstance(hearing, ToneHeard))
    assert tone.start_s == pytest.approx(0.4, abs=0.03)
    assert tone.end_s == pytest.approx(0.4 + len(beep()) / 8000, abs=0.03)


def test_a_recording_under_two_names(trials: ModuleType) -> None:
    samples = synthesise("One moment while we look that up.", "en")
    other = synthesise("Please say your name after the tone.", "en")
    library = PromptLibrary([Recording("wait", "en", samples), Recording("patience", "en", samples.copy()), Recording("name", "en", other)])
    assert library.index.identical(("wait", "en")) == (("patience", "en"),)
    match = only(trials.listen(library, call(samples), expected=[[("patience", "en")]]))
    assert (match.prompt, match.verdict, match.runner_up) == ("patience", Verdict.match, ("wait", "en"))
    assert only(trials.listen(library, call(samples))).verdict is Verdict.ambiguous


def test_a_recording_under_three_names_may_be_any_of_them(trials: ModuleType) -> None:
    samples = synthesise("One moment while we look that up.", "en")
    library = PromptLibrary([Recording(name, "en", samples.copy()) for name in ("wait", "patience", "stay")])
    match = only(trials.listen(library, call(samples)))
    assert match.verdict is Verdict.ambiguous
    assert sorted(match.candidates) == [("patience", "en"), ("stay", "en"), ("wait", "en")]


@pytest.mark.parametrize("block", [37, 160, 801, 40000])
def test_the_size_of_blocks_changes_nothing(bank: PromptLibrary, trials: ModuleType, block: int) -> None:
    samples = call(sound(bank, ("welcome", "en"), ("enter_card", "en")), synthesise("Nothing like it.", "en"))
    assert trials.listen(bank, samples, block=block) == trials.listen(bank, samples, block=400)


def test_our_own_keys_are_masked(bank: PromptLibrary) -> None:
    samples = call(sound(bank, ("hold_long", "en")))
    at = np.arange(1600) / 8000
    tone = 8000 * (np.sin(2 * np.pi * 697 * at) + np.sin(2 * np.pi * 1209 * at))
    samples[16000:17600] = np.clip(samples[16000:17600] + tone, -32768, 32767).astype(np.int16)
    verdicts = []
    for masked in (False, True):
        matcher = Matcher(bank)
        matcher.expect([("hold_long", "en")])
        if masked:
            matcher.mask(2.0, 2.2)
        hearings = matcher.feed(samples, np.zeros(len(samples), np.bool_)) + matcher.finish()
        verdicts.append(next(hearing.match.verdict for hearing in hearings if isinstance(hearing, Heard)))
    # All of the recording is there beneath the tone.
    assert verdicts == [Verdict.inconclusive, Verdict.match]


@pytest.mark.parametrize("told_after_s", [0.05, 0.3, 0.8])
def test_what_is_known_late_to_be_lost_is_forgiven(bank: PromptLibrary, told_after_s: float) -> None:
    samples = call(sound(bank, ("hold_long", "en")))
    samples[16000:17440] = 0
    matcher = Matcher(bank)
    matcher.expect([("hold_long", "en")])
    told = 17440 + int(told_after_s * 8000)
    hearings = matcher.feed(samples[:told], np.zeros(told, np.bool_))
    matcher.mask(2.0, 2.18)
    hearings += matcher.feed(samples[told:], np.zeros(len(samples) - told, np.bool_)) + matcher.finish()
    assert said(hearings) == [("hold_long", "match")]


def test_expecting_what_is_not_in_the_library(bank: PromptLibrary) -> None:
    with pytest.raises(KeyError, match="'nothing', 'en'"):
        Matcher(bank).expect([("nothing", "en")])
