"""Writing a text so that nobody ever reads half of one."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path

from ivrtest.source.text import Source


class FileChangedError(Exception):
    """A file does not hold what was read from it any more."""


def write_text(path: Path, text: str) -> None:
    """Write a whole text, or nothing: into a new file first, which then takes the old one's place. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, text.encode(), None)


def rewrite_text(path: Path, before: Source, after: str) -> None:
    """Write `after` in place of `before`, with the mark of UTF-8 if it has one, its permissions and, for a link, where it leads.

    Raises OSError, and `FileChangedError` if the file does not hold `before` any more.
    """
    path = path.resolve(strict=True)
    data = path.read_bytes()
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    if data != mark + before.text.encode():
        raise FileChangedError
    _replace(path, mark + after.encode(), path)


def _replace(path: Path, data: bytes, like: Path | None) -> None:
    # Imported where it is used: a check from the shell is quick, and most write nothing.
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        new = Path(file.name)
        try:
            file.write(data)
            file.flush()
            new.chmod(0o644 if like is None else stat.S_IMODE(like.stat().st_mode))
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
