"""Whom the trials of `tests.bench.hearing.human` play: of each voice a library, speech that it does not hold, and another voice."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ivrtest.audio.prompts import Key, PromptLibrary, Recording
from tests.bench.hearing import asterisk_sounds, spliced
from tests.bench.hearing.asterisk_sounds import VOICES, Voice
from tests.bench.hearing.line import RATE, Samples
from tests.bench.hearing.takes import Takes

LIBRARY = 340
_GROUPS = ("digits/day-", "digits/mon-", "digits/h-", "digits/", "letters/", "phonetic/")


@dataclass(frozen=True, slots=True)
class Material:
    """What is played and known in trials of one voice."""

    voice: Voice
    library: PromptLibrary
    left_out: dict[str, Samples]
    """The voice's recordings that the library does not hold."""
    other: dict[str, Samples]
    """What another voice says under the same names."""
    both: PromptLibrary
    """Prompts of this voice and of the other one, as two languages of one library."""
    lines: dict[Key, tuple[Samples, ...]]
    """Recordings put together of words and digits: another digit in its place."""
    music: dict[str, Samples]

    @property
    def keys(self) -> list[Key]:
        return list(self.library.keys())

    def samples(self, key: Key) -> Samples:
        recording = self.library.get(*key)
        assert recording is not None
        return recording.samples

    def near(self) -> list[tuple[Key, Key]]:
        """Pairs that sound alike: digits, letters, days, and what begins alike."""
        groups: dict[str, list[Key]] = {}
        for key in self.keys:
            group = next((group for group in _GROUPS if key[0].startswith(group)), None)
            if group is not None:
                groups.setdefault(group, []).append(key)
        pairs = [(one, other) for group in groups.values() for one in group for other in group if one != other]
        siblings = [(key, sibling.key) for key, some in self.library.index.siblings.items() for sibling in some]
        # As many of either kind.
        return pairs + siblings * max(1, len(pairs) // max(1, len(siblings)))


def _order(name: str) -> int:
    return zlib.crc32(name.encode())


def _spoken_lines(sounds: Mapping[str, Samples], rest: Collection[str]) -> dict[str, tuple[Samples, list[Samples], tuple[str, str]]]:
    """Return recordings such as "your ... is", two digits, "thank you"; the same with one of the digits exchanged; and the phrases in them.

    `rest`: what the library does not hold by itself. With other phrases it would be no single recording that goes wrong.
    """
    phrases = sorted((name for name in rest if "/" not in name and 0.8 < len(sounds[name]) / RATE < 2), key=_order)[:24]
    digits = [f"digits/{digit}" for digit in range(10) if f"digits/{digit}" in sounds]
    found = {}
    for number, (first, last) in enumerate(zip(phrases[: len(phrases) // 2], reversed(phrases), strict=False)):
        one, two = digits[number % len(digits)], digits[(number * 3 + 1) % len(digits)]
        said = spliced.joined_softly(*(sounds[name] for name in (first, one, two, last)))
        others = [
            spliced.joined_softly(*(sounds[name] for name in (first, *pair, last)))
            for pair in [(one, other) for other in digits if other != two] + [(other, two) for other in digits if other != one]
        ]
        found[f"line/{number}"] = (said, others, (first, last))
    return found


@cache
def material(voice: Voice, root: Path) -> Material:
    sounds = asterisk_sounds.sounds(voice, root)
    wanted = [f"digits/{digit}" for digit in range(10) if f"digits/{digit}" in sounds]
    names = sorted({*wanted, *sorted(sounds, key=_order)[: min(LIBRARY, len(sounds) * 2 // 3)]})
    twins = _twins({name: sounds[name] for name in names})
    names = [name for name in names if name not in twins]
    takes = Takes({name: sounds[name] for name in names})
    rest = {name: samples for name, samples in sounds.items() if name not in names and not takes.holding(samples)}
    lines = _spoken_lines(sounds, rest)
    recordings = [Recording(name, voice.language, sounds[name]) for name in names]
    recordings += [Recording(name, voice.language, said) for name, (said, _, _) in lines.items()]
    phrases = {phrase for _, _, said in lines.values() for phrase in said}
    others = [other for other in VOICES if other.final == voice.final and other is not voice]
    # The same person in another language, or another one in the same language, where there is such a voice.
    same = [other for other in others if other.name.split()[0] == voice.name.split()[0]]
    second = asterisk_sounds.sounds((same or others)[0], root)
    # The chimes are everybody's.
    shared = {name: second[name] for name in names if name in second and name not in takes.holding(second[name])}
    both = [Recording(name, language, some[name]) for language, some in (("one", sounds), ("two", second)) for name in list(shared)[:160]]
    return Material(
        voice,
        PromptLibrary(recordings),
        {name: samples for name, samples in rest.items() if name not in phrases and len(samples) > 0.4 * RATE},
        shared,
        PromptLibrary(both),
        {(name, voice.language): tuple(changed) for name, (_, changed, _) in lines.items()},
        asterisk_sounds.music(root),
    )


def _twins(sounds: Mapping[str, Samples]) -> set[str]:
    """Return those that are another one under a second name: nothing could tell them apart, and nothing needs to."""
    library = PromptLibrary([Recording(name, "", samples) for name, samples in sounds.items()])
    return {name for name in sounds if any(other < name for other, _ in library.index.identical((name, "")))}
