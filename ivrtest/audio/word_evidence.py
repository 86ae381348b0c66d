"""What a transcript says of the sentence that should have been heard, given how often its recogniser errs.

A verdict needs evidence on both sides. The sentence was said if its words came out about as rightly as they usually do, and speak for it
rather than for any rival by `words_needed`. It was not said if they came out worse than they do, but for one sentence in a hundred, or are
those of a rival. Everything between is not known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ivrtest.audio.hearing import Verdict
from ivrtest.audio.word_alignment import Alignment, align
from ivrtest.audio.word_errors import REFUSED, ErrorRate, most_errors, usual_errors, words_needed

ALIKE: Final = 3
"""Of the words of any two sentences of a language one in so many may be the same: "the", "is", "you"."""
BLAMING: Final = 2
"""A recogniser that needs more words than that to tell two sentences apart may well make nothing of a whole sentence."""
TAIL: Final = 2
"""So many words must be missing at the end to say that it was cut off there."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a transcript came to."""

    verdict: Verdict
    """`match`; `diverged`: other words; `truncated`: its last words are missing; `ambiguous`: it may be a rival, too; `inconclusive`."""
    alignment: Alignment
    rival: str = ""
    """The sentence whose words these are instead, or may be as well."""
    unsure: tuple[int, ...] = ()
    """Expected words, by place, that had to come out and did not."""


def weigh(
    expected: Sequence[str],
    heard: Sequence[str],
    rate: ErrorRate,
    *,
    rivals: Mapping[str, Sequence[str]],
    firm: Collection[int] = (),
) -> Weighed:
    """Weigh a transcript. Words must be plain already (`ivrtest.flow.plain_words`); `expected` must not be empty.

    `rivals`: what else may be said, by name. `firm`: places of expected words that no error excuses, such as numbers.
    """
    found = align(expected, heard)
    needed = words_needed(rate)
    if needed is None:
        return Weighed(Verdict.inconclusive, found)
    others = {name: (words, align(words, heard).errors) for name, words in rivals.items() if words and tuple(words) != tuple(expected)}
    nearest = min(others, key=lambda name: others[name][1], default="")
    if nearest:
        words, errors = others[nearest]
        if found.errors - errors >= needed and errors <= usual_errors(len(words), rate) and speaks(len(words), errors, needed):
            return Weighed(Verdict.diverged, found, nearest)
    if found.errors > most_errors(len(expected), rate):
        if needed > BLAMING:
            return Weighed(Verdict.inconclusive, found)
        return Weighed(Verdict.truncated if _is_cut(found, len(expected), rate) else Verdict.diverged, found)
    came = {pair.expected for pair in found.pairs if pair.same}
    unsure = tuple(place for place in sorted(firm) if place not in came)
    if unsure and 1 - (1 - rate.at_most) ** len(firm) <= REFUSED:
        # So rarely is any of them misheard.
        return Weighed(Verdict.diverged, found, unsure=unsure)
    if found.errors > usual_errors(len(expected), rate) or not found.same - len(expected) // ALIKE >= needed:
        return Weighed(Verdict.inconclusive, found)
    if nearest and others[nearest][1] - found.errors < needed:
        return Weighed(Verdict.ambiguous, found, nearest)
    if unsure:
        return Weighed(Verdict.inconclusive, found, unsure=unsure)
    replaced = [pair.expected for pair in found.pairs if not pair.same and pair.expected is not None and pair.heard is not None]
    if replaced and needed == 1:
        # Whoever can be believed on one word is believed where it is another one.
        return Weighed(Verdict.inconclusive, found, unsure=tuple(replaced))
    return Weighed(Verdict.match, found)


def speaks(words: int, errors: int, needed: int) -> bool:
    """Return whether enough words came out right to tell a sentence from any other speech."""
    return words - errors - words // ALIKE >= needed


def _is_cut(found: Alignment, words: int, rate: ErrorRate) -> bool:
    """Return whether nothing but the end is missing."""
    missing = 0
    for pair in reversed(found.pairs):
        if pair.heard is not None:
            break
        missing += 1
    begun = words - missing
    return missing >= TAIL and begun > 0 and found.errors - missing <= usual_errors(begun, rate)
