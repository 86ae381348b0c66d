"""Where in a recording music is that plays in noise."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.music_place import ALIKE, MusicRecordings
from ivrtest.audio.pcm import Samples
from ivrtest.audio.tune import SECONDS, tune
from tests.bench.hearing.line import Condition, through
from tests.bench.hearing.pieces import STYLES, piece

TUNE = ("tune", "mul")
SKIPPED_S = 0.13
"""It begins between two frames."""


def in_noise(samples: Samples, noise_db: float | None) -> Samples:
    return through(samples, Condition("", noise_db=noise_db), np.random.default_rng(1))[0]


@pytest.mark.parametrize("noise_db", [None, 10, 5])
@pytest.mark.parametrize("at_s", [2.6, 3.37, 4.51])
def test_music_is_where_it_is_also_in_noise(noise_db: float | None, at_s: float) -> None:
    heard = in_noise(tune()[round(SKIPPED_S * 8000) : round(at_s * 8000)], noise_db)
    place = MusicRecordings([(TUNE, tune())]).find(heard, np.zeros(len(heard), np.bool_), at_s, ())
    assert place is not None
    assert place.began_s == pytest.approx(0, abs=0.011)


@pytest.mark.parametrize("noise_db", [None, 10, 5])
def test_other_music_is_not_taken_for_it(noise_db: float | None) -> None:
    recordings = MusicRecordings([(TUNE, tune())])
    for style in STYLES:
        heard = in_noise(piece(style, 6, 3), noise_db)
        for end in range(20000, len(heard), 8000):
            assert recordings.find(heard[:end], np.zeros(end, np.bool_), end / 8000, ()) is None


def test_where_it_should_be_it_is_found_with_a_part_of_it_lost() -> None:
    heard = in_noise(tune()[: 3 * 8000], 10)
    lost = np.zeros(len(heard), np.bool_)
    lost[12000:14400] = True
    heard[lost] = 0
    place = MusicRecordings([(TUNE, tune())]).find(heard, lost, 3.0, [(TUNE, 0.0)], known=True)
    assert place is not None
    assert place.alike > ALIKE
    assert place.began_s == pytest.approx(0, abs=0.011)
    assert MusicRecordings([(TUNE, tune())]).seconds == {TUNE: SECONDS}
