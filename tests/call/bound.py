"""Sockets on this machine, of both families."""

from __future__ import annotations

import select
import socket

import pytest

from tests.interop.programs import needs_ipv6

PATIENCE_S = 60.0
HOSTS = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
BOTH = (socket.AF_INET, pytest.param(socket.AF_INET6, marks=needs_ipv6))
Family = socket.AddressFamily


def bound(family: Family = socket.AF_INET) -> socket.socket:
    """Return a socket that receives at a free port."""
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.bind((HOSTS[family], 0))
    return made


def come(receiver: socket.socket) -> None:
    """Wait until something has come: the system may take a moment to bring it."""
    assert select.select([receiver], (), (), PATIENCE_S)[0]
