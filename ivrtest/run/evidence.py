"""The folder of reports: one run at a time writes to it, and each keeps its recordings and packets in folders of its own.

So no report ever names the sound of another run: recordings lie in `recordings/20261122T030658Z/`, named by when the run began, and
the reports of a run take the place of those before only once all of it is there.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Final

LOCK: Final = ".ivrtest-run"
"""The file that says by being locked that a run writes to the folder. The system unlocks it however the run ends. For one file it is
`.NAME.ivrtest-run` beside it."""
_RUN: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z(?:-[0-9]+)?")
_GOING: Final = ".gone-"


class InUseError(Exception):
    """Another run writes to `place`."""

    def __init__(self, place: Path) -> None:
        super().__init__(str(place))
        self.place = place


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where one run keeps what it heard."""

    recordings: Path
    pcaps: Path | None
    """None: no packets are kept."""


@contextmanager
def claimed(place: Path) -> Iterator[None]:
    """Keep other runs away from a folder of reports, which is there, or from a file in such a folder. Raises InUseError and OSError."""
    path = place / LOCK if place.is_dir() else place.with_name(f".{place.name}{LOCK}")
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever was here before took the file away with it; a lock on what is gone keeps nobody out.
            if _is_still(path, descriptor):
                break
        except BlockingIOError as error:
            os.close(descriptor)
            raise InUseError(place) from error
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def new_evidence(recordings: Path, pcaps: Path | None, now: datetime) -> Evidence:
    """Make the folders of a run that begins `now` (aware): below `recordings` and, of the same name, below `pcaps`. Raises OSError."""
    began = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    for name in chain((began,), (f"{began}-{number}" for number in count(2))):
        evidence = Evidence(recordings / name, pcaps / name if pcaps is not None else None)
        if not _made(evidence.recordings):
            continue
        if evidence.pcaps is None or _made(evidence.pcaps):
            return evidence
        evidence.recordings.rmdir()
    raise AssertionError("there is always another number")


def _made(folder: Path) -> bool:
    """Make a folder that nobody has; return whether that was so."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def tidy(evidence: Evidence, keep: int) -> None:
    """Remove the run's folders if they are empty, and those of all but the last `keep` runs, each as a whole. Raises OSError.

    What does not bear the name of a run stays; so do packets that are not kept beside the recordings.
    """
    for folder in (evidence.recordings, evidence.pcaps):
        if folder is not None and not any(folder.iterdir()):
            folder.rmdir()
    _keep_last(evidence.recordings, keep)
    if evidence.pcaps is not None and evidence.pcaps.parent.parent == evidence.recordings.parent.parent:
        _keep_last(evidence.pcaps, keep)


def _keep_last(newest: Path, keep: int) -> None:
    parent = newest.parent
    others = (each for each in parent.iterdir() if _RUN.fullmatch(each.name) and each != newest)
    runs = sorted(each for each in others if each.is_dir() and not each.is_symlink())
    room = keep - newest.exists()
    for old in runs[: max(0, len(runs) - room)]:
        # Out of the way at once: nobody finds half of a run.
        old.rename(parent / f"{_GOING}{old.name}")
    for going in parent.glob(f"{_GOING}*"):
        shutil.rmtree(going)
    if not any(parent.iterdir()):
        parent.rmdir()
