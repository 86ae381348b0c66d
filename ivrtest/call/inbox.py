"""Datagrams that came, several of one socket with one call of the system, and without letting go of the interpreter; see `datagrams`."""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from typing import Final

from ivrtest.call.datagrams import AT_ONCE, c_library, name_length

ROWS: Final = 16
"""How many datagrams are received at one time. In a crowd five to ten wait when a block is due."""
ROOM: Final = 212_992
"""Octets that may wait at a socket, as the system counts them. It takes this twice, for what it needs itself, and then counts 768 for a
packet of 172. More it gives to nobody, by default."""

_SO_TIMESTAMPNS: Final = 35
"""SOL_SOCKET, Linux: the kernel notes when each datagram came (CLOCK_REALTIME)."""
_SO_MEMINFO: Final = 55
"""SOL_SOCKET, Linux: how much memory a socket has and uses. The last of its nine numbers counts what was dropped."""
_MEMORY: Final = struct.Struct("@9I")
_STAMP: Final = struct.Struct("@qq")
_ANCILLARY: Final = socket.CMSG_SPACE(_STAMP.size)
_VECTOR: Final = struct.Struct("@PN")
"""struct iovec of recvmmsg(2): address, length."""
_MESSAGE: Final = struct.Struct("@PIPNPNi0PI0P")
"""struct mmsghdr of recvmmsg(2): name and its length, vectors and how many, ancillary data and their length, flags; length received."""
_LENGTHS: Final = tuple(struct.Struct("@" + rows * "40xN8xI4x") for rows in range(ROWS + 1))
"""Of so many of them, how long the ancillary data are, and the datagrams."""
_STAMPS: Final = tuple(struct.Struct("@" + rows * f"{socket.CMSG_LEN(0)}xqq") for rows in range(ROWS + 1))
"""Of the ancillary data of so many, seconds and nanoseconds."""
_CACHE_LINE: Final = 64

_recvmmsg = c_library.recvmmsg
# Without argtypes, as `sendto` in `datagrams`.
_recvmmsg.restype = ctypes.c_int


def prepare(connection: socket.socket) -> None:
    """Let the system note when each datagram comes to a socket, and let many wait there."""
    connection.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)


def dropped(connection: socket.socket) -> int:
    """Return how many datagrams came to a socket for which there was no room. Raises OSError where the system does not tell."""
    memory = connection.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMORY.size)
    return int(_MEMORY.unpack(memory)[-1])


class Inbox:
    """Receives the datagrams of all sockets of one thread."""

    def __init__(self, family: int, longest: int) -> None:
        """`family` is that of the sockets: AF_INET or AF_INET6. What is longer than `longest` octets is cut there."""
        width = name_length(family)
        # Were the rows a power of two apart, they would drive each other out of the processor's cache.
        apart = (longest // _CACHE_LINE | 1) * _CACHE_LINE + 2 * _CACHE_LINE
        self._buffers = tuple(ctypes.create_string_buffer(ROWS * size) for size in (apart, width, _ANCILLARY, _VECTOR.size, _MESSAGE.size))
        octets, names, ancillary, vectors, messages = map(ctypes.addressof, self._buffers)
        self._at = ctypes.c_void_p(messages)
        self._octets, self._names, self._ancillary, filled, self._messages = (memoryview(each).cast("B") for each in self._buffers)
        for row in range(ROWS):
            vector, message = row * _VECTOR.size, row * _MESSAGE.size
            _VECTOR.pack_into(filled, vector, octets + row * apart, longest)
            _MESSAGE.pack_into(
                self._messages, message, names + row * width, width, vectors + vector, 1, ancillary + row * _ANCILLARY, _ANCILLARY, 0, 0
            )
        self._fresh = self._messages.tobytes()
        self._places = tuple((row * apart, row * width, (row + 1) * width) for row in range(ROWS))

    def receive(self, descriptor: int, wall_zero: float) -> list[tuple[bytes, bytes, float]]:
        """Return datagrams that have come to a socket, at most `ROWS`: each with the name of the socket that it came from, and when it
        came, by `time.monotonic()`: as the system noted it, else now. `wall_zero` is when that clock was 0, in seconds since 1970."""
        count = _recvmmsg(descriptor, self._at, ROWS, AT_ONCE, None)
        if count <= 0:
            return []
        now = time.monotonic()
        lengths = _LENGTHS[count].unpack_from(self._messages)
        stamps = _STAMPS[count].unpack_from(self._ancillary)
        # The system wrote over the lengths.
        end = count * _MESSAGE.size
        self._messages[:end] = self._fresh[:end]
        octets, names = self._octets, self._names
        return [
            (
                octets[begin : begin + length].tobytes(),
                names[name:name_end].tobytes(),
                # The wall clock may be set while we are at it.
                came if stamped and (came := seconds - wall_zero + nanoseconds * 1e-9) < now else now,
            )
            for (begin, name, name_end), stamped, length, seconds, nanoseconds in zip(
                self._places, lengths[::2], lengths[1::2], stamps[::2], stamps[1::2], strict=False
            )
        ]
