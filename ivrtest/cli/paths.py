"""Files that people name: a file, or a folder of files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.system import unwritten
from ivrtest.source.text import Source

_SCENARIO: Final = re.compile(rb"""^ivrtest:\s*["']?scenario/""", re.MULTILINE)


def flow_files(paths: Sequence[Path], exclude: Sequence[Path]) -> tuple[Path, ...]:
    """Return the YAML files that `paths` name: files themselves, and those below folders, in order and each once.

    Excluded folders and scenarios are skipped when a folder above them is named, not when they are named themselves. Raises InputError
    for a folder without a single YAML file that may be a flow.
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
            and not says_scenario(file)
        ]
        if not files:
            raise InputError((unusable(path, f'folder "{path}" holds no YAML file'),))
        found.update(dict.fromkeys(files))
    return tuple(found)


def says_scenario(file: Path) -> bool:
    """Tell whether a YAML file says near its beginning that it is a scenario."""
    try:
        with file.open("rb") as opened:
            return _SCENARIO.search(opened.read(4096)) is not None
    except OSError:
        # Whoever reads it whole has more to say about it.
        return False


def no_scenarios(paths: Sequence[Path]) -> str:
    """Say that there is no scenario in `paths`."""
    places = " or ".join(f'"{path}"' for path in paths)
    return f'there is no scenario in {places}. a scenario is a file ".yaml" with "ivrtest: scenario/1"'


def unusable(path: Path, message: str) -> Finding:
    """Return a finding about a path itself."""
    return Finding("path", Severity.ERROR, message, Source(str(path), "").whole())


def unwritable(path: Path, error: OSError) -> Finding:
    """Return a finding about a file that could not be written."""
    return unusable(path, f'"{path}" cannot be written: {unwritten(error)}')
