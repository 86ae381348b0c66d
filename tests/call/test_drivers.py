"""The drivers, found by the scheme of a target."""

from __future__ import annotations

import asyncio

import pytest

from ivrtest.call.call import Answered, Ended
from ivrtest.call.dialling import DialOptions
from ivrtest.call.drivers import dial
from ivrtest.call.line import Line, LineError
from ivrtest.call.permission import DialRefused

PATIENCE_S = 60.0


def test_a_sip_target_is_called_and_hung_up_on() -> None:
    async def run() -> list[str]:
        heard: list[str] = []
        async with asyncio.timeout(PATIENCE_S), Line() as ivr, asyncio.TaskGroup() as group:
            calls = ivr.incoming()

            async def serve() -> None:
                call = await anext(calls)
                heard.append(call.caller)
                await call.answer()
                async for item in call.stream():
                    if isinstance(item, Ended):
                        heard.append(item.by)

            group.create_task(serve())
            async with dial(ivr.uri, DialOptions(caller="+15550100", headers={"X-Test": "yes"})) as call:
                async for item in call.stream():
                    if isinstance(item, Answered):
                        break
        return heard

    assert asyncio.run(run()) == ["+15550100", "them"]


def test_a_scheme_that_nobody_knows() -> None:
    with pytest.raises(LineError) as failed:
        dial("skype:bob", DialOptions())
    assert str(failed.value) == 'nothing here can call "skype:bob". targets begin with "sip:", "sips:", "pyvoip:"'


def test_what_may_not_be_called_is_not_called() -> None:
    async def run() -> None:
        async with dial("sip:112@127.0.0.1", DialOptions()):
            pass

    with pytest.raises(DialRefused) as refused:
        asyncio.run(run())
    assert str(refused.value) == 'calling "sip:112@127.0.0.1" is refused: "112" is an emergency number, which is never called'
