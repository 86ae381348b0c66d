"""Short recordings in a row, as numbers are spoken: none is passed over, none is taken for the beginning of a longer one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.hearing import Heard, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.pcm import Samples
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from tests.bench.hearing.interference import babble
from tests.bench.hearing.line import Condition, joined, silence, through
from tests.bench.hearing.trials import bank, heard, listen

GAP = np.zeros(800, np.int16)
TOTAL, GOODBYE = synthesise("Your total is", "en"), synthesise("Thank you. Goodbye.", "en")


def hear(
    library: dict[str, Samples], expected: Sequence[str], said: Samples, lost: Sequence[tuple[int, int]] = ()
) -> list[tuple[str, Verdict]]:
    """Return what is heard over G.711; `lost`: stretches of samples that do not arrive."""
    samples = ulaw_decode(ulaw_encode(np.concatenate([said, np.zeros(12000, np.int16)])))
    gone = np.zeros(len(samples), np.bool_)
    for start, end in lost:
        gone[start:end] = True
    samples[gone] = 0
    matcher = Matcher(PromptLibrary([Recording(name, "en", sound) for name, sound in library.items()]))
    found: list[tuple[str, Verdict]] = []
    for start in range(0, len(samples), 160):
        # As a step that hears a row: what was heard is waited for no more.
        matched = sum(verdict is Verdict.match for _, verdict in found)
        matcher.expect([(name, "en") for name in expected[matched:]])
        hearings = matcher.feed(samples[start : start + 160], gone[start : start + 160])
        found += [(hearing.match.prompt, hearing.match.verdict) for hearing in hearings if isinstance(hearing, Heard)]
    return found + [(hearing.match.prompt, hearing.match.verdict) for hearing in matcher.finish() if isinstance(hearing, Heard)]


@pytest.mark.parametrize("digit", ["three", "nine", "five"])
@pytest.mark.parametrize("kept", [0.25, 0.35, 0.45, 0.6])
def test_what_losses_leave_of_a_digit_said_twice_is_not_passed_over(digit: str, kept: float) -> None:
    sound = synthesise(digit, "en")
    library = {"total": TOTAL, "digit": sound, "four": synthesise("four", "en"), "goodbye": GOODBYE}
    said = np.concatenate([TOTAL, GAP, sound, GAP, sound, GAP, GOODBYE])
    second = len(TOTAL) + 2 * len(GAP) + len(sound)
    middle = second + len(sound) // 2
    half = int(len(sound) * (1 - kept) / 2) // 160 * 160
    found = hear(library, ["total", "digit", "goodbye"], said, [(middle // 160 * 160 - half, middle // 160 * 160 + half)])
    assert found != [("total", Verdict.match), ("digit", Verdict.match), ("goodbye", Verdict.match)]
    assert ("goodbye", Verdict.match) == found[-1]


@pytest.mark.parametrize("softer_db", [0, 8, 14])
def test_a_soft_beginning_of_a_longer_number_is_not_taken_for_all_of_it(softer_db: float) -> None:
    six, hundred = np.rint(synthesise("six", "en") * 10 ** (-softer_db / 20)).astype(np.int16), synthesise("hundred", "en")
    whole = np.concatenate([six, np.zeros(1600, np.int16), hundred])
    library = {"total": TOTAL, "6": six, "600": whole, "100": hundred, "goodbye": GOODBYE}
    said = np.concatenate([TOTAL, GAP, whole, GAP, GOODBYE])
    found = hear(library, ["total", "600", "goodbye"], said)
    assert found == [("total", Verdict.match), ("600", Verdict.match), ("goodbye", Verdict.match)]


def test_the_shorter_number_is_known_where_the_longer_one_is_due() -> None:
    six, hundred = synthesise("six", "en"), synthesise("hundred", "en")
    library = {"total": TOTAL, "6": six, "600": np.concatenate([six, np.zeros(1600, np.int16), hundred]), "goodbye": GOODBYE}
    said = np.concatenate([TOTAL, GAP, six, np.zeros(8000, np.int16), GOODBYE])
    found = hear(library, ["total", "600", "goodbye"], said)
    assert ("600", Verdict.match) not in found
    assert ("6", Verdict.match) in found


def hear_digits_beside_talkers(seed: int, below_db: float) -> list[tuple[str, Verdict]]:
    """Return what is heard of a sentence and six digits with four people talking behind them, each waited for in its turn."""
    library, random = bank(), np.random.default_rng(seed)
    keys = [("balance_is", "es"), *((f"digits/{digit}", "es") for digit in random.integers(0, 10, 6))]
    said = {recording.key: recording.samples for recording in library.recordings()}
    line = Condition("talkers", noise_db=below_db, noise=babble)
    samples, lost = through(joined(silence(0.4), *(said[key] for key in keys), silence(1.6)), line, random)
    found = heard(listen(library, samples, lost, expected=[[key] for key in keys]))
    return [(hearing.match.prompt, hearing.match.verdict) for hearing in found]


@pytest.mark.parametrize(
    ("seed", "below_db", "known"),
    [(1, 10, 2), (0, 15, 4), (3, 15, 3)],
    ids=["taken for speech of others", "passed over", "passed over, too"],
)
def test_digits_that_talk_behind_them_hides_are_left_open(seed: int, below_db: float, known: int) -> None:
    """Half of what follows the sentence is pauses: it is in front all the same."""
    found = hear_digits_beside_talkers(seed, below_db)
    assert [verdict for _, verdict in found if verdict is not Verdict.match] == [Verdict.inconclusive]
    assert len(found) <= known + 1
