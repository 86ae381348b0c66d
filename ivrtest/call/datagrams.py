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

# A PyDLL, unlike a CDLL, keeps the interpreter during its calls.
c_library = ctypes.PyDLL(None)
_sendto = c_library.sendto
# Without argtypes, for to convert arguments by those takes a third of the call. Octets go as a pointer anyway, and numbers as what a C int
# is widened to: all of them are small and none is negative.
_sendto.restype = ctypes.c_ssize_t
AT_ONCE: Final = int(socket.MSG_DONTWAIT)


def name_length(family: int) -> int:
    """Return how many octets the name of a socket of that family has."""
    return _IPV4.size if family == socket.AF_INET else _IPV6.size


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
    sent: int = _sendto(descriptor, datagram, len(datagram), AT_ONCE, name, len(name))
    return sent >= 0
