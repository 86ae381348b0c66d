"""Trials of the matcher: what is played, what must be heard, and whether it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ivrtest.audio.hearing import Heard, Hearing, Recognised, SoundStarted, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key, PromptLibrary, Recording
from ivrtest.audio.synthesis import DIGIT_WORDS, synthesise
from tests.bench.hearing import texts, texts_final
from tests.bench.hearing.line import Condition, Mask, Samples, joined, silence, through


@dataclass(frozen=True, slots=True)
class Material:
    """What is said in trials."""

    library: PromptLibrary
    changed: Mapping[Key, Samples]
    """Recordings with one word changed."""
    unknown: tuple[Samples, ...]
    """Speech that is no prompt."""
    spoken_first: str
    """The prompt that goes before digits."""
    numbers: Mapping[str, tuple[Samples, ...]] = field(default_factory=dict)
    """Numbers that are no recordings of the library, in the voices of its digits, by language."""

    @property
    def keys(self) -> list[Key]:
        """The recordings without digits."""
        return [key for key in self.library.keys() if not key[0].startswith("digits/")]  # noqa: SIM118

    @property
    def pairs(self) -> list[tuple[Key, Key]]:
        """Recordings that begin alike and end otherwise."""
        return [
            (key, sibling.key)
            for key, siblings in self.library.index.siblings.items()
            for sibling in siblings
            if not key[0].startswith("digits/") and not sibling.key[0].startswith("digits/")
        ]

    @property
    def long(self) -> list[Key]:
        """Recordings of more than 2 s."""
        return [recording.key for recording in self.library.recordings() if recording.seconds > 2]


def tuning() -> Material:
    """Return the invented bank: what thresholds are chosen on, and what the tests play."""
    voices = {"en": "en", "es": "es", "mul": "en"}
    return _material(texts.PROMPTS, voices, texts.CHANGED, texts.UNKNOWN, "balance_is")


def final() -> Material:
    """Return the invented clinic: other words, voices and languages, never tuned on."""
    return _material(texts_final.PROMPTS, texts_final.VOICES, texts_final.CHANGED, texts_final.UNKNOWN, "your_code")


def _material(
    prompts: Mapping[str, Mapping[str, str]],
    voices: Mapping[str, str],
    changed: Mapping[Key, str],
    unknown: Sequence[tuple[str, str]],
    spoken_first: str,
) -> Material:
    recordings = [
        Recording(prompt, language, synthesise(words, voices[language]), words)
        for prompt, spoken in prompts.items()
        for language, words in spoken.items()
    ]
    recordings += [
        Recording(f"digits/{digit}", language, synthesise(words, voice), words)
        for language, voice in voices.items()
        if language != "mul"
        for digit, words in enumerate(DIGIT_WORDS[language])
    ]
    return Material(
        PromptLibrary(recordings),
        {key: synthesise(words, voices[key[1]]) for key, words in changed.items()},
        tuple(synthesise(words, voice) for voice, words in unknown),
        spoken_first,
    )


def bank() -> PromptLibrary:
    """Return the invented bank's prompts and the digits in English and Spanish."""
    return tuning().library


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
    """How long a recording had sounded when it was named: one that no other begins like."""
    told_apart_s: float | None = None
    """How long after the last other one that begins like it had parted from it, one that others begin like was named."""
    start_off_ms: float | None = None
    """How far from its place its beginning was put."""
    misnamed: bool = False
    """It was called by another recording's name while it played. What came of it in the end may still be right."""
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
    wrong = (
        any(hearing.match.key != key for hearing in names if _says(hearing))
        or any(final.match.verdict not in (Verdict.match, Verdict.inconclusive, Verdict.ambiguous) for final in finals)
        # Whoever waits for a prompt would be told that nothing was heard.
        or not any(isinstance(hearing, SoundStarted | Heard) for hearing in hearings)
    )
    end_s = (before + len(recording.samples) - 400) / 8000
    late = finals[0].at_s - end_s if right else None
    named = apart = None
    if names and names[0].match.key == key and len(recording.samples) > 12000:
        others = library.index.siblings.get(key, ())
        parts = [other.apart_s for other in others if other.apart_s is not None]
        if parts and max(parts) < recording.seconds - 0.5:
            apart = names[0].at_s - before / 8000 - max(parts)
        elif not others:
            named = names[0].at_s - (before + 400) / 8000
    kind = "expected prompt" if expected else "any prompt"
    misnamed = any(name.match.key != key for name in names)
    off = abs(finals[0].match.start_s - before / 8000 / (1 + condition.clock_ppm * 1e-6)) * 1000 if right else None
    note = "" if right and not wrong else f"{key}: {_note(hearings)}"
    return Outcome(kind, right, wrong, late, named, apart, off, misnamed, note)


def sibling(library: PromptLibrary, key: Key, other: Key, condition: Condition, random: np.random.Generator) -> Outcome:
    """`key` plays where its near-duplicate `other` is expected: that must be seen."""
    recording = library.get(*key)
    assert recording is not None
    samples, lost = through(joined(silence(0.4), recording.samples, silence(1.6)), condition, random)
    hearings = listen(library, samples, lost, expected=[[other]])
    finals = heard(hearings)
    right = bool(finals) and finals[0].match.key == key and finals[0].match.verdict is Verdict.match
    # That what was expected went wrong is true; that no recording played is not.
    wrong = any(
        (final.match.key == other and final.match.verdict is Verdict.match) or not final.match.prompt
        for final in finals
        if final.match.verdict is not Verdict.inconclusive
    )
    wrong = wrong or _names_another(hearings, key, library)
    # Who waits only for the name would be content with that.
    misnamed = any(isinstance(hearing, Recognised) and _says(hearing) and hearing.match.key == other for hearing in hearings)
    wrong = wrong or misnamed
    return Outcome(
        "near-duplicate", right, wrong, misnamed=misnamed, note="" if right and not wrong else f"{key} for {other}: {_note(hearings)}"
    )


def changed(library: PromptLibrary, key: Key, said: Samples, condition: Condition, random: np.random.Generator) -> Outcome:
    """A prompt with one word changed: it must be found, and placed."""
    recording = library.get(*key)
    assert recording is not None
    samples, lost = through(joined(silence(0.4), said, silence(1.6)), condition, random)
    hearings = listen(library, samples, lost, expected=[[key]])
    finals = heard(hearings)
    parted_s = _first_difference(said, recording.samples)
    right = bool(finals) and finals[0].match.key == key and finals[0].match.verdict is Verdict.diverged
    # Of what changes in its first word nothing is left to know it by.
    right = right or (bool(finals) and finals[0].match.verdict is Verdict.unknown and parted_s < 0.6)
    # What goes on after the change may well be another recording of its own.
    wrong = any(final.match.verdict is Verdict.match and final.match.key == key for final in finals)
    wrong = wrong or _names_another(hearings[: hearings.index(finals[0]) if finals else None], key, library)
    off = None
    if right and finals[0].match.diverged_at_s is not None:
        off = abs(finals[0].match.diverged_at_s - 0.4 - parted_s)
    return Outcome("changed word", right, wrong, off, note="" if right and not wrong else f"{key}: {_note(hearings)}")


def _names_another(hearings: Sequence[Hearing], key: Key, library: PromptLibrary) -> bool:
    """Return whether a recording is named that does not even begin like `key`'s."""
    like = {key, *(sibling.key for sibling in library.index.siblings.get(key, ()))}
    return any(hearing.match.key not in like for hearing in hearings if isinstance(hearing, Recognised) and _says(hearing))


def _says(hearing: Recognised) -> bool:
    """Return whether it is said that this recording plays, not only that it may."""
    return hearing.match.verdict is not Verdict.inconclusive


def _first_difference(one: Samples, other: Samples) -> float:
    """Seconds after which two renderings of nearly the same words part: where their envelopes of 20 ms do."""
    count = min(len(one), len(other)) // 160
    levels = [np.sqrt(np.mean(sound[: count * 160].reshape(count, 160).astype(float) ** 2, axis=1)) + 20 for sound in (one, other)]
    apart = np.abs(20 * np.log10(levels[0] / levels[1])) > 3
    return float(np.argmax(apart)) * 0.02


def unknown(library: PromptLibrary, speech: Samples, expected: Key, condition: Condition, random: np.random.Generator) -> Outcome:
    """Speech that is no prompt."""
    samples, lost = through(joined(silence(0.4), speech, silence(1.6)), condition, random)
    hearings = listen(library, samples, lost, expected=[[expected]])
    finals = heard(hearings)
    right = {final.match.verdict for final in finals} == {Verdict.unknown}
    wrong = any(isinstance(hearing, Recognised) and _says(hearing) for hearing in hearings)
    return Outcome("unknown speech", right, wrong, note="" if right and not wrong else f"{len(speech) / 8000:.2f} s: {_note(hearings)}")


def cut(library: PromptLibrary, key: Key, condition: Condition, random: np.random.Generator) -> Outcome:
    """A prompt that falls silent in the middle."""
    recording = library.get(*key)
    assert recording is not None
    at = int(len(recording.samples) * random.uniform(0.5, 0.8))
    samples, lost = through(joined(silence(0.4), recording.samples[:at], silence(2.5)), condition, random)
    hearings = listen(library, samples, lost, expected=[[key]])
    finals = heard(hearings)
    right = bool(finals) and finals[0].match.key == key and finals[0].match.verdict is Verdict.truncated
    shorter = {other.key for other in library.index.siblings.get(key, ())}
    wrong = any(final.match.verdict is Verdict.match and final.match.key not in shorter for final in finals)
    wrong = wrong or _names_another(hearings, key, library)
    level = np.abs(recording.samples[:at].astype(np.int32))
    last_sound = np.flatnonzero(level > 150)[-1] / 8000
    off = abs((finals[0].match.diverged_at_s or 0) - 0.4 - last_sound) if right else None
    return Outcome("cut off", right, wrong, off, note="" if right and not wrong else f"{key} at {at / 8000:.2f}: {_note(hearings)}")


def hung_up(library: PromptLibrary, key: Key, said: Samples | None, condition: Condition, random: np.random.Generator) -> Outcome:
    """A prompt right after which the call ends: as recorded, or `said` instead of it, with one word changed."""
    recording = library.get(*key)
    assert recording is not None
    tail_s = float(random.uniform(0.0, 0.5))
    samples, lost = through(joined(silence(0.4), recording.samples if said is None else said, silence(tail_s)), condition, random)
    finals = heard(listen(library, samples, lost, expected=[[key]]))
    good = [final.match for final in finals if final.match.key == key and final.match.verdict is Verdict.match]
    bad = [final.match for final in finals if final.match.verdict in (Verdict.diverged, Verdict.truncated, Verdict.unknown)]
    right = bool(good) and len(finals) == 1 if said is None else bool(bad)
    wrong = bool(bad) if said is None else bool(good)
    note = "" if right and not wrong else f"{key} {tail_s:.2f} s before the end: {_note([*finals])}"
    return Outcome("hung up" if said is None else "changed, hung up", right, wrong, note=note)


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
    wrong = not _is_part(named, keys) or any(
        final.match.verdict not in (Verdict.match, Verdict.inconclusive, Verdict.ambiguous) for final in finals
    )
    return Outcome(
        "sequence",
        right,
        wrong,
        note=""
        if right and not wrong
        else f"{[key[0] for key in keys]}: {'; '.join(f'{f.match.prompt} {f.match.verdict} {f.match.start_s:.2f}' for f in finals)}",
    )


def _is_part(named: Sequence[Key], keys: Sequence[Key]) -> bool:
    rest = iter(keys)
    return all(key in rest for key in named)


def digit_string(material: Material, random: np.random.Generator) -> list[Key]:
    languages = sorted({key[1] for key in material.library.keys() if key[0].startswith("digits/")})  # noqa: SIM118
    language = str(random.choice(languages))
    count = int(random.integers(2, 11))
    return [(material.spoken_first, language), *((f"digits/{digit}", language) for digit in random.integers(0, 10, count))]
