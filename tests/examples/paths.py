"""Where the examples are, and how they are named in tests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[2]
FLOWS = HERE / "flows"
SCENARIOS = HERE / "scenarios"
BROKEN = FLOWS / "broken" / "scenarios"

_EXPECTED = re.compile(r"^# (fails|error): (.*)$", re.MULTILINE)
_SECONDS = re.compile(r"[0-9]+\.[0-9] s\b")


def each(folder: Path) -> list[Any]:
    """Return every scenario file below a folder as a parameter named as the file is."""
    return [pytest.param(file, id=file.relative_to(folder).with_suffix("").as_posix()) for file in sorted(folder.rglob("*.yaml"))]


def expectation(file: Path) -> tuple[str, str]:
    """Return the status and the message that a broken scenario says it comes to, without times."""
    word, message = _EXPECTED.findall(file.read_text())[-1]
    return {"fails": "failed", "error": "error"}[word], timeless(message)


def timeless(message: str) -> str:
    """Replace measured times, which differ from call to call."""
    return _SECONDS.sub("# s", message)
