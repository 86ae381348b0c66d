"""The rule `indistinguishable-prompts`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.rule import Rule
from ivrtest.check.vocabulary import fold
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Span

Key = tuple[str, str]
"""(prompt, language)."""


class IndistinguishablePrompts(Rule):
    """What it does
        Reports two recordings that are the same although their words differ. Usually only recordings that are equal sample by sample count;
        where the library of recordings was loaded to compare sounds, those count too that nobody can tell apart. Silent where the
        recordings cannot be looked at.

    Why it matters
        One of them says the wrong thing: callers hear the English menu after they chose Spanish, or the goodbye instead of the closing
        time. No test by telephone can tell which of the two was played.

    Example
        prompts/bank/es/main_menu.wav is a copy of prompts/bank/en/main_menu.wav

    Instead
        Record the words of each prompt, in its own language.
    """

    name = "indistinguishable-prompts"
    severity = Severity.ERROR
    needs_recordings = True

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        return context.library is not None

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        told: set[Key] = set()
        first: dict[bytes, Key] = {}
        for key, glance in (context.sounds or {}).items():
            other = first.setdefault(glance.digest, key)
            if other != key and _differ(flow, key, other):
                told.add(key)
                yield self._finding(flow, key, other, "is the same sound as")
        if context.library is not None:
            yield from self._alike(flow, context, told)

    def _alike(self, flow: Flow, context: CheckContext, told: set[Key]) -> Iterator[Finding]:
        library = context.library
        assert library is not None
        compared: set[Key] = set()
        for key in library.keys():  # noqa: SIM118 - a library is no mapping
            compared.add(key)
            for other in library.index.identical(key):
                if other in compared and key not in told and _differ(flow, key, other):
                    told.add(key)
                    yield self._finding(flow, key, other, "sounds the same as")

    def _finding(self, flow: Flow, key: Key, other: Key, how: str) -> Finding:
        return self.finding(
            _place(flow, key) or _place(flow, other) or flow.span,
            f'recording "{key[1]}/{key[0]}" {how} "{other[1]}/{other[0]}", although the words differ. record one of them again',
            related=tuple(Related("the other one's words are here", span) for span in (_place(flow, other),) if span is not None),
        )


def _differ(flow: Flow, key: Key, other: Key) -> bool:
    """Tell whether two recordings surely say different things."""
    if key[0].startswith("digits/") and other[0].startswith("digits/"):
        # Digits of two languages may be the same word.
        return key[1] == other[1]
    words, other_words = _words(flow, key), _words(flow, other)
    return words is not None and other_words is not None and words != other_words


def _words(flow: Flow, key: Key) -> str | None:
    """Return the words of a recording as far as they are heard, without case and signs; None if they are not known."""
    prompt = flow.prompts.get(key[0])
    words = prompt.words.get(key[1]) if prompt is not None else None
    return None if words is None else re.sub(r"[\W_]+", " ", fold(words)).strip()


def _place(flow: Flow, key: Key) -> Span | None:
    prompt = flow.prompts.get(key[0])
    return None if prompt is None else prompt.word_spans.get(key[1], prompt.span)
