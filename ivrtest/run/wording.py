"""What should be heard as words, and a transcript beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ivrtest.audio.hearing import Verdict
from ivrtest.audio.transcript import Transcript
from ivrtest.audio.word_alignment import align
from ivrtest.audio.word_errors import ErrorRate
from ivrtest.audio.word_evidence import Weighed, weigh
from ivrtest.audio.words_heard import HIDDEN, WordDifference, WordsHeard
from ivrtest.flow.model import DigitsRef, NumberRef, Prompt, PromptRef
from ivrtest.flow.plain_words import PlainWords, is_joint, is_number_word, pieces, plain_words
from ivrtest.flow.spoken_numbers import money_words, number_words
from ivrtest.scenario.steps.hear import Hear, HeardBy

Ways = Sequence[tuple[PlainWords, ...]]
"""Piece by piece, all ways to say it."""


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Who made a transcript out, and how often it errs."""

    engine: str
    rate: ErrorRate


def wording(step: Hear, prompts: Mapping[str, Prompt], language: str) -> str:
    """Return the words that a step expects. Raises KeyError for a prompt that does not exist, NumberError for what cannot be said."""
    return " ".join(_said(step, prompts, language))


def _said(step: Hear, prompts: Mapping[str, Prompt], language: str) -> Iterator[str]:
    for sound in step.sounds:
        match sound:
            case PromptRef(prompt=name):
                prompt = prompts[name]
                yield prompt.words[prompt.language_for(language) or language]
            case DigitsRef(variable=digits):
                yield " ".join(digits)
            case NumberRef(value=value, currency=currency):
                spoken = number_words(language) | (money_words(currency, language) if currency else {})
                yield " ".join(spoken[name] for name in sound.recordings(value, language))
            case _:
                yield sound.text


def rivals_of(prompts: Mapping[str, Prompt], language: str) -> dict[str, PlainWords]:
    """Return the words of all that a flow may say to who hears `language`, by prompt."""
    spoken = ((name, prompt, prompt.language_for(language)) for name, prompt in prompts.items())
    return {name: plain_words(prompt.words[there], language) for name, prompt, there in spoken if there is not None}


def compare(
    expected: str,
    transcript: Transcript,
    language: str,
    recogniser: Recogniser,
    *,
    by: HeardBy,
    rivals: Mapping[str, PlainWords],
    discreet: bool,
) -> tuple[Weighed, WordsHeard]:
    """Hold a transcript against the words that should be heard.

    `discreet`: words that are not expected are not shown, as they may be secret keys that are spoken back.
    """
    words, plain, places = _side_by_side(expected, transcript, language)
    every = by is HeardBy.every_word
    firm = [place for place, word in enumerate(words) if every or is_number_word(word, language)]
    weighed = weigh(words, plain, recogniser.rate, rivals=rivals, firm=firm)
    if every and weighed.verdict is Verdict.match and weighed.alignment.errors:
        weighed = replace(weighed, verdict=Verdict.inconclusive)
    shown = set(range(len(transcript.words)))
    if discreet:
        shown = {places[pair.heard] for pair in weighed.alignment.pairs if pair.same and pair.heard is not None}
        shown -= {places[pair.heard] for pair in weighed.alignment.pairs if not pair.same and pair.heard is not None}
    found = WordsHeard(
        text=" ".join(word.text if place in shown else HIDDEN for place, word in enumerate(transcript.words)),
        expected=expected,
        engine=recogniser.engine,
        rate=recogniser.rate,
        errors=weighed.alignment.errors,
        of=len(words),
        differences=tuple(_differences(weighed, words, plain, places, transcript, shown)),
    )
    return weighed, found


def _side_by_side(expected: str, transcript: Transcript, language: str) -> tuple[list[str], list[str], list[int]]:
    """Return the plain words that are expected, those that were heard, and from which word of the transcript each of these is."""
    made_out = [(ways, place) for place, word in enumerate(transcript.words) for ways in pieces(word.text, language)]
    wanted, heard = _alike(list(pieces(expected, language)), [ways for ways, _ in made_out])
    plain: list[str] = []
    places: list[int] = []
    for piece, (_, place) in zip(heard, made_out, strict=True):
        for word in piece:
            if not is_joint(word, plain[-1] if plain else "", language):
                plain.append(word)
                places.append(place)
    return [word for piece in wanted for word in piece], plain, places


def _alike(expected: Ways, heard: Ways) -> tuple[list[PlainWords], list[PlainWords]]:
    """Return both rows with figures said in the ways that are most alike: all of them say the same."""
    chosen = ([ways[0] for ways in expected], [ways[0] for ways in heard])
    for side, row in enumerate((expected, heard)):
        for place, ways in enumerate(row):
            if len(ways) > 1:
                chosen[side][place] = min(ways, key=lambda way: _errors_with(chosen, side, place, way))
    return chosen


def _errors_with(chosen: tuple[list[PlainWords], list[PlainWords]], side: int, place: int, way: PlainWords) -> int:
    rows = [list(row) for row in chosen]
    rows[side][place] = way
    first, second = ([word for piece in row for word in piece] for row in rows)
    return align(first, second).errors


def _differences(
    weighed: Weighed, words: Sequence[str], plain: Sequence[str], places: Sequence[int], transcript: Transcript, shown: set[int]
) -> Iterator[WordDifference]:
    at_s = transcript.words[0].start_s if transcript.words else 0.0
    for pair in weighed.alignment.pairs:
        heard = None if pair.heard is None else transcript.words[places[pair.heard]]
        if not pair.same:
            expected = "" if pair.expected is None else words[pair.expected]
            text = "" if pair.heard is None else plain[pair.heard] if places[pair.heard] in shown else HIDDEN
            yield WordDifference(expected, text, at_s if heard is None else heard.start_s)
        at_s = at_s if heard is None else heard.end_s


def measured_errors(expected: str, transcript: Transcript, language: str) -> tuple[int, int]:
    """Return how many errors a transcript has, and how many words were said."""
    words, plain, _ = _side_by_side(expected, transcript, language)
    return align(words, plain).errors, len(words)
