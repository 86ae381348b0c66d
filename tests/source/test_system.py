from __future__ import annotations

import errno
import os

import pytest

from ivrtest.source.system import unbound, unread, unwritten


def of(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("number", "read", "written"),
    [
        (errno.ENOENT, "it is not there", "its folder is not there. make it, or name another place"),
        (errno.EISDIR, "it is a folder. name a file", "it is a folder. name a file"),
        (errno.ENOTDIR, "a part of its path is a file", "a part of its path is a file. name another place"),
        (errno.EACCES, "permission denied. give yourself the right to read it", "permission denied. name another place"),
        (errno.ELOOP, "its links lead in a circle", "its links lead in a circle"),
        (errno.ENAMETOOLONG, "its name is too long", "its name is too long. give it a shorter one"),
        (errno.ENOSPC, "no space left on device", "the disk is full. make room, or name another place"),
        (errno.EROFS, "read-only file system", "nothing can be written to that disk. name another place"),
        (errno.ESTALE, "stale file handle", "stale file handle"),
    ],
)
def test_files(number: int, read: str, written: str) -> None:
    assert (unread(of(number)), unwritten(of(number))) == (read, written)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EADDRINUSE, "somebody else listens there"),
        (errno.EADDRNOTAVAIL, "nothing here has that address"),
        (errno.EACCES, "permission denied"),
        (errno.ENETDOWN, "network is down"),
    ],
)
def test_addresses(number: int, told: str) -> None:
    assert unbound(of(number)) == told


def test_an_error_without_a_number_keeps_its_words() -> None:
    assert unread(OSError("Something else")) == "something else"
