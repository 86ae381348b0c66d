"""The media engine: one thread that sends and receives the sound of every call."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from ivrtest.call.media_session import MediaSession


class MediaEngine:
    """One media thread for all calls of one asyncio loop.

    async with MediaEngine(host="127.0.0.1") as engine:
        session = engine.open()
        ...
        session.close()
    """

    def __init__(self, *, host: str = "127.0.0.1", ports: range = range(20000, 30000, 2), batch_ms: int = 40) -> None:
        """`host` is the address to bind. `ports` are the even ports to take in turn, or `range(0)`: any even free ones. `batch_ms` is the length
        of a block, a multiple of 20."""

    def open(self, *, key_ms: int = 100, gap_ms: int = 100, record: bool = True) -> MediaSession:
        """Bind a port and start a session's clock. `key_ms` and `gap_ms`: how long a key lasts and how long nothing follows it.

        Raises MediaError when no port is free or the address cannot be bound.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close every session and end the thread."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
