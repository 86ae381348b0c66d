"""What is printed, where whoever read it may go away before the end: `ivrtest run | head`.

The command goes on and what it still prints goes nowhere, as with Unix programs, so that nothing is said of it; but unlike those
it is not ended. Its exit code is a verdict, which under `set -o pipefail` is that of the whole line: it must not depend on how much
somebody cared to read, nor on who was faster, and a run that has called somebody still writes its reports.
"""

from __future__ import annotations

import os
import select
import sys
from io import BufferedWriter, FileIO, RawIOBase, TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Unminding(FileIO):
    """A file that takes what nobody reads any more."""

    unread = False
    """Whether somebody has gone who read it."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            nothing_more(self.fileno())
            self.unread = True
            return super().write(data)


def unminding(stream: TextIOWrapper, errors: str) -> TextIOWrapper:
    """Return a stream to the same file, which takes what nobody reads. `errors`: what becomes of letters that the encoding lacks."""
    raw = Unminding(stream.fileno(), "w", closefd=False)
    # Python's own has no buffer where it was told so (`python -u`).
    buffer = raw if isinstance(stream.buffer, RawIOBase) else BufferedWriter(raw)
    return TextIOWrapper(
        buffer, encoding=stream.encoding, errors=errors, line_buffering=stream.line_buffering, write_through=stream.write_through
    )


def nothing_more(descriptor: int) -> None:
    """Let what is still to be written go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def has_reader() -> bool:
    """Return whether somebody may still read what is printed. For what would go on printing for ever."""
    if sys.stdout is None:
        return False
    raw = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
    if isinstance(raw, Unminding) and raw.unread:
        return False
    asking = select.poll()
    asking.register(sys.stdout.fileno(), 0)
    return not any(state & (select.POLLERR | select.POLLHUP) for _, state in asking.poll(0))
