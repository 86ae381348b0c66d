"""Registering a line, where there is no registrar."""

from __future__ import annotations

import asyncio
import socket

import pytest

from ivrtest.call.line import Line, LineError
from ivrtest.call.permission import LOOPBACK, DialRefused
from ivrtest.sip.digest import Secret
from ivrtest.sip.headers import Authorization
from ivrtest.sip.message import Request, create_response, parse_message
from ivrtest.sip.transport import Address
from tests.call.conftest import ClosedPort
from tests.call.test_failover import Refuser, refuser

PATIENCE_S = 60.0


async def refused(address: str, registrar: str = "", secret: Secret | None = None) -> str:
    async with asyncio.timeout(PATIENCE_S), Line() as line:
        with pytest.raises((LineError, DialRefused)) as error:
            await line.register(address, registrar=registrar, secret=secret)
    return str(error.value)


@pytest.mark.parametrize("transport", ["", ";transport=tcp"])
def test_nobody_is_there(transport: str, closed_port: ClosedPort) -> None:
    registrar = f"sip:127.0.0.1:{closed_port(socket.SOCK_STREAM if transport else socket.SOCK_DGRAM)}{transport}"
    assert asyncio.run(refused("sip:1001@example.com", registrar)) == (
        f'cannot register "sip:1001@example.com" at "{registrar}": nobody listens there: the port is closed'
    )


class Forbidding(Refuser):
    """Asks for a password, and takes none."""

    def datagram_received(self, data: bytes, addr: Address) -> None:
        request = parse_message(data)
        assert isinstance(request, Request)
        if request.get(Authorization) is None:
            asked = ("WWW-Authenticate", 'Digest realm="pbx.example.com", nonce="n", algorithm=MD5, qop="auth"')
            response = create_response(request, 401, to_tag="r").with_added(asked)
        else:
            response = create_response(request, self._status, to_tag="r").with_added(("Warning", '399 pbx "wrong password"'))
        self._transport.sendto(bytes(response), addr)


def test_a_wrong_password_names_user_and_realm_and_what_was_said() -> None:
    async def run() -> None:
        async with refuser(403, Forbidding) as far:
            registrar = f"sip:127.0.0.1:{far.port}"
            assert await refused("sip:1001@example.com", registrar, Secret("1001", "sesame")) == (
                f'cannot register "sip:1001@example.com" at "{registrar}": '
                'it answered 403 Forbidden to user "1001" of realm "pbx.example.com": "wrong password"'
            )

    asyncio.run(run())


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
