"""Asking a target whether it is there, before a run (OPTIONS)."""

from __future__ import annotations

import asyncio
import re
import socket

import pytest

from ivrtest.call.dialling import DialOptions
from ivrtest.call.line import Line, LineError
from ivrtest.call.permission import DialRefused
from ivrtest.run.live import LiveRoute
from tests.call.conftest import ClosedPort
from tests.call.far_side import FarSide

PATIENCE_S = 60.0


def asked(uri: str, within_s: float = PATIENCE_S) -> float:
    async def run() -> float:
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            return await line.ping(uri, within_s=within_s)

    return asyncio.run(run())


def test_somebody_is_there() -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide() as far, LiveRoute(target=far.uri, options=DialOptions(ping=True)):
            assert await line.ping(far.uri) >= 0.0

    asyncio.run(run())


def test_nobody_listens_there(closed_port: ClosedPort) -> None:
    port = closed_port()
    text = (
        f'"sip:x@127.0.0.1:{port}" does not answer OPTIONS: nobody listens there: the port is closed. check its address, and that it runs'
    )
    with pytest.raises(LineError, match=f"^{re.escape(text)}$"):
        asked(f"sip:x@127.0.0.1:{port}")


def test_somebody_says_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        uri = f"sip:x@127.0.0.1:{silent.getsockname()[1]}"
        text = f'"{uri}" does not answer OPTIONS: no SIP response within 0.2 s. check its address, and that it runs'
        with pytest.raises(LineError, match=f"^{re.escape(text)}$"):
            asked(uri, within_s=0.2)


def test_who_may_not_be_called_is_not_asked() -> None:
    with pytest.raises(DialRefused):
        asked("sip:x@192.0.2.1")


def test_a_run_does_not_begin_without_an_answer(closed_port: ClosedPort) -> None:
    async def run() -> None:
        uri = f"sip:x@127.0.0.1:{closed_port()}"
        async with asyncio.timeout(PATIENCE_S), LiveRoute(target=uri, options=DialOptions(ping=True)):
            pytest.fail("nobody is there")

    with pytest.raises(LineError, match="does not answer OPTIONS"):
        asyncio.run(run())
