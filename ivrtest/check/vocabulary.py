"""The words of a telephone menu in each language, from `words/<language>.json`, which a translator can extend."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from ivrtest.flow.model import ALL_LANGUAGES

WORDS = Path(__file__).with_name("words")
KNOWN = ("de", "en", "es", "fr", "it", "nl", "pt")
"""Languages whose menus can be read. One file each in `words/`."""

_QUIET = r"""[\s"'“”„«»:]"""
"""What may stand between words that belong together."""
_SENTENCE = re.compile(r"[.!?…。\n]+(?=\s|$)")
_CLAUSE = re.compile(r"[,;—–]")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words of one language, and patterns of them over folded text, which are made when the first text needs them."""

    language: str
    keys: dict[str, str]
    """The key for every way to say it."""
    languages: dict[str, str]
    """The language for every name of one."""
    names: Mapping[str, tuple[str, ...]]
    """What is called how: `secret`, what nobody else may hear; `card_code`, the code that proves that a payment card is at hand;
    `card_number`, of whatever card; `payment_card`, of one that money can be taken from."""
    blame: tuple[str, ...]
    """Ways to say that something is the caller's fault."""
    common: frozenset[str]
    """Words that texts of this language often have. Some belong to several languages."""
    offer: str
    """How the language is offered in itself, with `{key}` for the key."""
    counts: Mapping[str, int]
    """Numbers by how they are said: `six`."""
    written: Mapping[str, list[str]]
    """The words by what they are for, as in the file."""

    def may_ask(self, folded: str) -> bool:
        """Tell whether a text can ask for a key at all: whether it holds the beginning of a verb that does."""
        return any(verb in folded for verb in self._verbs)

    @cached_property
    def _verbs(self) -> tuple[str, ...]:
        return tuple(fold(verb).split()[0] for verb in (*self.written["press"], *self.written["press_after"]))

    @cached_property
    def press(self) -> re.Pattern[str]:
        """Something that asks for a key, with the key in group `key`, or in `key_before` where the verb comes last."""
        return _press(self.written, self.keys)

    @cached_property
    def more(self) -> re.Pattern[str]:
        """Another key right after one: `, 2` or ` or 3`."""
        either, between = _any(self.written["or"]), _any(self.written["between"])
        return re.compile(rf"(?:\s*,)?\s*(?:{either}{_QUIET}+)?(?:{between}{_QUIET}+)*{_key(self.written, self.keys)}")

    @cached_property
    def purpose(self) -> re.Pattern[str]:
        """What a key is for, in a group: the `sales` of `for sales` and of `2 for sales`."""
        return re.compile(rf"^[\W\d]*(?:{_any(self.written['or'])}\s+)?[\W\d]*{_any(self.written['for'])}\s+(.+)$")

    @cached_property
    def digits(self) -> re.Pattern[str]:
        """So many digits, `six digit` or `6-stellige`, with the count in a group."""
        counts = "|".join(re.escape(said) for said in sorted(self.counts, key=lambda said: (-len(said), said)))
        units = "|".join(re.escape(fold(unit)) for unit in sorted(self.written["digit"], key=lambda unit: (-len(unit), unit)))
        return re.compile(rf"(?<![\w.,-])({counts}|[0-9]{{1,2}})[\s-]*(?:{units})\b")

    @cached_property
    def part(self) -> re.Pattern[str]:
        """Words that say that digits are not the whole of what is asked for, or how many at least."""
        return re.compile(_any(self.written["part"]))

    @cached_property
    def between_options(self) -> re.Pattern[str]:
        """What stands between two options without a comma: the `or` of `2 for support or 0 for help`, not the `and` of `9 and 5 for`."""
        either, then = _any(self.written["or"]), _any(self.written["for"])
        key = _key(self.written, self.keys, "next")
        first = rf"(?<![0-9] ){either}{_QUIET}+(?=(?:{_any(self.written['between'])}{_QUIET}+)*{key}{_QUIET}+{then})"
        return re.compile(rf"{first}|{either}{_QUIET}+(?={then})")

    @cached_property
    def elliptic(self) -> re.Pattern[str]:
        """A whole option beside one that asked for a key: `2 for support`, `for support 2`, or `then the 2` where the verb comes last."""
        return _elliptic(self.written, self.keys)


@cache
def vocabulary(language: str) -> Vocabulary | None:
    """Return the words of `language` (`en`, `en-US`), or None if its menus cannot be read."""
    primary = language.split("-")[0].lower()
    if primary not in KNOWN:
        return None
    text = (WORDS / f"{primary}.json").read_text(encoding="utf-8")
    words = json.loads(text)
    keys = {fold(said): key for key, ways in words["keys"].items() for said in ways}
    keys |= {key: key for key in "0123456789*#"}
    names = {fold(name): code for code, ways in words["languages"].items() for name in ways}
    return Vocabulary(
        primary,
        keys=keys,
        languages=names,
        names={what: tuple(fold(name) for name in words[what]) for what in ("secret", "card_code", "card_number", "payment_card")},
        blame=tuple(fold(blame) for blame in words["blame"]),
        common=frozenset(fold(word) for word in words["common"]),
        offer=words["offer"],
        counts={fold(said): int(count) for count, ways in words["counts"].items() for said in ways},
        written=words,
    )


def vocabularies(language: str) -> tuple[Vocabulary, ...]:
    """Return the words to read a text with: of one language, or of all for a text that serves all (`mul`)."""
    candidates = KNOWN if language == ALL_LANGUAGES else (language,)
    return tuple(words for candidate in candidates if (words := vocabulary(candidate)) is not None)


def fold(text: str) -> str:
    """Return `text` as it is compared: composed and without case."""
    return unicodedata.normalize("NFC", text).casefold()


def sentences(text: str) -> list[str]:
    """Split a folded text where a speaker would stop."""
    return [sentence for sentence in _SENTENCE.split(text) if sentence.strip()]


def clauses(sentence: str) -> list[str]:
    """Split a sentence at its commas."""
    return _CLAUSE.split(sentence)


def _any(words: list[str]) -> str:
    ordered = sorted((fold(word) for word in words), key=lambda word: (-len(word), word))
    return rf"\b(?:{'|'.join(re.escape(word).replace(chr(92) + ' ', chr(92) + 's+') for word in ordered)})\b"


def _key(words: Mapping[str, list[str]], keys: dict[str, str], group: str = "key") -> str:
    """Return the pattern of a key: a digit that is no part of a number, or the name of a key."""
    units = _any(words["units"])
    # `one` and `two` may also count something, so that it matters what follows.
    counting = _any([said for said, key in keys.items() if said not in "0123456789*#" and key in "123456789"])
    plain = _any([said for said, key in keys.items() if said not in "0123456789*#" and key in "0*#"])
    follows = "|".join((_any(words["after_key"]), _any(words["for"]), _any(words["or"])))
    digit = rf"(?<![\w.,-])[0-9](?!\w|[\s.,:-]?\d|[\s-]*{units})"
    word = rf"{counting}(?={_QUIET}*(?:$|[.,;!?—–)]|{follows}))(?![\s-]*{units})|{plain}(?![\s-]*{units})"
    return rf"(?P<{group}>{digit}|{word}|[*#])"


def _press(words: Mapping[str, list[str]], keys: dict[str, str]) -> re.Pattern[str]:
    between = rf"(?:{_QUIET}+{_any(words['between'])}){{0,6}}{_QUIET}+"
    before = rf"{_any(words['press'])}{between}{_key(words, keys)}"
    if not words["press_after"]:
        return re.compile(before)
    taste = rf"(?:{_QUIET}+{_any(words['after_key'])})?"
    after = rf"{_key(words, keys, 'key_before')}{taste}{_QUIET}+{_any(words['press_after'])}"
    return re.compile(rf"{before}|{after}")


def _elliptic(words: Mapping[str, list[str]], keys: dict[str, str]) -> re.Pattern[str]:
    start = rf"\s*(?:{_any(words['or'])}\s+)?"
    between = rf"(?:{_any(words['between'])}{_QUIET}+)*"
    first = rf"{between}{_key(words, keys)}{_QUIET}+{_any(words['for'])}.*"
    last = rf"{_any(words['for'])}.*?\s{between}{_key(words, keys, 'key_last')}\s*"
    return re.compile(rf"{start}(?:{first}|{last})$")
