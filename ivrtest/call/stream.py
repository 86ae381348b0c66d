"""A port for signalling over connections: TCP, and TLS.

Connections are opened from the port that we listen at. So a far side that looks for a connection to the address in our Contact finds the
one there is, and one that opens its own is heard too.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from typing import Final

from ivrtest.call.tls import Tls, TlsError
from ivrtest.call.tls_problem import tls_problem
from ivrtest.call.unreachable import unreachable as why
from ivrtest.sip.framer import KEEP_ALIVE, MessageFramer
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.transport import Address

CONNECT_S: Final = 10.0
"""How long a connection may take to open, TLS included."""
CLOSE_S: Final = 1.0
"""How long closed connections may take to end as they should."""
MOST_CONNECTIONS: Final = 4096
"""So that nobody uses up all our files."""
CLOSED: Final = "it closed the connection"
PONG_S: Final = 10.0
"""How long a far side that answers keep-alives may take to (RFC 5626 section 4.4.1)."""
NO_PONG: Final = "it does not answer keep-alives any more"
_PONG: Final = b"\r\n"
_QUEUE: Final = 128


class StreamPort:
    """Sends and receives messages over connections, which it opens as they are needed. Belongs to the asyncio loop that made it."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        receive: Callable[[bytes, Address], None],
        unreachable: Callable[[Address, str], None],
        closed: Callable[[Address, str], None],
        unreadable: Callable[[Address, SipSyntaxError], None],
        tls: Tls | None = None,
    ) -> None:
        """Bind `host`, an IP address, and `port`, or a free one for 0. Raises OSError, or TlsError for certificates that cannot be used.

        `receive` gets each message, whole, and where it came from; `unreachable` each address to which no connection can be had, and why;
        `closed` the far end of each connection that ended, and why; `unreadable` what made us close one. With `tls` all connections
        are TLS; only with a certificate of ours others may open them.
        """
        self._receive = receive
        self._unreachable = unreachable
        self._closed = closed
        self._unreadable = unreadable
        self._tls = tls
        self._client_context = None if tls is None else tls.client_context()
        self._server_context = None if tls is None or tls.certificate is None else tls.server_context()
        self._loop = asyncio.get_running_loop()
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._connections: dict[Address, _Connection] = {}
        self._open: set[_Connection] = set()
        self._waiting: dict[Address, list[bytes]] = {}
        self._names: dict[Address, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._closing = False
        self._socket = self._bound((host, port), shares=False)
        bound_host, bound_port = self._socket.getsockname()[:2]
        self.local_address: Address = (str(bound_host), int(bound_port))

    async def listen(self) -> None:
        """Take connections from now on. Raises OSError."""
        if self._tls is not None and self._server_context is None:
            return
        try:
            self._server = await self._loop.create_server(
                lambda: _Connection(self, None), sock=self._socket, ssl=self._server_context, backlog=_QUEUE
            )
        except OSError:
            self._socket.close()
            raise

    def expect(self, destination: Address, name: str) -> str:
        """Let the certificate at `destination` be for `name`. Returns the name that was expected there before: a connection keeps it."""
        return self._names.setdefault(destination, name)

    def send(self, data: bytes, destination: Address) -> None:
        """Send a message over the connection to `destination`; open one if there is none."""
        if self._closing:
            return
        if (connection := self._connections.get(destination)) is not None:
            connection.write(data)
            return
        self.connect(destination)
        self._waiting[destination].append(data)

    def connect(self, destination: Address) -> None:
        """Open a connection, unless there is one or will be one."""
        if self._closing or destination in self._connections or destination in self._waiting:
            return
        self._waiting[destination] = []
        task = self._loop.create_task(self._connect(destination))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def keep_alive(self, destination: Address) -> None:
        """Keep a connection open through NATs. One whose far side has answered before, and does so no more, is given up.

        (Who never answers does not know RFC 5626, and may be well.)
        """
        if (connection := self._connections.get(destination)) is not None:
            connection.ping()

    async def close(self) -> None:
        """Close the connections and free the port."""
        self._closing = True
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        self._socket.close()
        connections = tuple(self._open)
        for connection in connections:
            connection.close()
        if connections:
            _, late = await asyncio.wait([connection.over for connection in connections], timeout=CLOSE_S)
            for connection in connections:
                connection.abort()
            if late:
                await asyncio.wait(late)

    async def _connect(self, destination: Address) -> None:
        name = self._names.get(destination, destination[0])
        try:
            async with asyncio.timeout(CONNECT_S):
                connection = await self._connected(destination)
                await self._loop.create_connection(
                    lambda: _Connection(self, destination),
                    sock=connection,
                    ssl=self._client_context,
                    server_hostname=None if self._client_context is None else name,
                )
        except TimeoutError:
            self._failed(destination, f"no connection within {CONNECT_S:g} s")
        except ssl.SSLError as error:
            self._failed(destination, tls_problem(error))
        except ConnectionResetError:
            self._failed(destination, f"{CLOSED} as TLS began. perhaps it does not speak TLS there")
        except OSError as error:
            self._failed(destination, why(error.errno))

    def _failed(self, destination: Address, problem: str) -> None:
        self._waiting.pop(destination, None)
        self._unreachable(destination, problem)

    async def _connected(self, destination: Address) -> socket.socket:
        try:
            return await self._connected_from(destination, self.local_address[1])
        except OSError as error:
            # The same two ports had a connection a moment ago: the system keeps them apart for a while (TIME_WAIT, RFC 9293 section 3.6.1).
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EADDRINUSE):
                raise
        return await self._connected_from(destination, 0)

    async def _connected_from(self, destination: Address, port: int) -> socket.socket:
        connection = self._bound((self.local_address[0], port))
        try:
            await self._loop.sock_connect(connection, destination)
        except BaseException:
            connection.close()
            raise
        return connection

    def _bound(self, address: Address, *, shares: bool = True) -> socket.socket:
        """Return a socket on `address`; with `shares` also when our own, which listens there, has it."""
        made = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shares:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            made.bind(address)
            # Said after binding, it lets ours in, and does not let us in where somebody else is.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        except OSError:
            made.close()
            raise
        return made

    # Told by connections.

    def opened(self, connection: _Connection, transport: asyncio.Transport) -> None:
        """A connection is open, after TLS has begun. Raises nothing: one that is no good is closed."""
        if self._closing or len(self._open) >= MOST_CONNECTIONS:
            transport.abort()
            return
        if connection.placed and self._tls is not None:
            try:
                self._tls.check(transport.get_extra_info("ssl_object"))
            except TlsError as error:
                self._failed(connection.peer, str(error))
                transport.abort()
                return
        self._connections[connection.peer] = connection
        for data in self._waiting.pop(connection.peer, ()):
            connection.write(data)

    def lost(self, connection: _Connection, error: Exception | None) -> None:
        """A connection is over: nothing more can be sent over it. Told once or more often."""
        if self._connections.get(connection.peer) is not connection:
            return
        del self._connections[connection.peer]
        if not self._closing:
            if isinstance(error, ssl.SSLError):
                problem = tls_problem(error)
            elif isinstance(error, TimeoutError):
                problem = str(error) or CLOSED
            elif self._tls is None and connection.placed and not connection.heard:
                problem = f"{CLOSED} before it said anything. perhaps it speaks TLS there"
            elif self._tls is not None and self._tls.certificate is None and connection.placed and not connection.heard:
                problem = f"{CLOSED} before it said anything. perhaps it wants a certificate of ours"
            else:
                problem = CLOSED
            self._closed(connection.peer, problem)

    def received(self, connection: _Connection, frame: bytes) -> None:
        if self._connections.get(connection.peer) is not connection:
            return
        if frame == KEEP_ALIVE:
            connection.write(_PONG)
        else:
            self._receive(frame, connection.peer)

    def broken(self, connection: _Connection, problem: SipSyntaxError) -> None:
        """What comes over a connection is no SIP, or its messages cannot be told apart any more."""
        self._unreadable(connection.peer, problem)
        self.lost(connection, None)
        connection.close()


class _Connection(asyncio.Protocol):
    """One connection. A far side that sends no more gets no more: half a connection carries no conversation."""

    def __init__(self, port: StreamPort, destination: Address | None) -> None:
        """`destination`: where we connected to; None when somebody connected to us."""
        self.placed = destination is not None
        self.peer: Address = destination or ("", 0)
        self.heard = False
        """Whether anything came."""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers_pings = False
        self._ping: asyncio.TimerHandle | None = None
        """Set while an answer to our keep-alive is awaited."""
        self._port = port
        self._framer = MessageFramer()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self.placed:
            if (name := transport.get_extra_info("peername")) is None:
                transport.abort()  # gone already
                return
            self.peer = (str(name[0]), int(name[1]))
        self._port.opened(self, transport)
        self._port._open.add(self)

    def ping(self) -> None:
        self.write(KEEP_ALIVE)
        if self._ping is None:
            self._ping = asyncio.get_running_loop().call_later(PONG_S, self._not_answered)

    def _not_answered(self) -> None:
        self._ping = None
        if self._answers_pings:
            self._port.lost(self, TimeoutError(NO_PONG))
            self.abort()

    def data_received(self, data: bytes) -> None:
        self.heard = True
        if self._ping is not None and self._framer.idle and data.startswith(_PONG):
            self._ping.cancel()
            self._ping = None
            self._answers_pings = True
            data = data[len(_PONG) :]
        for frame in self._framer.feed(data):
            self._port.received(self, frame)
        if self._framer.broken is not None and self._transport is not None and not self._transport.is_closing():
            self._port.broken(self, self._framer.broken)

    def eof_received(self) -> None:
        self._port.lost(self, None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ping is not None:
            self._ping.cancel()
        self._port._open.discard(self)
        self._port.lost(self, exc)
        self.over.set_result(None)

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
