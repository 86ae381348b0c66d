"""What a line does to speech is told as that, not as other words: it is too loud, too soft, uneven, of another law, at a wrong clock."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.distortion import is_of_other_law
from ivrtest.audio.hearing import Doubt, Heard, Match, Verdict
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from tests.bench.hearing import spliced, trials
from tests.bench.hearing.levels import LEVELS
from tests.bench.hearing.line import RATE, Condition, Samples, joined, silence, through

MENU = "Welcome to the bank. For your balance, press one. For cards, press two. To speak to a person, press zero."
OTHER = "Welcome to the bank. For your balance, press nine. For cards, press two. To speak to a person, press zero."
STRANGER = "The library is closed on Sundays, and nobody knows who has the key."
SAID = {"menu": MENU, "hours": "We are open from nine to five.", "thanks": "Thank you for calling."}
LIBRARY = PromptLibrary([Recording(name, "en", synthesise(words, "en"), words) for name, words in SAID.items()])


def line(name: str) -> Condition:
    return next(condition for condition in LEVELS if condition.name == f"D {name}")


def heard(said: Samples, condition: Condition, expected: str = "menu") -> list[Match]:
    samples, lost = through(joined(silence(0.4), said, silence(1.6)), condition, np.random.default_rng(1))
    hearings = trials.listen(LIBRARY, samples, lost, expected=[[(expected, "en")]])
    return [hearing.match for hearing in hearings if isinstance(hearing, Heard)]


@pytest.mark.parametrize(
    ("name", "doubt"),
    [
        ("26 dB too loud", Doubt.clipping),
        ("12 dB steps", Doubt.level),
        ("A-law as mu-law", Doubt.codec),
        ("mu-law as A-law", Doubt.codec),
    ],
)
@pytest.mark.parametrize("words", [MENU, OTHER, STRANGER], ids=["right", "changed", "stranger"])
def test_what_the_line_spoils_is_left_open_with_the_reason(name: str, doubt: Doubt, words: str) -> None:
    matches = heard(synthesise(words, "en"), line(name))
    assert [match.prompt for match in matches if match.verdict is Verdict.match] in ([], ["menu"] if words == MENU else [])
    if words == MENU:
        assert {match.verdict for match in matches} <= {Verdict.match, Verdict.inconclusive}
        assert [match.doubt for match in matches if match.verdict is Verdict.inconclusive][:1] in ([doubt], [])


@pytest.mark.parametrize("name", ["-45 dBov", "off the middle", "hum -30 dBov", "sign reversed", "1 % fast", "1 % slow"])
def test_what_spoils_nothing_changes_nothing(name: str) -> None:
    assert [(match.prompt, match.verdict) for match in heard(synthesise(MENU, "en"), line(name))] == [("menu", Verdict.match)]
    (changed, *_) = heard(synthesise(OTHER, "en"), line(name))
    assert (changed.prompt, changed.verdict) == ("menu", Verdict.diverged)


def test_speech_is_not_taken_for_the_other_law_by_its_sound() -> None:
    for number, recording in enumerate(LIBRARY.recordings()):
        for noise_db in (None, 20, 10, 0):
            condition = Condition("", noise_db=noise_db)
            samples, _ = through(recording.samples, condition, np.random.default_rng(number))
            assert not is_of_other_law(samples), (recording.key, noise_db)
            for name in ("A-law as mu-law", "mu-law as A-law"):
                wrong, _ = through(recording.samples, line(name), np.random.default_rng(number))
                assert is_of_other_law(wrong), (recording.key, name)


def test_unknown_speech_as_soft_as_the_softer_recordings_is_told_of() -> None:
    soft = {"hours": 0.4, "thanks": 0.4, "menu": 1.0}
    spoken = {name: (LIBRARY.get(name, "en"), share) for name, share in soft.items()}
    library = PromptLibrary(
        [Recording(name, "en", np.rint(one.samples * share).astype(np.int16)) for name, (one, share) in spoken.items() if one]
    )
    menu = library.get("menu", "en")
    assert menu is not None
    stranger = np.rint(synthesise(STRANGER, "en") * 0.4).astype(np.int16)
    said = joined(silence(0.4), menu.samples, silence(0.5), stranger, silence(1.6))
    samples, lost = through(said, Condition("clean"), np.random.default_rng(1))
    hearings = trials.listen(library, samples, lost, expected=[[("menu", "en")], [("hours", "en")]])
    verdicts = [hearing.match.verdict for hearing in hearings if isinstance(hearing, Heard)]
    assert verdicts == [Verdict.match, Verdict.unknown]


def test_of_a_recording_half_a_second_is_enough_to_see_that_its_beginning_is_missing() -> None:
    thanks = LIBRARY.get("thanks", "en")
    assert thanks is not None
    sounding = np.flatnonzero(spliced.levels(thanks.samples) > spliced.level_db(thanks.samples) - 20)
    rest = thanks.samples[int(sounding[-55]) * spliced.FRAME :]
    (match,) = heard(rest, Condition("clean"), "thanks")
    assert (match.prompt, match.verdict) == ("thanks", Verdict.diverged)
    assert match.resumed is not None
    assert abs(match.resumed.from_s - int(sounding[-55]) * spliced.FRAME / RATE) < 0.05
