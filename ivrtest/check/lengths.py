"""How long things take to say: by their recordings where these are known, else by their words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivrtest.check.context import CheckContext
from ivrtest.flow.model import ALL_LANGUAGES, DigitsRef, Flow, NumberRef, Prompt, PromptRef, Spoken
from ivrtest.source.text import Span

SIGNS_A_SECOND = 14.0
"""Letters, digits and spaces that are said in a second. Speech of about 150 words a minute has 13 to 15 in the languages below."""
SPELLED_OUT = 4
"""What a digit in a text counts: it is said as a word."""
ESTIMATED = 1.25
"""How much longer than a limit words must be by their letters to be surely longer. Voices differ by as much."""
DIGIT_S = 0.5
"""What a digit takes that is spoken from a variable."""
ALPHABETIC = frozenset({"da", "de", "en", "es", "fi", "fr", "it", "nl", "no", "pl", "pt", "sv"})
"""Languages whose texts have about as many letters as sounds, so that their length can be told from them."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long something takes to say."""

    seconds: float
    known: bool
    """From recordings; otherwise estimated."""

    def exceeds(self, limit_s: float) -> bool:
        """Tell whether it surely takes longer."""
        return self.seconds > (limit_s if self.known else limit_s * ESTIMATED)

    def __str__(self) -> str:
        return f"lasts {self.seconds:.1f} s" if self.known else f"takes about {self.seconds:.0f} s"


def words_length(words: str, language: str) -> float | None:
    """Return about how many seconds it takes to say `words`; None for a language in which that cannot be told from the letters, and for
    what has neither letters nor digits, such as "♪"."""
    if not any(sign.isalnum() for sign in words):
        return None
    if language != ALL_LANGUAGES and language.split("-")[0].lower() not in ALPHABETIC:
        return None
    signs = sum(SPELLED_OUT if sign.isdigit() else 1 for sign in " ".join(words.split()))
    return signs / SIGNS_A_SECOND


def prompt_length(prompt: Prompt, language: str, context: CheckContext) -> Length | None:
    """Return how long a caller in `language` hears `prompt`; None if that cannot be told."""
    recorded = prompt.language_for(language)
    if recorded is None:
        return None
    glance = (context.sounds or {}).get((prompt.name, recorded))
    if glance is not None:
        return Length(glance.seconds, known=True)
    seconds = words_length(prompt.words[recorded], recorded)
    return None if seconds is None else Length(seconds, known=False)


def spoken_length(spoken: Spoken, flow: Flow, language: str, context: CheckContext) -> Length | None:
    """Return how long all of `spoken` takes; None if that cannot be told of a part. A spoken variable counts as one digit."""
    seconds, known = 0.0, True
    for part in spoken:
        match part:
            case PromptRef():
                prompt = flow.prompts.get(part.prompt)
                length = prompt_length(prompt, language, context) if prompt is not None else None
                if length is None:
                    return None
                seconds += length.seconds
                known = known and length.known
            case DigitsRef():
                seconds += DIGIT_S * (len(part.variable) if part.variable.isdigit() else 1)
            case NumberRef():
                spoken_in = language if language in flow.languages else flow.default_language
                seconds += DIGIT_S * (1 if part.variable else len(part.recordings(part.value, spoken_in)))
    return Length(seconds, known)


def recordings(flow: Flow, context: CheckContext) -> Iterator[tuple[Prompt, str, Span]]:
    """Yield each prompt and language of which something is known, and the place of its words."""
    for prompt in flow.prompts.values():
        for language in prompt.words:
            if context.sounds is not None and (prompt.name, language) in context.sounds:
                yield prompt, language, prompt.word_spans.get(language, prompt.span)
