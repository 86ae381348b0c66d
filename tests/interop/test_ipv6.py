"""The same calls over IPv6."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from ivrtest.audio.hearing import Heard
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Answered, KeySent
from ivrtest.call.line import Line
from ivrtest.flow.model import Flow
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.server.record import CallRecord
from ivrtest.sip.digest import Secret
from tests.interop.baresip import baresip, needs_baresip
from tests.interop.calls import Conversation, converse
from tests.interop.kamailio import PASSWORD, Kamailio, kamailio, needs_kamailio
from tests.interop.programs import PATIENCE_S, needs_ipv6
from tests.interop.sipp import complaints, needs_sipp, sipp_ivr

LOOPBACK = "::1"


pytestmark = needs_ipv6


def test_the_embedded_ivr_is_called_from_beginning_to_end(desk: Flow, library: PromptLibrary) -> None:
    async def run() -> tuple[Conversation, CallRecord]:
        async with asyncio.timeout(PATIENCE_S), EmbeddedIvr(desk, library, host=LOOPBACK) as ivr, Line(host=LOOPBACK) as line:
            call = await line.place(ivr.uri, caller="+15550155")

            async def react(item: object) -> None:
                match item:
                    case Heard(match=match) if match.prompt == "menu":
                        await call.press("2")
                    case Heard(match=match) if match.prompt == "account":
                        await call.press("40795")

            return await converse(call, library, react), ivr.records[0]

    conversation, record = asyncio.run(run())
    assert conversation.verdicts == [("menu", "match"), ("account", "match"), ("thanks", "match")]
    assert conversation.keys_sent == "".join(key.key for key in record.keys) == "240795"
    assert [visit.node for visit in record.visits] == ["main", "account", "bye"]
    assert (record.caller, conversation.ended.by) == ("+15550155", "them")


@needs_kamailio
def test_through_a_proxy_every_request_follows_the_route(desk: Flow, library: PromptLibrary, tmp_path: Path) -> None:
    async def run() -> tuple[Conversation, Kamailio]:
        async with (
            asyncio.timeout(PATIENCE_S),
            kamailio(tmp_path, LOOPBACK) as proxy,
            EmbeddedIvr(desk, library, host=LOOPBACK) as ivr,
            Line(host=LOOPBACK) as line,
        ):
            call = await line.place(ivr.uri, secret=Secret("carol", PASSWORD), proxy=proxy.uri)

            async def react(item: object) -> None:
                if isinstance(item, Answered):
                    await call.press("1")

            return await converse(call, library, react), proxy

    conversation, proxy = asyncio.run(run())
    assert [came.split()[0] for came in proxy.said("came")] == ["INVITE", "INVITE", "ACK", "BYE"]
    assert proxy.said("relayed") == ["ACK", "BYE"]
    assert proxy.said("astray") == []
    assert conversation.verdicts[-1] == ("thanks", "match")
    assert conversation.ended.by == "them"


@needs_baresip
def test_baresip_is_called_holds_and_hangs_up(library: PromptLibrary, tmp_path: Path) -> None:
    menu = library.get("menu", "en")
    assert menu is not None

    said = np.concatenate([menu.samples, np.zeros(20 * 8000, np.int16)])

    async def run() -> Conversation:
        async with (
            asyncio.timeout(PATIENCE_S),
            baresip(tmp_path / "bob", said, host=LOOPBACK, answers=True) as bob,
            Line(host=LOOPBACK) as line,
        ):
            call = await line.place(bob.uri)
            heard = asyncio.Event()

            async def react(item: object) -> None:
                if isinstance(item, Heard):
                    heard.set()

            conversing = asyncio.create_task(converse(call, library, react))
            await bob.event("CALL_ESTABLISHED")
            await heard.wait()
            for command in ("hold", "resume"):
                await bob.do(command)
                await bob.event("CALL_REMOTE_SDP", "answer")
            await call.press("40#")
            assert [(await bob.event("CALL_DTMF_START"))["param"] for _ in range(3)] == ["4", "0", "#"]
            await bob.event("CALL_DTMF_END")
            await bob.do("hangup")
            return await conversing

    conversation = asyncio.run(run())
    assert conversation.verdicts[0] == ("menu", "match")
    assert (conversation.ended.by, conversation.keys_sent) == ("them", "40#")


@needs_sipp
def test_sipp_is_called(library: PromptLibrary, tmp_path: Path) -> None:
    menu = library.get("menu", "en")
    assert menu is not None

    async def run() -> tuple[Conversation, int]:
        async with (
            asyncio.timeout(PATIENCE_S),
            sipp_ivr(tmp_path, menu.samples, host=LOOPBACK) as (uri, sipp),
            Line(host=LOOPBACK) as line,
        ):
            call = await line.place(uri)

            async def react(item: object) -> None:
                match item:
                    case Heard():
                        await call.press("5")
                    case KeySent():
                        await call.hang_up()

            return await converse(call, library, react), await sipp.end()

    conversation, code = asyncio.run(run())
    assert code == 0, complaints(tmp_path)
    assert conversation.verdicts == [("menu", "match")]
    assert (conversation.ended.by, conversation.keys_sent) == ("us", "5")
