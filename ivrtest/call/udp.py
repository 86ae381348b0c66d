"""A UDP port for signalling which also hears that nobody is there.

The kernel tells an unconnected socket of a "port unreachable" only when asked to (IP_RECVERR, see ip(7)); without it a call to a machine
where nothing runs would end after 32 seconds of retransmissions.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from ivrtest.call.stun_keep_alive import StunKeepAlive
from ivrtest.call.unreachable import unreachable as why
from ivrtest.sip.framer import KEEP_ALIVE
from ivrtest.sip.transport import Address

_IP_RECVERR = 11
"""Linux's number; Python's socket module does not name it. Its IPv6 twin is 25."""
_IPV6_RECVERR = 25
_ERROR = struct.Struct("=I")
"""The `ee_errno` that a `sock_extended_err` begins with (ip(7))."""
_SEND_ATTEMPTS = 8
_READS_PER_WAKE = 64
"""So that a flood of datagrams leaves the loop time for other things."""
_LARGEST = 65535
_RECEIVE_BUFFER = 1 << 20
"""Bytes. Hundreds of calls may begin at the same moment."""


class UdpPort:
    """Sends and receives datagrams. Callbacks run on the asyncio loop that opened it."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        receive: Callable[[bytes, Address], None],
        unreachable: Callable[[Address, str], None],
        changed: Callable[[Address, str], None] | None = None,
    ) -> None:
        """Bind `host`, an IP address, and `port`, or a free one for 0. Raises OSError when that cannot be.

        `unreachable` is called with each destination that a datagram could not get to, as far as anybody told us, and why. `changed`: keep
        ways open by STUN, and tell it of those that have changed, and how (`StunKeepAlive`); None: by empty lines, which nobody answers.
        """
        is_ipv6 = ":" in host
        self._receive = receive
        self._unreachable = unreachable
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            if is_ipv6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
            else:
                self._socket.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        bound_host, bound_port = self._socket.getsockname()[:2]
        self.local_address: Address = (str(bound_host), int(bound_port))
        self._by_stun = changed is not None
        self._stun = StunKeepAlive(self.send, changed or (lambda destination, how: None))
        self._loop.add_reader(self._socket, self._read)

    def send(self, data: bytes, destination: Address) -> None:
        """Send a datagram. One for which the socket has no room is lost, as datagrams may be."""
        if self._socket.fileno() < 0:
            return
        for _ in range(_SEND_ATTEMPTS):
            try:
                self._socket.sendto(data, destination)
            except BlockingIOError:
                return
            except OSError as error:
                # Either this datagram cannot be sent, or the kernel takes the chance to report an earlier one.
                if not self._tell_errors():
                    self._unreachable(destination, why(error.errno))
                    return
            else:
                return

    def keep_alive(self, destination: Address) -> None:
        """Send what every NAT on the way takes notice of."""
        if self._by_stun:
            self._stun.ask(destination)
        else:
            self.send(KEEP_ALIVE, destination)

    def close(self) -> None:
        """Free the port."""
        self._stun.close()
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _read(self) -> None:
        for _ in range(_READS_PER_WAKE):
            try:
                data, source = self._socket.recvfrom(_LARGEST)
            except BlockingIOError:
                # An error queue that is not emptied wakes the loop again and again.
                self._tell_errors()
                return
            except OSError:
                self._tell_errors()
            else:
                address = (source[0], source[1])
                if not self._stun.take(data, address):
                    self._receive(data, address)
                if self._socket.fileno() < 0:
                    return

    def _tell_errors(self) -> bool:
        """Empty the socket's error queue. Return whether there was anything in it."""
        found: list[tuple[Address, str]] = []
        while True:
            try:
                _, ancillary, _, address = self._socket.recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except OSError:
                break
            # The kernel gives the address that the lost datagram was meant for, and what became of it.
            number = next((_ERROR.unpack_from(data)[0] for _, kind, data in ancillary if kind in (_IP_RECVERR, _IPV6_RECVERR)), None)
            found.append(((str(address[0]), int(address[1])), why(number)))
        for destination, problem in found:
            self._loop.call_soon(self._unreachable, destination, problem)
        return bool(found)
