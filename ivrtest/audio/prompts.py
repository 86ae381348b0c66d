"""The recordings that a caller may hear."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.confusion import Sibling, siblings
from ivrtest.audio.fingerprint import DIMENSIONS, Fingerprints, patches_of
from ivrtest.audio.formats import find_recording
from ivrtest.audio.index_file import WORTH_KEEPING_S, IndexParts, alone, content_name, load_index, save_index
from ivrtest.audio.music_place import MusicRecordings
from ivrtest.audio.recording_file import AudioError, read_audio
from ivrtest.audio.reference import Reference, codes_of, fine_levels
from ivrtest.audio.spectrum import FLOOR_DB, percentile
from ivrtest.audio.synthesis import is_synthetic
from ivrtest.audio.word_sounds import Words

Key = tuple[str, str]
"""(prompt, language)."""

_SILENT_PEAK = 40
"""A recording that never exceeds this sample value (-58 dBov) holds no speech."""
_TOO_SHORT_S = 0.1
_LOUDNESS_OF = 300
"""So many recordings tell how loud a library is."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One sound file, read."""

    prompt: str
    """`main_menu`, or `digits/7`."""
    language: str
    samples: NDArray[np.int16] = field(repr=False)
    """8 kHz, shape (n,)."""
    words: str = ""
    path: Path | None = None
    synthetic: bool = False
    """Rendered from its words, not spoken by a person."""
    anew: bool = False
    """Callers hear its words spoken anew, never twice alike, and not this sound."""
    music: bool = False
    """It plays while callers wait: over and over, and until something else happens."""

    @property
    def key(self) -> Key:
        return (self.prompt, self.language)

    @property
    def seconds(self) -> float:
        return len(self.samples) / 8000


class LibraryIndex:
    """What matching needs to know of a library, computed once and kept on disk."""

    def __init__(self, recordings: Sequence[Recording], parts: IndexParts | None = None) -> None:
        """`parts`: what was computed of these recordings before. Raises ValueError if it is of others."""
        if parts is None:
            references, patches = [], [np.zeros((DIMENSIONS, 0), np.float32)]
            for recording in recordings:
                levels = fine_levels(recording.samples)
                references.append(Reference(recording.key, recording.samples, fresh=codes_of(levels)))
                patches.append(patches_of(levels, len(recording.samples)))
            self.references = tuple(references)
            self.fingerprints = Fingerprints(self.references, np.concatenate(patches, axis=1))
            self.siblings: Mapping[Key, tuple[Sibling, ...]] = siblings(self.references)
            """Per recording: those that begin alike, and from when on they differ."""
        else:
            self.references = parts.references([(recording.key, recording.samples) for recording in recordings])
            self.fingerprints = Fingerprints(self.references, parts.places)
            self.siblings = parts.siblings([recording.key for recording in recordings])
        self.numbers: Mapping[Key, int] = {reference.key: number for number, reference in enumerate(self.references)}

    @cached_property
    def softer_peak_db(self) -> float:
        """How loud the softer recordings are: what a tenth of them stays under, by each one's loudest cell, dB."""
        some = self.references[:: len(self.references) // _LOUDNESS_OF + 1]
        return percentile(np.array([reference.peak for reference in some], np.float32), 10) if some else FLOOR_DB

    @classmethod
    def of(cls, recordings: Sequence[Recording]) -> LibraryIndex:
        """Return the index of recordings, from disk if it is there."""
        if sum(recording.seconds for recording in recordings) < WORTH_KEEPING_S:
            return cls(recordings)
        name = content_name([(recording.key, recording.samples) for recording in recordings])
        if (kept := cls._kept(recordings, name)) is not None:
            return kept
        with alone(name):
            if (kept := cls._kept(recordings, name)) is not None:
                return kept
            index = cls(recordings)
            save_index(name, IndexParts.taken(index.references, index.fingerprints.places, index.siblings))
            return index

    @classmethod
    def _kept(cls, recordings: Sequence[Recording], name: str) -> LibraryIndex | None:
        try:
            parts = load_index(name)
            return None if parts is None else cls(recordings, parts)
        except ValueError:
            # Not what its name says: as good as none.
            return None

    def identical(self, key: Key) -> tuple[Key, ...]:
        """Return the recordings that sound the same as `key`'s from beginning to end."""
        return tuple(sibling.key for sibling in self.siblings.get(key, ()) if sibling.apart_s is None)


class PromptLibrary:
    """Recordings by (prompt, language)."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        """Raises ValueError for two recordings under one key, and for one without sound (`load_library` reports those as problems)."""
        self._recordings: dict[Key, Recording] = {}
        for recording in recordings:
            if recording.key in self._recordings:
                raise ValueError(f'two recordings of prompt "{recording.prompt}" in language "{recording.language}"')
            if fault := fault_of(recording.samples):
                raise ValueError(f'recording of prompt "{recording.prompt}" in language "{recording.language}" {fault}')
            self._recordings[recording.key] = recording
        self.anew = frozenset(key for key, recording in self._recordings.items() if recording.anew)
        """The recordings whose words are spoken anew."""
        self.music = frozenset(key for key, recording in self._recordings.items() if recording.music)
        """The recordings that play while callers wait."""
        self._words: dict[tuple[Key, ...], Words] = {}

    def __len__(self) -> int:
        return len(self._recordings)

    def get(self, prompt: str, language: str) -> Recording | None:
        return self._recordings.get((prompt, language))

    def keys(self) -> tuple[Key, ...]:
        return tuple(self._recordings)

    def recordings(self) -> tuple[Recording, ...]:
        return tuple(self._recordings.values())

    @cached_property
    def music_recordings(self) -> MusicRecordings:
        """The recordings that play while callers wait, to find a call's place in them."""
        return MusicRecordings([(recording.key, recording.samples) for recording in self.recordings() if recording.music])

    @cached_property
    def index(self) -> LibraryIndex:
        """Without what is spoken anew. Computed at the first use ever, a second for ten minutes of recordings; then read from disk."""
        return LibraryIndex.of([recording for recording in self.recordings() if not recording.anew])

    def words(self, keys: Sequence[Key]) -> Words:
        """Return how the words of recordings sound one after another. Raises KeyError."""
        return self._words.setdefault(tuple(keys), Words(np.concatenate([self._recordings[key].samples for key in keys])))


@dataclass(frozen=True, slots=True)
class LibraryReading:
    """A library as far as it could be read."""

    library: PromptLibrary
    missing: tuple[Path, ...]
    """Files that the flow needs and that do not exist."""
    problems: tuple[str, ...]
    """Files that exist and cannot be used: what is wrong and what would be right."""


def load_library(
    flow_name: str,
    prompts: Mapping[str, Mapping[str, str]],
    languages: Sequence[str],
    folder: Path,
    *,
    digits: bool = False,
    anew: Collection[str] = (),
    music: Collection[str] = (),
) -> LibraryReading:
    """Read a flow's recordings: `<folder>/<language>/<prompt>.wav` (or another format), `<language>/digits/<digit>.wav`.

    `prompts`: per prompt and language its words. `folder`: the flow's own, such as `flows/prompts/bank`. Digits are read where they
    exist; `digits=True` says that the flow speaks them, so that absent ones are missing. `anew`: prompts that are spoken anew.
    `music`: those that play while callers wait.
    """
    recordings: list[Recording] = []
    missing: list[Path] = []
    problems: list[str] = []
    wanted = [(prompt, language, words) for prompt, texts in prompts.items() for language, words in texts.items()]
    wanted += [(f"digits/{digit}", language, "") for language in languages for digit in range(10)]
    for prompt, language, words in wanted:
        path = find_recording(folder / language, prompt)
        if path is None:
            if digits or not prompt.startswith("digits/"):
                missing.append(folder / language / f"{prompt}.wav")
            continue
        try:
            samples = read_audio(path)
        except AudioError as error:
            problems.append(str(error))
            continue
        if fault := fault_of(samples):
            problems.append(f'recording "{path}" of flow "{flow_name}" {fault}. record the words again')
            continue
        recordings.append(Recording(prompt, language, samples, words, path, is_synthetic(path), prompt in anew, prompt in music))
    return LibraryReading(PromptLibrary(recordings), tuple(missing), tuple(problems))


def fault_of(samples: NDArray[np.int16]) -> str:
    """Return what makes these samples useless as a prompt, or an empty text."""
    if len(samples) < _TOO_SHORT_S * 8000:
        return f"is {len(samples) / 8:.0f} ms long; a prompt needs at least {_TOO_SHORT_S * 1000:.0f} ms"
    if int(np.max(np.abs(samples.astype(np.int32)))) < _SILENT_PEAK:
        return "is silent"
    return ""
