"""Registering a line, where there is no registrar."""

from __future__ import annotations

import asyncio
import socket

import pytest

from ivrtest.call.line import Line, LineError
from ivrtest.call.permission import LOOPBACK, DialRefused
from tests.call.conftest import ClosedPort

PATIENCE_S = 60.0


async def refused(address: str, registrar: str = "") -> str:
    async with asyncio.timeout(PATIENCE_S), Line() as line:
        with pytest.raises((LineError, DialRefused)) as error:
            await line.register(address, registrar=registrar)
    return str(error.value)


@pytest.mark.parametrize("transport", ["", ";transport=tcp"])
def test_nobody_is_there(transport: str, closed_port: ClosedPort) -> None:
    registrar = f"sip:127.0.0.1:{closed_port(socket.SOCK_STREAM if transport else socket.SOCK_DGRAM)}{transport}"
    assert asyncio.run(refused("sip:1001@example.com", registrar)) == (
        f'cannot register "sip:1001@example.com" at "{registrar}": nobody listens there: the port is closed'
    )


def test_a_registrar_that_may_not_be_asked() -> None:
    allowed = ", ".join(f'"{pattern}"' for pattern in LOOPBACK)
    assert asyncio.run(refused("sip:1001@192.0.2.1")) == (
        f'calling "sip:1001@192.0.2.1" is refused: it is not among the allowed targets. allowed: {allowed}'
    )


@pytest.mark.parametrize("address", ["sip:127.0.0.1", "tel:+18005550100"])
def test_what_cannot_be_registered(address: str) -> None:
    assert asyncio.run(refused(address)) == (
        f'cannot register "{address}": it must be a SIP address with a user, such as "sip:1001@pbx.example.com"'
    )
