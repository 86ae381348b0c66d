"""Music in noise so loud that it may stop, come back to its start, or be any music at all without anybody knowing."""

from __future__ import annotations

import pytest

from ivrtest.audio.hearing import MusicPlays
from ivrtest.call.listener import Tick
from ivrtest.run.buried import Levels
from ivrtest.run.scene import Percept
from tests.examples.paths import timeless
from tests.run.test_music import plays, stops, verdict

IN_NOISE = "with too much noise on the line to tell"
QUIET, NOISE, MUSIC = -75.0, -32.0, -24.0


def ticks(start: float, end: float, dbov: float) -> list[Percept]:
    return [Tick(start + (place + 1) * 0.02, dbov=dbov) for place in range(round((end - start) * 50))]


def waiting(noise: float, *beginning: MusicPlays) -> list[Percept]:
    """Return noise, then music from 4 s to 9 s, then noise for long enough to decide."""
    end = stops(4.0, 9.0, 10.0, named=beginning[-1].music.prompt != "")
    return [*ticks(2, 4, noise), *ticks(4, 6, MUSIC), *beginning, *ticks(6, 9, MUSIC), *ticks(9, 10, noise), end, *ticks(10, 20, noise)]


@pytest.mark.parametrize(
    ("step", "percepts", "told"),
    [
        (
            "music: {loops: 1, within: 3s}",
            [plays(4.0, 6.0), plays(4.0, 6.0, named=True)],
            f'music "tune" stopped at # s, {IN_NOISE}. music with 1 loop was expected',
        ),
        ("music: {for: 8s, within: 3s}", [plays(4.0, 6.0)], f"music stopped at # s, {IN_NOISE}. music for 8 s was expected"),
    ],
)
def test_how_music_went_on_is_not_told_where_noise_hides_it(step: str, percepts: list[MusicPlays], told: str) -> None:
    assert timeless(verdict(f"- {step}\n", waiting(NOISE, *percepts))) == f"error: could not tell: {told}"
    assert verdict(f"- {step}\n", waiting(QUIET, *percepts)).startswith("failed: ")


def test_which_music_it_was_is_not_told_where_noise_hides_it() -> None:
    step = "music: {for: 4s, is: tune, within: 3s}"
    heard = [*ticks(4, 6, MUSIC), plays(4.0, 6.0), *ticks(6, 20, MUSIC)]
    told = f'could not tell which music played from # s on, {IN_NOISE}. music "tune" for 4 s was expected'
    assert timeless(verdict(f"- {step}\n", [*ticks(2, 4, NOISE), *heard])) == f"error: {told}"
    told = 'the music from # s on is no recording of the flow. "tune" was expected'
    assert timeless(verdict(f"- {step}\n", [*ticks(2, 4, QUIET), *heard])) == f"failed: {told}"


def test_it_is_told_where_only_a_loop_is_missing_of_music_that_goes_on() -> None:
    step = "music: {loops: 2, within: 3s, at_most: 10s}"
    heard = [*ticks(4, 6, MUSIC), plays(4.0, 6.0, named=True), *ticks(6, 20, MUSIC)]
    told = f"could not tell: music played, after music from # s on, looped 0 times, {IN_NOISE}. music with 2 loops was expected"
    assert timeless(verdict(f"- {step}\n", [*ticks(2, 4, NOISE), *heard])) == f"error: {told}"


@pytest.mark.parametrize(("noise", "faint"), [(NOISE, True), (-60.0, False), (QUIET, False), (-40.0, False)])
def test_noise_is_what_was_there_before(noise: float, faint: bool) -> None:
    levels = Levels()
    for tick in [*ticks(0, 4, noise), *ticks(4, 8, MUSIC)]:
        assert isinstance(tick, Tick)
        assert tick.dbov is not None
        levels.add(tick.at - 0.02, tick.at, tick.dbov)
    assert levels.faint(4.0, 8.0) is faint
    assert not levels.faint(0.0, 8.0), "nothing was there before"
