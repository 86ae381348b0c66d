"""Words as they are compared: without case and punctuation, numbers spelled out. "Press 1!" and "press one" are the same words then."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from ivrtest.flow.spoken_numbers import CURRENCIES, KNOWN, NumberError, money_words, number_words, said

_FIGURES: Final = re.compile(r"([$€£]?)\s?(-?[0-9][0-9.,]*)\s?([$€£]?)")
_MONEY: Final = {"$": "USD", "€": "EUR", "£": "GBP"}
_UNJOINED: Final = re.compile(r"[぀-ヿ㐀-鿿]")
"""Letters of scripts that put no space between words; each counts as a word."""
_APOSTROPHES: Final = dict.fromkeys(map(ord, "'’ʼ`"))
_HUNDREDS: Final = frozenset({"hundred", "thousand", "million"})
_MOST_DIGITS: Final = 9

PlainWords = tuple[str, ...]


def plain_words(text: str, language: str) -> PlainWords:
    """Return the words of a text as people say them; figures as whole numbers where that is possible, else digit by digit."""
    return tuple(word for piece in pieces(text, language) for word in piece[0])


def pieces(text: str, language: str) -> Iterator[tuple[PlainWords, ...]]:
    """Yield a text piece by piece, each in all ways to say it, never none: "1250" is a number, and four digits."""
    text = unicodedata.normalize("NFKC", text)
    place = 0
    for figures in _FIGURES.finditer(text):
        yield from (((word,),) for word in _plain(text[place : figures.start()], language))
        yield _ways(figures[1] or figures[3], figures[2].rstrip(".,"), language)
        place = figures.end()
    yield from (((word,),) for word in _plain(text[place:], language))


def is_number_word(word: str, language: str) -> bool:
    """Return whether a plain word is part of a number."""
    return word.isdigit() or word in _number_vocabulary(language.split("-")[0].lower())


def is_joint(word: str, previous: str, language: str) -> bool:
    """Return whether a word joins the parts of a number, and may as well be left out: "one hundred and five" is "one hundred five"."""
    return word == "and" and previous in _HUNDREDS and language.split("-")[0].lower() == "en"


@cache
def _number_vocabulary(language: str) -> frozenset[str]:
    if language not in KNOWN:
        return frozenset()
    spoken = {name: words for name, words in number_words(language).items() if name.removeprefix("numbers/")[:1].isdigit()}
    return frozenset(word for words in spoken.values() for word in _split(words)) - {"and", "y", "e", "et"}


def _plain(text: str, language: str) -> Iterator[str]:
    previous = ""
    for word in _split(text):
        if not is_joint(word, previous, language):
            yield word
        previous = word


def _split(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFC", text.casefold()).translate(_APOSTROPHES)
    for word in re.split(r"[\W_]+", folded):
        yield from _unjoined(word) if _UNJOINED.search(word) else ([word] if word else [])


def _unjoined(word: str) -> Iterator[str]:
    for part in re.split(f"({_UNJOINED.pattern})", word):
        if part:
            yield part


def _ways(sign: str, figures: str, language: str) -> tuple[PlainWords, ...]:
    """Return how figures can be said: as money or a number, two digits at a time, one at a time."""
    value = _value(figures)
    digits = re.sub(r"[^0-9]", "", figures)
    ways: list[PlainWords] = []
    if len(digits) <= _MOST_DIGITS and (digits == "0" or not digits.startswith("0") or "." in value):
        for currency in [_MONEY[sign]] if sign else [""]:
            if (spoken := _said(value, currency, language)) is not None:
                ways.append(spoken)
    if len(digits) == 4 and digits[0] != "0" and digits[2] != "0":
        # As years, times and house numbers are said.
        first, second = (_said(part, "", language) for part in (digits[:2], digits[2:]))
        ways += [first + second] if first is not None and second is not None else []
    if "." in value and ways:
        return tuple(ways)
    each = [_said(digit, "", language) or (digit,) for digit in digits]
    ways.append(tuple(word for words in each for word in words))
    return tuple(dict.fromkeys(ways))


def _value(figures: str) -> str:
    """Return figures with a point before decimals and nothing between thousands: 1250.5 for "1,250.5" and "1.250,5"."""
    last = max(figures.rfind("."), figures.rfind(","))
    decimals = figures[last + 1 :] if last >= 0 else ""
    both = "." in figures and "," in figures
    if last < 0 or (len(decimals) == 3 and not both) or figures.count(figures[last]) > 1:
        return re.sub(r"[.,]", "", figures)
    return f"{re.sub(r'[.,]', '', figures[:last])}.{decimals}"


def _said(value: str, currency: str, language: str) -> PlainWords | None:
    try:
        names = said(value, currency, language)
    except NumberError:
        return None
    words = _words(language.split("-")[0].lower())
    return tuple(word for name in names for word in _plain(words[name], language))


@cache
def _words(language: str) -> dict[str, str]:
    spoken = dict(number_words(language))
    for currency in CURRENCIES:
        spoken |= money_words(currency, language)
    return spoken
