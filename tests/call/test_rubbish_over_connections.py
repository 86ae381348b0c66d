"""Connections that bring spoilt messages, halves of them, or nothing: each is answered or closed, and the line goes on."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from ivrtest.call.call import Answered, Ended
from ivrtest.call.line import Line
from ivrtest.call.permission import Permission
from ivrtest.call.tls import Tls
from ivrtest.sip.uri import SipUri
from tests.call.authority import Authority
from tests.fuzz.mutation import flood

PATIENCE_S = 60.0
CONNECTIONS = 300
MESSAGES = 12


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def babble(port: int, seed: int) -> None:
    """Open a connection, say a few spoilt things in one go, and close it when the other side does, or after its first answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"".join(itertools.islice(flood(seed, port), MESSAGES)))
        if seed % 3:
            writer.write_eof()
        await asyncio.wait_for(reader.read(1), 0.5)
    except (TimeoutError, ConnectionError):
        pass  # a part of a message: the other side waits for the rest of it
    finally:
        writer.close()


async def hold_a_call(far: Line, near: Line, target: str) -> None:
    calls = far.incoming()
    call = await near.place(target, caller="+15550100")
    while (came := await anext(calls)).caller != "+15550100":
        await came.hang_up()
    await came.answer()
    async for item in call.stream():
        if isinstance(item, Answered):
            await call.hang_up()
        if isinstance(item, Ended):
            assert (item.by, item.reason) == ("us", "")


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_the_line_goes_on(transport: Any, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    far_tls = Tls(certificate=authority.certificate("127.0.0.1"))

    async def run() -> None:
        problems: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
        before = open_files()
        async with (
            asyncio.timeout(PATIENCE_S),
            Line(transport=transport, tls=far_tls, user="far") as far,
            Line(tls=Tls(ca=authority.file), user="near", permission=Permission(("sip:*@127.0.0.1",))) as near,
        ):
            port = SipUri.parse(far.uri).port
            assert port is not None
            for first in range(0, CONNECTIONS, 30):
                async with asyncio.TaskGroup() as group:
                    for seed in range(first, first + 30):
                        group.create_task(babble(port, seed))
            assert len(far.unreadable) > 0 or transport == "tls"
            await hold_a_call(far, near, far.uri)
        assert problems == []
        # What was closed is gone when the loop has come round.
        async with asyncio.timeout(PATIENCE_S):
            while open_files() > before + 2:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.05)

    asyncio.run(run())
