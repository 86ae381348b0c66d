"""Numbers spoken from their recordings, heard by sound: the right one passes, another one fails where it differs."""

from __future__ import annotations

import pytest

from tests.examples.paths import timeless
from tests.run.by_sound import Held, hold
from tests.run.till import job_of


def call(language: str, kind: str, said: str, expected: str) -> Held:
    return hold(job_of(language, kind, said, expected), words=True)


@pytest.mark.parametrize(
    ("language", "kind", "value", "recordings"),
    [
        ("en", "USD", "12.30", 6),
        ("en", "number", "1114", 4),
        ("en", "number", "-3.5", 5),
        ("de", "EUR", "101.01", 7),
        ("es", "EUR", "2000000", 4),
        ("es", "number", "21021", 4),
        # "e" stands between hundreds and tens, and before the cents: two recordings that nobody can tell apart.
        ("pt", "USD", "423.76", 8),
    ],
)
def test_the_right_number_passes(language: str, kind: str, value: str, recordings: int) -> None:
    held = call(language, kind, value, value)
    assert (str(held.status), held.message, len(held.steps[0].heard)) == ("passed", "", recordings)


@pytest.mark.parametrize(
    ("language", "kind", "said", "expected", "message"),
    [
        # One is the beginning of the other.
        ("en", "number", "14", "40", 'heard "numbers/14" in "en" from # s to # s. "numbers/40" in "en" was expected, 2 of 2'),
        ("en", "number", "41", "40", 'heard "numbers/41" in "en" from # s to # s. "numbers/40" in "en" was expected, 2 of 2'),
        ("de", "number", "15", "5", 'heard "numbers/15" in "de" from # s to # s. "numbers/5" in "de" was expected, 2 of 2'),
        ("de", "number", "50", "5", 'heard "numbers/50" in "de" from # s to # s. "numbers/5" in "de" was expected, 2 of 2'),
        ("es", "number", "12", "2", 'heard "numbers/12" in "es" from # s to # s. "numbers/2" in "es" was expected, 2 of 2'),
        ("en", "number", "15", "50", 'heard "numbers/15" in "en" from # s to # s. "numbers/50" in "en" was expected, 2 of 2'),
        ("en", "number", "66", "67", 'heard "numbers/66" in "en" from # s to # s. "numbers/67" in "en" was expected, 2 of 2'),
        ("en", "USD", "12.30", "12.13", 'heard "numbers/30" in "en" from # s to # s. "numbers/13" in "en" was expected, 5 of 6'),
        ("en", "USD", "1", "2", 'heard "numbers/1" in "en" from # s to # s. "numbers/2" in "en" was expected, 2 of 3'),
        ("de", "EUR", "54", "45", 'heard "numbers/54" in "de" from # s to # s. "numbers/45" in "de" was expected, 2 of 3'),
        ("de", "number", "3", "2", 'heard "numbers/3" in "de" from # s to # s. "numbers/2" in "de" was expected, 2 of 2'),
        ("es", "number", "60", "70", 'heard "numbers/60" in "es" from # s to # s. "numbers/70" in "es" was expected, 2 of 2'),
        ("es", "EUR", "12", "12.05", 'heard "goodbye" in "es" from # s to # s. "money/and" in "es" was expected, 4 of 6'),
    ],
)
def test_another_number_fails_where_it_differs(language: str, kind: str, said: str, expected: str, message: str) -> None:
    held = call(language, kind, said, expected)
    assert (str(held.status), held.step, timeless(held.message)) == ("failed", 1, message)
