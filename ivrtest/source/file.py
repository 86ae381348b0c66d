"""Files to texts. The one place where the input folder is read from disk, bounded and with a clear word for whatever is in the way."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.system import unread
from ivrtest.source.text import Source, Span

MAX_BYTES = 5_000_000
"""A declared flow of ten thousand nodes has about a fifth of it."""

OUTSIDE = "flow-file-outside-root"
"""The rule that a finding about a file belongs to which a link or `..` takes out of its folder."""

_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def read_source(path: Path, root: Path | None = None, *, max_bytes: int = MAX_BYTES) -> Source:
    """Read the text at `path`, which must be UTF-8; a byte order mark is dropped.

    With `root`, a path that leads out of it (by `..` or a symbolic link) is refused. Raises `InputError` if the file cannot be
    read, is larger than `max_bytes`, or is not text in UTF-8.
    """
    if root is not None and not _lies_within(path, root):
        message = f'"{path}" lies outside the folder "{root}". only files in it are read'
        raise InputError((Finding(OUTSIDE, Severity.ERROR, message, Source(str(path), "").whole()),))
    data = _read_bytes(path, max_bytes)
    text = decode(data, str(path))
    return Source(str(path), text)


def glimpse(path: Path) -> str:
    """Return what can be made out of a file, enough to tell what kind of file it is. Empty if it cannot be read."""
    try:
        data = _read_bytes(path, MAX_BYTES)
    except InputError:
        return ""
    encoding = next((encoding for mark, encoding in _WIDE_MARKS if data.startswith(mark)), "utf-8-sig")
    return data.decode(encoding, errors="replace")


def decode(data: bytes, name: str) -> str:
    """Return the text that `data` holds as UTF-8, without a byte order mark. Raises `InputError`."""
    for mark, encoding in _WIDE_MARKS:
        if data.startswith(mark):
            raise _unusable(name, f'"{name}" is written in {encoding}. save it as UTF-8')
    if b"\0" in data:
        # A NUL in every other byte is what UTF-16 without a mark looks like.
        wide = len(data) >= 4 and (not any(data[:64:2]) or not any(data[1:64:2]))
        what = "is written in UTF-16. save it as UTF-8" if wide else "is not a text file: it holds NUL bytes"
        raise _unusable(name, f'"{name}" {what}')
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # Shown as it reads with the wrong bytes replaced, so that the report can quote the line.
        source = Source(name, data.decode("utf-8", errors="replace"))
        span = place(source, len(data[: error.start].decode("utf-8")), 1)
        message = f'the byte "0x{data[error.start]:02X}" is not UTF-8. save the file as UTF-8'
        raise InputError((Finding("unreadable", Severity.ERROR, message, span),)) from error


def place(source: Source, offset: int, length: int) -> Span:
    """Return the span of `length` characters (of one line) that begins at character `offset` of the text."""
    before = source.text[:offset].splitlines(keepends=True)
    if before and before[-1].splitlines()[0] == before[-1]:
        line, column = len(before), len(before[-1]) + 1
    else:
        line, column = len(before) + 1, 1
    return Span(source, line, column, line, column + length)


def _lies_within(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        # A loop of symbolic links leads nowhere; reading it says so.
        return True


def _read_bytes(path: Path, max_bytes: int) -> bytes:
    try:
        # Not blocking: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                raise _unusable(path, f'"{path}" is a folder. name a file')
            if not stat.S_ISREG(mode):
                raise _unusable(path, f'"{path}" is not a regular file')
            data = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise _unusable(path, f'there is no file "{path}"') from error
    except IsADirectoryError as error:
        raise _unusable(path, f'"{path}" is a folder. name a file') from error
    except PermissionError as error:
        raise _unusable(path, f'"{path}" may not be read: permission denied') from error
    except ValueError as error:
        # Python's words for a NUL in a path differ from version to version.
        raise _unusable(path, f'"{path}" cannot be read: no file name holds a NUL') from error
    except OSError as error:
        raise _unusable(path, f'"{path}" cannot be read: {unread(error)}') from error
    if len(data) > max_bytes:
        raise _unusable(path, f'"{path}" is larger than {max_bytes:,} bytes. files up to that size are read')
    return data


def _unusable(path: Path | str, message: str) -> InputError:
    return InputError((Finding("unreadable", Severity.ERROR, message, Source(str(path), "").whole()),))
