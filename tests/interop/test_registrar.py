"""We register with kamailio, over UDP and TCP, and are called through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivrtest.call.call import Answered, Ended
from ivrtest.call.dialling import DialOptions
from ivrtest.call.line import Line, LineError
from ivrtest.call.sip_call import SipCall
from ivrtest.run.live import LiveRoute
from ivrtest.sip.digest import Secret
from tests.interop.kamailio import PASSWORD, Kamailio, needs_kamailio
from tests.interop.programs import PATIENCE_S, PEERS, fill, reserved_ports, running

SECRET = Secret("1001", PASSWORD)


@asynccontextmanager
async def registrar(folder: Path) -> AsyncIterator[Kamailio]:
    with reserved_ports() as ports:
        config = fill(PEERS / "registrar.cfg", folder / "registrar.cfg", host="127.0.0.1", port=ports[0], password=PASSWORD)
        command = ("kamailio", "-f", str(config), "-DD", "-E", "-Y", str(folder), "-m", "16", "-M", "4")
        async with running(*command, folder=folder) as program:
            await program.line("ready$")
            yield Kamailio(f"127.0.0.1:{ports[0]}", program)


async def end_of(call: SipCall, *, hang_up: bool = False) -> Ended:
    async for item in call.stream():
        if isinstance(item, Answered) and hang_up:
            await call.hang_up()
        if isinstance(item, Ended):
            return item
    raise AssertionError("the stream ended without Ended")


@needs_kamailio
@pytest.mark.parametrize("transport", ["", ";transport=tcp"])
def test_a_registered_line_is_called_until_it_leaves(tmp_path: Path, transport: str) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), registrar(tmp_path) as kamailio, Line(user="caller") as caller:
            target = f"sip:1001@{kamailio.uri}{transport}"
            async with Line(user="1001") as line:
                # 10 seconds are too brief for it (423).
                binding = await line.register(target, secret=SECRET, expires=10)
                assert (binding.expires, binding.problem) == (60, "")
                calls = line.incoming()
                placed = await caller.place(target, secret=SECRET)
                came = await anext(calls)
                await came.answer()
                near, far = await asyncio.gather(end_of(placed, hang_up=True), end_of(came))
                assert (near.by, far.by) == ("us", "them")
            assert binding.problem == f'"{target}" is not registered any more: we removed it'
            end = await end_of(await caller.place(target, secret=SECRET))
            assert (end.by, end.status, end.reason) == ("refused", 404, "nobody is known under this address (404 Nobody Registered)")
            assert [said.split(" at ")[0] for said in kamailio.said("register")] == [
                "1001 for 10", "1001 for 60", "1001 for 0",
            ]  # fmt: skip

    asyncio.run(run())


@needs_kamailio
@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        (
            None,
            (
                'a password is asked for, and none was given (401 Unauthorized, realm "ivr.test"). '
                'give the target a "user" and a "password_env"'
            ),
        ),
        (Secret("1001", "sesame"), 'the password of user "1001" was refused (401 Unauthorized, realm "ivr.test")'),
    ],
)
def test_a_registrar_that_refuses(tmp_path: Path, secret: Secret | None, problem: str) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), registrar(tmp_path) as kamailio, Line() as line:
            address = f"sip:1001@{kamailio.uri}"
            with pytest.raises(LineError) as refused:
                await line.register(address, secret=secret)
            assert str(refused.value) == f'cannot register "{address}" at "{address}": {problem}'

    asyncio.run(run())


@needs_kamailio
def test_a_run_registers_first(tmp_path: Path) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), registrar(tmp_path) as kamailio:
            options = DialOptions(register=f"sip:1001@{kamailio.uri}", secret=SECRET)
            async with LiveRoute(target=f"sip:ivr@{kamailio.uri}", options=options):
                await kamailio.program.line("register: 1001 for 3600 at")
            await kamailio.program.line("register: 1001 for 0 at")

    asyncio.run(run())
