"""A limit that was measured for a line takes the place of the usual one, within bounds; no changed word passes by it."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard, Hearing, Verdict
from ivrtest.audio.judge import GOOD_DB, HIGHEST_LIMIT_DB, LOWEST_LIMIT_DB
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.revoiced import ear_for
from tests.bench.hearing.interference import clipped
from tests.bench.hearing.line import Condition, Samples, joined, silence, through
from tests.bench.hearing.trials import tuning

LINES = (
    Condition("G.711"),
    Condition("noise", noise_db=20),
    Condition("small speaker", band=(500, 2600), noise_db=25),
    Condition("clipping", box=clipped),
)


def hear(library: PromptLibrary, samples: Samples, key: Key, limit_db: float, line: Condition) -> list[Hearing]:
    call, lost = through(joined(silence(1), samples, silence(1)), line, np.random.default_rng(7))
    matcher = Matcher(library, limit_db=limit_db)
    matcher.expect([key])
    return [*matcher.feed(call, lost), *matcher.finish()]


def verdicts(hearings: list[Hearing], key: Key) -> list[Verdict]:
    return [hearing.match.verdict for hearing in hearings if isinstance(hearing, Heard) and hearing.match.key == key]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_no_changed_word_passes_by_the_highest_limit(line: Condition) -> None:
    material = tuning()
    assert len(material.changed) >= 5
    for key, said in material.changed.items():
        assert Verdict.match not in verdicts(hear(material.library, said, key, HIGHEST_LIMIT_DB, line), key), key


@pytest.mark.parametrize("limit_db", [LOWEST_LIMIT_DB, HIGHEST_LIMIT_DB])
def test_right_recordings_pass_by_every_limit(limit_db: float) -> None:
    material = tuning()
    for key in material.long[:8]:
        recording = material.library.get(*key)
        assert recording is not None
        assert verdicts(hear(material.library, recording.samples, key, limit_db, LINES[0]), key) == [Verdict.match]


def test_what_a_clipping_box_made_of_a_recording_is_told_by_the_limit_of_its_line() -> None:
    library = tuning().library
    found = {}
    for limit_db in (LOWEST_LIMIT_DB, GOOD_DB, HIGHEST_LIMIT_DB):
        for key in (("choose_language", "mul"), ("enter_account", "en")):
            recording = library.get(*key)
            assert recording is not None
            found[key[0], limit_db] = verdicts(hear(library, recording.samples, key, limit_db, LINES[-1]), key)
    unsure, right = [Verdict.inconclusive], [Verdict.match]
    assert found == {
        ("choose_language", LOWEST_LIMIT_DB): unsure,
        ("enter_account", LOWEST_LIMIT_DB): unsure,
        ("choose_language", GOOD_DB): right,
        ("enter_account", GOOD_DB): unsure,
        ("choose_language", HIGHEST_LIMIT_DB): right,
        ("enter_account", HIGHEST_LIMIT_DB): right,
    }


@pytest.mark.parametrize("limit_db", [2.3, 4.1, float("nan")])
def test_a_limit_beyond_all_lines_is_refused(limit_db: float) -> None:
    with pytest.raises(ValueError, match=rf"^a limit of {limit_db:g} dB is none. it must be from 2.4 to 4 dB$"):
        ear_for(tuning().library, limit_db=limit_db)
