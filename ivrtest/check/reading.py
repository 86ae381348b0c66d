"""Which language a prompt's words are in. Says so only where it is plain: a name or a borrowed word proves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ivrtest.check.announcements import MAX_TEXT
from ivrtest.check.vocabulary import KNOWN, fold, vocabulary

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHORT = 2
"""Words of a text for which one that is known is proof enough: `Goodbye.`"""
_PROOF = 2


def reads_as(text: str, languages: Iterable[str] = KNOWN) -> str | None:
    """Return which of some known languages (`en`) `text` is in, or None if that is not plain.

    It is plain where two different words more are common in that language than in any other, or one more in a text of no more than
    two words. (Counting common words is the oldest way to tell languages apart; a prompt is too short for statistics of letters.)
    """
    written = _WORD.findall(fold(text[:MAX_TEXT]))
    words = set(written)
    known = (vocabulary(language) for language in languages)
    found = {one.language: len(words & one.common) for one in known if one is not None}
    if len(found) < 2:
        return None
    best, second = sorted(found, key=lambda language: -found[language])[:2]
    return best if found[best] - found[second] >= (1 if len(written) <= _SHORT else _PROOF) else None
