"""The ports that calls receive their sound at: an even one for sound and the next for reports (RFC 3550 section 11)."""

from __future__ import annotations

import errno
import resource
import secrets
import socket
from itertools import chain, cycle, islice

from ivrtest.call.remote_media import MediaError
from ivrtest.source.system import unbound


class Ports:
    """Taken in turn, so that what is still under way to a call that is over reaches no other; and from any of them on, so that it does not
    reach one of another process either."""

    def __init__(self, host: str, ports: range) -> None:
        """`host` is the address to bind. `ports` are even; an empty range means any free ones. Raises ValueError for odd ports."""
        if any(port % 2 for port in ports[:2]):
            raise ValueError(f'ports for RTP are even (RFC 3550 section 11), not "{ports}"')
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._host = host
        self._count = len(ports)
        first = secrets.randbelow(self._count) if self._count else 0
        self._ports = cycle(chain(ports[first:], ports[:first]))

    def bind(self) -> tuple[socket.socket, socket.socket]:
        """Return sockets for sound and for reports. Raises MediaError when no port can be bound."""
        refused: OSError | None = None
        # Where any port will do, every second one is even.
        for port in islice(self._ports, self._count) if self._count else [0] * 64:
            sockets: list[socket.socket] = []
            try:
                sockets.append(self._socket(port))
                taken = sockets[0].getsockname()[1]
                if taken % 2 == 0:
                    sockets.append(self._socket(taken + 1))
                    return sockets[0], sockets[1]
            except OSError as error:
                refused = error
                if error.errno != errno.EADDRINUSE:
                    break
            finally:
                if len(sockets) < 2:
                    for each in sockets:
                        each.close()
        if refused is None or refused.errno == errno.EADDRINUSE:
            raise MediaError(f'none of {self._count or "the"} ports for RTP is free on "{self._host}". give more ports') from refused
        raise MediaError(f'cannot receive RTP on "{self._host}": {unbound(refused)}. give an address of this machine') from refused

    def _socket(self, port: int) -> socket.socket:
        try:
            made = socket.socket(self.family, socket.SOCK_DGRAM)
        except OSError as error:
            if error.errno == errno.EMFILE and _raise_file_limit():
                return self._socket(port)
            raise MediaError(f"no more calls can be opened: {unbound(error)}. raise the limit with ulimit -n") from error
        try:
            made.setblocking(False)
            made.bind((self._host, port))
        except OSError:
            made.close()
            raise
        return made


def _raise_file_limit() -> bool:
    """Let this process open as many files as it may. Returns whether that is more than before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= hard:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return True
