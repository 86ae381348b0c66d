"""What a prompt tells the caller to press: `For English, press 1` announces key 1. Numbers in prose are not keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from ivrtest.check.vocabulary import Vocabulary, clauses, fold, sentences, vocabularies
from ivrtest.flow.model import DigitsRef, Flow, NumberRef, PromptRef, Spoken

MAX_TEXT = 5000
"""Characters of one text that are looked at. A prompt that long takes five minutes to say."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One key that a text asks for."""

    key: str
    said: str
    """The words that say what it is for, folded: `for english`."""
    language: str | None
    """The language that those words name, or None."""
    key_first: bool = field(default=False, compare=False)
    """The key is said before what it is for: `press 1 for English`."""
    words_of: str = field(default="", compare=False)
    """The language of the words that say so."""


@lru_cache(maxsize=20_000)
def announcements(text: str, language: str) -> tuple[Announcement, ...]:
    """Return the keys that `text` announces, in its order, each key once. `language` may be `mul`."""
    found: dict[str, Announcement] = {}
    for announcement in all_announcements(text, language):
        known = found.get(announcement.key)
        if known is None or (known.language is None and announcement.language is not None):
            found[announcement.key] = announcement
    return tuple(found.values())


def all_announcements(text: str, language: str) -> Iterator[Announcement]:
    """Yield every time that `text` announces a key, a key again where it is announced for several things."""
    folded = fold(text[:MAX_TEXT])
    for words in vocabularies(language):
        for sentence in sentences(folded) if words.may_ask(folded) else ():
            yield from _in_sentence(sentence, words)


def digits_named(text: str, language: str) -> frozenset[int]:
    """Return of how many digits a text speaks: 6 for `your six digit number`. Empty where it speaks of a part (`the last four digits`)."""
    found: set[int] = set()
    for words in vocabularies(language):
        for sentence in sentences(fold(text[:MAX_TEXT])):
            counts = [words.counts.get(count) or int(count) for count in words.digits.findall(sentence)]
            if counts and words.part.search(sentence):
                return frozenset()
            found.update(counts)
    return frozenset(found)


def said(spoken: Spoken, flow: Flow, language: str) -> str:
    """Return what a caller in `language` hears, as one text; what cannot be known beforehand is left out."""
    parts = []
    for part in spoken:
        match part:
            case PromptRef():
                prompt = flow.prompts.get(part.prompt)
                spoken_in = prompt.language_for(language) if prompt else None
                parts.append(prompt.words[spoken_in] if prompt and spoken_in else "")
            case DigitsRef(variable=value):
                parts.append(value if value.isdigit() else "")
            case NumberRef(value=value, variable=variable):
                parts.append(value if variable is None else "")
    return " ".join(part for part in parts if part)


Named = Literal["secret", "card_code", "card_number", "payment_card"]
"""What texts are searched for: the lists of names in `words/`."""


def named_in(text: str, language: str, what: Named) -> str | None:
    """Return the first word for `what` that is in `text`, such as `pin`, or None."""
    folded = fold(text[:MAX_TEXT])
    for words in vocabularies(language):
        for name in words.names[what]:
            if name in folded and re.search(rf"\b{re.escape(name)}\b", folded):
                return name
    return None


def _in_sentence(sentence: str, words: Vocabulary) -> Iterator[Announcement]:
    found: list[tuple[int, int, list[str]]] = []
    position = 0
    verb_last = False
    while (match := words.press.search(sentence, position)) is not None:
        groups = match.groupdict()
        keys = [words.keys[_plain(groups["key"] or groups.get("key_before") or "")]]
        end = match.end()
        verb_last = verb_last or groups["key"] is None
        while groups["key"] and (more := words.more.match(sentence, end)) and not _begins_option(sentence, end, words):
            keys.append(words.keys[_plain(more["key"])])
            end = more.end()
        found.append((match.start(), end, keys))
        position = end
    if verb_last:
        # "Für Verkauf die 1, für Hilfe die 2 drücken."
        yield from _implied(list(_options(sentence[: found[0][0]], words)), words)
    yield from _explicit(sentence, words, found)
    if found:
        # What follows a key at once is what that key is for: "if you want a call between 9 and 5".
        _, *further = _options(sentence[found[-1][1] :], words)
        yield from _implied(further, words)


def _explicit(sentence: str, words: Vocabulary, found: list[tuple[int, int, list[str]]]) -> Iterator[Announcement]:
    previous = 0
    for number, (start, end, keys) in enumerate(found):
        before = sentence[previous:start].strip(" ,;")
        following = found[number + 1][0] if number + 1 < len(found) else len(sentence)
        # "For sales, press 1" says it before the key; "press 1 for sales" after it.
        what = before if re.search(r"\w{3}", before) else clauses(sentence[end:following])[0].strip()
        for key in keys:
            yield Announcement(key, what, _language_named(what, words), bool(what) and what != before, words.language)
        previous = end if what == before else following


def _implied(options: list[str], words: Vocabulary) -> Iterator[Announcement]:
    """Yield what goes without its verb: `press 1 for sales, 2 for support or 0 for help`, `for sales press 1, for help 2`."""
    for option, following in pairwise([*options, ""]):
        # "Drücken Sie die 1, um zu bestätigen, oder die 2, um abzubrechen": a comma may stand before what a key is for.
        if match := words.elliptic.fullmatch(option) or words.elliptic.fullmatch(f"{option} {following}"):
            groups = match.groupdict()
            key = words.keys[_plain(groups["key"] or groups["key_last"])]
            yield Announcement(key, option.strip(), _language_named(option, words), bool(groups["key"]), words.language)


def _options(text: str, words: Vocabulary) -> Iterator[str]:
    """Split a text at its commas, and where another option begins without one."""
    for clause in clauses(text):
        start = 0
        for match in words.between_options.finditer(clause):
            yield clause[start : match.start()]
            start = match.end()
        yield clause[start:]


def _begins_option(sentence: str, position: int, words: Vocabulary) -> bool:
    """Tell whether what follows is an option of its own (`, 2 for support`) and no further key of this one (`or 2`)."""
    following = clauses(sentence[position:].lstrip(" ,;"))[0]
    return words.elliptic.fullmatch(following) is not None


def _language_named(text: str, words: Vocabulary) -> str | None:
    for name, language in words.languages.items():
        if name in text and re.search(rf"\b{re.escape(name)}\b", text):
            return language
    return None


def _plain(said_key: str) -> str:
    return " ".join(said_key.split())
