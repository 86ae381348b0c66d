"""Attended transfers: whom the caller is to go on with is called first, and the caller takes that call over. Three lines of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ivrtest.call import consultation
from ivrtest.call.call import Answered, Ended, KeyHeard, TransferAsked, TransferFinished, Transferred
from ivrtest.call.line import Line
from ivrtest.call.permission import Permission
from ivrtest.call.sip_call import SipCall
from ivrtest.flow.read import read_flow
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.source.text import Source
from tests.call.ear import Ear
from tests.run.shop import shop

PATIENCE_S = 60.0
FLOW = """
ivrtest: flow/1
name: shop
entry: hello
languages: [en]
prompts: {hello: {en: Welcome to the corner shop.}}
nodes:
  hello: {announce: {prompt: hello, goto: agent}}
  agent: {transfer: {to: "%s", mode: attended, timeout: 50s}}
"""


class Desk:
    """A caller, an exchange and an agent, each on a line of its own; the caller talks to the exchange."""

    def __init__(self, caller: Line, exchange: Line, agent: Line, group: asyncio.TaskGroup) -> None:
        self.agent = agent
        self.agents_uri = agent.uri
        self.at_caller, self.at_exchange, self.at_agent = Ear(), Ear(), Ear()
        self._caller, self._exchange, self._group = caller, exchange, group
        self._agents_calls = agent.incoming()

    async def talk(self, *, follows: bool) -> tuple[SipCall, SipCall]:
        calls = self._exchange.incoming()
        placed = await self._caller.place(self._exchange.uri, follow_transfers=follows)
        came = await anext(calls)
        self._group.create_task(self.at_caller.listen(placed))
        self._group.create_task(self.at_exchange.listen(came))
        await came.answer()
        await self.at_caller.until(Answered)
        await self.at_exchange.until(Answered)
        return placed, came

    async def agents_call(self) -> SipCall:
        call = await anext(self._agents_calls)
        self._group.create_task(self.at_agent.listen(call))
        return call


Script = Callable[[Desk], Awaitable[None]]


def at_the_desk(script: Script, *, permission: Permission | None = None) -> Desk:
    async def run() -> Desk:
        async with (
            asyncio.timeout(PATIENCE_S),
            Line(user="caller") as caller,
            Line(user="exchange", permission=permission) as exchange,
            Line(user="agent") as agent,
            asyncio.TaskGroup() as group,
        ):
            desk = Desk(caller, exchange, agent, group)
            await script(desk)
        return desk

    return asyncio.run(run())


def test_the_caller_takes_over_the_call_that_was_answered_for_her() -> None:
    async def script(desk: Desk) -> None:
        placed, came = await desk.talk(follows=True)
        await came.transfer(desk.agent.uri, consult_s=PATIENCE_S)
        agents = await desk.agents_call()
        assert "TransferAsked" not in desk.at_caller.kinds
        await agents.answer()
        await desk.at_caller.until(Transferred)
        finished = await desk.at_exchange.until(TransferFinished)
        assert isinstance(finished, TransferFinished)
        assert finished.status == 200
        # They talk to each other now, whatever becomes of the exchange.
        await desk.at_exchange.until(Ended)
        await placed.press("5")
        key = await desk.at_agent.until(KeyHeard)
        assert isinstance(key, KeyHeard)
        assert key.key == "5"
        await agents.hang_up()
        ended = await desk.at_caller.until(Ended)
        assert isinstance(ended, Ended)
        assert ended.by == "them"

    desk = at_the_desk(script)
    assert desk.at_caller.kinds == ["Answered", "TransferAsked", "Transferred", "KeySent", "Ended"]
    asked = next(event for event in desk.at_caller.events if isinstance(event, TransferAsked))
    # Whose call is to be taken over is no part of who is meant.
    assert asked.to == desk.agents_uri


@pytest.mark.parametrize(("status", "told"), [(486, 486), (603, 603), (None, 408)])
def test_an_agent_who_does_not_take_the_call_leaves_the_caller_where_she_is(status: int | None, told: int) -> None:
    async def script(desk: Desk) -> None:
        placed, came = await desk.talk(follows=True)
        await came.transfer(desk.agent.uri, consult_s=0.5 if status is None else PATIENCE_S)
        agents = await desk.agents_call()
        if status is None:
            await agents.ring()
        else:
            await agents.refuse(status)
        finished = await desk.at_exchange.until(TransferFinished)
        assert isinstance(finished, TransferFinished)
        assert finished.status == told
        await placed.press("5")
        await desk.at_exchange.until(KeyHeard)
        await placed.hang_up()

    desk = at_the_desk(script)
    assert desk.at_caller.kinds == ["Answered", "KeySent", "Ended"]
    assert desk.at_agent.kinds[-1:] == ["Ended"]


def test_where_nobody_may_be_called_the_caller_is_asked_to_call_by_herself() -> None:
    async def script(desk: Desk) -> None:
        placed, came = await desk.talk(follows=False)
        await came.transfer("sip:agent@192.0.2.7", consult_s=5)
        asked = await desk.at_caller.until(TransferAsked)
        assert isinstance(asked, TransferAsked)
        assert asked.to == "sip:agent@192.0.2.7"
        await placed.hang_up()

    at_the_desk(script, permission=Permission(("sip:*@127.0.0.1",)))


@pytest.mark.parametrize("leaves", [True, False], ids=["leaves while it rings", "only tells"])
def test_a_call_that_nobody_takes_over_is_ended(leaves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consultation, "HANDED_OVER_S", 0.1)

    async def script(desk: Desk) -> None:
        placed, came = await desk.talk(follows=False)
        await came.transfer(desk.agent.uri, consult_s=PATIENCE_S)
        agents = await desk.agents_call()
        if leaves:
            await placed.hang_up()
        else:
            await agents.answer()
            await desk.at_exchange.until(TransferFinished)
        await desk.at_agent.until(Ended)
        await placed.hang_up()

    at_the_desk(script)


def test_the_embedded_ivr_asks_the_agent_first() -> None:
    library = shop("ivrtest: scenario/1\nname: A caller\nflow: shop\nsteps: [hang_up]\n").library

    async def run() -> tuple[list[str], list[str], str]:
        async with asyncio.timeout(PATIENCE_S), Line(user="agent") as agent, Line() as line:
            flow = read_flow(Source("shop.yaml", FLOW % agent.uri)).flow
            assert flow is not None
            async with EmbeddedIvr(flow, library) as ivr, asyncio.TaskGroup() as group:
                calls = agent.incoming()
                at_caller, at_agent = Ear(), Ear()
                group.create_task(at_caller.listen(await line.place(ivr.uri, follow_transfers=True)))
                agents = await anext(calls)
                group.create_task(at_agent.listen(agents))
                await agents.answer()
                await at_caller.until(Transferred)
                await agents.hang_up()
                await at_caller.until(Ended)
            (record,) = ivr.records
            return at_caller.kinds, at_agent.kinds, record.visits[-1].node

    caller, agents, node = asyncio.run(run())
    assert caller == ["Answered", "TransferAsked", "Transferred", "Ended"]
    assert agents == ["Answered", "Ended"]
    assert node == "agent"
