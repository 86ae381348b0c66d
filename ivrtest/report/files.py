"""Writing a text so that nobody ever reads half of one."""

from __future__ import annotations

import codecs
import errno
import os
import stat
from pathlib import Path

from ivrtest.source.text import Source
from ivrtest.source.words import readable


class FileChangedError(Exception):
    """A file does not hold what was read from it any more."""


def write_text(path: Path, text: str) -> None:
    """Write a whole text, or nothing: into a new file first, which then takes the old one's place. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, readable(text).encode(), None)


def rewrite_text(path: Path, before: Source, after: str) -> None:
    """Write `after` in place of `before`, with the mark of UTF-8 if it has one, its permissions and, for a link, where it leads.

    Raises OSError, and `FileChangedError` if the file does not hold `before` any more.
    """
    path = path.resolve(strict=True)
    data = path.read_bytes()
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    if data != mark + before.text.encode():
        raise FileChangedError
    if not os.access(path, os.W_OK):
        # A new file could take its place all the same; whoever took the right to write away did not want that.
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    _replace(path, mark + after.encode(), path)


def _replace(path: Path, data: bytes, like: Path | None) -> None:
    # Imported where it is used: a check from the shell is quick, and most write nothing.
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        new = Path(file.name)
        try:
            file.write(data)
            file.flush()
            new.chmod(0o644)
            if like is not None:
                _resemble(new, like.stat())
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise


def _resemble(new: Path, old: os.stat_result) -> None:
    """Give a file the owner and the permissions of the one that it is to replace, as far as this user may."""
    if os.geteuid() == 0:
        os.chown(new, old.st_uid, old.st_gid)
    new.chmod(stat.S_IMODE(old.st_mode))
