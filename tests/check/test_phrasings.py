"""How well menus are read: phrasings as they are heard on the telephone, and the keys that each asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrtest.check.announcements import announcements
from ivrtest.check.vocabulary import KNOWN

PHRASINGS = Path(__file__).with_name("phrasings")
LEAST = 35
"""Phrasings a language."""


def phrasings(language: str) -> list[tuple[frozenset[str], str]]:
    """Return the lines of a language's file: the keys that are asked for, and the words."""
    lines = (PHRASINGS / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return [(frozenset(keys.split()), words) for keys, _, words in (line.partition("| ") for line in lines)]


@pytest.mark.parametrize("language", KNOWN)
def test_all_keys_are_read_and_no_other(language: str) -> None:
    cases = phrasings(language)
    read = [frozenset(told.key for told in announcements(words, language)) for _, words in cases]
    asked = sum(len(keys) for keys, _ in cases)
    found = sum(len(keys) for keys in read)
    right = sum(len(keys & seen) for (keys, _), seen in zip(cases, read, strict=True))
    print(f"{language}: {len(cases)} phrasings, precision {right} of {found}, recall {right} of {asked}")
    wrong = [(words, sorted(keys), sorted(seen)) for (keys, words), seen in zip(cases, read, strict=True) if keys != seen]
    assert wrong == []
    assert (right, right) == (found, asked)


@pytest.mark.parametrize("language", KNOWN)
def test_there_are_many_phrasings_with_keys_and_without(language: str) -> None:
    cases = phrasings(language)
    assert len({words for _, words in cases}) == len(cases) >= LEAST
    assert sum(1 for keys, _ in cases if not keys) >= 10


def test_every_language_has_its_phrasings() -> None:
    assert tuple(sorted(path.stem for path in PHRASINGS.iterdir())) == KNOWN
