"""Files that people name: a file, or a folder of files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.text import Source


def flow_files(paths: Sequence[Path], exclude: Sequence[Path]) -> tuple[Path, ...]:
    """Return the YAML files that `paths` name: files themselves, and those below folders, in order and each once.

    Excluded folders are skipped when a folder above them is named, not when they are named themselves. Raises InputError for a path
    that is not there and for a folder without a single YAML file.
    """
    skipped = [folder.resolve() for folder in exclude]
    found: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            found[path] = None
            continue
        root = path.resolve()
        inside = [folder for folder in skipped if folder != root and folder.is_relative_to(root)]
        files = [
            file
            for file in sorted(path.rglob("*"))
            if file.suffix in {".yaml", ".yml"}
            and file.is_file()
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and not any(file.resolve().is_relative_to(folder) for folder in inside)
        ]
        if not files:
            raise InputError((unusable(path, f'folder "{path}" holds no YAML file'),))
        found.update(dict.fromkeys(files))
    return tuple(found)


def unusable(path: Path, message: str) -> Finding:
    """Return a finding about a path itself."""
    return Finding("path", Severity.ERROR, message, Source(str(path), "").whole())
