"""Numbers and amounts of money as recordings, one after another: `12.30` is "twelve", "dollars", "and", "thirty", "cents".

Every number from 0 to 99, every full hundred and a few joining words are recordings of their own, as studios record them: they need
no grammar for tens, which differs most between languages. What is left differs little, and stands in `numerals/<language>.json`, which
a translator can extend.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NUMERALS = Path(__file__).with_name("numerals")
KNOWN = ("de", "en", "es", "fr", "it", "nl", "pt")
"""Languages in which numbers can be said. One file each in `numerals/`."""
CURRENCIES = ("BRL", "CAD", "CHF", "EUR", "GBP", "MXN", "USD")
"""Money that can be counted, as in ISO 4217."""
HIGHEST = 999_999_999
"""The highest number that can be said."""

_NUMBER = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,6}))?")
_AMOUNT = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,2}))?")
_UNITS = ("", "_many", "_cent", "_cents", "_of")
_COUNTING = "_counting"
_FEMININE = "_feminine"


@dataclass(frozen=True, slots=True)
class Numerals:
    """How one language counts."""

    words: Mapping[str, str]
    """The words of each recording, by its name: `numbers/21`."""
    joint: bool
    """Whether "and" stands before tens and units, as in Portuguese."""
    feminine_currencies: frozenset[str]


class NumberError(ValueError):
    """What cannot be said as a number, with what is wrong about it."""


def number_recordings(value: str, language: str) -> tuple[str, ...]:
    """Return the names of the recordings that say `value`, such as `-12` or `3.5`; decimals are said digit by digit.

    Raises NumberError for what is no number or too large, and for a language without numerals.
    """
    numerals = _numerals_of(language)
    written = _NUMBER.fullmatch(value)
    if written is None:
        raise NumberError(f'"{value}" is no number up to {HIGHEST} with up to 6 decimals')
    sign, whole, decimals = written.groups()
    names = [*_sign(sign), *_whole(int(whole), "", numerals)]
    if decimals:
        names += ["numbers/point", *(f"numbers/{digit}" for digit in decimals)]
    return tuple(names)


def amount_recordings(value: str, currency: str, language: str) -> tuple[str, ...]:
    """Return the names of the recordings that say an amount of money, such as `12.30`.

    `currency`: one of `CURRENCIES`. Raises NumberError for what is no amount, and for a language without numerals.
    """
    numerals = _numerals_of(language)
    written = _AMOUNT.fullmatch(value)
    if written is None:
        raise NumberError(f'"{value}" is no amount up to {HIGHEST} with up to 2 decimals')
    if currency not in CURRENCIES:
        raise NumberError(f'money in "{currency}" cannot be counted. there are: {", ".join(CURRENCIES)}')
    sign, units, decimals = written.groups()
    whole, cents = int(units), int((decimals or "").ljust(2, "0"))
    names = _sign(sign)
    if whole or not cents:
        form = _FEMININE if currency in numerals.feminine_currencies else _COUNTING
        names += _whole(whole, form, numerals)
        names.append(_unit(whole, f"money/{currency.lower()}", numerals))
    if cents:
        names += ["money/and"] if whole else []
        names += _whole(cents, _COUNTING, numerals)
        names.append(f"money/{currency.lower()}_cent" + ("" if cents == 1 else "s"))
    return tuple(names)


def number_words(language: str) -> dict[str, str]:
    """Return the words of every recording that numbers need, by its name. Raises NumberError for a language without numerals."""
    return {name: words for name, words in _numerals_of(language).words.items() if name.startswith("numbers/")}


def money_words(currency: str, language: str) -> dict[str, str]:
    """Return the words of every recording that amounts in `currency` need besides numbers, by its name. Raises NumberError."""
    unit = f"money/{currency.lower()}"
    wanted = {unit, f"{unit}_many", f"{unit}_of", f"{unit}_cent", f"{unit}_cents", "money/and"}
    return {name: words for name, words in _numerals_of(language).words.items() if name in wanted}


def recording_words(recording: str, language: str) -> str:
    """Return what a part of a number or amount says. Raises NumberError for a language without numerals, KeyError for no such part."""
    return _numerals_of(language).words[recording]


def meaning(recording: str) -> str:
    """Return what a recording says, whatever form it has: `numbers/1` for "uno" and "un", `money/usd` for "dollar" and "dollars"."""
    if recording.startswith("numbers/"):
        return recording.removesuffix(_COUNTING).removesuffix(_FEMININE)
    return recording.removesuffix("_many").removesuffix("_of").replace("_cents", "_cent")


def is_number_recording(prompt: str) -> bool:
    """Return whether a recording is part of a spoken number or amount."""
    return prompt.startswith(("numbers/", "money/"))


def written_as(recordings: Sequence[str], language: str) -> Iterator[tuple[str, str]]:
    """Yield what was said as (number, currency), the currency empty for a plain number: the way back from `*_recordings`.

    Of several ways to read it, the one with the longest first number is taken. Raises NumberError for what says no number.
    """
    read = _split(tuple(recordings), language)
    if read is None:
        raise NumberError(f'recordings "{", ".join(recordings)}" say no number')
    yield from read


def _split(recordings: tuple[str, ...], language: str) -> list[tuple[str, str]] | None:
    if not recordings:
        return []
    for length in range(len(recordings), 0, -1):
        value, currency = _read(recordings[:length])
        with suppress(NumberError):
            if said(value, currency, language) == recordings[:length] and (rest := _split(recordings[length:], language)) is not None:
                return [(value, currency), *rest]
    return None


def said(value: str, currency: str, language: str) -> tuple[str, ...]:
    """Return the names of the recordings that say a number, or an amount if there is a currency. Raises NumberError."""
    return amount_recordings(value, currency, language) if currency else number_recordings(value, language)


def _read(recordings: Sequence[str]) -> tuple[str, str]:
    """Return the number, or amount and currency, that these recordings may say."""
    units = [(place, name.partition("/")[2]) for place, name in enumerate(recordings) if name.startswith("money/") and name != "money/and"]
    if not units:
        return _number(recordings), ""
    whole, cents, start = "0", "0", 0
    for place, unit in units:
        counted = _number(recordings[start:place])
        start = place + 1
        if unit.endswith(("_cent", "_cents")):
            cents = counted
        else:
            whole = counted
    sign = "-" if "numbers/minus" in recordings else ""
    return f"{sign}{whole.removeprefix('-')}.{cents.removeprefix('-').zfill(2)}", units[0][1][:3].upper()


def _number(recordings: Sequence[str]) -> str:
    total = current = 0
    sign = decimals = ""
    for place, name in enumerate(recordings):
        stem = name.removeprefix("numbers/").partition("_")[0]
        match stem:
            case "minus":
                sign = "-"
            case "thousand":
                total, current = total + current * 1000, 0
            case "million":
                total += 1_000_000
            case "millions":
                total, current = total + current * 1_000_000, 0
            case "point":
                decimals = "".join(["."] + [digit.removeprefix("numbers/") for digit in recordings[place + 1 :]])
                break
            case _ if stem.isdigit():
                current += int(stem)
    return f"{sign}{total + current}{decimals}"


def _sign(sign: str) -> list[str]:
    return ["numbers/minus"] if sign else []


def _whole(value: int, form: str, numerals: Numerals) -> list[str]:
    """Return the recordings of a whole number in a form: as it is counted in, or as it stands before a thing."""
    millions, thousands, rest = value // 1_000_000, value // 1000 % 1000, value % 1000
    names: list[str] = []
    if millions:
        names += ["numbers/million"] if millions == 1 else [*_hundreds(millions, _COUNTING, numerals), "numbers/millions"]
    if thousands:
        names += ["numbers/1000"] if thousands == 1 else [*_hundreds(thousands, form or _COUNTING, numerals), "numbers/thousand"]
    if rest or not value:
        if names and numerals.joint and (rest < 100 or rest % 100 == 0):
            names.append("numbers/joint")
        names += _hundreds(rest, form, numerals)
    return names


def _unit(whole: int, name: str, numerals: Numerals) -> str:
    if whole and whole % 1_000_000 == 0 and f"{name}_of" in numerals.words:
        return f"{name}_of"
    return name if whole == 1 else f"{name}_many"


def _hundreds(value: int, form: str, numerals: Numerals) -> Iterator[str]:
    hundreds, rest = value // 100 * 100, value % 100
    if hundreds:
        follows = "numbers/100_and"
        yield follows if hundreds == 100 and rest and follows in numerals.words else _in_form(hundreds, form, numerals)
        if rest and numerals.joint:
            yield "numbers/joint"
    if rest or not value:
        yield _in_form(rest, form, numerals)


def _in_form(value: int, form: str, numerals: Numerals) -> str:
    name = f"numbers/{value}{form}"
    return name if name in numerals.words else f"numbers/{value}"


def _numerals_of(language: str) -> Numerals:
    base = language.split("-")[0].lower()
    if base not in KNOWN:
        raise NumberError(f'nobody here knows how numbers are said in "{language}". it is known for: {", ".join(KNOWN)}')
    return _numerals(base)


@cache
def _numerals(language: str) -> Numerals:
    data = json.loads((NUMERALS / f"{language}.json").read_text(encoding="utf-8"))
    words = {f"numbers/{value}": said for value, said in enumerate(data["numbers"])}
    words |= {f"numbers/{100 * (place + 1)}": said for place, said in enumerate(data["hundreds"])}
    words |= {f"numbers/{value}{_COUNTING}": said for value, said in data.get("counting", {}).items()}
    words |= {f"numbers/{value}{_FEMININE}": said for value, said in data.get("feminine", {}).items()}
    words |= {f"numbers/{name}": data[name] for name in ("thousand", "million", "millions", "point", "minus", "joint") if name in data}
    words["numbers/1000"] = data["one_thousand"]
    if "hundred_and" in data:
        words["numbers/100_and"] = data["hundred_and"]
    words["money/and"] = data["and_cents"]
    for currency, said in data["currencies"].items():
        # Two million dollars are "dos millones de dólares": where a language says so, there is a fifth form.
        words |= {f"money/{currency.lower()}{form}": word for form, word in zip(_UNITS, said, strict=False)}
    return Numerals(words, "joint" in data, frozenset(data.get("feminine_currencies", ())))
