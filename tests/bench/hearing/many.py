"""A library of more than 300 prompts in seven languages, and what is said besides: see `texts_many`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import DIGIT_WORDS, synthesise
from tests.bench.hearing import texts, texts_blind, texts_final
from tests.bench.hearing.texts_many import LANGUAGES, Language
from tests.bench.hearing.trials import Material

_DIGITS: Final = {
    (False, False): ("en", "de"),
    (False, True): ("en", "de"),
    (True, False): ("fr", "nl"),
    (True, True): ("es", "pt"),
}
"""Languages that have digits, by (blind, final)."""
_STRANGERS: Final = (10, 11, 12, 13, 14, 15, 20, 30, 40, 50, 60)
"""Numbers of one word. Greater ones hold digits that a voice says as it does alone."""


@lru_cache(maxsize=1)
def many(*, final: bool, blind: bool = False, voice: str = "") -> Material:
    """Return one half: what thresholds are chosen on, or what figures are looked at on; or `blind`, what is listened to once.

    `voice`: a variant, such as "f4", in which all is spoken instead.
    """
    languages = texts_blind.BLIND if blind else LANGUAGES
    voices = {name: _varied(language.voices[final], voice) for name, language in languages.items()}
    recordings = [
        Recording(prompt, name, synthesise(words, voices[name]), words)
        for name, language in languages.items()
        for prompt, words in _prompts(language, final)
    ]
    recordings += [
        Recording(f"digits/{digit}", name, synthesise(words, voices[name]), words)
        for name in _DIGITS[blind, final]
        for digit, words in enumerate(DIGIT_WORDS[name])
    ]
    changed = {
        (prompt, name): synthesise(words, voices[name])
        for name, language in languages.items()
        for prompt, words in _changed(language, final)
    }
    said = texts_blind.UNKNOWN if blind else texts_final.UNKNOWN if final else texts.UNKNOWN
    unknown = tuple(synthesise(words, _varied(speaker, voice)) for speaker, words in said)
    numbers = {name: tuple(synthesise(str(number), voices[name]) for number in _STRANGERS) for name in _DIGITS[blind, final]}
    return Material(PromptLibrary(recordings), changed, unknown, "closed_0", numbers)


def _varied(voice: str, variant: str) -> str:
    return f"{voice.partition('+')[0]}+{variant}" if variant else voice


def thousands(copies: int) -> PromptLibrary:
    """Return the library `copies` times over, each copy in other voices: what throughput is measured on."""
    variants = ("", "+m1", "+m3", "+m5", "+m7", "+f1", "+f2", "+f4", "+f5")
    return PromptLibrary(
        [
            Recording(f"{prompt}{variant}", name, synthesise(words, language.voices[0].partition("+")[0] + variant), words)
            for variant in variants[:copies]
            for name, language in LANGUAGES.items()
            for prompt, words in _prompts(language, False)
        ]
    )


def _own(final: bool, count: int) -> range:
    """Return the places in a list that belong to one half."""
    return range(count // 2, count) if final else range(count // 2)


def _prompts(language: Language, final: bool) -> Iterator[tuple[str, str]]:
    for service in _own(final, 10):
        for number in _own(final, 10):
            yield f"menu_{service}_{number}", language.choice.format(language.services[service], language.numbers[number])
    for thing in _own(final, 6):
        yield f"enter_{thing}", language.enter.format(language.things[thing])
    for day in _own(final, 6):
        yield f"closed_{day if not final else day - 3}", language.closed.format(language.days[day])
    for index, sentence in enumerate(language.sentences):
        for service in list(_own(final, 10))[index % 4 :][:2]:
            yield f"sentence_{index}_{service}", sentence.format(language.services[service])


def _changed(language: Language, final: bool) -> Iterator[tuple[str, str]]:
    """Yield prompts with a word of the other half in them, so that the library has nothing like it."""
    own, other = list(_own(final, 10)), list(_own(not final, 10))
    for place in range(5):
        words = language.choice.format(language.services[own[place]], language.numbers[other[place]])
        yield f"menu_{own[place]}_{own[place]}", words
    yield f"enter_{_own(final, 6)[0]}", language.enter.format(language.things[_own(not final, 6)[0]])
    yield "closed_1", language.closed.format(language.days[_own(not final, 6)[1]])
    for index in (2, 4, 6):
        yield f"sentence_{index}_{own[index % 4]}", language.sentences[index].format(language.services[other[index % 4]])
