"""Datagrams in and out without letting go of the interpreter.

The methods of a socket let other threads run while the system works, and then wait for their turn again. Beside a thread that computes,
that turn comes a switch interval later, for each of thousands of packets a second. But what never blocks takes a microsecond, in which
nobody else would get anything done: so the media thread calls the C library itself and keeps its turn. Linux.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import Any, Final

SocketAddress = Any
"""As the socket module has it: a host and a port, for IPv6 also flow and scope."""

_IPV4: Final = struct.Struct("!2sH4s8x")
_IPV6: Final = struct.Struct("!2sHI16s4s")
_NUMBER: Final = struct.Struct("@I")
_SO_TIMESTAMPNS: Final = 35
"""SOL_SOCKET, Linux: the kernel notes when each datagram came (CLOCK_REALTIME)."""
_TIMESTAMP: Final = struct.Struct("@qq")
_ANCILLARY: Final = socket.CMSG_SPACE(_TIMESTAMP.size)
_TIMESTAMP_AT: Final = socket.CMSG_LEN(0)


class _Vector(ctypes.Structure):
    """struct iovec of recvmsg(2)."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """struct msghdr of recvmsg(2)."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


# A PyDLL, unlike a CDLL, keeps the interpreter during its calls.
_c_library = ctypes.PyDLL(None)
_sendto = _c_library.sendto
# Without argtypes, for to convert arguments by those takes a third of the call. Octets go as a pointer anyway, and numbers as what a C int
# is widened to: all of them are small and none is negative.
_sendto.restype = ctypes.c_ssize_t
_recvmsg = _c_library.recvmsg
_recvmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_recvmsg.restype = ctypes.c_ssize_t
_AT_ONCE: Final = int(socket.MSG_DONTWAIT)


def note_arrivals(connection: socket.socket) -> None:
    """Let the system note when each datagram comes to a socket."""
    connection.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def socket_name(address: SocketAddress, family: int) -> bytes | None:
    """Return an address as the system has it (struct sockaddr); None if it is not one of that family."""
    try:
        host = socket.inet_pton(family, address[0])
    except OSError:
        return None
    kind = struct.pack("@H", family)
    if family == socket.AF_INET:
        return _IPV4.pack(kind, address[1], host)
    flow, scope = address[2:] if len(address) == 4 else (0, 0)
    return _IPV6.pack(kind, address[1], flow, host, _NUMBER.pack(scope))


def socket_address(name: bytes) -> SocketAddress:
    """Return what `socket_name` was given, and for IPv6 always flow and scope."""
    if len(name) == _IPV4.size:
        _, port, host = _IPV4.unpack(name)
        return socket.inet_ntop(socket.AF_INET, host), port
    _, port, flow, host, scope = _IPV6.unpack(name)
    return socket.inet_ntop(socket.AF_INET6, host), port, flow, _NUMBER.unpack(scope)[0]


def send(descriptor: int, datagram: bytes, name: bytes) -> bool:
    """Send a datagram to a socket's name. Returns False if the system refuses."""
    sent: int = _sendto(descriptor, datagram, len(datagram), _AT_ONCE, name, len(name))
    return sent >= 0


class Inbox:
    """Receives the datagrams of all sockets of one thread, one at a time."""

    def __init__(self, family: int, longest: int) -> None:
        """`family` is that of the sockets: AF_INET or AF_INET6. What is longer than `longest` octets is cut there."""
        name_length = _IPV4.size if family == socket.AF_INET else _IPV6.size
        self._octets = ctypes.create_string_buffer(longest)
        self._name = ctypes.create_string_buffer(name_length)
        self._control = ctypes.create_string_buffer(_ANCILLARY)
        self._vector = _Vector(ctypes.addressof(self._octets), longest)
        self._header = _Header(
            ctypes.addressof(self._name),
            name_length,
            ctypes.addressof(self._vector),
            1,
            ctypes.addressof(self._control),
            _ANCILLARY,
            0,
        )
        self._at = ctypes.addressof(self._header)
        # Views, for looking at a field of a structure by its name takes longer than all else here.
        self._data, self._from, self._stamp = (memoryview(one).cast("B") for one in (self._octets, self._name, self._control))
        self._fields = memoryview(self._header).cast("B")
        self._fresh = bytes(self._fields)

    def receive(self, descriptor: int) -> tuple[bytes, bytes, float | None] | None:
        """Return a datagram that has come to a socket, the name of the socket that it came from, and when it came, in seconds since 1970;
        None for that where the system did not note it. Returns None if there is no datagram."""
        # The system writes over the lengths.
        self._fields[:] = self._fresh
        size = _recvmsg(descriptor, self._at, _AT_ONCE)
        if size < 0:
            return None
        stamp = None
        if self._header.control_length:
            seconds, nanoseconds = _TIMESTAMP.unpack_from(self._stamp, _TIMESTAMP_AT)
            stamp = seconds + nanoseconds * 1e-9
        return self._data[:size].tobytes(), self._from.tobytes(), stamp
