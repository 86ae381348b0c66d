"""What is computed of a library, kept on disk: plain arrays one after another, in a file named after the recordings' content.

Files lie in `ivrtest/index` of the user's cache folder (`$XDG_CACHE_HOME`, else `~/.cache`). One that is cut off, of another version or
of other recordings is as good as none. The oldest go when there is too much. Of processes that want the same index at its very first use,
one computes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.confusion import Sibling
from ivrtest.audio.fingerprint import DIMENSIONS
from ivrtest.audio.reference import PAD, Codes, Reference
from ivrtest.audio.spectrum import BANDS, FINE_HOP, WINDOW, Samples

Key = tuple[str, str]
INDEX_FORMAT: Final = 4
"""Counts up whenever anything that goes into an index is computed or stored in another way."""
MOST_OCTETS: Final = 1_000_000_000
"""All files together; the one just written stays."""
WORTH_KEEPING_S: Final = 60.0
"""The index of less sound than this is computed as quickly as read."""
_PIECE: Final = 16384
"""Samples that are summed up together for a name."""


@dataclass(frozen=True, slots=True, eq=False)
class IndexParts:
    """An index as arrays."""

    codes: Codes
    """The recordings' `Reference.codes`, one after another."""
    sounding: NDArray[np.int64]
    """Per recording: `start` and `end`. Shape (recordings, 2)."""
    places: NDArray[np.float32]
    """`Fingerprints.places`."""
    pairs: NDArray[np.int64]
    """Per recording and sibling: their numbers and the sibling's shift. Shape (n, 3)."""
    apart_s: NDArray[np.float64]
    """Per pair; not a number: never apart. Shape (n,)."""

    @classmethod
    def taken(cls, references: Sequence[Reference], places: NDArray[np.float32], siblings: Mapping[Key, Sequence[Sibling]]) -> IndexParts:
        numbers = {reference.key: number for number, reference in enumerate(references)}
        pairs = [(numbers[key], sibling) for key, some in siblings.items() for sibling in some]
        return cls(
            np.concatenate([reference.codes for reference in references]),
            np.array([(reference.start, reference.end) for reference in references], np.int64),
            places,
            np.array([(number, numbers[sibling.key], sibling.shift) for number, sibling in pairs], np.int64).reshape(-1, 3),
            np.array([np.nan if sibling.apart_s is None else sibling.apart_s for _, sibling in pairs], np.float64),
        )

    def references(self, recordings: Sequence[tuple[Key, Samples]]) -> tuple[Reference, ...]:
        """Return the references. Raises ValueError if these arrays are of other recordings."""
        counts = [(len(samples) + 2 * PAD * FINE_HOP - WINDOW) // FINE_HOP + 1 for _, samples in recordings]
        if self.codes.shape != (sum(counts), BANDS) or len(self.sounding) != len(counts):
            raise ValueError("an index of other recordings")
        start, stop = self.sounding.T
        if not ((start >= 0) & (start <= stop) & (stop <= [len(samples) for _, samples in recordings])).all():
            raise ValueError("an index of other recordings")
        ends = np.cumsum(counts)
        return tuple(
            Reference(key, samples, (self.codes[end - count : end], int(start), int(stop)))
            for (key, samples), count, end, (start, stop) in zip(recordings, counts, ends, self.sounding, strict=True)
        )

    def siblings(self, keys: Sequence[Key]) -> Mapping[Key, tuple[Sibling, ...]]:
        """Return each recording's siblings. Raises ValueError if these arrays are of other recordings."""
        if not ((self.pairs[:, :2] >= 0) & (self.pairs[:, :2] < len(keys))).all():
            raise ValueError("an index of other recordings")
        return _Siblings(self, keys)


class _Siblings(Mapping[Key, tuple[Sibling, ...]]):
    """Read from the arrays where they are asked for: most recordings of a large library never are."""

    def __init__(self, parts: IndexParts, keys: Sequence[Key]) -> None:
        self._parts, self._keys = parts, keys
        self._known: dict[Key, tuple[Sibling, ...]] = {}
        numbers = parts.pairs[:, 0]
        edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
        self._places = {keys[numbers[begin]]: (begin, end) for begin, end in pairwise(edges)} if len(numbers) else {}

    def __getitem__(self, key: Key) -> tuple[Sibling, ...]:
        if key not in self._known:
            begin, end = self._places[key]
            pairs, apart_s = self._parts.pairs[begin:end].tolist(), self._parts.apart_s[begin:end].tolist()
            self._known[key] = tuple(
                Sibling(self._keys[other], None if np.isnan(apart) else apart, shift)
                for (_, other, shift), apart in zip(pairs, apart_s, strict=True)
            )
        return self._known[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def content_name(recordings: Sequence[tuple[Key, Samples]]) -> str:
    """Return a name for these recordings' index: another one for other samples, other names, or another order."""
    digest = hashlib.sha256(f"index {INDEX_FORMAT} {BANDS} {len(recordings)}".encode())
    for (prompt, language), samples in recordings:
        digest.update(repr((prompt, language, len(samples))).encode())
        digest.update(_sums(samples).data)
    return digest.hexdigest()[:40]


def _sums(samples: Samples) -> NDArray[np.uint64]:
    """Return what stands for samples in a name: a digest of them all would take five times as long, or twenty on some processors.

    Each four samples are a number. Those of a piece are multiplied with odd numbers that follow no rule and summed modulo 2**64: a
    multilinear hash (D. Lemire and O. Kaser, "Strongly universal string hashing is fast", 2014).
    """
    whole = np.ascontiguousarray(samples[: len(samples) - len(samples) % _PIECE], "<i2")
    rest = np.zeros(_PIECE, "<i2")
    rest[: len(samples) - len(whole)] = samples[len(whole) :]
    sums: NDArray[np.uint64] = np.concatenate([part.view("<u8").reshape(-1, _PIECE // 4) @ _factors() for part in (whole, rest)])
    return sums


@lru_cache(maxsize=1)
def _factors() -> NDArray[np.uint64]:
    return np.frombuffer(hashlib.shake_128(b"index").digest(2 * _PIECE), "<u8") | np.uint64(1)


def cache_folder() -> Path:
    """Return where indexes are kept. `$XDG_CACHE_HOME` counts only if it is absolute (XDG Base Directory Specification)."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".cache") / "ivrtest" / "index"


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Wait until no other process computes this index. Who is killed while it does holds nobody up. Where nothing can be kept, nobody
    waits: each computes its own."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, RuntimeError):
            path = cache_folder() / f"{name}.lock"
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(path.open("wb"))
            # Whoever waits has it open, and finds the index when its turn comes.
            stack.callback(path.unlink, missing_ok=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def load_index(name: str) -> IndexParts | None:
    """Return an index, or None if there is none that can be used."""
    path = cache_folder() / f"{name}.index"
    try:
        with path.open("rb") as file:
            recordings, places, pairs, fine = np.fromfile(file, np.int64, 4).tolist()
            octets = 32 + 16 * recordings + 4 * DIMENSIONS * places + 32 * pairs + BANDS * fine
            if min(recordings, places, pairs) < 0 or octets + 8 != os.fstat(file.fileno()).st_size:
                return None
            parts = IndexParts(
                sounding=np.fromfile(file, np.int64, 2 * recordings).reshape(-1, 2),
                places=np.fromfile(file, np.float32, DIMENSIONS * places).reshape(DIMENSIONS, -1),
                pairs=np.fromfile(file, np.int64, 3 * pairs).reshape(-1, 3),
                apart_s=np.fromfile(file, np.float64, pairs),
                # Of a large library most recordings are never asked for.
                codes=np.asarray(np.memmap(file, np.uint8, "r", file.tell(), (fine * BANDS,))).reshape(-1, BANDS),
            )
            file.seek(-8, os.SEEK_END)
            if int.from_bytes(file.read(8), "little") != _sum_of(parts):
                return None
        with contextlib.suppress(OSError):
            os.utime(path)
    except (OSError, ValueError):
        return None
    return parts


def _arrays(parts: IndexParts) -> tuple[NDArray[Any], ...]:
    return parts.sounding, parts.places, parts.pairs, parts.apart_s, parts.codes


def _sum_of(parts: IndexParts) -> int:
    """Return the sum of all that is kept, modulo 2**64: what a disk spoils is not taken for an index. It takes 15 ms for 130 MB."""
    words = (np.ascontiguousarray(array).reshape(-1).view(np.uint64) for array in _arrays(parts))
    return sum(int(np.sum(part)) for part in words) & 0xFFFFFFFFFFFFFFFF


def save_index(name: str, parts: IndexParts) -> None:
    """Keep an index; where the disk is full or nobody may write, it is computed anew next time."""
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{name}.{os.getpid()}.part"
        try:
            with unfinished.open("wb") as file:
                counts = [len(parts.sounding), parts.places.shape[1], len(parts.pairs), len(parts.codes)]
                for array in (np.array(counts, np.int64), *_arrays(parts)):
                    file.write(np.ascontiguousarray(array).data)
                file.write(_sum_of(parts).to_bytes(8, "little"))
            # Whoever has an old one mapped keeps it.
            unfinished.replace(folder / f"{name}.index")
        finally:
            unfinished.unlink(missing_ok=True)
        _evict(folder, keep=f"{name}.index")
    except (OSError, RuntimeError):
        return


def _evict(folder: Path, keep: str) -> None:
    """Remove what was used longest ago until all is small enough."""
    files = sorted(((path.stat(), path) for path in folder.iterdir()), key=lambda found: found[0].st_mtime)
    total = sum(stat.st_size for stat, _ in files)
    for stat, path in files:
        if total <= MOST_OCTETS:
            return
        if path.name != keep:
            path.unlink(missing_ok=True)
            total -= stat.st_size
