"""What the operating system says of files and addresses, in our words."""

from __future__ import annotations

import errno
from typing import Final

_FOLDER: Final = ("it is a folder", "name a file")
_ROOM: Final = ("the disk is full", "make room, or name another place")
_DENIED: Final = "permission denied"

_READING: Final = {
    errno.ENOENT: ("it is not there", ""),
    errno.EISDIR: _FOLDER,
    errno.ENOTDIR: ("a part of its path is a file", ""),
    errno.EACCES: (_DENIED, "give yourself the right to read it"),
    errno.EPERM: (_DENIED, "give yourself the right to read it"),
    errno.ELOOP: ("its links lead in a circle", ""),
    errno.ENAMETOOLONG: ("its name is too long", ""),
    errno.EMFILE: ("too many files are open", "raise the limit with ulimit -n"),
    errno.ENFILE: ("too many files are open on this machine", ""),
    errno.EIO: ("the disk does not answer as it should", ""),
}
_WRITING: Final = {
    **_READING,
    errno.ENOENT: ("its folder is not there", "make it, or name another place"),
    errno.EEXIST: ("a file stands where its folder should be", "name another place"),
    errno.ENOTDIR: ("a part of its path is a file", "name another place"),
    errno.EACCES: (_DENIED, "name another place"),
    errno.EPERM: (_DENIED, "name another place"),
    errno.EROFS: ("nothing can be written to that disk", "name another place"),
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: ("your share of the disk is used up", "make room, or name another place"),
    errno.EFBIG: ("it would be larger than that disk allows", "name another place"),
    errno.ENAMETOOLONG: ("its name is too long", "give it a shorter one"),
}
_NETWORK: Final = {
    errno.EADDRINUSE: "somebody else listens there",
    errno.EADDRNOTAVAIL: "nothing here has that address",
    errno.EAFNOSUPPORT: "this machine does not speak that kind of address",
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOBUFS: "the system has no memory left for it",
}


def unread(error: OSError) -> str:
    """Return why something cannot be read, and what would be right where that is known: `it is a folder. name a file`."""
    return _told(_READING, error)


def unwritten(error: OSError) -> str:
    """Return why something cannot be written, and what would be right where that is known."""
    return _told(_WRITING, error)


def unbound(error: OSError) -> str:
    """Return why an address of this machine cannot be used."""
    return _NETWORK.get(error.errno or 0) or _own_words(error)


def _told(known: dict[int, tuple[str, str]], error: OSError) -> str:
    what, cure = known.get(error.errno or 0, (_own_words(error), ""))
    return f"{what}. {cure}" if cure else what


def _own_words(error: OSError) -> str:
    """Return what the system says itself, without its capital."""
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]
