"""Trials of the matcher: what is played, what must be heard, and whether it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from line import Condition, Mask, Samples, joined, silence, through
from texts import CHANGED, PROMPTS, UNKNOWN

from ivrtest.audio.hearing import Heard, Hearing, Recognised, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key, PromptLibrary, Recording
from ivrtest.audio.synthesis import DIGIT_WORDS, synthesise


def bank() -> PromptLibrary:
    """Return the invented bank's prompts and the digits in English and Spanish."""
    recordings = [
        Recording(prompt, language, synthesise(words, "en" if language == "mul" else language), words)
        for prompt, texts in PROMPTS.items()
        for language, words in texts.items()
    ]
    recordings += [
        Recording(f"digits/{digit}", language, synthesise(words, language), words)
        for language in ("en", "es")
        for digit, words in enumerate(DIGIT_WORDS[language])
    ]
    return PromptLibrary(recordings)


def listen(
    library: PromptLibrary,
    samples: Samples,
    lost: Mask | None = None,
    *,
    expected: Sequence[Sequence[Key]] = (),
    block: int = 160,
) -> list[Hearing]:
    """Feed a whole call. `expected`: what to expect at first, after the first `Heard`, and so on; then anything."""
    matcher = Matcher(library)
    waiting = list(expected)
    if waiting:
        matcher.expect(waiting.pop(0))
    lost = np.zeros(len(samples), np.bool_) if lost is None else lost
    hearings: list[Hearing] = []
    for start in range(0, len(samples), block):
        for hearing in matcher.feed(samples[start : start + block], lost[start : start + block]):
            hearings.append(hearing)
            if isinstance(hearing, Heard):
                matcher.expect(waiting.pop(0) if waiting else None)
    return hearings + matcher.finish()


def heard(hearings: Sequence[Hearing]) -> list[Heard]:
    return [hearing for hearing in hearings if isinstance(hearing, Heard)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one trial showed."""

    kind: str
    right: bool
    wrong: bool
    """The matcher said something false. What is neither right nor wrong was left open."""
    late_s: float | None = None
    """How late it was known, or how far off it was placed."""
    named_s: float | None = None
    note: str = ""


def _note(hearings: Sequence[Hearing]) -> str:
    return "; ".join(
        f"{hearing.match.prompt or '-'}/{hearing.match.language} {hearing.match.verdict} {hearing.match.score}"
        for hearing in heard(hearings)
    )


def genuine(library: PromptLibrary, key: Key, condition: Condition, random: np.random.Generator, *, expected: bool) -> Outcome:
    """One prompt between silences: it must be matched, to its end."""
    recording = library.recordings()[library.keys().index(key)]
    before = int(random.integers(2000, 6000))
    samples, lost = through(joined(np.zeros(before, np.int16), recording.samples, silence(1.6)), condition, random)
    hearings = listen(library, samples, lost, expected=[[key]] if expected else [])
    finals = heard(hearings)
    names = [hearing for hearing in hearings if isinstance(hearing, Recognised)]
    right = [final.match.key for final in finals] == [key] and finals[0].match.verdict is Verdict.match
    wrong = any(hearing.match.key != key for hearing in names) or any(
        final.match.verdict not in (Verdict.match, Verdict.inconclusive, Verdict.ambiguous) for final in finals
    )
    end_s = (before + len(recording.samples) - 400) / 8000
    late = finals[0].at_s - end_s if right else None
    named = names[0].at_s - (before + 400) / 8000 if names and names[0].match.key == key and len(recording.samples) > 12000 else None
    kind = "expected prompt" if expected else "any prompt"
    return Outcome(kind, right, wrong, late, named, "" if right else f"{key}: {_note(hearings)}")


def sibling(library: PromptLibrary, key: Key, other: Key, condition: Condition, random: np.random.Generator) -> Outcome:
    """`key` plays where its near-duplicate `other` is expected: that must be seen."""
    recording = library.get(*key)
    assert recording is not None
    samples, lost = through(joined(silence(0.4), recording.samples, silence(1.6)), condition, random)
    hearings = listen(library, samples, lost, expected=[[other]])
    finals = heard(hearings)
    right = bool(finals) and finals[0].match.key == key and finals[0].match.verdict is Verdict.match
    wrong = any(final.match.key == other and final.match.verdict is Verdict.match for final in finals)
    return Outcome("near-duplicate", right, wrong, note="" if right else f"{key} for {other}: {_note(hearings)}")


def changed(library: PromptLibrary, prompt: str, condition: Condition, random: np.random.Generator) -> Outcome:
    """A prompt with one word changed: it must be found, and placed."""
    language, _, words = CHANGED[prompt]
    said, recording = synthesise(words, language), library.get(prompt, language)
    assert recording is not None
    samples, lost = through(joined(silence(0.4), said, silence(1.6)), condition, random)
    finals = heard(listen(library, samples, lost, expected=[[(prompt, language)]]))
    right = bool(finals) and finals[0].match.key == (prompt, language) and finals[0].match.verdict is Verdict.diverged
    wrong = bool(finals) and finals[0].match.verdict is Verdict.match
    off = None
    if right and finals[0].match.diverged_at_s is not None:
        off = abs(finals[0].match.diverged_at_s - 0.4 - _first_difference(said, recording.samples))
    return Outcome("changed word", right, wrong, off, note="" if right else f"{prompt}: {'; '.join(str(final.match) for final in finals)}")


def _first_difference(one: Samples, other: Samples) -> float:
    """Seconds after which two renderings of nearly the same words part: where their envelopes of 20 ms do."""
    count = min(len(one), len(other)) // 160
    levels = [np.sqrt(np.mean(sound[: count * 160].reshape(count, 160).astype(float) ** 2, axis=1)) + 20 for sound in (one, other)]
    apart = np.abs(20 * np.log10(levels[0] / levels[1])) > 3
    return float(np.argmax(apart)) * 0.02


def unknown(library: PromptLibrary, words: str, condition: Condition, random: np.random.Generator) -> Outcome:
    """Speech that is no prompt."""
    language = "es" if words.startswith("El ") else "en"
    samples, lost = through(joined(silence(0.4), synthesise(words, language), silence(1.6)), condition, random)
    hearings = listen(library, samples, lost, expected=[[("main_menu", "en")]])
    finals = heard(hearings)
    right = {final.match.verdict for final in finals} == {Verdict.unknown}
    wrong = any(isinstance(hearing, Recognised) for hearing in hearings)
    return Outcome("unknown speech", right, wrong, note="" if right else f"{words[:20]}: {_note(hearings)}")


def cut(library: PromptLibrary, key: Key, condition: Condition, random: np.random.Generator) -> Outcome:
    """A prompt that falls silent in the middle."""
    recording = library.get(*key)
    assert recording is not None
    at = int(len(recording.samples) * random.uniform(0.5, 0.8))
    samples, lost = through(joined(silence(0.4), recording.samples[:at], silence(2.5)), condition, random)
    finals = heard(listen(library, samples, lost, expected=[[key]]))
    right = bool(finals) and finals[0].match.key == key and finals[0].match.verdict is Verdict.truncated
    shorter = {other.key for other in library.index.siblings.get(key, ())}
    wrong = any(final.match.verdict is Verdict.match and final.match.key not in shorter for final in finals)
    level = np.abs(recording.samples[:at].astype(np.int32))
    last_sound = np.flatnonzero(level > 150)[-1] / 8000
    off = abs((finals[0].match.diverged_at_s or 0) - 0.4 - last_sound) if right else None
    return Outcome(
        "cut off", right, wrong, off, note="" if right else f"{key} at {at / 8000:.2f}: {'; '.join(str(final.match) for final in finals)}"
    )


def sequence(library: PromptLibrary, keys: Sequence[Key], gap_s: float, condition: Condition, random: np.random.Generator) -> Outcome:
    """Recordings one after another; each is expected when the one before has been heard."""
    parts = [silence(0.4)]
    for key in keys:
        recording = library.get(*key)
        assert recording is not None
        parts += [recording.samples, silence(gap_s)]
    samples, lost = through(joined(*parts, silence(1.6)), condition, random)
    finals = heard(listen(library, samples, lost, expected=[[key] for key in keys]))
    right = [final.match.key for final in finals] == list(keys) and all(final.match.verdict is Verdict.match for final in finals)
    named = [final.match.key for final in finals if final.match.verdict is Verdict.match]
    wrong = not _is_part(named, keys)
    return Outcome(
        "sequence",
        right,
        wrong,
        note=""
        if right
        else f"{[key[0] for key in keys]}: {'; '.join(f'{f.match.prompt} {f.match.verdict} {f.match.start_s:.2f}' for f in finals)}",
    )


def _is_part(named: Sequence[Key], keys: Sequence[Key]) -> bool:
    rest = iter(keys)
    return all(key in rest for key in named)


def digit_string(random: np.random.Generator) -> list[Key]:
    language = str(random.choice(["en", "es"]))
    count = int(random.integers(2, 11))
    return [("balance_is", language), *((f"digits/{digit}", language) for digit in random.integers(0, 10, count))]


__all__ = [
    "CHANGED",
    "UNKNOWN",
    "Outcome",
    "bank",
    "changed",
    "cut",
    "digit_string",
    "genuine",
    "heard",
    "listen",
    "sequence",
    "sibling",
    "unknown",
]
