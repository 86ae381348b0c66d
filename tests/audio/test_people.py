"""The matcher on people's recordings: a few trials of `tests.bench.hearing.human`, where Debian's packages of them are installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.hearing import Verdict
from ivrtest.audio.prompts import PromptLibrary, Recording
from tests.bench.hearing import asterisk_sounds, human, people, trials
from tests.bench.hearing.line import Condition, joined, silence, through

ALLISON = asterisk_sounds.VOICES[0]
needs_sounds = pytest.mark.skipif(
    not (asterisk_sounds.ROOT / "sounds" / ALLISON.folder).is_dir() or not (asterisk_sounds.ROOT / "moh").is_dir(),
    reason=f"people's recordings are not installed: apt-get install {ALLISON.package} {asterisk_sounds.MUSIC_PACKAGE}",
)


# In one process: to read the voice takes longer than all trials with it.
@needs_sounds
@pytest.mark.xdist_group("people")
@pytest.mark.parametrize("kind", ["e", "a", "o", "w", "d", "t", "u", "s"])
def test_nothing_false_is_said_of_people_on_a_clean_line(kind: str) -> None:
    material = people.material(ALLISON, asterisk_sounds.ROOT)
    outcomes = [human.KINDS[kind](material, Condition("clean"), index * 17, np.random.default_rng([1, index])) for index in range(12)]
    assert [outcome.note for outcome in outcomes if outcome.wrong] == []
    assert sum(outcome.right for outcome in outcomes) >= 8


@needs_sounds
def test_a_short_digit_in_noise_is_heard_also_while_a_longer_one_may_go_on() -> None:
    sounds = asterisk_sounds.sounds(ALLISON, asterisk_sounds.ROOT)
    six, thousand = sounds["digits/6"], sounds["digits/thousand"]
    spoken = {"you_have": sounds["vm-youhave"], "6": six, "600": joined(six, sounds["digits/hundred"]), "thousand": thousand}
    library = PromptLibrary([Recording(name, "en", samples) for name, samples in spoken.items()])
    row = [("you_have", "en"), ("6", "en"), ("thousand", "en"), ("6", "en")]
    said = joined(*(part for name, _ in row for part in (spoken[name], silence(0.1))), silence(1.0))
    for seed in range(4):
        samples, lost = through(said, Condition("noise", noise_db=20), np.random.default_rng(seed))
        hearings = trials.listen(library, samples, lost, expected=[row[at:] for at in range(4)])
        assert [(heard.match.key, heard.match.verdict) for heard in trials.heard(hearings)] == [(key, Verdict.match) for key in row]


def test_what_is_absent_is_told_with_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "moh").mkdir()
    for voice in asterisk_sounds.VOICES[1:]:
        (tmp_path / "sounds" / voice.folder).mkdir(parents=True)
    assert asterisk_sounds.absent(tmp_path) == (
        f'no sounds of asterisk-core-sounds-en-wav in "{tmp_path}". install them (apt-get install asterisk-core-sounds-en-wav '
        "asterisk-core-sounds-es-wav asterisk-core-sounds-fr-wav asterisk-core-sounds-it-wav asterisk-core-sounds-ru-wav "
        "asterisk-moh-opsound-wav asterisk-prompt-es-co asterisk-prompt-fr-armelle asterisk-prompt-it-menardi-wav), or name the folder "
        'that holds "sounds" and "moh"'
    )
    (tmp_path / "sounds" / asterisk_sounds.VOICES[0].folder).mkdir()
    assert asterisk_sounds.absent(tmp_path) == ""
