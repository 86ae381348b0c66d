"""Libraries of recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.prompts import PromptLibrary, Recording, load_library
from ivrtest.audio.recording_file import write_wav
from ivrtest.audio.synthesis import Wanted, render_missing, synthesise

PROMPTS = {"choose": {"mul": "Press one."}, "menu": {"en": "Main menu.", "es": "Menú principal."}}


def test_a_flow_s_recordings_are_read_from_its_folder(tmp_path: Path) -> None:
    render_missing(
        [
            Wanted(tmp_path / "mul" / "choose.wav", "Press one.", "en"),
            Wanted(tmp_path / "en" / "menu.wav", "Main menu.", "en"),
            Wanted(tmp_path / "en" / "digits" / "7.wav", "seven", "en"),
        ]
    )
    (tmp_path / "es").mkdir()
    write_wav(tmp_path / "es" / "menu.wav", synthesise("Menú principal.", "es"))
    reading = load_library("bank", PROMPTS, ["en", "es"], tmp_path)
    assert (reading.missing, reading.problems) == ((), ())
    assert set(reading.library.keys()) == {("choose", "mul"), ("menu", "en"), ("menu", "es"), ("digits/7", "en")}
    menu, spanish = reading.library.get("menu", "en"), reading.library.get("menu", "es")
    assert menu is not None
    assert spanish is not None
    assert (menu.words, menu.path, menu.synthetic) == ("Main menu.", tmp_path / "en" / "menu.wav", True)
    assert not spanish.synthetic
    assert reading.library.get("menu", "fr") is None


def test_missing_files_are_named(tmp_path: Path) -> None:
    reading = load_library("bank", PROMPTS, ["en"], tmp_path)
    assert reading.missing == (tmp_path / "mul" / "choose.wav", tmp_path / "en" / "menu.wav", tmp_path / "es" / "menu.wav")
    assert len(reading.library) == 0
    with_digits = load_library("bank", {}, ["en"], tmp_path, digits=True)
    assert with_digits.missing == tuple(tmp_path / "en" / "digits" / f"{digit}.wav" for digit in range(10))


def test_useless_files_are_problems_not_crashes(tmp_path: Path) -> None:
    for folder in ("mul", "en", "es"):
        (tmp_path / folder).mkdir()
    write_wav(tmp_path / "mul" / "choose.wav", np.zeros(8000, np.int16))
    write_wav(tmp_path / "en" / "menu.wav", np.full(300, 9000, np.int16))
    (tmp_path / "es" / "menu.wav").write_bytes(b"")
    reading = load_library("bank", PROMPTS, [], tmp_path)
    assert reading.missing == ()
    assert reading.problems == (
        f'recording "{tmp_path}/mul/choose.wav" of flow "bank" is silent. record the words again',
        f'recording "{tmp_path}/en/menu.wav" of flow "bank" is 38 ms long; a prompt needs at least 100 ms. record the words again',
        f'recording "{tmp_path}/es/menu.wav" is empty. a recording has a header and samples',
    )


def test_a_library_refuses_what_it_could_not_match() -> None:
    samples = synthesise("Main menu.", "en")
    with pytest.raises(ValueError, match=r'^two recordings of prompt "menu" in language "en"$'):
        PromptLibrary([Recording("menu", "en", samples), Recording("menu", "en", samples)])
    with pytest.raises(ValueError, match=r'^recording of prompt "menu" in language "en" is silent$'):
        PromptLibrary([Recording("menu", "en", np.zeros(8000, np.int16))])


def test_siblings_and_when_they_can_be_told_apart(bank: PromptLibrary) -> None:
    siblings = {sibling.key: sibling for sibling in bank.index.siblings["thanks", "en"]}
    assert set(siblings) == {("goodbye", "en")}
    thanks = bank.get("thanks", "en")
    assert thanks is not None
    # "Thank you for calling." is the beginning of "Thank you for calling. Goodbye.": it must end first.
    assert siblings["goodbye", "en"].apart_s == pytest.approx(thanks.seconds - 0.05, abs=0.06)
    assert bank.index.identical(("thanks", "en")) == ()
    assert ("hold", "en") not in bank.index.siblings


@pytest.mark.parametrize("count", [0, 1, 2])
def test_small_libraries_have_an_index(count: int) -> None:
    words = ["one", "two"]
    library = PromptLibrary([Recording(f"digits/{number}", "en", synthesise(words[number], "en")) for number in range(count)])
    assert len(library.index.references) == count
