"""Searching for several calls at once: each hears what it hears by itself, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.audio.hearing import Ear, Heard, Hearing, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.revoiced import ear_for
from ivrtest.audio.search import PATCH_STEP, PLACE_STEP, Patches, likeness, rounded, together
from ivrtest.audio.spectrum import Samples

DIMENSIONS = 36


def directions(count: int, step: float, random: np.random.Generator) -> Patches:
    """Return rows of length one."""
    rows = random.normal(0, random.uniform(0.01, 1, DIMENSIONS), (count, DIMENSIONS))
    return rounded((rows / np.sqrt(np.square(rows).sum(axis=1, keepdims=True))).astype(np.float32), step)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 9000))
@settings(max_examples=40)
def test_likeness_is_exact_however_much_is_computed_at_once(seed: int, patches: int, places: int) -> None:
    random = np.random.default_rng(seed)
    some, all_places = directions(patches, PATCH_STEP, random), directions(places, PLACE_STEP, random).T.copy()
    # What is alike adds up to the most that there can be.
    all_places[:, : min(patches, places)] = rounded(some[: min(patches, places)], PLACE_STEP).T
    exact = some.astype(np.float64) @ all_places.astype(np.float64)
    assert np.abs(exact).max() < 1.01
    np.testing.assert_array_equal(likeness(all_places, some), exact)


@given(st.integers(0, 2**32 - 1), st.sampled_from([PLACE_STEP, PATCH_STEP]))
def test_what_is_rounded_hardly_changes(seed: int, step: float) -> None:
    values = np.random.default_rng(seed).uniform(-1, 1, 1000).astype(np.float32)
    near = rounded(values, step)
    assert np.abs(near - values).max() <= step / 2
    assert np.all(near / np.float32(step) == np.rint(near / np.float32(step)))


class Line:
    """A call whose sound comes in blocks of its own length, with some of them lost, keys pressed, and what is expected changing."""

    def __init__(self, library: PromptLibrary, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        recordings = library.recordings()
        self._keys = [recording.key for recording in recordings]
        said = [recordings[int(number)].samples for number in self._random.choice(len(recordings), 2)]
        sound = np.concatenate([np.zeros(int(self._random.integers(4000)), np.int16), said[0], np.zeros(4000, np.int16), said[1]])
        self._sound = np.clip(sound + self._random.normal(0, 20, len(sound)), -32768, 32767).astype(np.int16)[:32000]
        self._block = int(self._random.choice([160, 800, 1000, 5000]))
        self._at = 0
        self.ear: Ear = Matcher(library) if seed % 2 else ear_for(library)

    def block(self) -> tuple[Samples, np.ndarray[tuple[int], np.dtype[np.bool_]]] | None:
        """Return the next samples, and which of them are lost; None at the end."""
        samples = self._sound[self._at : self._at + self._block].copy()
        if not len(samples):
            return None
        lost = np.zeros(len(samples), np.bool_)
        lost[:160] = self._random.random() < 0.02
        samples[lost] = 0
        odd = self._random.random()
        if odd < 0.01:
            self.ear.mask(max(0, self._at / 8000 - 0.2), self._at / 8000)
        elif odd < 0.02:
            self.ear.pressed(self._at / 8000)
        elif odd < 0.1:
            self.ear.expect([self._keys[int(number)] for number in self._random.choice(len(self._keys), 3)] if odd < 0.07 else None)
        self._at += len(samples)
        return samples, lost


def by_itself(library: PromptLibrary, seed: int) -> list[Hearing]:
    line = Line(library, seed)
    heard: list[Hearing] = []
    while (block := line.block()) is not None:
        heard += line.ear.feed(*block)
    return heard + line.ear.finish()


def at_once(libraries: list[PromptLibrary], seeds: list[int], random: np.random.Generator) -> list[list[Hearing]]:
    """Listen to calls in rounds: in each it is left to chance which of them are listened to, and in which order."""
    lines = [Line(library, seed) for library, seed in zip(libraries, seeds, strict=True)]
    heard: list[list[Hearing]] = [[] for _ in lines]
    left = set(range(len(lines)))
    while left:
        due = [int(number) for number in random.permutation(sorted(left))][: int(random.integers(1, len(left) + 1))]
        blocks = {number: lines[number].block() for number in due}
        left -= {number for number, block in blocks.items() if block is None}
        feeding = ((number, lines[number].ear.feeding(*block)) for number, block in blocks.items() if block is not None)
        for number, hearings in together(feeding):
            heard[number] += hearings
    return [hearings + line.ear.finish() for hearings, line in zip(heard, lines, strict=True)]


@given(st.sampled_from([1, 2, 17]), st.integers(0, 2**16))
@settings(max_examples=4)
def test_calls_hear_at_once_what_each_hears_by_itself(bank: PromptLibrary, calls: int, seed: int) -> None:
    seeds = list(range(seed, seed + calls))
    heard = at_once([bank] * calls, seeds, np.random.default_rng(seed))
    assert heard == [by_itself(bank, one) for one in seeds]


def test_calls_with_several_libraries_share_what_they_can(bank: PromptLibrary) -> None:
    others = PromptLibrary(bank.recordings()[::-1])
    libraries = [bank, others, bank, others, bank]
    heard = at_once(libraries, list(range(5)), np.random.default_rng(5))
    assert heard == [by_itself(library, seed) for seed, library in enumerate(libraries)]
    assert sum(isinstance(hearing, Heard) and hearing.match.verdict is Verdict.match for hearings in heard for hearing in hearings) >= 5


def test_what_needs_no_search_is_answered_first(bank: PromptLibrary) -> None:
    recording = bank.recordings()[0]
    speaking, silent = Matcher(bank), Matcher(bank)
    said = recording.samples[recording.samples.nonzero()[0][0] :][:8000]
    sound = {"speaking": said, "silent": np.zeros(8000, np.int16)}
    feeding = [
        (who, ear.feeding(sound[who], np.zeros(len(sound[who]), np.bool_))) for who, ear in (("speaking", speaking), ("silent", silent))
    ]
    assert [who for who, _ in together(feeding)] == ["silent", "speaking"]
