"""What tests of calls share."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from ivrtest.call import media

ClosedPort = Callable[..., int]


@pytest.fixture
def closed_port() -> Iterator[ClosedPort]:
    """Return ports of 127.0.0.1 at which nobody listens, and which nobody else is given before the test is over.

    A TCP socket that was bound and does not listen refuses connections. A UDP socket that is connected takes from its peer only, and its
    peer is itself: to all others the port is closed.
    """
    with ExitStack() as stack:

        def reserve(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
            held = stack.enter_context(socket.socket(socket.AF_INET, kind))
            held.bind(("127.0.0.1", 0))
            if kind is socket.SOCK_DGRAM:
                held.connect(held.getsockname())
            return int(held.getsockname()[1])

        yield reserve


@pytest.fixture(params=[media.CROWDS, {0: 200}], ids=["few", "crowd"])
def few_and_crowd(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test run twice: as if there were few calls, and as if there were very many."""
    monkeypatch.setattr(media, "CROWDS", request.param)
