"""Doing something again whenever a file changes. Modification times are asked for at intervals: that works on every file system."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

INTERVAL_S: Final = 0.5

Snapshot = Mapping[Path, tuple[int, int, int]]
"""Per file or folder: when it was changed in ns, its size, and its number, which changes when an editor writes a new file in its place."""


def pause() -> None:
    time.sleep(INTERVAL_S)


def watch(act: Callable[[], object], look: Callable[[], Snapshot], wait: Callable[[], None] = pause) -> None:
    """Act, and again after every change, until `wait` or `act` raises (KeyboardInterrupt, as a rule).

    What is changed while `act` works counts as a change too.
    """
    while True:
        before = look()
        act()
        while look() == before:
            wait()


def snapshot(files: Iterable[Path], folders: Iterable[Path]) -> Snapshot:
    """Return the state of files, and of all folders and YAML files below folders. Hidden ones are passed over."""
    paths = set(files)
    for folder in folders:
        for parent, below, names in os.walk(folder):
            below[:] = [name for name in below if not name.startswith(".")]
            paths.add(Path(parent))
            paths.update(Path(parent, name) for name in names if name.endswith((".yaml", ".yml")) and not name.startswith("."))
    found = {}
    for path in paths:
        try:
            state = path.stat()
        except OSError:
            # Not there is a state too: the path is simply missing from the snapshot.
            continue
        found[path] = (state.st_mtime_ns, state.st_size, state.st_ino)
    return found
