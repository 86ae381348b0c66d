"""The same calls over IPv6."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ivrtest.audio.hearing import Heard
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import KeySent
from ivrtest.call.line import Line
from ivrtest.flow.model import Flow
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.server.record import CallRecord
from tests.interop.calls import Conversation, converse
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
